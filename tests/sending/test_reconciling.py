"""Uncertain mails settled by what is known, or by a person; a restored store sends nothing twice."""

import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from nurture_worker.cli import main
from nurture_worker.sending import mail_logs, outbox
from nurture_worker.sending.reconciling import reconcile
from nurture_worker.upkeep import backups
from tests.conftest import NOW, House
from tests.walking import AGREED, FORM, become_a_reader, path_in, states
from tracker.store import deliveries, holds, outcomes
from tracker.store.engine import StoreError, reading, writing
from tracker.store.tables import deliveries as mails
from tracker.words import Choice, DeliveryState, MailKind

only_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

POSTFIX = """\
Nov  2 10:00:01 mx postfix/smtpd[1]: 4F1A2B3C4D: client=worker[10.0.0.2]
Nov  2 10:00:01 mx postfix/cleanup[2]: 4F1A2B3C4D: message-id=<s.one@example.jp>
Nov  2 10:00:01 mx postfix/qmgr[3]: 4F1A2B3C4D: from=<b@example.jp>, size=9838, nrcpt=1 (queue active)
Nov  2 10:00:02 mx postfix/cleanup[2]: 5F1A2B3C4D: message-id=<s.two@example.jp>
Nov  2 10:00:02 mx postfix/cleanup[2]: 5F1A2B3C4D: milter-reject: END-OF-MESSAGE from worker: 5.7.1
""".splitlines()
EXIM = ["2026-11-02 10:00:01 1tA-0001 <= b@example.jp H=worker P=esmtp S=9838 id=s.one@example.jp"]
SENDMAIL = ["Nov 2 10:00:01 mx sm-mta[9]: 4A: from=<b@e.jp>, size=9, msgid=<s.one@example.jp>, x"]


@pytest.mark.parametrize("lines", [POSTFIX, EXIM, SENDMAIL])
def test_a_mail_servers_log_tells_which_mails_it_took(lines: list[str]) -> None:
    ours = {"<s.one@example.jp>", "<s.two@example.jp>", "<s.three@example.jp>"}
    assert mail_logs.taken(lines, ours) == {"<s.one@example.jp>"}
    assert mail_logs.taken(lines, {"<s.two@example.jp>"}) == set()


def unsure(house: House) -> deliveries.Delivery:
    """A mail whose server hung up after the final dot."""
    house.postbox.after_data["taro@example.jp"] = None
    house.browser().post("/gates/guide", data={**FORM, **AGREED})
    house.work()
    house.postbox.after_data.clear()
    with reading(house.tools.engine) as connection:
        (mail,) = outcomes.uncertain(connection, 9)
    return mail


def test_a_log_settles_what_it_names_and_nothing_is_sent_again(house: House) -> None:
    mail = unsure(house)
    found = reconcile(
        house.tools, [line.replace("<s.one@example.jp>", mail.message_id) for line in POSTFIX]
    )
    assert (found.by_log, found.left) == (1, [])
    house.work()
    assert states(house) == {DeliveryState.SENT: 1}
    assert len(house.postbox.mails) == 1


@only_sqlite
def test_a_link_of_its_own_proves_that_a_mail_arrived(house: House) -> None:
    unsure(house)
    house.work()
    assert states(house) == {DeliveryState.UNCERTAIN: 1}
    house.browser().post(path_in(house.postbox.mails[0], "confirm"))
    house.work()
    assert states(house)[DeliveryState.SENT] == 1
    assert DeliveryState.UNCERTAIN not in states(house)


@only_sqlite
def test_what_nothing_settles_is_left_to_a_person(house: House) -> None:
    mail = unsure(house)
    found = reconcile(house.tools, ["nothing of ours"])
    assert [one.id for one in found.left] == [mail.id]
    house.clock.advance(days=3)
    house.work()
    assert states(house) == {DeliveryState.UNCERTAIN: 1}
    assert len(house.postbox.mails) == 1


@pytest.mark.parametrize(
    ("choice", "state", "mails"),
    [
        (Choice.ARRIVED, DeliveryState.SENT, 1),
        (Choice.NEVER, DeliveryState.CANCELLED, 1),
        (Choice.AGAIN, DeliveryState.SENT, 2),
    ],
)
@only_sqlite
def test_a_person_settles_it_once(
    house: House, choice: Choice, state: DeliveryState, mails: int
) -> None:
    mail = unsure(house)
    with writing(house.tools.engine) as connection:
        assert outcomes.decide(connection, mail.id, choice, house.clock.now)
        assert not outcomes.decide(connection, mail.id, Choice.AGAIN, house.clock.now) or (
            choice is Choice.AGAIN
        )
    house.work()
    assert states(house) == {state: 1}
    assert len(house.postbox.mails) == mails
    assert {one["Message-ID"] for one in house.postbox.mails} == {mail.message_id}


def test_the_outbox_names_what_was_sent_and_forgets_in_time(tmp_path: Path) -> None:
    outbox.note(tmp_path, ["<a@e.jp>"], NOW - timedelta(days=200))
    outbox.note(tmp_path, ["<b@e.jp>", "<c@e.jp>"], NOW)
    outbox.note(tmp_path, ["<d@e.jp>"], NOW)
    assert list(outbox.read(tmp_path)) == ["<b@e.jp>", "<c@e.jp>", "<d@e.jp>"]
    assert list(outbox.read(tmp_path / "nowhere")) == []


def test_a_store_restored_from_an_hour_ago_sends_nothing_twice(
    house: House, tmp_path: Path
) -> None:
    """One mail was planned when the backup was made, the other is known to the outbox alone."""
    become_a_reader(house)
    house.clock.advance(days=1)
    settings = house.tools.settings
    backups.backup(settings, tmp_path / "backup")
    house.work()
    house.clock.advance(days=2)
    house.work()
    before = len(house.postbox.mails)
    assert before == 3
    house.tools.engine.dispose()
    house.context.engine.dispose()
    backups.restore(settings, tmp_path / "backup")
    house.clock.advance(hours=1)
    house.work()
    assert len(house.postbox.mails) == before, "mails are held after a restore"
    found = reconcile(house.tools)
    assert found.by_outbox >= 1
    found = reconcile(house.tools)
    with writing(house.tools.engine) as connection:
        holds.release(connection)
    house.work()
    ids = [mail["Message-ID"] for mail in house.postbox.mails]
    assert len(ids) == len(set(ids)) == before
    with reading(house.tools.engine) as connection:
        rows = connection.execute(
            select(mails.c.step, mails.c.state).where(mails.c.kind == MailKind.STEP)
        )
        steps = {row.step: row.state for row in rows}
    assert steps == {"thanks": "sent", "case": "sent", "detail": "planned"}


@only_sqlite
def test_a_file_that_is_no_backup_changes_nothing(house: House, tmp_path: Path) -> None:
    become_a_reader(house)
    (tmp_path / "not").write_text("nothing of the kind")
    with pytest.raises(StoreError):
        backups.restore(house.tools.settings, tmp_path / "not")
    with pytest.raises(StoreError, match="ありません"):
        backups.restore(house.tools.settings, tmp_path / "missing")
    assert states(house)[DeliveryState.SENT] == 1
    backups.backup(house.tools.settings, tmp_path / "good")
    raw = bytearray((tmp_path / "good").read_bytes())
    raw[8192:12288] = b"x" * 4096
    (tmp_path / "bad").write_bytes(raw)
    with pytest.raises((StoreError, sqlite3.DatabaseError)):
        backups.restore(house.tools.settings, tmp_path / "bad")
    assert states(house)[DeliveryState.SENT] == 1


def test_without_postgresqls_programs_a_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, house: House, tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(backups, "_installed", lambda _name: None)
    settings = house.tools.settings
    if settings.store_url.startswith("sqlite"):
        settings = settings.model_copy(update={"database_url": "postgresql://nowhere/x"})
        monkeypatch.setattr(backups, "check_version", lambda _url: None)
    with pytest.raises(StoreError, match="postgresql-client"):
        backups.backup(settings, tmp_path / "backup")


@only_sqlite
def test_the_commands_lead_an_operator_through_a_restore(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nurture_worker import tools

    mail = unsure(house)
    monkeypatch.setenv("SODATE_DATA", str(house.tools.settings.data))
    monkeypatch.setenv("SODATE_DATABASE_URL", house.tools.settings.store_url)
    monkeypatch.setenv("SODATE_SECRET_KEYS", "a-key-for-tests-only")
    tools.tools.cache_clear()

    def said(*words: str) -> str:
        ended = CliRunner().invoke(main, list(words))
        assert ended.exit_code == 0, ended.output
        return ended.output

    try:
        assert "写しました" in said("db", "backup", str(tmp_path / "b.db"))
        assert "メールは止めてあります" in said("db", "restore", str(tmp_path / "b.db"), "--yes")
        told = said("deliveries", "reconcile")
        assert f"不明のまま: {mail.message_id}" in told
        assert "--release を付けて" in told
        log = tmp_path / "mail.log"
        log.write_text("\n".join(POSTFIX).replace("<s.one@example.jp>", mail.message_id))
        told = said("deliveries", "reconcile", "--log", str(log), "--release")
        assert "ログから 1通" in told
        assert "送信を再び始めました" in told
    finally:
        tools.tools.cache_clear()
