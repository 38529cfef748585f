"""Mails that come back: read as they are written in the world, believed only where they are ours."""

import base64
import os
import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update

from nurture_worker.channels import dsn
from nurture_worker.sending.returns import collect
from tests.channels.returned import complaint, japanese, report
from tests.conftest import NOW, House
from tests.walking import AGREED, FORM, become_a_reader, path_in, states, the_reader
from tracker.bounces import why
from tracker.settings import Settings
from tracker.store import events, suppressions
from tracker.store.engine import reading, upgrade, writing
from tracker.store.tables import deliveries
from tracker.verp import Verp
from tracker.words import BounceReason, DeliveryState, EventKind, SuppressedFor

VERP = Verp(["a-key-for-tests-only"])
DOMAIN = "bounce.example.jp"
OURS = VERP.sender("delivery-001", DOMAIN)
LATER = NOW + timedelta(hours=1)


def read(raw: bytes) -> dsn.Read:
    return dsn.read(raw, LATER, VERP.read)


def test_a_report_tells_the_mail_the_recipient_and_why() -> None:
    (notice,) = read(report(OURS, message_id="<s.abc@example.jp>")).notices
    assert notice.kind is EventKind.MAIL_BOUNCE
    assert notice.delivery_id == "delivery-001"
    assert notice.recipient == "taro@example.jp"
    assert notice.message_id == "<s.abc@example.jp>"
    assert notice.status == "5.1.1"
    assert notice.diagnostic.endswith("User unknown")
    assert notice.at == NOW + timedelta(minutes=5)
    assert why(notice) is BounceReason.NO_RECIPIENT


def test_a_delay_is_no_bounce_and_a_delivery_is_told_as_one() -> None:
    delayed = read(report(OURS, action="delayed", status="4.4.1"))
    assert (delayed.notices, delayed.left) == ([], "not final")
    (arrived,) = read(report(OURS, action="delivered", status="2.0.0")).notices
    assert arrived.kind is EventKind.MAIL_DELIVERED


@pytest.mark.parametrize(
    ("status", "diagnostic", "reason"),
    [
        ("5.0.0", "550 Unknown user taro@docomo.ne.jp", BounceReason.NO_RECIPIENT),
        ("5.0.0", "550 <taro@ezweb.ne.jp>: User unknown", BounceReason.NO_RECIPIENT),
        ("5.0.0", "550 Invalid recipient: <taro@softbank.ne.jp>", BounceReason.NO_RECIPIENT),
        ("5.2.2", "552 5.2.2 Mailbox full", BounceReason.FULL),
        ("5.7.1", "550 5.7.1 refused by policy", BounceReason.POLICY),
    ],
)
def test_reports_of_japanese_carriers_are_understood(
    status: str, diagnostic: str, reason: BounceReason
) -> None:
    (notice,) = read(report(OURS, status=status, diagnostic=diagnostic)).notices
    assert why(notice) is reason


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("宛先のメールアドレスが存在しません。", BounceReason.NO_RECIPIENT),
        ("受信箱の容量がいっぱいのため、お届けできませんでした。", BounceReason.FULL),
        ("550 Unknown user", BounceReason.NO_RECIPIENT),
    ],
)
def test_plain_words_in_an_old_charset_are_understood(words: str, reason: BounceReason) -> None:
    (notice,) = read(japanese(OURS, words)).notices
    assert notice.delivery_id == "delivery-001"
    assert why(notice) is reason


def test_a_report_in_base64_or_in_utf8_headers_is_read_too() -> None:
    status = "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; taro@example.jp\nAction: failed\nStatus: 5.1.1\n"
    packed = base64.encodebytes(status.encode()).decode()
    head = report(OURS).decode().partition("--==B\nContent-Type: message/delivery-status")[0]
    for part in (
        f"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n{packed}",
        f"Content-Type: message/global-delivery-status\n\n{status}",
    ):
        (notice,) = read(f"{head}--==B\n{part}\n--==B--\n".encode()).notices
        assert (notice.recipient, notice.status) == ("taro@example.jp", "5.1.1")


def test_each_recipient_of_a_report_is_told_by_itself() -> None:
    raw = report(OURS).decode()
    second = "Final-Recipient: rfc822; hana@example.jp\nAction: delayed\nStatus: 4.4.1\n\n"
    both = read(raw.replace("Final-Recipient:", second + "Final-Recipient:", 1).encode())
    assert [n.recipient for n in both.notices] == ["taro@example.jp"]


def test_a_complaint_of_a_feedback_loop_is_a_complaint() -> None:
    (notice,) = read(complaint(OURS, "<s.abc@example.jp>")).notices
    assert notice.kind is EventKind.MAIL_COMPLAINT
    assert notice.delivery_id == "delivery-001"
    assert read(complaint(OURS, "<a@b.jp>", kind="not-spam")).notices == []


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe" * 1000,
        b"Content-Type: multipart/report\n\n--",
        b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n",
        b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n"
        b"Content-Transfer-Encoding: base64\n\n\xff\xff\xff\n--b--",
        b"Content-Type: text/plain; charset=no-such-charset\nReturn-Path: <>\n\nUser unknown",
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(5000)),
        b"Date: Mon, 99 Foo 99999 99:99:99 +9999\nReturn-Path: <>\n\n550 user unknown",
        report(OURS).replace(b"Final-Recipient", b"Final-Recipient: \xff\xfe;;;\nX"),
        os.urandom(20_000),
    ],
    ids=range(10),
)  # fmt: skip
def test_garbage_is_answered_and_names_no_mail(raw: bytes) -> None:
    assert all(notice.delivery_id is None or notice.recipient for notice in read(raw).notices)


def test_who_is_out_of_office_or_writes_back_has_not_bounced() -> None:
    away = japanese(OURS, "550 user unknown").replace(
        b"Return-Path: <>", b"Return-Path: <>\nAuto-Submitted: auto-replied"
    )
    assert read(away).left == "auto-reply"
    reply = b"From: taro@example.jp\nTo: " + OURS.encode() + b"\n\nIs 550 user unknown?"
    assert read(reply).left == "no report"


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """SQLite alone: what a notice comes to is tried in both engines in tests/webhooks."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    upgrade(url)
    return url


@pytest.fixture
def returning(make_house: Callable[..., House], tmp_path: Path) -> tuple[House, Path]:
    """A house whose mails have return addresses of their own, and the mailbox these come to."""
    box = tmp_path / "returns"
    for part in ("new", "cur", "tmp"):
        (box / part).mkdir(parents=True)
    return make_house(bounce_domain=DOMAIN, bounces_url=f"maildir://{box}"), box


def put(box: Path, raw: bytes, name: str = "1.a.host") -> None:
    (box / "new" / name).write_bytes(raw)


def come_back(house: House, box: Path, *raws: bytes) -> None:
    """Reports arrive, and a minute later the house has read them."""
    for number, raw in enumerate(raws):
        put(box, raw, f"{house.clock.now.timestamp():.0f}.{number}.host")
    house.clock.advance(minutes=1)
    house.work()


def left_in(box: Path) -> list[str]:
    return sorted(path.name for part in ("new", "cur") for path in (box / part).iterdir())


def ledger(house: House) -> list[Any]:
    with reading(house.tools.engine) as connection:
        return list(
            connection.execute(
                text(
                    "SELECT id, message_id, kind, state, reason, settled_at FROM deliveries"
                    " ORDER BY planned_at, due_at"
                )
            )
        )


def ignored(house: House) -> dict[tuple[str, str], int]:
    with reading(house.tools.engine) as connection:
        return suppressions.counts(connection)


def test_every_mail_leaves_from_a_return_address_of_its_own(
    returning: tuple[House, Path],
) -> None:
    house, _ = returning
    become_a_reader(house)
    assert [VERP.read(sender) for sender in house.postbox.senders] == [ledger(house)[0].id]


def test_a_bounce_stops_the_mail_that_was_already_planned(returning: tuple[House, Path]) -> None:
    house, box = returning
    become_a_reader(house)
    assert [row.state for row in ledger(house)] == ["sent", "planned"]
    house.clock.advance(minutes=10)
    put(box, report(house.postbox.senders[0]))
    assert collect(house.tools) == 1
    first, second = ledger(house)
    assert (first.state, first.reason) == ("bounced", "no_recipient")
    assert (second.state, second.reason) == ("cancelled", "undeliverable")
    assert left_in(box) == []
    house.clock.advance(days=30)
    house.work()
    assert len(house.postbox.mails) == 1
    assert the_reader(house).suppressed_for is SuppressedFor.BOUNCE


def test_a_report_read_twice_is_one_fact(returning: tuple[House, Path]) -> None:
    house, box = returning
    become_a_reader(house)
    raw = report(house.postbox.senders[0])
    come_back(house, box, raw)
    before = ledger(house)
    assert before[0].state == "bounced"
    come_back(house, box, raw)
    assert ledger(house) == before
    with reading(house.tools.engine) as connection:
        rows = connection.execute(text("SELECT count(*) FROM events WHERE kind='mail_bounce'"))
        assert rows.scalar() == 1


def test_a_report_without_our_return_address_needs_our_message_id_and_its_recipient(
    returning: tuple[House, Path],
) -> None:
    house, box = returning
    become_a_reader(house)
    ours = ledger(house)[0].message_id
    come_back(
        house,
        box,
        report("tayori@example.jp", "hana@example.jp", message_id=ours),
        report("tayori@example.jp", message_id="<s.guessed@example.jp>"),
        report("b+mzxw6.abcdefgh@bounce.example.jp"),
    )
    assert the_reader(house).suppressed_at is None
    assert ignored(house) == {("dsn", "other recipient"): 1, ("dsn", "unknown"): 2}
    assert len(left_in(box)) == 3
    assert all(name.endswith(":2,S") for name in left_in(box))
    come_back(house, box, report("tayori@example.jp", message_id=ours))
    assert the_reader(house).suppressed_for is SuppressedFor.BOUNCE


def test_a_forwarded_address_that_died_is_still_our_mails_bounce(
    returning: tuple[House, Path],
) -> None:
    house, box = returning
    become_a_reader(house)
    come_back(house, box, report(house.postbox.senders[0], "taro@elsewhere.example"))
    assert the_reader(house).suppressed_for is SuppressedFor.BOUNCE


def test_a_report_settles_what_was_uncertain(returning: tuple[House, Path]) -> None:
    house, box = returning
    house.postbox.after_data["taro@example.jp"] = None
    house.browser().post("/gates/guide", data=FORM)
    house.work()
    assert states(house) == {DeliveryState.UNCERTAIN: 1}
    house.postbox.after_data.clear()
    come_back(house, box, report(house.postbox.senders[0], action="delivered", status="2.0.0"))
    assert states(house) == {DeliveryState.SENT: 1}
    come_back(house, box, report(house.postbox.senders[0], own="dsn-2"))
    assert states(house) == {DeliveryState.BOUNCED: 1}


def test_a_confirmed_address_works_again(returning: tuple[House, Path]) -> None:
    house, box = returning
    become_a_reader(house)
    come_back(house, box, report(house.postbox.senders[0]))
    assert the_reader(house).suppressed_at is not None
    house.clock.advance(hours=2)
    house.browser().post("/gates/guide", data={**FORM, **AGREED})
    house.work()
    assert len(house.postbox.mails) == 2  # what they order themselves goes out
    house.browser().post(path_in(house.postbox.mails[-1], "confirm"))
    house.work()
    assert the_reader(house).suppressed_at is None
    assert the_reader(house).may_be_mailed


def test_a_full_mailbox_is_given_up_on_the_third_day(returning: tuple[House, Path]) -> None:
    house, box = returning
    become_a_reader(house)
    full = {"status": "5.2.2", "diagnostic": "552 5.2.2 mailbox full"}
    for day in range(3):
        house.clock.advance(days=1)
        raw = report(house.postbox.senders[0], own=f"dsn-{day}", **full)
        put(box, raw.replace(b"Mon, 02 Nov", f"Mon, {3 + day:02} Nov".encode()), f"{day}.a.host")
        assert the_reader(house).suppressed_at is None
        house.work()
    assert the_reader(house).suppressed_for is SuppressedFor.SOFT_BOUNCES


def test_a_policy_suppresses_nobody_and_is_shown(returning: tuple[House, Path]) -> None:
    house, box = returning
    become_a_reader(house)
    refused = {"status": "5.7.1", "diagnostic": "550 5.7.1 <taro@example.jp> refused by policy"}
    come_back(house, box, report(house.postbox.senders[0], **refused))
    assert the_reader(house).suppressed_at is None
    with reading(house.tools.engine) as connection:
        (domain,) = suppressions.refusals(connection, NOW - timedelta(days=7))
    assert (domain.domain, domain.mails) == ("example.jp", 1)
    assert domain.said == "550 5.7.1 <…@example.jp> refused by policy"


def test_no_event_tells_the_address_that_bounced(returning: tuple[House, Path]) -> None:
    house, box = returning
    become_a_reader(house)
    come_back(house, box, report(house.postbox.senders[0]))
    with reading(house.tools.engine) as connection:
        told = str(connection.execute(text("SELECT * FROM events")).all())
    assert "no_recipient" in told
    assert "taro@" not in told
    assert "taro" not in told


def test_a_bounce_of_a_mail_that_never_left_is_forged(returning: tuple[House, Path]) -> None:
    house, box = returning
    become_a_reader(house)
    planned = ledger(house)[1]
    come_back(house, box, report(VERP.sender(planned.id, DOMAIN)))
    assert ignored(house) == {("dsn", "not sent"): 1}
    assert the_reader(house).suppressed_at is None


def test_a_mailbox_that_is_away_keeps_nobody_from_working(
    make_house: Callable[..., House], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house = make_house(bounces_url=f"maildir://{tmp_path / 'nowhere'}")
    become_a_reader(house)
    assert the_reader(house).may_be_mailed
    assert "不達の知らせのメールボックスを読めません" in caplog.text


def test_the_mailbox_is_read_once_a_minute(returning: tuple[House, Path]) -> None:
    house, box = returning
    collect(house.tools)
    put(box, b"From: someone@example.jp\n\nhello")
    assert collect(house.tools) == 0
    house.clock.advance(minutes=1)
    assert collect(house.tools) == 1


def test_a_crash_after_the_commit_reads_the_report_again_and_changes_nothing(
    returning: tuple[House, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    house, box = returning
    become_a_reader(house)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *_args, **_named: None)
        come_back(house, box, report(house.postbox.senders[0]))
    assert len(left_in(box)) == 1
    before = ledger(house)
    house.clock.advance(minutes=1)
    house.work()
    assert left_in(box) == []
    assert ledger(house) == before


class _ImapServer(socketserver.ThreadingTCPServer):
    """A folder by IMAP, as far as the worker asks: with UIDPLUS."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _ImapTalk)
        self.mails: dict[int, bytes] = {}
        self.flags: dict[int, set[str]] = {}
        self.signed_in: list[str] = []


class _ImapTalk(socketserver.StreamRequestHandler):
    server: _ImapServer

    def handle(self) -> None:
        self.wfile.write(b"* OK [CAPABILITY IMAP4rev1 UIDPLUS] ready\r\n")
        for raw in self.rfile:
            tag, _, rest = raw.decode().strip().partition(" ")
            self._answer(rest)
            self.wfile.write(f"{tag} OK done\r\n".encode())
            if rest.upper() == "LOGOUT":
                return

    def _answer(self, command: str) -> None:
        box = self.server
        words = command.split()
        verb = " ".join(words[:2]).upper() if words[0].upper() == "UID" else words[0].upper()
        if verb == "CAPABILITY":
            self.wfile.write(b"* CAPABILITY IMAP4rev1 UIDPLUS\r\n")
        elif verb == "LOGIN":
            box.signed_in.append(command)
        elif verb == "SELECT":
            self.wfile.write(f"* {len(box.mails)} EXISTS\r\n".encode())
        elif verb == "UID SEARCH":
            found = " ".join(str(n) for n in box.mails if "\\Seen" not in box.flags.get(n, set()))
            self.wfile.write(f"* SEARCH {found}\r\n".encode())
        elif verb == "UID FETCH":
            uid = int(words[2])
            most = int(re.findall(r"<0\.(\d+)>", command)[0])
            raw = box.mails[uid][:most]
            self.wfile.write(f"* {uid} FETCH (UID {uid} BODY[]<0> {{{len(raw)}}}\r\n".encode())
            self.wfile.write(raw + b")\r\n")
        elif verb == "UID STORE":
            box.flags.setdefault(int(words[2]), set()).update(re.findall(r"\\\w+", command))
        elif verb == "UID EXPUNGE" and "\\Deleted" in box.flags[int(words[2])]:
            del box.mails[int(words[2])]


@contextmanager
def imap() -> Iterator[tuple[_ImapServer, str]]:
    with _ImapServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server, f"imap://returns:p%40ss@127.0.0.1:{server.server_address[1]}/INBOX"
        server.shutdown()


def test_a_folder_by_imap_is_read_like_a_maildir(make_house: Callable[..., House]) -> None:
    with imap() as (server, url):
        house = make_house(bounce_domain=DOMAIN, bounces_url=url)
        become_a_reader(house)
        server.mails = {
            7: report(house.postbox.senders[0]),
            8: b"From: taro@example.jp\r\n\r\nhello",
        }
        house.clock.advance(minutes=10)
        house.work()
        assert the_reader(house).suppressed_for is SuppressedFor.BOUNCE
        assert list(server.mails) == [8]
        assert server.flags[8] == {"\\Seen"}
        assert '"p@ss"' in server.signed_in[0]


@pytest.mark.parametrize(
    "url",
    ["maildir://", "maildir://host/x", "imap://u:p@mail.example.jp/INBOX", "imaps://mail.example.jp",
     "https://x", "imaps://u:p@h:99999/x", "maildir:relative"],
)  # fmt: skip
def test_a_mailbox_that_cannot_be_meant_is_told_at_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="bounces_url"):
        Settings(bounces_url=url)


def test_a_report_to_a_person_at_the_desk_is_marked_and_no_more(
    returning: tuple[House, Path],
) -> None:
    house, box = returning
    become_a_reader(house)
    with writing(house.tools.engine) as connection:
        first = ledger(house)[0].id
        connection.execute(
            update(deliveries)
            .where(deliveries.c.id == first)
            .values(kind="report", reader_id=None, recipient="desk@example.jp")
        )
    come_back(house, box, report(house.postbox.senders[0], "desk@example.jp"))
    assert ledger(house)[0].state == "bounced"
    with reading(house.tools.engine) as connection:
        found = [e for e in events.after(connection, 0, 100) if e.kind is EventKind.MAIL_BOUNCE]
    assert [e.reader_id for e in found] == [None]
