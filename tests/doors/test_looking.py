"""Looking changes nothing: mail gateways, browsers and search engines open whatever they find."""

import re

import pytest
from sqlalchemy import select

from tests.conftest import House
from tests.desk.conftest import EMAIL, make_account
from tests.doors.posting import recorded, token
from tests.walking import become_a_reader, path_in, the_reader
from tracker.links import Answers, Download, Ticket
from tracker.store import accounts, sessions
from tracker.store.engine import reading, writing
from tracker.store.tables import metadata
from tracker.words import EventKind, Role

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

RECORDED = {
    "/c/<token>": EventKind.MAIL_CLICK,
    "/d/<token>": EventKind.GATE_DOWNLOAD,
}
"""What a GET leaves in the journal; the worker judges it later."""
WRITTEN_DOWN = "/desk/readers.csv"
"""Who takes the list of readers along stands in the audit log."""


def kept(house: House) -> list[str]:
    with reading(house.tools.engine) as connection:
        return [
            f"{table.name} {row}"
            for table in metadata.sorted_tables
            for row in connection.execute(select(table)).all()
        ]


def paths(house: House) -> dict[str, str]:
    """Every route that can be looked at, its parts filled in with what there is."""
    mail = house.postbox.mails[-1]
    with writing(house.tools.engine) as connection:
        invitation = accounts.invite(connection, Role.VIEWER, house.clock(), email="x@example.jp")
    signed = {
        "/c/<token>": path_in(mail, "c"),
        "/confirm/<token>": path_in(house.postbox.mails[0], "confirm"),
        "/unsubscribe/<token>": path_in(mail, "unsubscribe"),
        "/preferences/<token>": path_in(mail, "preferences"),
        "/d/<token>": f"/d/{token(house, Download('d', 'guide'))}",
        "/desk/join/<token>": f"/desk/join/{invitation}",
        "/diagnoses/result/<token>": "/diagnoses/result/"
        + token(house, Answers("site-diagnosis", "an-event", "01")),
        "/seminars/<seminar_id>.ics": "/seminars/exits.ics?ticket="
        + token(house, Ticket("d", "exits")),
    }
    names = {"gate_id": "guide", "seminar_id": "exits", "diagnosis_id": "site-diagnosis"}
    names |= {"reader_id": the_reader(house).id, "number": "1", "filename": "doors.css"}
    found = {}
    for rule in house.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()):
            plain = re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda part: names.get(part[1], "x"), rule.rule)
            found[rule.rule] = signed.get(rule.rule, plain)
    assert signed.keys() <= found.keys()
    return found


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_at_whatever_there_is_changes_nothing(open_house: House, method: str) -> None:
    house = open_house
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    account = make_account(house, EMAIL, Role.ADMIN)
    browser = house.browser()
    asked = paths(house)
    with writing(house.tools.engine) as connection:
        held = sessions.begin(connection, account.id, house.clock(), network=None, device="x")
    with browser.session_transaction() as session:
        session["token"] = held
    before = kept(house)
    for rule, path in asked.items():
        answer = browser.open(path, method=method)
        assert answer.status_code in (200, 302, 303, 404), (path, answer.status_code)
        left = [entry.kind for entry in recorded(house)]
        leaves = rule in RECORDED and (method == "GET" or rule.startswith("/c/"))
        assert left == ([RECORDED[rule]] if leaves else []), path
        house.context.journal.forget(2**62)
        if rule != WRITTEN_DOWN:
            assert kept(house) == before, path
        before = kept(house)
    seen = [path for path in asked.values() if browser.get(path).status_code in (200, 302)]
    assert len(seen) > 25
