"""The bytes of a mail: its headers, and its two bodies in base64. Pure.

Written by hand where ``email`` would parse each header again for each reader; the headers that
hold words still go through it.
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256

from tracker.catalogue.firm import Firm
from tracker.inputs import clean

_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*@[a-z0-9.-]+", re.ASCII)  # fmt: skip

_EOL = "\r\n"
_LINE_LENGTH = 76
"""Of base64 (RFC 2045 §6.8)."""


@dataclass(frozen=True)
class Envelope:
    """How a letter travels. ``unsubscribe`` is the address of RFC 8058's header, or ``None`` for a
    mail that was ordered (no opt-out applies to it)."""

    recipient: str
    message_id: str
    list_name: str
    feedback: str
    at: datetime
    unsubscribe: str | None = None


@dataclass(frozen=True)
class Written:
    """What a mail says: the subject and both bodies, whole."""

    subject: str
    text: str
    html: str


def as_bytes(
    written: Written, envelope: Envelope, firm: Firm, tags: Iterable[tuple[str, str]] = ()
) -> bytes:
    """The message as it goes over the wire: multipart/alternative, UTF-8 in base64 (Japanese grows
    1.3-fold in it, 3-fold in quoted-printable), with the headers of RFC 8058, RFC 2919 and RFC
    3834. ``tags`` are more headers, for a provider.
    """
    domain = firm.sender_address.partition("@")[2]
    boundary = f"=_{sha256(envelope.message_id.encode()).hexdigest()[:32]}"  # no base64 has a "_"
    lines = [
        _from_line("From", clean(firm.sender_name), firm.sender_address),
        _to_line(envelope.recipient),
        _from_line("Reply-To", "", firm.reply_to),
        _line("Subject", clean(written.subject)),
        f"Date: {format_datetime(envelope.at)}\r\n",
        f"Message-ID: {envelope.message_id}\r\n",
        _line("List-Id", f"<{envelope.list_name}.{domain}>"),
    ]
    if envelope.unsubscribe:  # on one line, however long: a folded address breaks signatures
        lines.append(f"List-Unsubscribe: <{envelope.unsubscribe}>\r\n")
        lines.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
    lines.append(_line("Feedback-ID", envelope.feedback))
    lines.append("Auto-Submitted: auto-generated\r\n")
    lines += [f"{name}: {value}\r\n" for name, value in tags]
    lines.append("MIME-Version: 1.0\r\n")
    lines.append(f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n')
    for subtype, body in (("plain", written.text), ("html", written.html)):
        lines.append(
            f'--{boundary}\r\nContent-Type: text/{subtype}; charset="utf-8"\r\n'
            f"Content-Transfer-Encoding: base64\r\n\r\n{_base64(body)}"
        )
    lines.append(f"--{boundary}--\r\n")
    return "".join(lines).encode("ascii")


def _base64(text: str) -> str:
    body = text.replace("\r\n", "\n").rstrip("\n") + "\n"
    coded = base64.b64encode(body.replace("\n", "\r\n").encode()).decode()
    lines = [coded[n : n + _LINE_LENGTH] for n in range(0, len(coded), _LINE_LENGTH)]
    return _EOL.join([*lines, ""])


def _to_line(recipient: str) -> str:
    if _PLAIN_ADDRESS.fullmatch(recipient):
        return f"To: {recipient}\r\n"
    return _folded("To", Address(addr_spec=recipient))


@lru_cache(maxsize=64)
def _from_line(header: str, name: str, address: str) -> str:
    return _folded(header, Address(name, addr_spec=address))


@lru_cache(maxsize=1024)
def _line(header: str, value: str) -> str:
    # What looks encoded already is what somebody wrote; and SMTP's own folding loses the blanks
    # between Japanese words where it breaks the line.
    if "=?" in value or not value.isascii():
        return f"{header}: {Header(value, 'utf-8', header_name=header).encode(linesep=_EOL)}{_EOL}"
    return _folded(header, value)


def _folded(header: str, value: str | Address) -> str:
    name, kept = SMTP.header_store_parse(header, value)
    folded: str = SMTP.fold(name, kept)
    return folded
