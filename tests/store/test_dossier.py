"""Everything kept about a person: found whole, and gone whole."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from nurture_worker.upkeep import dossiers, retention
from tests.conftest import House
from tests.content import FIRM
from tests.walking import AGREED, FORM, become_a_reader, path_in
from tracker.store import dossier, reports
from tracker.store.engine import reading, writing
from tracker.words import Stage

PERSONAL = ("taro@example.jp", "山田", "ためし製作所", "ひみつの相談", "127.0.0", "Mozilla")


def a_life(house: House) -> str:
    """A reader who read, ordered, was mailed, clicked and inquired."""
    browser = house.browser()
    browser.post(
        "/e",
        json={"pv": "a" * 32, "page": "articles/why/", "events": [{"n": 0, "e": "page_view"}]},
    )
    browser.post("/gates/guide", data={**FORM, **AGREED})
    house.work()
    browser.post(path_in(house.postbox.mails[-1], "confirm"))
    house.work()
    house.clock.advance(days=1)
    house.work()
    house.click(path_in(house.postbox.mails[-1], "c"))
    house.work()
    browser.post("/inquiries", data={**FORM, "message": "ひみつの相談"})
    house.work()
    with reading(house.tools.engine) as connection:
        found = dossier.find(connection, "taro@example.jp")
    assert found
    return found


def everything(house: House) -> str:
    with reading(house.tools.engine) as connection:
        tables = [
            "readers",
            "events",
            "visitors",
            "consents",
            "inquiries",
            "score_entries",
            "stage_changes",
            "enrolments",
            "deliveries",
            "verdicts",
        ]
        return str([connection.execute(text(f"SELECT * FROM {t}")).all() for t in tables])


def test_a_persons_export_holds_all_that_concerns_them(house: House) -> None:
    reader = a_life(house)
    with reading(house.tools.engine) as connection:
        told = json.dumps(dossier.export(connection, reader), ensure_ascii=False)
    for word in PERSONAL:
        assert word in told
    assert FIRM_WORDING in told
    kinds = {event["kind"] for event in json.loads(told)["events"]}
    assert {"page_view", "gate_submit", "confirm", "mail_click", "inquiry"} <= kinds


FIRM_WORDING = "ためし編集部からのご案内を受け取ります。"


def test_an_erased_person_is_nowhere_and_still_counted(house: House) -> None:
    reader = a_life(house)
    with reading(house.tools.engine) as connection:
        before = (
            reports.readers_by_stage(connection)[Stage.TRUST],
            reports.count_inquiries(connection, None),
            reports.step_figures(connection, None)["awareness", "thanks"],
        )
    assert all(word in everything(house) for word in PERSONAL)
    with writing(house.tools.engine) as connection:
        dossier.erase(connection, reader, house.clock())
    for word in PERSONAL:
        assert word not in everything(house)
    with reading(house.tools.engine) as connection:
        assert dossier.find(connection, "taro@example.jp") is None
        assert before == (
            reports.readers_by_stage(connection)[Stage.TRUST],
            reports.count_inquiries(connection, None),
            reports.step_figures(connection, None)["awareness", "thanks"],
        )


def test_an_erased_person_gets_nothing_more_and_may_come_back_as_another(house: House) -> None:
    become_a_reader(house)
    with writing(house.tools.engine) as connection:
        old = dossier.find(connection, "taro@example.jp")
        assert old
        dossier.erase(connection, old, house.clock())
    sent = len(house.postbox.mails)
    house.clock.advance(days=30)
    house.work()
    assert len(house.postbox.mails) == sent
    house.browser().post("/gates/guide", data={**FORM, **AGREED})
    house.work()
    assert len(house.postbox.mails) == sent + 1
    with reading(house.tools.engine) as connection:
        assert dossier.find(connection, "taro@example.jp") not in (None, old)


def test_an_erased_consent_can_still_be_proved_by_who_knows_the_address(house: House) -> None:
    reader = a_life(house)
    with writing(house.tools.engine) as connection:
        dossier.erase(connection, reader, house.clock())
        (kept,) = connection.execute(text("SELECT address_hash, wording FROM consents")).all()
    assert kept.address_hash == dossier.address_hash("taro@example.jp")
    assert kept.wording == FIRM.consent.hash


def test_what_the_privacy_page_promises_to_forget_is_forgotten(house: House) -> None:
    become_a_reader(house)
    stranger = house.browser()
    stranger.post(
        "/e",
        json={"pv": "b" * 32, "page": "articles/why/", "events": [{"n": 0, "e": "page_view"}]},
    )
    house.work()

    def left() -> tuple[int, int, int]:
        with reading(house.tools.engine) as connection:
            return (
                connection.execute(text("SELECT count(email) FROM readers")).scalar_one(),
                connection.execute(text("SELECT count(visitor) FROM events")).scalar_one(),
                connection.execute(text("SELECT count(*) FROM consents")).scalar_one(),
            )

    assert left() == (1, 1, 1)
    house.clock.advance(days=13 * 31)
    assert retention.forget(house.tools) is True
    assert left() == (1, 0, 1)
    assert retention.forget(house.tools) is False
    house.clock.advance(days=11 * 31)
    retention.forget(house.tools)
    assert left() == (0, 0, 1)
    house.clock.advance(days=12 * 31)
    retention.forget(house.tools)
    assert left() == (0, 0, 0)


def test_an_export_is_files_that_open_safely(house: House, tmp_path: Path) -> None:
    become_a_reader(house, name="=HYPERLINK(1)")
    paths = dossiers.write(house.tools, "TARO@example.jp", tmp_path / "out")
    assert {p.name for p in paths} >= {"reader.json", "readers.csv", "events.csv", "consents.csv"}
    assert "'=HYPERLINK(1)" in (tmp_path / "out" / "readers.csv").read_text("utf-8-sig")
    told = json.loads((tmp_path / "out" / "reader.json").read_text("utf-8"))
    assert told["readers"][0]["name"] == "=HYPERLINK(1)"


def test_an_address_nobody_has_is_one_sentence(house: House) -> None:
    for address in ("nobody@example.jp", "nonsense"):
        with pytest.raises(dossier.NoSuchReaderError):
            dossiers.erase(house.tools, address)


def test_erasing_reaches_what_the_journal_set_aside(house: House) -> None:
    become_a_reader(house)
    journal = house.context.journal
    house.browser().post("/gates/guide", data={**FORM, "name": "あとから"})
    ((place, _),) = journal.oldest(1)
    journal.set_aside(place, "for this test")
    dossiers.erase(house.tools, "taro@example.jp")
    assert journal._db.execute("SELECT count(*) FROM set_aside").fetchone() == (0,)
