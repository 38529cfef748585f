"""The reports on the desk: figures counted from the store, filters, files, and the other language."""

import io
import re
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.clicks.traces import CHROME
from tests.conftest import NOW, House
from tests.desk.conftest import Browser, make_account, words_of
from tests.desk.story import Story
from tracker.desk.reports import REPORTS
from tracker.store import deals, handoffs, judgements, rollups
from tracker.store.deals import Deal
from tracker.store.engine import writing
from tracker.store.judgements import Judgement
from tracker.store.tables import readers
from tracker.words import (
    DealOutcome,
    DealSource,
    DeliveryState,
    EventKind,
    HandoffCause,
    Role,
    Stage,
)

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

WHY = "articles/why/"


def told(house: House) -> None:
    """Twelve readers read a page of their stage; six of them went on and one inquired."""
    with writing(house.context.engine) as connection:
        story = Story(connection)
        for number in range(12):
            at = NOW - timedelta(days=40) + timedelta(hours=number)
            reader = story.reader(f"r{number}", visitor=f"v{number}", at=at, stage=Stage.AWARENESS)
            story.move(reader, Stage.AWARENESS, at=at)
            story.view(WHY, view=f"w{number}", visitor=f"v{number}", at=at + timedelta(hours=1),
                       end={"done": True, "active_ms": 60_000})  # fmt: skip
            if number < 6:
                story.move(reader, Stage.INTEREST, at=at + timedelta(days=2), since=Stage.AWARENESS)
        story.view(WHY, view="w99", visitor="nobody", at=NOW - timedelta(days=3))
        story.event(EventKind.CTA_CLICK, NOW - timedelta(days=39), visitor="v1", page=WHY,
                    cta="guide-in-why")  # fmt: skip
        rollups.take(connection)


@pytest.mark.parametrize("name", list(REPORTS))
@pytest.mark.parametrize("days", ["7", "28", "90", "all"])
def test_an_empty_store_is_told_in_sentences(browser: Browser, name: str, days: str) -> None:
    page = browser.get(f"/desk/reports/{name}?days={days}")
    assert page.status_code == 200
    assert not {"nan", "None", "inf", "Traceback"} & set(words_of(page.text).split())


@pytest.mark.parametrize("name", list(REPORTS))
def test_one_reader_is_enough_for_a_report(house: House, browser: Browser, name: str) -> None:
    with writing(house.context.engine) as connection:
        story = Story(connection)
        story.reader("solo", visitor="v")
        story.move("solo", Stage.AWARENESS)
        story.view("gone/", view="w", visitor="v", end={"done": True})
        story.inquiry("solo", "相談です", at=NOW)
        rollups.take(connection)
    house.clock.advance(hours=1)
    page = browser.get(f"/desk/reports/{name}?days=28")
    assert page.status_code == 200
    assert "nan" not in page.text


def test_the_passage_between_stages_is_counted_for_the_period(
    house: House, browser: Browser
) -> None:
    told(house)
    words = words_of(browser.get("/desk/reports/clicks?days=90").text)
    assert "認知 → 関心 12 6 50% — 2.0日" in words
    words = words_of(browser.get("/desk/reports/clicks?days=28").text)
    assert "どれかの段階へ来た読者はいません" in words


def test_who_came_first_in_a_week_is_a_cohort_with_the_nameless(
    house: House, browser: Browser
) -> None:
    told(house)
    words = words_of(browser.get("/desk/reports/clicks?days=90").text)
    assert "2026-09-21 12 12 6" in words
    assert "2026-10-26 1 0 0" in words


def test_filters_take_a_part_of_the_readers(house: House, browser: Browser) -> None:
    told(house)
    assert "12 6 50%" in words_of(browser.get("/desk/reports/clicks?days=90&source=search").text)
    nobody = words_of(browser.get("/desk/reports/clicks?days=90&source=social").text)
    assert "段階の動いた読者はいません" in nobody
    odd = browser.get("/desk/reports/clicks?days=x&source=mars&stage=up&persona=%00")
    assert odd.status_code == 200


def test_mails_and_sales_are_told_of_a_part_of_the_readers(house: House, browser: Browser) -> None:
    """By whose pages they read, by where they stand, by where they came from."""
    catalogue = house.context.catalogue
    pages = tuple(
        page.model_copy(update={"personas": ("owner",) if page.url == WHY else ()})
        for page in catalogue.pages
    )
    written = catalogue.model_copy(update={"pages": pages})
    written.write(house.context.settings.catalogue_path)
    told(house)
    with writing(house.context.engine) as connection:
        story = Story(connection)
        for reader in ("r1", "r2", story.reader("other", stage=Stage.TRUST)):
            story.mail(f"m-{reader}", reader, at=NOW - timedelta(days=2))
            handoffs.give(connection, reader, HandoffCause.HOT, now=NOW - timedelta(days=3),
                          score=70, stage=None, due_at=NOW - timedelta(days=1))  # fmt: skip
    for asked, mails, handed in (
        ("", 3, 3),
        ("persona=owner", 2, 2),
        ("source=search", 2, 2),
        ("source=social", 0, 0),
        ("stage=awareness", 3, 2),
        ("stage=trust&persona=owner", 0, 0),
    ):
        words = words_of(browser.get(f"/desk/reports/scenarios?days=7&{asked}").text)
        assert f"送った{mails}前の期間" in words, asked
        words = words_of(browser.get(f"/desk/reports/sales?days=7&{asked}").text)
        assert f"営業に渡した{handed}前の期間" in words, asked
        assert ("連絡していない読者が" in words) is bool(handed), asked


def test_who_waits_for_sales_leads_to_the_hand_off(house: House, browser: Browser) -> None:
    with writing(house.context.engine) as connection:
        reader = Story(connection).reader("r1")
        given = handoffs.give(connection, reader, HandoffCause.HOT, now=NOW - timedelta(days=3),
                              score=70, stage=None, due_at=NOW - timedelta(days=1))  # fmt: skip
    assert given
    page = browser.get("/desk/reports/sales").text
    assert re.search(rf'href="/desk/handoffs/{re.escape(given)}">', page)


def test_a_page_is_told_with_its_views_and_who_came_of_it(house: House, browser: Browser) -> None:
    told(house)
    with writing(house.context.engine) as connection:
        Story(connection).inquiry("r1", "相談です", at=NOW - timedelta(days=1))
        asked = {"inquired_at": NOW - timedelta(days=1)}
        connection.execute(update(readers).where(readers.c.id == "r1").values(asked))
    words = words_of(browser.get("/desk/reports/content?days=90").text)
    assert "『なぜ来ないのか』 認知 13 0 100% — 0 1 0 0円" in words
    words = words_of(browser.get("/desk/reports/content?days=7").text)
    assert "認知 1 0 — — 0 1 0 0円" in words


def test_a_step_is_told_with_people_and_machines_apart(house: House, browser: Browser) -> None:
    at = NOW - timedelta(days=20)
    with writing(house.context.engine) as connection:
        story = Story(connection)
        for number in range(3):
            reader = story.reader(f"r{number}", at=at)
            story.mail(f"m{number}", reader, at=at)
        story.mail("m9", "r0", DeliveryState.BOUNCED, at=at)
        hit = {"ua": CHROME, "place": 0}
        for data in (hit, hit, {"prefetch": True}):
            story.event(EventKind.MAIL_CLICK, at, reader_id="r0", delivery_id="m0", data=data)
        story.event(EventKind.MAIL_UNSUB, at, reader_id="r1", delivery_id="m1")
        story.move("r2", Stage.INTEREST, at=at + timedelta(days=3), since=Stage.AWARENESS)
    words = words_of(browser.get("/desk/reports/scenarios?days=28").text)
    assert "認知 4 0 3 1 33% 1 1 1 0 1 0" in words
    words = words_of(browser.get("/desk/reports/scenarios?days=7").text)
    assert "送ったステップメールはありません" in words


def test_a_mail_after_which_many_stop_is_named(house: House, browser: Browser) -> None:
    with writing(house.context.engine) as connection:
        story = Story(connection)
        for number in range(120):
            reader = story.reader(f"r{number}")
            step = "thanks" if number < 100 else "read"
            story.mail(f"m{number}", reader, step=step, at=NOW - timedelta(days=2))
            if number >= 110:
                story.event(EventKind.MAIL_UNSUB, NOW - timedelta(days=1), reader_id=reader,
                            delivery_id=f"m{number}")  # fmt: skip
    words = words_of(browser.get("/desk/reports/scenarios?days=7").text)
    assert "読者を失っている回が1通あります" in words
    assert "停止が多い（50.0%。ほかの回は0.5%）" in words


def test_the_workers_judgement_of_a_scenario_is_shown(house: House, browser: Browser) -> None:
    found = {
        "awareness": Judgement("awareness", 50, 90, 88, 12, 5, 7, 0.07, 0.01, 0.13, False, 140),
        "trust": Judgement("trust", 0),
    }
    with writing(house.context.engine) as connection:
        judgements.keep(connection, found, NOW)
    words = words_of(browser.get("/desk/reports/scenarios").text)
    assert "まだ言えません。あと約140人で分かります +7 +1 +13 90 12 88 5 7" in words
    with writing(house.context.engine) as connection:
        judgements.keep(connection, {"awareness": Judgement("awareness", 50, works=True)}, NOW)
    assert "効いています" in words_of(browser.get("/desk/reports/scenarios").text)


def test_sales_are_told_what_waits_what_was_won_and_what_it_cost(
    house: House, browser: Browser
) -> None:
    with writing(house.context.engine) as connection:
        story = Story(connection)
        for number in range(2):
            at = NOW - timedelta(days=9, hours=number)
            reader = story.reader(f"r{number}", at=at, name=f"読者{number}", score=70)
            handoffs.give(connection, reader, HandoffCause.HOT, now=at, score=70, stage=None,
                          due_at=at + timedelta(days=1))  # fmt: skip
        won = Deal("d1", "r0", DealOutcome.WON, NOW - timedelta(days=2), DealSource.DESK, 500_000)
        deals.record(connection, won, now=NOW, quiet=timedelta(days=60), author="a")
    words = words_of(browser.get("/desk/reports/sales?calls=5").text)
    assert "期限を過ぎても連絡していない読者が1人います" in words
    assert "受注は1件、500,000円" in words
    assert "60〜80点 2 1 —" in words
    assert "月に5件の連絡なら、10点から（月に約1人）" in words
    page = "/desk/reports/sales"
    browser.post("/desk/reports/costs", page, month="2026-10", yen="310,000")
    browser.post("/desk/reports/costs", page, month="2026-13", yen="3")
    browser.post("/desk/reports/costs", page, month="2026-11", yen="-3")
    words = words_of(browser.get("/desk/reports/sales?days=7").text)
    assert "費用は円の数字で" in words
    assert "受注1件あたりの費用50,000円" in words, "five of October's days"
    assert "2026-10 310,000円" in words
    browser.post("/desk/reports/costs", page, month="2026-10", yen="")
    assert "費用の記録がありません" in words_of(browser.get(page).text)


def test_orders_are_traced_back_to_what_was_read(house: House, browser: Browser) -> None:
    told(house)
    with writing(house.context.engine) as connection:
        won = Deal("d1", "r0", DealOutcome.WON, NOW - timedelta(days=2), DealSource.DESK, 900_000)
        deals.record(connection, won, now=NOW, quiet=timedelta(days=60), author="a")
    words = words_of(browser.get("/desk/reports/clicks?days=90").text)
    assert "『なぜ来ないのか』 ページ 1 900,000円 900,000円 900,000円 1.0" in words
    assert "0 1 900,000円" in words_of(browser.get("/desk/reports/content?days=90").text)


def test_a_report_is_taken_along_as_csv_and_xlsx(house: House, browser: Browser) -> None:
    told(house)
    csv = browser.get("/desk/reports/clicks/tables.csv?days=90&sheet=passages")
    assert csv.text.splitlines()[1].startswith("認知 → 関心,12,6,0.5,")
    book = browser.get("/desk/reports/clicks/tables.xlsx?days=90")
    parts = zipfile.ZipFile(io.BytesIO(book.data))
    assert "認知 → 関心" in parts.read("xl/sharedStrings.xml").decode()
    assert "レポートの書き出し" in words_of(browser.get("/desk/audit").text)
    assert browser.get("/desk/reports/clicks/tables.csv?sheet=none").status_code == 404
    assert browser.get("/desk/reports/none").status_code == 404


def test_who_may_only_look_takes_nothing_along(house: House, stranger: Browser) -> None:
    make_account(house, "viewer@example.jp", Role.VIEWER)
    stranger.sign_in("viewer@example.jp")
    page = stranger.get("/desk/reports/clicks")
    assert page.status_code == 200
    assert "書き出す" not in page.text
    assert stranger.get("/desk/reports/clicks/tables.xlsx").status_code == 403


def test_a_report_is_in_english_where_it_is_asked_for(house: House, browser: Browser) -> None:
    """All but the site's own words."""
    told(house)
    with writing(house.context.engine) as connection:
        judgements.keep(connection, {"awareness": Judgement("awareness", 50, 9, 9)}, NOW)
        Story(connection).mail("m1", "r1", at=NOW - timedelta(days=5))
        Story(connection).inquiry("r1", "相談です", at=NOW - timedelta(days=1))
        asked = {"inquired_at": NOW - timedelta(days=1)}
        connection.execute(update(readers).where(readers.c.id == "r1").values(asked))
    catalogue = house.context.catalogue
    own = [catalogue.firm.name, "日本語", *(p.name for p in catalogue.personas)]
    own += [word for p in catalogue.pages for word in (p.title, *(c.label for c in p.ctas))]
    own += [step.subject for scenario in catalogue.scenarios for step in scenario.steps]
    for name in ("", *REPORTS):
        page = browser.get(f"/desk/reports/{name}?lang=en&days=90")
        assert '<html lang="en">' in page.text
        words = words_of(page.text)
        for word in sorted(own, key=len, reverse=True):
            words = words.replace(word, "")
        left = re.findall(r"[\u3040-\u30ff\u4e00-\u9fff]+", words)
        assert left == [], name
    assert "Stages and clicks" in browser.get("/desk/reports/?lang=en").text
    csv = browser.get("/desk/reports/clicks/tables.csv?lang=en&sheet=passages&days=90").text
    assert csv.splitlines()[1].startswith("Awareness → Interest,12,6")
    assert '<html lang="ja">' in browser.get("/desk/reports/?lang=fr").text
    assert '<html lang="ja">' in browser.get("/desk/?lang=en").text
