"""``/inbox/``: the mails the local SMTP server took, for development only."""

import contextlib
import email
import email.policy
import http.client
import mailbox
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.parser import BytesHeaderParser, BytesParser
from email.utils import parseaddr
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from tracker.context import is_from_elsewhere

PER_PAGE = 50
JAPAN = ZoneInfo("Asia/Tokyo")
PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# The mail's own HTML: no script, no form, nothing fetched but this site's pictures; its links
# may leave the frame when clicked.
MAIL_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src 'self' data:",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "sandbox allow-popups allow-popups-to-escape-sandbox"
        " allow-top-navigation-by-user-activation",
    )
)
_ARRIVAL = re.compile(r"(\d+)\.M(\d+)P\d+Q(\d+)\.")


@dataclass(frozen=True)
class Mail:
    """A mail of the inbox; ``arrived`` is in the firm's zone."""

    key: str
    arrived: datetime
    subject: str
    sender: str
    recipient: str
    headers: tuple[tuple[str, str], ...] = ()
    text: str | None = None
    html: str | None = None
    unsubscribe: str | None = None
    """The address of a one-click List-Unsubscribe, where the mail carries one."""

    @property
    def sender_name(self) -> str:
        name, address = parseaddr(self.sender)
        return name or address or self.sender


def blueprint(maildir: Path, zone: ZoneInfo = JAPAN) -> Blueprint:
    """The pages over a Maildir, which need not exist yet. Times are shown in ``zone``."""
    inbox = Blueprint(
        "inbox",
        __name__,
        url_prefix="/inbox",
        template_folder="templates",
        static_folder="static/inbox",
        static_url_path="/static",
    )

    @inbox.get("/")
    def mails() -> str:
        words = request.args.get("q", "").strip()
        keys = _keys(maildir)
        if words:
            keys = [mail.key for mail in _summaries(maildir, zone, keys) if _holds(mail, words)]
        page = max(1, request.args.get("page", 1, type=int))
        start = (page - 1) * PER_PAGE
        return render_template(
            "inbox/mails.html",
            mails=_summaries(maildir, zone, keys[start : start + PER_PAGE]),
            total=len(keys),
            page=page,
            more=start + PER_PAGE < len(keys),
            words=words,
            live="live" in request.args,
            now=datetime.now(zone),
        )

    @inbox.get("/<key>")
    def mail(key: str) -> str:
        answered = request.args.get("answered", type=int)
        return render_template("inbox/mail.html", mail=_mail(maildir, zone, key), answered=answered)

    @inbox.get("/<key>/html")
    def html(key: str) -> Response:
        source = _mail(maildir, zone, key).html
        if source is None:
            abort(404)
        answer = Response(_opening_above(source), mimetype="text/html")
        answer.headers["Content-Security-Policy"] = MAIL_POLICY
        return answer

    @inbox.get("/<key>/raw")
    def raw(key: str) -> Response:
        return Response(_bytes(maildir, key), content_type="text/plain; charset=utf-8")

    @inbox.post("/<key>/unsubscribe")
    def unsubscribe(key: str) -> AnyResponse:
        if is_from_elsewhere(request.environ, request.host_url.rstrip("/")):
            abort(403, "elsewhere")
        url = _mail(maildir, zone, key).unsubscribe
        if url is None or not _is_here(url, request.host):
            abort(404)
        return redirect(url_for("inbox.mail", key=key, answered=_one_click(url)), 303)

    @inbox.after_request
    def only_ours(answer: Response) -> Response:
        answer.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "no-referrer"
        if request.endpoint != "inbox.static":
            answer.headers["Cache-Control"] = "no-store"
        return answer

    return inbox


def _box(maildir: Path) -> mailbox.Maildir | None:
    return mailbox.Maildir(maildir, create=False) if (maildir / "new").is_dir() else None


def _bytes(maildir: Path, key: str) -> bytes:
    box = _box(maildir)
    try:
        return box.get_bytes(key) if box is not None else abort(404)
    except (KeyError, FileNotFoundError):
        abort(404)


def _keys(maildir: Path) -> list[str]:
    """The keys of all mails, the newest first."""
    box = _box(maildir)
    return sorted(box.iterkeys(), key=_order, reverse=True) if box is not None else []


def _summaries(maildir: Path, zone: ZoneInfo, keys: list[str]) -> list[Mail]:
    """What a list shows of these mails, but those deleted meanwhile."""
    box = _box(maildir)
    found = []
    for key in keys:
        with contextlib.suppress(KeyError, FileNotFoundError):
            assert box is not None
            found.append(_summary(key, zone, _head(box.get_bytes(key))))
    return found


def _head(content: bytes) -> Message:
    # The old policy never fails on a header that is malformed.
    return BytesHeaderParser(policy=email.policy.compat32).parsebytes(content)


def _summary(key: str, zone: ZoneInfo, head: Message) -> Mail:
    return Mail(
        key=key,
        arrived=datetime.fromtimestamp(_order(key)[0], UTC).astimezone(zone),
        subject=_readable(head.get("Subject")),
        sender=_readable(head.get("From")),
        recipient=_readable(head.get("To")),
    )


def _holds(mail: Mail, words: str) -> bool:
    shown = f"{mail.subject} {mail.sender} {mail.recipient}"
    return words.casefold() in shown.casefold()


def _mail(maildir: Path, zone: ZoneInfo, key: str) -> Mail:
    content = _bytes(maildir, key)
    head = _head(content)
    message = BytesParser(policy=email.policy.default).parsebytes(content)
    return replace(
        _summary(key, zone, head),
        headers=tuple((name, _readable(value)) for name, value in head.items()),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        unsubscribe=_one_click_address(head),
    )


def _order(key: str) -> tuple[int, ...]:
    found = _ARRIVAL.match(key)
    return tuple(int(part) for part in found.groups()) if found else (0, 0, 0)


def _readable(value: object) -> str:
    text = " ".join(str(value or "").split())
    try:
        return str(make_header(decode_header(text)))
    except (LookupError, ValueError):
        return text


def _part(message: EmailMessage, kind: str) -> str | None:
    for part in message.walk():
        if part.get_content_type() == f"text/{kind}" and not part.is_attachment():
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            try:
                return content.decode(part.get_content_charset("utf-8"), "replace")
            except LookupError:
                return content.decode("utf-8", "replace")
    return None


def _one_click_address(head: Message) -> str | None:
    if "List-Unsubscribe-Post" not in head:
        return None
    found = re.search(r"<(https?://[^>]+)>", "".join(str(head.get("List-Unsubscribe")).split()))
    return found[1] if found else None


def _opening_above(source: str) -> str:
    """The HTML with a base element, so that a link opens in place of the inbox."""
    base = '<base target="_top">'
    changed, count = re.subn(
        r"<head(\s[^>]*)?>", lambda found: found[0] + base, source, count=1, flags=re.IGNORECASE
    )
    return changed if count else base + source


def _is_here(url: str, host: str) -> bool:
    """Whether an address is this site's: a test must not unsubscribe anyone elsewhere."""
    there = urlsplit(url)
    if there.netloc == host:
        return True
    with contextlib.suppress(ValueError):
        return ip_address(there.hostname or "").is_loopback
    return there.hostname == "localhost"


def _one_click(url: str) -> int:
    """The status of the request a mail program makes (RFC 8058): no cookie, no redirect
    followed. 0 where nothing answers within 10 s."""
    there = urlsplit(url)
    secure = there.scheme == "https"
    connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    try:
        connection = connect(there.hostname or "", there.port, timeout=10)
        with contextlib.closing(connection):
            target = there.path + (f"?{there.query}" if there.query else "")
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", target or "/", b"List-Unsubscribe=One-Click", kind)
            return connection.getresponse().status
    except (OSError, ValueError, http.client.HTTPException):
        return 0
