"""The diagnosis on the desk: shown as it was made, and asked for anew."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from pypdf import PdfReader
from sqlalchemy import update

from nurture_worker.diagnosis.beyond import Beyond, Served
from nurture_worker.diagnosis.report import diagnose
from nurture_worker.diagnosis.structure import structures
from nurture_worker.reporting.diagnosing import of_period
from tests import content
from tests.clicks.traces import CHROME
from tests.conftest import NOW, House
from tests.desk.conftest import Browser, words_of
from tests.desk.story import Story
from tracker.counts import Counts, CtaCounts, PageCounts
from tracker.diagnosis import DiagnosisReport
from tracker.reports.mailings import Mailing
from tracker.store import deals, diagnoses, repairs, tables
from tracker.store.deals import Deal
from tracker.store.engine import reading, writing
from tracker.wake import Job, connect, queue
from tracker.words import DealOutcome, DealSource, EventKind, Stage

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

WHY = "articles/why/"
DAY = timedelta(days=1)
COUNTS = Counts(
    pages={
        WHY: PageCounts(
            WHY,
            views=200,
            done=60,
            left=(70, 40, 20),
            took=(0, 4, 0),
            lost=(2, 3, 1),
            active_ms=95_000,
            ctas={"guide-in-why": CtaCounts(110, 4)},
        ),
        "": PageCounts("", 12, 12, (0,), (0,), (0,)),
    },
    visitors=150,
    machines=2,
    inquiries=3,
    sessions=160,
)


def made(house: House, counts: Counts = COUNTS) -> None:
    report = diagnose(counts, structures(content.catalogue()), NOW - timedelta(days=30), NOW)
    with writing(house.context.engine) as connection:
        diagnoses.save(connection, report, made_at=NOW, up_to_seq=7)


def test_before_the_first_diagnosis_the_page_says_when_it_comes(browser: Browser) -> None:
    assert "まだ診断がありません" in browser.get("/desk/diagnosis").text
    assert browser.get("/desk/diagnosis/articles/why/").status_code == 404


def test_the_newest_diagnosis_is_shown_with_curve_figures_and_table(
    house: House, browser: Browser
) -> None:
    made(house, Counts({}, 0, 0, 0))
    house.clock.advance(minutes=1)
    report = diagnose(COUNTS, structures(content.catalogue()), NOW - timedelta(days=30), NOW)
    with writing(house.context.engine) as connection:
        diagnoses.save(connection, report, made_at=house.clock(), up_to_seq=9)
    page = browser.get("/desk/diagnosis").text
    assert "30日間の160回の訪問から、問い合わせは3件。" in page
    assert 'class="line" points="34.0,12.0 ' in page
    assert 'class="cta interest"' in page
    assert "見た 110 → 押した 4" in page
    assert "1分35秒" in page
    assert '<th scope="row"><span class="quiet">1</span> 原因</th>' in page
    assert "機械とみられる2件" in page
    assert "11月2日(月) 10:01 に作りました" in words_of(page)
    for word in ("p値", "有意", ">None<", "nan%"):
        assert word not in page


def test_a_page_of_the_diagnosis_is_shown_in_full(house: House, browser: Browser) -> None:
    made(house)
    page = browser.get("/desk/diagnosis/articles/why/").text
    assert "<h1>なぜ来ないのか</h1>" in page
    assert 'class="curve large"' in page
    assert "読み終わり" in page
    assert browser.get("/desk/diagnosis/articles/why").status_code == 200
    assert "<h1>はじめに</h1>" in browser.get("/desk/diagnosis/index").text
    assert browser.get("/desk/diagnosis/articles/nothing/").status_code == 404


def test_a_page_with_few_views_is_pale_and_says_how_many_more(
    house: House, browser: Browser
) -> None:
    few = PageCounts(WHY, 30, 10, (10, 5, 5), (0, 0, 0), (0, 0, 0))
    made(house, Counts({WHY: few}, 30, 0, 0))
    page = browser.get("/desk/diagnosis").text
    assert '<article class="panel few">' in page
    assert "あと約90回の閲覧で、はっきりします" in page


def test_the_button_wakes_the_worker(house: House, browser: Browser) -> None:
    waiting = queue(connect(house.context.settings.redis_url))
    waiting.empty()
    answer = browser.post("/desk/diagnosis")
    assert (answer.status_code, answer.location) == (303, "/desk/diagnosis")
    assert [job.func_name for job in waiting.jobs] == [Job.DIAGNOSE.value]
    assert "作り直しを頼みました" in browser.get("/desk/diagnosis").text
    assert "作り直しを頼みました" not in browser.get("/desk/diagnosis").text


def test_a_diagnosis_of_an_older_shape_is_not_shown_wrongly(house: House, browser: Browser) -> None:
    made(house)
    with writing(house.context.engine) as connection:
        connection.execute(update(tables.diagnoses).values(data={"format": "older/1"}))
    assert "古い形のもの" in browser.get("/desk/diagnosis").text
    with reading(house.context.engine) as connection:
        stored = diagnoses.newest(connection)
    assert stored is not None
    assert stored.report is None


def planted_report(house: House) -> DiagnosisReport:
    """A diagnosis with a finding on the page ``WHY``."""
    counts = replace(
        COUNTS,
        pages={
            WHY: PageCounts(
                WHY,
                views=4000,
                done=200,
                left=(3200, 400, 200),
                took=(0, 0, 0),
                lost=(0, 0, 0),
                ctas={"guide-in-why": CtaCounts(600, 20, 20)},
            )
        },
    )
    report = diagnose(counts, structures(content.catalogue()), NOW - timedelta(days=30), NOW)
    with writing(house.context.engine) as connection:
        diagnoses.save(connection, report, made_at=house.clock(), up_to_seq=9)
    return report


def test_a_finding_shows_what_it_brings_in_words_and_not_in_statistics(
    house: House, browser: Browser
) -> None:
    (found,) = planted_report(house).findings
    page = words_of(browser.get("/desk/diagnosis").text)
    assert found.what in page
    assert f"増える見込み{found.gain.words}（8割の確からしさ）・{found.sureness}" in page
    shown = page.partition("計算のしかた")[0]
    for word in ("p値", "有意", "信頼区間", "None", "nan"):
        assert word not in shown


def test_what_was_repaired_keeps_its_day_and_leaves_the_list(
    house: House, browser: Browser
) -> None:
    (found,) = planted_report(house).findings
    answer = browser.post("/desk/diagnosis/repaired", seen="/desk/diagnosis", finding=found.key)
    assert answer.status_code == 303
    page = browser.get("/desk/diagnosis").text
    assert f'value="{found.key}"' not in page
    assert "直してから7日たつと比べはじめます" in page
    browser.post("/desk/diagnosis/repaired", seen="/desk/diagnosis", finding=found.key)
    with reading(house.context.engine) as connection:
        (repair,) = repairs.since(connection, NOW - timedelta(days=1))
    assert repair.key == found.key
    browser.post(f"/desk/diagnosis/repaired/{repair.id}/take-back", seen="/desk/diagnosis")
    assert f'value="{found.key}"' in browser.get("/desk/diagnosis").text


def test_a_repair_of_something_no_longer_told_of_is_not_kept(
    house: House, browser: Browser
) -> None:
    planted_report(house)
    browser.post("/desk/diagnosis/repaired", seen="/desk/diagnosis", finding="anything")
    assert "新しいものに替わりました" in browser.get("/desk/diagnosis").text
    with reading(house.context.engine) as connection:
        assert repairs.since(connection, NOW - timedelta(days=1)) == []


def test_the_way_to_an_inquiry_is_a_map_in_which_the_findings_are_red(
    house: House, browser: Browser
) -> None:
    made(house)
    page = browser.get("/desk/diagnosis").text
    words = words_of(page)
    assert "訪問 160" in words
    assert "CTAが見えた" in words
    assert "CTAが見えた 110" in words
    assert ('rect class="down"' in page) == ("見つかったことがあります" in words)


def test_what_is_found_beyond_the_pages_is_shown_repaired_and_taken_back(
    house: House, browser: Browser
) -> None:
    steps = [("thanks", 600, 2), ("case", 600, 40), ("detail", 600, 1), ("consult", 500, 3)]
    beyond = Beyond(
        mails=tuple(
            Mailing("interest", step, sent, sent, clicked=50, unsubscribed=stopped)
            for step, sent, stopped in steps
        ),
        mailed=700,
        pressed=90,
        orders=2,
        served=(Served(Stage.UNDERSTANDING, "owner", "社長", 0, 11),),
    )
    site = structures(content.catalogue())
    report = diagnose(replace(COUNTS, pages={}), site, NOW - 30 * DAY, NOW, beyond)
    with writing(house.context.engine) as connection:
        diagnoses.save(connection, report, made_at=house.clock(), up_to_seq=9)
    losing, bare = report.findings
    page = browser.get("/desk/diagnosis").text
    words = words_of(page)
    for finding in (losing, bare):
        assert finding.what in words
        assert finding.prospect in words
    assert "増える見込み" not in words.partition("計算のしかた")[0]
    assert "メールが届いた人（見つかったことがあります） 700" in words
    assert "メールを押した人 90 12.9%" in words
    assert "受注 2" in words
    assert "関心 3日目 interest 3日目のお便り 600 50（8.3%） 40（6.7%）" in words
    assert "届くメールが増えてから" in words
    text = "".join(
        one.extract_text()
        for one in PdfReader(io.BytesIO(browser.get("/desk/diagnosis.pdf").data)).pages
    )
    assert "関心 3日目のメール" in text
    for finding in (losing, bare):
        browser.post("/desk/diagnosis/repaired", seen="/desk/diagnosis", finding=finding.key)
    with reading(house.context.engine) as connection:
        found = repairs.since(connection, NOW - timedelta(days=1))
    assert {repair.key for repair in found} == {losing.key, bare.key}
    assert {repair.place.thing for repair in found} == {"interest/case", "understanding/owner"}
    assert f'value="{losing.key}"' not in browser.get("/desk/diagnosis").text


def test_the_store_tells_of_mails_readers_and_orders(house: House) -> None:
    with writing(house.context.engine) as connection:
        story = Story(connection)
        for number in range(6):
            reader = story.reader(
                f"r{number}", visitor=f"v{number}", stage=Stage.UNDERSTANDING, at=NOW - 9 * DAY
            )
            story.mail(f"m{number}", reader, scenario="interest", step="case", at=NOW - 2 * DAY)
        story.mail("m6", "r0", scenario="interest", step="thanks", at=NOW - 3 * DAY)
        story.event(EventKind.MAIL_UNSUB, NOW - DAY, reader_id="r1", delivery_id="m1")
        story.event(
            EventKind.MAIL_CLICK, NOW - DAY, reader_id="r2", delivery_id="m2", data={"ua": CHROME}
        )
        deal = Deal("deal-1", "r0", DealOutcome.WON, NOW - DAY, DealSource.DESK)
        deals.record(connection, deal, now=NOW, quiet=DAY, author="desk")
        bare = content.catalogue()
        bare = bare.model_copy(
            update={"pages": tuple(p for p in bare.pages if p.stage is not Stage.UNDERSTANDING)}
        )
        told = of_period(connection, bare, NOW - 30 * DAY, NOW)
    way = {step.label: step.count for step in told.way}
    assert (way["メールが届いた人"], way["メールを押した人"], way["受注"]) == (6, 1, 1)
    assert [(m.day, m.delivered, m.clicked, m.stopped) for m in told.mails] == [
        (1, 1, 0, 0),
        (3, 6, 1, 1),
    ]
    (found,) = told.findings
    assert (found.kind, found.thing) == ("unserved", "understanding/")
    assert "この段階に読者が6人いますが" in found.what


def test_the_diagnosis_is_handed_round_as_a_pdf(house: House, browser: Browser) -> None:
    assert browser.get("/desk/diagnosis.pdf").status_code == 404
    made(house)
    answer = browser.get("/desk/diagnosis.pdf")
    assert answer.mimetype == "application/pdf"
    paper = PdfReader(io.BytesIO(answer.data))
    text = "".join(page.extract_text() for page in paper.pages)
    for heading in ("今月のひとこと", "導線の地図", "記事ごとの読まれ方", "まだ分からないこと"):
        assert heading in text
    assert "なぜ来ないのか（200回）" in text
    fonts = paper.pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    own = next(iter(fonts.values())).get_object()["/DescendantFonts"][0].get_object()
    assert "/FontFile2" in own["/FontDescriptor"].get_object(), "the letters travel with it"
    assert len(answer.data) < 200_000


def test_a_diagnosis_of_nothing_is_a_page_too(house: House, browser: Browser) -> None:
    made(house, Counts({}, 0, 0, 0))
    answer = browser.get("/desk/diagnosis.pdf")
    assert (
        "まだ閲覧の記録がありません" in PdfReader(io.BytesIO(answer.data)).pages[0].extract_text()
    )
