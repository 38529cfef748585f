"""What is found beyond the views: mails by which readers leave, stages that have readers and
nothing to read, and the way on to mails and orders."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from nurture_worker.benchmarks import simulated
from nurture_worker.diagnosis.answer import answer
from nurture_worker.diagnosis.beyond import Beyond, Served
from nurture_worker.diagnosis.figures import Figures
from nurture_worker.diagnosis.repairs import compare
from nurture_worker.diagnosis.report import diagnose
from nurture_worker.diagnosis.structure import Site, StepPlace
from nurture_worker.diagnosis.words import lines
from tests.diagnosis.sites import site
from tracker.counts import Counts
from tracker.diagnosis import DiagnosisReport
from tracker.reports.mailings import Mailing
from tracker.words import Stage

SINCE = datetime(2026, 10, 1, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=30)
NOBODY = Counts({}, 0, 0, 0)


def scenario(steps: int) -> Site:
    return Site(
        (), (), tuple(StepPlace("interest", f"m{n}", "関心", n, f"件名{n}") for n in range(steps))
    )


def mails(*figures: tuple[int, int]) -> tuple[Mailing, ...]:
    """By how many each step arrived at, and how many stopped by it."""
    return tuple(
        Mailing("interest", f"m{n}", sent, sent, unsubscribed=stopped)
        for n, (sent, stopped) in enumerate(figures)
    )


def told(figures: Sequence[tuple[int, int]]) -> DiagnosisReport:
    return diagnose(NOBODY, scenario(len(figures)), SINCE, UNTIL, Beyond(mails=mails(*figures)))


def test_a_mail_by_which_many_stop_is_found_and_no_inquiries_are_promised() -> None:
    report = told([(600, 2), (600, 30), (600, 1), (600, 3)])
    (found,) = report.findings
    assert (found.kind, found.thing) == ("step_loses", "interest/m1")
    assert (found.title, found.where) == ("関心 1日目のメール", "「件名1」")
    assert found.what.startswith("届いた600通で、30人が配信を止めました（5.0%、ほかの回は0.")
    assert found.gain is None
    assert not found.brings_more
    assert "ほかの回より多いことはほぼ確かです" in found.prospect
    assert "人が配信に残ります（8割の確からしさ）" in found.prospect
    assert "問い合わせが何件増えるかは、記録からは言えません" in found.prospect
    assert [mail.found for mail in report.mails] == [False, True, False, False]
    (row,) = [row for row in answer(report, "")["findings"] if row["status"] == "found"]
    assert row["object"] == {"scenario": "interest", "step": "m1"}
    assert row["gain"] is None
    assert any(f"見込み：{found.prospect}" in line for line in lines(report))


def test_sound_scenarios_are_left_in_peace() -> None:
    rng = Random(5)
    false = 0
    for _ in range(60):
        figures = []
        for _ in range(16):
            sent = rng.randint(30, 900)
            rate = 0.005 * rng.lognormvariate(0, 0.3)
            figures.append((sent, sum(rng.random() < rate for _ in range(sent))))
        false += bool(told(figures).findings)
    assert false <= 3


def test_few_mails_say_how_many_more_it_takes() -> None:
    report = told([(40, 2), (40, 0), (30, 1)])
    assert report.findings == ()
    first = next(u for u in report.undecided if u.thing == "interest/m0")
    assert first.more_sessions is None
    assert first.wait.startswith("あと約")
    assert first.wait.endswith("通")
    assert first.pace == "今のペースでは2年より先"
    assert first.model_copy(update={"months": 2.0}).pace == "今のペースで約2か月"
    assert first.model_copy(update={"months": 0.2}).pace == "今のペースで約6日"
    assert [u.thing for u in report.undecided if u.odd] == ["interest/m0"]
    alone = told([(40, 9)])
    assert [u.wait for u in alone.undecided] == ["届くメールが増えるだけでは分かりません"]
    assert told([(0, 0), (0, 0)]).undecided[0].what == "まだ1通も届いていません"


def test_the_other_findings_share_one_allowance_with_the_mails() -> None:
    """What is found of pages is asked together with the mails, and stays without any."""
    counts, pages = site(Random(100), 12_000, cliff=4, far=True)
    alone = diagnose(counts, pages, SINCE, UNTIL)
    both = diagnose(
        counts,
        replace(pages, steps=scenario(4).steps),
        SINCE,
        UNTIL,
        Beyond(mails=mails((600, 2), (600, 30), (600, 1), (600, 3))),
    )
    kinds = {f.kind for f in alone.findings}
    assert {f.kind for f in both.findings} == {*kinds, "step_loses"}
    assert both.findings[-1].kind == "step_loses"
    assert alone.mails == ()


def test_a_mail_that_was_repaired_is_compared_before_and_after() -> None:
    report = told([(600, 2), (600, 30), (600, 1), (600, 3)])
    (found,) = report.findings
    before = Figures(NOBODY, scenario(4), mails((600, 2), (600, 30), (600, 1), (600, 3)))
    after = Figures(NOBODY, scenario(4), mails((600, 2), (600, 2), (600, 1), (600, 3)))
    result = compare(found.kind, found, SINCE, 30, before, after)
    assert (result.before, result.after) == (0.05, 0.0033)
    assert result.verdict == "良くなりました"


def test_a_stage_with_readers_and_nothing_to_read_is_found() -> None:
    served = (
        Served(Stage.AWARENESS, "", "", 4, 90),
        Served(Stage.INTEREST, "", "", 0, 34),
        Served(Stage.UNDERSTANDING, "", "", 2, 20),
        Served(Stage.TRUST, "", "", 0, 3),
        Served(Stage.INTEREST, "owner", "社長", 0, 12),
        Served(Stage.UNDERSTANDING, "owner", "社長", 0, 11),
        Served(Stage.UNDERSTANDING, "sales", "営業", 2, 9),
        Served(Stage.AWARENESS, "sales", "営業", 0, 0),
    )
    report = diagnose(NOBODY, Site(()), SINCE, UNTIL, Beyond(served=served))
    assert [(f.kind, f.thing, f.what) for f in report.findings] == [
        ("unserved", "interest/", "この段階に読者が34人いますが、この段階に向けた記事や事例が1本もありません"),
        (
            "unserved",
            "understanding/owner",
            "この段階に、読んだページから「社長」に近いと見える読者が11人いますが、"
            "その人に向けたページが1本もありません",
        ),
    ]  # fmt: skip
    assert "言えません" in report.findings[0].prospect
    assert [(u.thing, u.wait) for u in report.undecided] == [("trust/", "読者があと2人")]
    assert [(n.title, n.where) for n in report.notes] == [
        ("「認知」の段階", "「営業」に向けたページ")
    ]
    names = [row["object"] for row in answer(report, "")["findings"]]
    assert names[1] == {"stage": "understanding", "persona": "owner"}


def test_the_way_leads_on_to_mails_and_orders_where_they_are_known() -> None:
    counts = Counts({}, 10, 0, 3, sessions=40)
    short = diagnose(counts, Site(()), SINCE, UNTIL)
    assert [step.label for step in short.way][-2:] == ["フォームを送った", "問い合わせ"]
    whole = diagnose(counts, Site(()), SINCE, UNTIL, Beyond(mailed=20, pressed=5, orders=1))
    assert [(step.label, step.count, step.of) for step in whole.way[-4:]] == [
        ("メールが届いた人", 20, None),
        ("メールを押した人", 5, 20),
        ("問い合わせ", 3, None),
        ("受注", 1, None),
    ]


def test_the_way_says_what_it_would_be_if_what_was_found_were_like_the_others() -> None:
    truth = simulated.planted(Random(21))
    report = diagnose(simulated.counts(truth.world, 80_000, 1), truth.world.site(), SINCE, UNTIL)
    way = {step.label: step for step in report.way}
    for label in ("CTAを押した", "フォームを開いた", "フォームを送った"):
        step = way[label]
        assert step.found
        assert step.usual is not None
        assert step.usual > step.count + 10
    assert way["訪問"].usual is way["問い合わせ"].usual is None
    alone = diagnose(NOBODY, Site(()), SINCE, UNTIL)
    assert all(step.usual is None for step in alone.way)
