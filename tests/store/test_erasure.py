"""An erased person is gone from wherever they were kept, comes back by nothing that was still on
its way, and is still counted."""

import logging
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from nurture_worker.upkeep import dossiers, retention
from tests.conftest import House
from tests.servers import text_of
from tests.store.test_dossier import a_life
from tests.walking import AGREED, FORM, become_a_reader, path_in
from tracker.fold import fold
from tracker.folding import forget_erased
from tracker.journal import Entry, Journal
from tracker.store import dossier, events, reading, reports
from tracker.store.engine import reading as reading_from
from tracker.store.engine import writing
from tracker.store.tables import erased_visitors, erasures, metadata
from tracker.words import EventKind

ADDRESS = "taro@example.jp"
PERSONAL = (ADDRESS, "山田", "ためし製作所", "ひみつの相談", "127.0.0", "Mozilla")


def all_tables(house: House) -> str:
    with reading_from(house.tools.engine) as connection:
        return "\n".join(
            f"{table.name} {row}"
            for table in metadata.sorted_tables
            for row in connection.execute(select(table)).all()
        )


def all_files(house: House) -> dict[Path, bytes]:
    """The bytes of what the house keeps on this host."""
    folder = house.context.settings.data.parent
    inbox = house.context.settings.inbox_path
    return {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and inbox not in path.parents
    }


def counted(house: House) -> tuple[object, ...]:
    now = house.clock.now
    with reading_from(house.tools.engine) as connection:
        kinds: dict[str, int] = {}
        for event in events.after(connection, 0, 10_000):
            kinds[event.kind] = kinds.get(event.kind, 0) + 1
        return (
            kinds,
            reports.readers_by_stage(connection),
            reports.count_inquiries(connection, None),
            reports.step_figures(connection, None),
            reading.counts(connection, now - timedelta(days=90), now),
        )


def erase(house: House) -> None:
    dossiers.erase(house.tools, ADDRESS)


def test_every_table_is_exported_and_erased_or_holds_nothing_of_readers() -> None:
    tables = set(metadata.tables)
    assert tables == dossier.EXPORTED | set(dossier.IMPERSONAL)
    for name, table in metadata.tables.items():
        if "reader_id" in table.c:
            assert name in dossier.EXPORTED, name
            assert name not in dossier.IMPERSONAL, name


def test_an_export_tells_of_every_table_with_rows_of_the_reader(house: House) -> None:
    reader = a_life(house)
    with reading_from(house.tools.engine) as connection:
        told = dossier.export(connection, reader)
        for name, table in metadata.tables.items():
            if "reader_id" not in table.c or name == "events":
                continue
            rows = connection.execute(select(table).where(table.c.reader_id == reader)).all()
            assert len(told[name]) == len(rows), name
            for row in told[name]:
                assert set(row) == set(table.c.keys())
        assert set(told["readers"][0]) == set(metadata.tables["readers"].c.keys())


def test_a_consent_is_kept_with_its_wording_its_time_and_where_it_came_from(house: House) -> None:
    become_a_reader(house)
    with reading_from(house.tools.engine) as connection:
        told = dossier.export(connection, dossier.find(connection, ADDRESS) or "")
    (consent,), (wording,) = told["consents"], told["wordings"]
    assert consent["wording"] == wording["hash"] == AGREED["consent_hash"]
    assert wording["version"]
    assert wording["text"]
    assert consent["at"] == "2026-11-02T01:00:00+00:00"
    assert consent["network"] == "127.0.0.0/24"
    assert consent["method"] == "gate_submit:guide"


def test_no_table_and_no_count_knows_that_somebody_was_erased(house: House) -> None:
    a_life(house)
    before = counted(house)
    dump = all_tables(house)
    assert all(word in dump for word in PERSONAL)
    erase(house)
    dump = all_tables(house)
    for word in PERSONAL:
        assert word not in dump
    assert counted(house) == before


def test_what_a_mail_server_said_of_an_address_is_not_kept_with_it(house: House) -> None:
    house.postbox.answers[ADDRESS] = f"550 5.1.1 <{ADDRESS.upper()}>: no such user"
    house.browser().post("/gates/guide", data={**FORM, **AGREED})
    house.work()
    dump = "\n".join(line for line in all_tables(house).splitlines() if "readers" not in line)
    assert "no such user" in dump
    assert ADDRESS not in dump.lower()


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_no_file_of_the_host_holds_what_was_erased(house: House) -> None:
    a_life(house)
    words = [word.encode() for word in (ADDRESS, "山田", "ひみつの相談")]
    escaped = [b"\\u5c71\\u7530"]
    assert all(any(word in data for data in all_files(house).values()) for word in words)
    erase(house)
    for path, data in all_files(house).items():
        for word in words + escaped:
            assert word not in data, path


def test_a_form_that_was_still_in_the_journal_brings_nobody_back(house: House) -> None:
    become_a_reader(house)
    browser = house.browser()
    browser.post("/inquiries", data={**FORM, "message": "ひみつの相談"})
    house.clock.advance(minutes=1)
    erase(house)
    house.fold()
    dump = all_tables(house)
    for word in (ADDRESS, "山田", "ひみつ"):
        assert word not in dump
    with reading_from(house.tools.engine) as connection:
        kinds = [event.kind for event in events.after(connection, 0, 100)]
    assert kinds.count("inquiry") == 1  # the fact is counted, as if it had been folded before
    house.work()
    assert house.context.journal.depth() == 0


def test_a_click_that_was_still_in_the_journal_tells_nothing_of_its_reader(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    mail = house.postbox.mails[-1]
    house.click(path_in(mail, "c"))
    erase(house)
    house.clock.advance(minutes=1)
    after = house.click(path_in(mail, "c"))
    assert (after.status_code, "/articles/why/" in after.location) == (302, True)
    house.browser().post(path_in(mail, "preferences"), data={"do": "pause"})
    house.browser().post(path_in(house.postbox.mails[0], "confirm"))
    house.work()
    assert "Mozilla" not in all_tables(house)
    with reading_from(house.tools.engine) as connection:
        kinds = [event.kind for event in events.after(connection, 0, 100)]
    assert kinds.count("mail_click") == 1
    assert kinds.count("preferences") == 0


def test_the_way_out_of_an_old_mail_stays_open_after_an_erasure(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    erase(house)
    house.clock.advance(minutes=1)
    path = path_in(house.postbox.mails[-1], "unsubscribe")
    assert house.browser().post(path, data={"stop": "yes"}).status_code == 200
    house.work()


def test_who_was_erased_may_come_back_as_somebody_new(house: House) -> None:
    become_a_reader(house)
    erase(house)
    house.clock.advance(minutes=30)
    house.browser().post("/gates/guide", data={**FORM, "name": "山田 二郎"})
    house.work()
    assert "山田 二郎" in all_tables(house)
    assert len(house.postbox.mails) == 2


def test_the_journals_of_other_hosts_follow(house: House, tmp_path: Path) -> None:
    """What waits there is folded as nobody's, and what was set aside there is removed."""
    become_a_reader(house)
    other = Journal(tmp_path / "other" / "journal.db")
    house.browser().post("/inquiries", data={**FORM, "message": "ひみつの相談"})
    entries = [entry for _, entry in house.context.journal.oldest(10)]
    other.append(entries)
    other.append([entries[0].__class__(**{**entries[0].__dict__, "id": "spoilt"})])
    other.set_aside(other.oldest(2)[-1][0], "for this test")
    house.fold()
    house.clock.advance(minutes=1)
    erase(house)
    newest = forget_erased(other, house.context.engine)
    assert newest == house.clock.now
    assert other.count_set_aside() == 0
    fold(other, house.context.engine)
    assert forget_erased(other, house.context.engine) == newest
    assert ADDRESS not in all_tables(house)
    other.close()
    for path in (tmp_path / "other").iterdir():
        assert ADDRESS.encode() not in path.read_bytes(), path


def test_what_recognises_an_erased_address_is_forgotten_in_its_turn(house: House) -> None:
    become_a_reader(house)
    erase(house)

    def hashes() -> int:
        with reading_from(house.tools.engine) as connection:
            return len(
                connection.execute(
                    select(erasures).where(erasures.c.address_hash.is_not(None))
                ).all()
            )

    assert hashes() == 1
    house.clock.advance(days=100)
    retention.forget(house.tools)
    assert hashes() == 0
    with reading_from(house.tools.engine) as connection:
        assert len(connection.execute(select(erasures)).all()) == 1


def test_an_erasure_in_the_middle_of_a_send_leaves_no_address_in_the_ledger(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    refuse = house.postbox.handle_RCPT

    async def erase_first(*given: object) -> str:
        with writing(house.tools.engine) as connection:
            found = dossier.find(connection, ADDRESS)
            if found:
                dossier.erase(connection, found, house.clock())
        await refuse(*given)  # type: ignore[arg-type]
        return f"550 5.1.1 <{ADDRESS}> unknown"

    house.postbox.handle_RCPT = erase_first  # type: ignore[method-assign, assignment]
    house.work()
    assert ADDRESS not in all_tables(house)


def test_no_line_of_the_log_tells_who_a_reader_is(
    make_house: Callable[..., House], caplog: pytest.LogCaptureFixture
) -> None:
    """Every door, and the worker on good days and bad."""
    house = make_house()
    caplog.set_level(logging.DEBUG, logger="tracker")
    caplog.set_level(logging.DEBUG, logger="nurture_worker")
    caplog.set_level(logging.INFO)
    a_life(house)
    browser = house.browser()
    tokens = set(
        re.findall(r"http://localhost/\w+/(\S{40,})", "".join(map(text_of, house.postbox.mails)))
    )
    assert len(tokens) > 3
    for token in tokens:
        for door in ("c", "d", "confirm", "unsubscribe", "preferences"):
            browser.get(f"/{door}/{token}")
            browser.post(f"/{door}/{token}", data={"stop": "yes", "do": "save"})
            browser.get(f"/{door}/{token}x")
    house.context.engine.dispose()
    for answer in (f"451 4.2.1 <{ADDRESS}> later", f"550 5.7.1 <{ADDRESS}> no", f"421 {ADDRESS}"):
        house.postbox.answers[ADDRESS] = answer
        house.clock.advance(hours=2)
        browser.post("/gates/guide", data={**FORM, **AGREED, "name": "山田 太郎"})
        house.work()
    del house.postbox.answers[ADDRESS]
    house.postbox.after_data[ADDRESS] = None
    house.clock.advance(days=1)
    browser.post("/gates/guide", data={**FORM, "name": "山田 太郎"})
    house.work()
    entry = house.context.journal
    browser.post("/inquiries", data={**FORM, "message": "ひみつの相談"})
    with writing(house.tools.engine) as connection:
        connection.exec_driver_sql("ALTER TABLE inquiries RENAME TO elsewhere")
    try:
        house.fold()
    except Exception as error:
        logging.getLogger("tracker").error("told: %s", error)
    with writing(house.tools.engine) as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO inquiries")
    assert entry.depth() == 1
    spoilt = {"email": ADDRESS, "email_normalised": ADDRESS + "x", "name": {"山田": 1}}
    entry.append([Entry(id="spoilt", at=house.clock(), kind=EventKind.INQUIRY, person=spoilt)])
    house.fold()
    assert entry.count_set_aside() == 1
    erase(house)
    # The SMTP server is the test's own, and has a log of its own.
    told = [r.getMessage() + str(r.exc_text) for r in caplog.records if r.name != "mail.log"]
    assert len(told) >= 5
    for word in (ADDRESS, "山田", "ためし製作所", "ひみつ", *tokens):
        assert [line for line in told if word in line] == []


def reads(house: House, browser: FlaskClient, page: str = "articles/why/") -> None:
    """A view of ``page``, as the beacon of a reader who agreed to it tells it."""
    house.clock.advance(minutes=1)
    view = f"{round(house.clock().timestamp()):032x}"
    seen = {"pv": view, "page": page, "events": [{"n": 0, "e": "page_view"}]}
    assert browser.post("/e", json=seen).status_code == 204


def orders(house: House, browser: FlaskClient, **person: str) -> None:
    browser.post("/gates/guide", data={**FORM, **AGREED, **person})
    house.work()
    browser.post(path_in(house.postbox.mails[-1], "confirm"))
    house.work()


def views(house: House) -> list[tuple[str | None, str | None]]:
    """The visitor and the page of each view in the log."""
    with reading_from(house.tools.engine) as connection:
        return [
            (event.visitor, event.page)
            for event in events.after(connection, 0, 1000)
            if event.kind is EventKind.PAGE_VIEW
        ]


def test_what_an_erased_readers_browser_tells_is_answered_and_not_kept(house: House) -> None:
    browser = house.browser()
    reads(house, browser)
    orders(house, browser)
    cookie = browser.get_cookie("sodate_visitor")
    assert cookie
    reads(house, browser, "cases/metal/")  # waits in the journal while its reader is erased
    house.clock.advance(minutes=1)
    erase(house)
    reads(house, browser)
    house.work()
    assert [page for _, page in views(house)] == ["articles/why/", "cases/metal/"]
    assert cookie.value not in all_tables(house)
    browser.post("/inquiries", data={**FORM, "email": "jiro@example.jp", "message": "相談"})
    house.work()
    assert cookie.value not in all_tables(house)


def test_a_browser_whose_reader_was_erased_is_recorded_again_once_an_address_is_confirmed(
    house: House,
) -> None:
    browser = house.browser()
    reads(house, browser)
    orders(house, browser)
    erase(house)
    house.clock.advance(days=1)
    orders(house, browser, email="jiro@example.jp")
    reads(house, browser, "cases/metal/")
    house.work()
    with reading_from(house.tools.engine) as connection:
        jiro = dossier.find(connection, "jiro@example.jp")
        assert jiro
        read = [e.page for e in events.of_reader(connection, jiro) if e.view]
    assert read == ["cases/metal/"], "and nothing that the erased reader had read"


def test_the_browsers_of_erased_readers_are_forgotten_once_their_cookies_are_over(
    house: House,
) -> None:
    browser = house.browser()
    reads(house, browser)
    orders(house, browser)
    erase(house)

    def known() -> int:
        with reading_from(house.tools.engine) as connection:
            return len(connection.execute(select(erased_visitors)).all())

    assert known() == 1
    house.clock.advance(days=365)
    retention.forget(house.tools)
    assert known() == 1
    house.clock.advance(days=2)
    retention.forget(house.tools)
    assert known() == 0
