"""The diagnosis: silent on sound sites, right on planted ones, honest with little data."""

import json
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture_worker.diagnosis.report import diagnose
from nurture_worker.diagnosis.structure import CtaPlace, PageStructure, Site, structures
from tests import content
from tests.diagnosis.sites import cta, read, site, structure
from tracker.counts import Counts, CtaCounts, PageCounts
from tracker.diagnosis import DiagnosisReport, Note
from tracker.words import Stage

SINCE = datetime(2026, 10, 1, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=30)


def told(counts: Counts, site: Site) -> DiagnosisReport:
    return diagnose(counts, site, SINCE, UNTIL)


def one_page(page: PageStructure, counts: PageCounts) -> DiagnosisReport:
    return told(Counts({page.url: counts}, 1, 0, 0), Site((page,)))


@pytest.mark.parametrize(("views", "sites"), [(1000, 15), (5000, 15)])
def test_sound_sites_are_left_in_peace(views: int, sites: int) -> None:
    for seed in range(sites):
        report = told(*site(Random(seed), views))
        assert report.findings == (), seed


def test_a_cliff_and_a_cta_too_far_down_are_found_and_nothing_else() -> None:
    right = 0
    for seed in range(10):
        report = told(*site(Random(100 + seed), 12_000, cliff=4, far=True))
        found = {(f.kind, f.page, f.section, f.cta) for f in report.findings}
        right += found == {
            ("section_cliff", "articles/a0/", 3, None),
            ("cta_below_exit", "articles/a1/", 8, "c1"),
        }
    assert right >= 9


def test_a_finding_says_where_what_and_how_in_figures_of_the_site() -> None:
    report = told(*site(Random(100), 12_000, cliff=4, far=True))
    far = next(f for f in report.findings if f.kind == "cta_below_exit")
    reading = report.page("articles/a1/")
    assert reading is not None
    at_cta, slot = reading.points[8], max(p.section for p in reading.points if p.share >= 0.5)
    assert f"読む人は{round(100 * at_cta.share)}%" in far.what
    assert far.where == "CTA「c1を見る」"
    assert far.how.startswith(f"見出し{slot}「" if slot else "冒頭")
    assert far.sureness == "ほぼ確か"
    cliff = next(f for f in report.findings if f.kind == "section_cliff")
    assert cliff.where == "見出し3「見出しその3」"
    assert "ふつうは" in cliff.what
    assert report.summary.startswith("30日間の閲覧")
    assert report.findings[0].what.partition("。")[0] in report.summary


def test_the_second_cta_of_one_target_may_stand_far_down() -> None:
    leaving = [0.3, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2]
    for ctas, count in (((cta("low", 6),), 1), ((cta("high", 1), cta("low", 6)), 0)):
        page = structure(0, 6, ctas)
        report = one_page(page, read(Random(1), page, leaving, 2000))
        assert len(report.findings) == count


def test_without_any_view_the_report_says_that_plainly() -> None:
    report = told(Counts({}, 0, 0, 0), Site((structure(0, 4),)))
    assert report.summary.startswith("まだ閲覧の記録がありません")
    (page,) = report.pages
    assert (page.views, page.points, page.active_seconds) == (0, (), None)
    assert page.more_views >= 110


def test_with_few_views_the_report_says_how_many_more_it_takes() -> None:
    page = structure(0, 4, (cta("c", 2),))
    report = one_page(page, PageCounts(page.url, 20, 10, (5, 0, 5), (0, 0, 0), (0, 0, 0)))
    assert report.pages[0].more_views == 100
    assert "読者がまだ少なく判断できません" in report.summary
    assert report.to_change == ()


def test_views_with_lost_ends_are_worth_less() -> None:
    page = structure(0, 2)
    few = PageCounts(page.url, 40, 10, (10, 0, 0), (0, 0, 0), (20, 0, 0))
    assert one_page(page, few).pages[0].more_views == 190


def test_a_page_that_leads_nowhere_is_told_without_figures() -> None:
    page = PageStructure(
        "articles/end/",
        "行き止まり",
        structure(0, 1).kind,
        Stage.AWARENESS,
        ("見出し",),
        (),
    )
    report = told(Counts({}, 0, 0, 0), Site((page,)))
    (note,) = report.to_change
    assert isinstance(note, Note)
    assert note.kind == "no_way_on"


def test_how_pages_are_built_is_remarked_on() -> None:
    far_aim = CtaPlace("a", "相談する", 2, (Stage.TRUST,), "inquiry/")
    page = structure(0, 3, (far_aim, cta("b", 2)))
    kinds = {note.kind for note in told(Counts({}, 0, 0, 0), Site((page,))).notes}
    assert kinds == {"stage_gap", "shared_section", "late_cta", "no_content"}


def test_clicks_are_told_with_their_interval_and_none_before_the_first_sight() -> None:
    page = structure(0, 3, (cta("seen", 1), cta("unseen", 2)))
    counts = PageCounts(
        page.url, 40, 40, (0,), (0,), (0,), ctas={"seen": CtaCounts(40, 4), "gone": CtaCounts(9, 9)}
    )
    seen, unseen = one_page(page, counts).pages[0].ctas
    assert (seen.seen, seen.clicked) == (40, 4)
    assert seen.low is not None
    assert seen.high is not None
    assert seen.low < 0.1 < seen.high
    assert (unseen.seen, unseen.low, unseen.high) == (0, None, None)


def test_a_page_gone_from_the_site_is_left_out() -> None:
    counts = Counts({"old/": PageCounts("old/", 9, 9, (0,), (0,), (0,))}, 9, 0, 0)
    assert told(counts, Site((structure(0, 2),))).page("old/") is None


rows = st.lists(st.integers(0, 400), min_size=1, max_size=7)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), rows, rows), min_size=0, max_size=6))
def test_any_counts_make_a_report_that_is_json_and_comes_back_whole(
    pages: list[tuple[int, list[int], list[int]]],
) -> None:
    counts, built = {}, []
    for n, (done, left, lost) in enumerate(pages):
        size = max(len(left), len(lost))
        left, lost = left + [0] * (size - len(left)), lost + [0] * (size - len(lost))
        page = structure(n, 5, (cta(f"c{n}", n),))
        built.append(page)
        views = done + sum(left) + sum(lost)
        counts[page.url] = PageCounts(page.url, views, done, tuple(left), (0,) * size, tuple(lost))
    report = told(Counts(counts, 0, 0, 0), Site(tuple(built)))
    text = json.dumps(report.model_dump(mode="json"), allow_nan=False)
    assert DiagnosisReport.model_validate(json.loads(text)) == report


def test_the_catalogue_tells_how_each_page_is_built() -> None:
    site = structures(content.catalogue())
    why = next(p for p in site.pages if p.url == "articles/why/")
    assert why.headings == ("原因", "対策")
    assert why.ctas == (
        CtaPlace(
            "guide-in-why",
            "ガイドを見る",
            1,
            (Stage.INTEREST,),
            "resources/guide/",
            "whitepaper",
            "guide",
        ),
    )
    assert why.next == ()
    form = site.form("guide")
    assert form is not None
    assert (form.page, form.kind) == ("resources/guide/", "whitepaper")
    assert ("email", "メールアドレス") in form.fields
