"""A reader's way through the house in a few calls, and what became of it."""

import re
from email.message import EmailMessage

from sqlalchemy import select

from tests.conftest import House
from tests.content import FIRM
from tests.servers import text_of
from tracker.store import deliveries, readers
from tracker.store.engine import reading
from tracker.store.readers import Reader
from tracker.store.tables import readers as readers_table
from tracker.words import DeliveryState

FORM = {"name": "山田 太郎", "company": "ためし製作所", "email": "taro@example.jp"}
AGREED = {"consent": "yes", "consent_hash": FIRM.consent.hash}


def path_in(message: EmailMessage, door: str, place: int = 0) -> str:
    return re.findall(rf"http://localhost(/{door}/[^\s\"<]+)", text_of(message))[place]


def become_a_reader(house: House, **more: str) -> None:
    """Order the guide, press the button in the mail, fetch the file."""
    browser = house.browser()
    browser.post("/gates/guide", data={**FORM, **AGREED, **more})
    house.work()
    answer = browser.post(path_in(house.postbox.mails[-1], "confirm"))
    browser.get("/d/" + answer.text.split('href="/d/')[1].split('"')[0])
    house.work()


def the_reader(house: House) -> Reader:
    with reading(house.tools.engine) as connection:
        reader_id = connection.execute(select(readers_table.c.id)).scalar_one()
        found = readers.get(connection, reader_id)
    assert found is not None
    return found


def states(house: House) -> dict[DeliveryState, int]:
    with reading(house.tools.engine) as connection:
        return deliveries.count_by_state(connection)
