"""The shipped scenario of the dormant from its first mail to its last, and the way back."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.conftest import House
from tests.servers import text_of
from tests.walking import FORM, path_in, the_reader
from tracker.catalogue.load import read
from tracker.store.engine import reading
from tracker.store.tables import deliveries, enrolments
from tracker.words import DeliveryState

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

REPOSITORY = Path(__file__).parents[2]
LAST = "お便りを、ここで終えてもよろしいですか"


@pytest.fixture
def house(house: House) -> House:
    """With all that is shipped: the firm's hours, its scenarios, its rules."""
    shipped = read(REPOSITORY).catalogue
    assert shipped is not None
    shipped.write(house.tools.settings.catalogue_path)
    return house


def become_a_reader(house: House) -> None:
    consent = house.tools.catalogue.firm.consent.hash
    browser = house.browser()
    agreed = {"consent": "yes", "consent_hash": consent}
    browser.post("/gates/nurturing-starter", data={**FORM, **agreed})
    house.work()
    browser.post(path_in(house.postbox.mails[-1], "confirm"))
    house.work()


def subjects(house: House, days: int) -> list[str]:
    """What comes in so many days, the worker looking when something is due and at their end."""
    before = len(house.postbox.mails)
    end = house.clock.now + timedelta(days=days)
    while house.clock.now < end:
        with reading(house.tools.engine) as connection:
            due = connection.execute(
                select(func.min(deliveries.c.due_at)).where(
                    deliveries.c.state == DeliveryState.PLANNED,
                    deliveries.c.due_at > house.clock.now,
                )
            ).scalar()
        house.clock.now = min(end, due or end)
        house.work()
    return [str(mail["Subject"]) for mail in house.postbox.mails[before:]]


def to_the_farewell(house: House) -> None:
    """All the way through the stage's scenario and 90 silent days, up to the last question."""
    become_a_reader(house)
    assert len(subjects(house, 20)) == 4
    assert subjects(house, 69) == []
    assert subjects(house, 1) == []
    asked = subjects(house, 22)
    assert len(asked) == 3
    assert asked[-1] == LAST
    assert house.postbox.mails[-1]["Subject"] == LAST


def planned(house: House) -> int:
    with reading(house.tools.engine) as connection:
        return connection.execute(
            select(func.count())
            .select_from(deliveries)
            .where(deliveries.c.state == DeliveryState.PLANNED)
        ).scalar_one()


def test_the_farewell_says_that_it_is_the_last_and_it_is_whatever_machines_open(
    house: House,
) -> None:
    to_the_farewell(house)
    farewell = house.postbox.mails[-1]
    for place in range(text_of(farewell).count("http://localhost/c/")):
        path = path_in(farewell, "c", place)
        house.browser().get(path, headers={"User-Agent": "Mozilla/5.0", "Purpose": "prefetch"})
    assert "何もなさらなければ、このメールを最後にします" in text_of(farewell)
    assert the_reader(house).sunset_at is None
    assert subjects(house, 15) == []
    reader = the_reader(house)
    assert reader.sunset_at is not None
    assert not reader.may_be_mailed
    assert (subjects(house, 200), planned(house)) == ([], 0)


def test_the_button_of_the_farewell_works_long_after_it_and_the_reader_is_asked_anew(
    house: House,
) -> None:
    to_the_farewell(house)
    farewell = house.postbox.mails[-1]
    assert subjects(house, 30) == []
    button = re.search(r"これからも受け取る\nhttp://localhost(/c/\S+)", text_of(farewell))
    assert button
    house.click(button[1])
    house.work()
    reader = the_reader(house)
    assert (reader.sunset_at, reader.may_be_mailed) == (None, True)
    back_at = house.clock.now
    assert subjects(house, 90) == []
    assert subjects(house, 25)[-1] == LAST
    with reading(house.tools.engine) as connection:
        begun = list(
            connection.execute(
                select(enrolments.c.started_at)
                .where(enrolments.c.scenario == "dormant")
                .order_by(enrolments.c.started_at)
            ).scalars()
        )
    assert len(begun) == 2
    assert begun[1] - back_at >= timedelta(days=89)
