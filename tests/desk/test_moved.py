"""A page is read, renamed, and read on: everywhere it is one page with all that was done on it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from nurture_worker.reporting.diagnosing import of_period
from nurture_worker.scenarios.conditions import holds
from nurture_worker.sending.admission import facts_of
from tests.catalogue.test_aliases import renamed
from tests.conftest import NOW, House
from tests.content import catalogue
from tests.desk.conftest import Browser, words_of
from tests.desk.story import Story
from tests.walking import FORM, become_a_reader, path_in
from tracker.catalogue.conditions import Condition
from tracker.catalogue.scoring import PointRule
from tracker.diagnosis import Finding, Gain
from tracker.store import enrolments, repairs, rollups
from tracker.store.engine import reading, writing
from tracker.store.reports import clicks_followed
from tracker.store.tables import readers
from tracker.words import EventKind, Stage

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

OLD, NEW = "articles/why/", "articles/why-none/"
END = {"done": True, "active_ms": 60_000}


@pytest.fixture
def house(house: House) -> House:
    """The desk's house. Three readers read the page under its old name, and one under its new one."""
    with writing(house.context.engine) as connection:
        story = Story(connection)
        for number in range(3):
            at = NOW - timedelta(days=9 - number)
            story.reader(f"r{number}", visitor=f"v{number}", at=at, stage=Stage.AWARENESS)
            story.move(f"r{number}", Stage.AWARENESS, at=at)
            story.view(OLD, view=f"old{number}", visitor=f"v{number}", at=at, reached=2, end=END)
        story.view(NEW, view="new", visitor="v0", at=NOW - timedelta(hours=2), reached=2, end=END)
        rollups.take(connection)
    renamed().write(house.tools.settings.catalogue_path)
    return house


def test_the_reports_show_one_page_with_all_its_reads(house: House, browser: Browser) -> None:
    content = words_of(browser.get("/desk/reports/content?days=28").text)
    assert "『なぜ来ないのか』 認知 4 " in content
    assert content.count("なぜ来ないのか") == 1
    assert OLD not in content
    clicks = browser.get("/desk/reports/clicks?days=28").text
    assert OLD not in clicks


def test_the_diagnosis_counts_one_page(house: House) -> None:
    with reading(house.tools.engine) as connection:
        found = of_period(connection, house.tools.catalogue, NOW - timedelta(days=30), NOW)
    page = found.page(NEW)
    assert page is not None
    assert (page.views, page.done) == (4, 4)
    assert found.views == 4


def test_points_stages_and_the_time_line_are_those_of_the_page(
    house: House, browser: Browser
) -> None:
    pricing = PointRule(id="why", event=EventKind.PAGE_VIEW, points=7, pages=(f"/{NEW}",))
    found = renamed()
    scoring = found.scoring.model_copy(update={"points": (pricing,)})
    found.model_copy(update={"scoring": scoring}).write(house.tools.settings.catalogue_path)
    house.work()
    told = words_of(browser.get("/desk/readers/r1").text)
    assert "『なぜ来ないのか』" in told
    assert "+7" in told


def test_a_mail_sent_before_leads_straight_to_the_page_and_meets_its_condition(
    house: House,
) -> None:
    path = house.tools.settings.catalogue_path
    catalogue().write(path)
    become_a_reader(house)
    house.clock.advance(days=2)
    house.work()
    link = path_in(house.postbox.mails[-1], "c")
    renamed().write(path)
    answer = house.click(link)
    assert answer.location.startswith(f"http://localhost/{NEW}?utm_medium=email&k=")
    house.work()
    with reading(house.tools.engine) as connection:
        found = clicks_followed(connection, None, house.clock(), renamed().moved)
        assert [one.target for one in found if one.step == "thanks"] == [NEW]
        who = connection.execute(select(readers.c.id).where(readers.c.email == FORM["email"]))
        (enrolment,) = enrolments.under_way(connection, who.scalar_one())
        facts = facts_of(house.tools, connection, enrolment, house.clock())
    assert holds(Condition(clicked="thanks /articles/why-none.md"), facts, renamed().url_of)


def test_what_was_repaired_stays_repaired(house: House) -> None:
    finding = Finding(
        kind="dead_end", page=OLD, title="なぜ来ないのか", where="終わり", what="…", how="…",
        gain=Gain(mean=1, lo=0, hi=2), sureness="確か",
    )  # fmt: skip
    with writing(house.context.engine) as connection:
        repairs.mark(connection, finding, NOW)
        (found,) = repairs.since(connection, NOW, renamed().moved)
    assert found.key == finding.model_copy(update={"page": NEW}).key


@pytest.mark.parametrize("asked", ["articles/why/", "articles/why"])
def test_the_tracker_answers_at_the_old_address_with_the_new_one(house: House, asked: str) -> None:
    answer = house.browser().get(f"/{asked}?utm_source=a%20b&x=1")
    assert answer.status_code == 301
    assert answer.location == f"/{NEW}?utm_source=a%20b&x=1"
    assert answer.cache_control.max_age == 3600
