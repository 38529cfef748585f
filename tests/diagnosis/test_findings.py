"""The eight questions on made-up sites whose truth is known."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from nurture_worker.benchmarks import simulated
from nurture_worker.benchmarks.diagnosis import judge, past_bound
from nurture_worker.diagnosis.answer import answer, rows
from nurture_worker.diagnosis.report import diagnose
from nurture_worker.diagnosis.structure import CtaPlace, FormPlace, PageStructure, Site
from tracker.counts import Counts, CtaCounts, FormCounts, PageCounts
from tracker.diagnosis import DiagnosisReport, Finding
from tracker.words import PageKind, Stage

SINCE = datetime(2026, 6, 1, tzinfo=UTC)


def report(counts: Counts, site: Site, days: int = 30) -> DiagnosisReport:
    return diagnose(counts, site, SINCE, SINCE + timedelta(days=days))


def test_with_much_traffic_all_eight_kinds_are_found_and_nothing_else() -> None:
    truth = simulated.planted(Random(21))
    told = report(simulated.counts(truth.world, 80_000, 1), truth.world.site())
    found = {row.key for row in rows(told) if row.status == "found"}
    planted = {defect.key for defect in truth.defects}
    assert {kind for kind, _ in found} >= {kind for kind, _ in planted} - {"cta_stage_mismatch"}
    assert len(found & planted) >= 7
    assert found <= planted | past_bound(truth.world)


def test_sound_sites_are_left_in_peace_at_any_traffic() -> None:
    for number, sessions in enumerate([500, 2_000, 6_000, 10_000, 50_000] * 2):
        world = simulated.sound(Random(700 + number))
        told = report(simulated.counts(world, sessions, number), world.site())
        found = {row.key for row in rows(told) if row.status == "found"}
        assert found <= past_bound(world), (number, sessions)


def test_a_few_sites_at_small_traffic_keep_the_goals() -> None:
    tally = judge(3, 6_000, 90, seed=5)
    assert tally.false_sound == 0
    assert tally.hits == tally.found
    assert tally.hits / tally.planted >= 0.25
    assert tally.cleared <= 1


def test_the_same_counts_make_the_same_report() -> None:
    truth = simulated.planted(Random(2))
    counts, site = simulated.counts(truth.world, 20_000, 3), truth.world.site()
    assert report(counts, site) == report(counts, site)


def finding(told: DiagnosisReport, kind: str) -> Finding:
    return next(f for f in told.findings if f.kind == kind)


def test_findings_tell_their_evidence_in_plain_numbers() -> None:
    truth = simulated.planted(Random(21))
    told = report(simulated.counts(truth.world, 80_000, 1), truth.world.site())
    form = finding(told, "form_abandon")
    assert "「phone」で止まっています" in form.what
    assert "「phone」を任意に" in form.how
    assert "そこまでなら" in finding(told, "cta_below_exit").how
    assert "その先に着いたのは" in finding(told, "broken_link").what
    assert "次のページへ進んだのは" in finding(told, "dead_end").what
    assert "並んでいます" in finding(told, "cta_competition").what
    assert "で、低めです（同じ種類のほかのCTAは" in finding(told, "cta_weak").what
    assert told.summary.startswith("30日間の80,000回の訪問から、問い合わせは")
    assert told.findings[0].what.partition("。")[0] in told.summary
    assert list(told.findings) == sorted(told.findings, key=lambda f: -f.gain.mean)


def test_what_has_too_little_data_says_how_many_visits_it_needs() -> None:
    truth = simulated.planted(Random(21))
    told = report(simulated.counts(truth.world, 2_000, 1), truth.world.site())
    waiting = [u for u in told.undecided if u.more_sessions]
    assert waiting
    for item in waiting:
        assert item.more_sessions is not None
        assert item.more_sessions >= 500
        assert item.months == round(item.more_sessions / 2000, 1)


def one_form(sent: int, stopped: dict[tuple[str, ...], int]) -> DiagnosisReport:
    """A consultation's form among three others; it is the only one of its kind."""
    fields = (("name", "お名前"), ("phone", "電話番号"), ("email", "メールアドレス"))
    kinds = {
        "talk": "consultation",
        "one": "whitepaper",
        "two": "whitepaper",
        "three": "whitepaper",
    }
    forms = tuple(FormPlace(name, name, kind, fields) for name, kind in kinds.items())
    own = {name: FormCounts(400, 200, 200, 16) for name in ("one", "two", "three")}
    own["talk"] = FormCounts(200, sent, sent, sent, stopped)
    return report(Counts({}, 0, 0, 9, 20_000, own), Site((), forms))


def test_a_form_alone_of_its_kind_is_told_of_only_where_one_field_takes_half() -> None:
    scattered = {(): 60, ("name",): 55, ("name", "phone"): 55}
    one_field = {(): 30, ("name",): 110, ("name", "phone"): 30}
    assert one_form(30, scattered).findings == ()
    (found,) = one_form(30, one_field).findings
    assert found.form == "talk"
    assert "やめた人の65%が「電話番号」で止まっています" in found.what


def test_a_cta_alone_of_its_kind_is_not_told_of_however_few_click_it() -> None:
    stage = Stage.AWARENESS
    place = CtaPlace("x", "見る", 1, (stage,), "g", "seminar", "g")
    page = PageStructure("a/", "A", PageKind.ARTICLE, stage, ("", "", ""), (place,), ("b/",))
    counts = PageCounts("a/", 9000, 9000, (0,), (0,), (0,), ctas={"x": CtaCounts(9000, 1, 1)})
    told = report(Counts({"a/": counts}, 9000, 0, 3, 9000), Site((page,)))
    assert told.findings == ()


def test_a_repair_that_may_bring_nothing_is_told_so() -> None:
    truth = simulated.planted(Random(21))
    told = report(simulated.counts(truth.world, 80_000, 1), truth.world.site())
    for found in told.findings:
        promised = found.brings_more
        assert promised == (found.sureness in ("ほぼ確か", "確か"))
        if found.gain.hi < 0:
            assert not promised


figures = st.integers(0, 3000)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(figures, figures, figures, figures, figures), max_size=5), st.randoms())
def test_any_counts_make_an_answer_without_nan_or_infinity(
    pages: list[tuple[int, int, int, int, int]], rng: Random
) -> None:
    world = simulated.sound(Random(rng.randrange(50)))
    site = world.site()
    counts = {}
    for structure, (done, left, took, lost, clicks) in zip(site.pages, pages, strict=False):
        own = {
            cta.id: CtaCounts(clicks + took, clicks, min(clicks, lost), min(clicks, left))
            for cta in structure.ctas
        }
        counts[structure.url] = PageCounts(
            structure.url, done + left + took + lost, done, (left, 0), (0, took), (lost, 0),
            ctas=own, went_on=min(done, clicks), left_on=min(left, lost), inside=left,
        )  # fmt: skip
    forms = {
        form.id: FormCounts(clicks, min(clicks, done), done, min(done, took), {(): left})
        for form, (done, left, took, _, clicks) in zip(site.forms, pages, strict=False)
    }
    told = report(Counts(counts, 1, 0, 0, rng.randrange(5), forms), site)
    json.dumps(answer(told, "any"), allow_nan=False)
    assert DiagnosisReport.model_validate(json.loads(told.model_dump_json())) == told


def test_counts_of_pages_gone_from_the_site_do_not_move_a_finding() -> None:
    truth = simulated.planted(Random(2))
    counts, site = simulated.counts(truth.world, 20_000, 3), truth.world.site()
    gone = PageCounts("gone/", 50_000, 0, (50_000,), (0,), (0,))
    more = replace(counts, pages={**counts.pages, "gone/": gone})
    assert report(more, site).findings == report(counts, site).findings
