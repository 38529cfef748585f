"""Mail over SMTP: the only way mails leave. Few connections for many, one recipient for each."""

import smtplib
import ssl
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import unquote, urlsplit

from nurture_worker.channels.pace import is_of_everybody
from tracker.words import DeliveryState

TIMEOUT_SECONDS = 60
"""For each of the four answers of a hand-over: in all less than the lease."""

_IDLE_SECONDS = 5.0
"""After so long a connection is asked whether the server is still there."""


class ServerAwayError(Exception):
    """The server cannot be reached or turns everybody away: not this reader's fault."""


@dataclass(frozen=True)
class Post:
    """A message as it goes over the wire, and between whom it travels."""

    message: bytes
    sender: str
    recipient: str


@dataclass(frozen=True)
class Outcome:
    """How one hand-over ended. ``PLANNED`` means: refused for now (4xx), try again later;
    ``of_everybody``, that it was nothing about this mail, and that nothing of it was said."""

    state: DeliveryState
    reason: str | None = None
    smtp_code: int | None = None
    of_everybody: bool = False


class Mailer:
    """Up to ``connections`` connections to the server of an ``smtp://`` or ``smtps://`` URL, opened
    when first needed.

    ``smtp://`` uses STARTTLS where the server offers it, and insists on it when there is a
    password to protect and the server is not on this machine. Certificates are checked.
    """

    def __init__(self, url: str, connections: int = 1) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError(
                "SODATE_SMTP_URL は smtp://host:port か smtps://host:port の形で設定してください"
            )
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname
        self._port = parts.port or (465 if self._tls else 25)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._most = connections
        self._lines: list[_Line] = []

    def __enter__(self) -> "Mailer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def ready(self, wanted: int) -> int:
        """How many mails can be handed over at the same moment, up to ``wanted``: a server may
        take fewer connections than we would open. Raises ``ServerAwayError``."""
        self._lines = [line for line in self._lines if line.is_alive()]
        while len(self._lines) < min(wanted, self._most):
            try:
                self._lines.append(_Line(self._connect()))
            except (smtplib.SMTPException, OSError) as error:
                if not self._lines:
                    raise ServerAwayError(f"{self._host}:{self._port}: {error}") from error
                self._most = len(self._lines)
        return min(wanted, len(self._lines))

    def hand_over(
        self,
        posts: Sequence[Post],
        mark: Callable[[], Collection[int]],
        meanwhile: Callable[[], None] | None = None,
    ) -> list[Outcome]:
        """Hand over ``posts``, no more than ``ready`` said, all at the same moment.

        ``mark`` is called when nothing of any message was said yet, and answers which of them may
        be: the places of ``posts``. ``meanwhile``, which must not fail, is called when all is said
        and the server has yet to answer. An error after a message leaves its outcome ``UNCERTAIN``
        unless the server said yes or no.
        """
        lines = self._lines[: len(posts)]
        for line, post in zip(lines, posts, strict=True):
            line.begin(post)
        try:
            wished = mark()
        except BaseException:
            for line in lines:
                line.drop()
            self.close()
            raise
        for place, line in enumerate(lines):
            line.is_wished = place in wished
        for step in (_Line.hear_sender, _Line.hear_recipient):
            _within_time(lines, step)
        for line in lines:
            line.ask_for_data()
        _within_time(lines, _Line.say_message)
        if meanwhile:
            meanwhile()
        _within_time(lines, _Line.hear_end)
        outcomes = [line.outcome for line in lines]
        self._lines = [line for line in self._lines if not line.is_broken]
        return outcomes

    def close(self) -> None:
        """Say goodbye, if there is still somebody to say it to."""
        for line in self._lines:
            line.close()
        self._lines = []

    def _connect(self) -> smtplib.SMTP:
        smtp: smtplib.SMTP
        if self._tls:
            smtp = smtplib.SMTP_SSL(
                self._host, self._port, timeout=TIMEOUT_SECONDS, context=_trusting()
            )
        else:
            smtp = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_SECONDS)
        try:
            smtp.ehlo()
            if not self._tls and smtp.has_extn("starttls"):
                smtp.starttls(context=_trusting())
                smtp.ehlo()
            elif not self._tls and self._user and self._host not in ("127.0.0.1", "::1"):
                raise smtplib.SMTPNotSupportedError("STARTTLS がないため、パスワードを送りません")
            if self._user:
                smtp.login(self._user, self._password)
        except BaseException:
            smtp.close()
            raise
        return smtp


def _trusting() -> ssl.SSLContext:
    """The certificates this machine trusts (``SSL_CERT_FILE`` names others). Takes a while: only
    where it is needed."""
    return ssl.create_default_context()


def _within_time(lines: Sequence["_Line"], step: Callable[["_Line"], None]) -> None:
    """Take one step of all lines; each has the whole time, and they wait for it together."""
    end = time.monotonic() + TIMEOUT_SECONDS
    for line in lines:
        line.wait_until(end)
        step(line)


class _Line:
    """One connection, and the mail that is handed over on it. The commands of a mail go out in one
    packet where the server takes it (RFC 2920); the message never before all of them are
    answered, and it may be said."""

    def __init__(self, smtp: smtplib.SMTP) -> None:
        self._smtp = smtp
        self._pipelines = smtp.has_extn("pipelining")
        self._used_at = time.monotonic()
        self._post: Post | None = None
        self._outcome: Outcome | None = None
        self.is_broken = False
        self.is_wished = True
        """Whether the mail may still go: what the server says of one that may not means nothing."""

    @property
    def outcome(self) -> Outcome:
        assert self._outcome is not None
        return self._outcome

    def is_alive(self) -> bool:
        if self.is_broken:
            return False
        if time.monotonic() - self._used_at < _IDLE_SECONDS:
            return True
        try:
            if self._smtp.noop()[0] == 250:
                return True
        except (smtplib.SMTPException, OSError):
            pass
        self.close()
        return False

    def wait_until(self, end: float) -> None:
        if self._smtp.sock is not None and not self.is_broken:
            self._smtp.sock.settimeout(max(0.1, end - time.monotonic()))

    def begin(self, post: Post) -> None:
        self._post, self._outcome = post, None
        sender = f"FROM:{_path(post.sender)}"

        def say() -> None:
            if self._pipelines:
                recipient = f"TO:{_path(post.recipient)}"
                self._smtp.send(f"mail {sender}\r\nrcpt {recipient}\r\ndata\r\n")
            else:
                self._smtp.putcmd("mail", sender)

        self._try(say)

    def hear_sender(self) -> None:
        def hear() -> None:
            code, said = self._smtp.getreply()
            if code != 250 or not self.is_wished:
                taken_back = Outcome(DeliveryState.CANCELLED, "taken back before DATA")
                refused = _refusal(code, said, of_recipient=False)
                self.give_up(refused if self.is_wished else taken_back, unheard=2)
            elif not self._pipelines:
                assert self._post is not None
                self._smtp.putcmd("rcpt", f"TO:{_path(self._post.recipient)}")

        self._try(hear)

    def hear_recipient(self) -> None:
        def hear() -> None:
            code, said = self._smtp.getreply()
            if code not in (250, 251):
                self.give_up(_refusal(code, said, of_recipient=True), unheard=1)

        self._try(hear)

    def ask_for_data(self) -> None:
        if not self._pipelines:
            self._try(lambda: self._smtp.putcmd("data"))

    def say_message(self) -> None:
        asked = self._outcome is None
        self._try(self._hear_go_ahead)
        if not asked or self._outcome is not None:
            return
        assert self._post is not None
        try:
            self._smtp.send(_as_data(self._post.message))
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            self._lost_after(error)

    def _hear_go_ahead(self) -> None:
        code, said = self._smtp.getreply()
        if code != 354:
            self.give_up(_refusal(code, said, of_recipient=False))

    def hear_end(self) -> None:
        if self._outcome is not None:
            return
        try:
            code, said = self._smtp.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self._lost_after(error)
            return
        self._used_at = time.monotonic()
        if code == 250:
            self._outcome = Outcome(DeliveryState.SENT, smtp_code=code)
        else:
            self.give_up(_refusal(code, said, of_recipient=False))

    def give_up(self, outcome: Outcome, unheard: int = 0) -> None:
        """End the mail with ``outcome``, if it has none, and be ready for another: ``unheard``
        answers are still to come where all was asked at once."""
        if self._outcome is not None:
            return
        self._outcome = outcome
        if outcome.smtp_code == 421:  # the server closes (RFC 5321 §3.8)
            self.close()
            return
        try:
            answers = [self._smtp.getreply()[0] for _ in range(unheard if self._pipelines else 0)]
            if 354 in answers:  # it waits for the message, and there is no other way to say none
                self.drop()
                return
            self._smtp.rset()
            self._used_at = time.monotonic()
        except (smtplib.SMTPException, OSError):
            self.close()

    def close(self) -> None:
        self.is_broken = True
        try:
            if self._outcome is None or self._outcome.state is not DeliveryState.UNCERTAIN:
                self._smtp.quit()
        except (smtplib.SMTPException, OSError):
            pass
        self._smtp.close()

    def drop(self) -> None:
        """Close without a word."""
        self.is_broken = True
        self._smtp.close()

    def _lost_after(self, error: Exception) -> None:
        self._outcome = Outcome(
            DeliveryState.UNCERTAIN, f"connection lost after DATA: {error}"[:300]
        )
        self.drop()

    def _try(self, step: Callable[[], None]) -> None:
        """A step before the message, if the mail is still to go: its failure is nobody's."""
        if self._outcome is not None:
            return
        try:
            step()
        except ValueError as error:
            self.give_up(Outcome(DeliveryState.FAILED, str(error)))
        except (smtplib.SMTPException, OSError) as error:
            reason = f"server away: {error}"[:300]
            self._outcome = Outcome(DeliveryState.PLANNED, reason, of_everybody=True)
            self.drop()


def _path(address: str) -> str:
    """RFC 5321's path. Raises ``ValueError`` for what would be more than an address."""
    if not address.isascii() or any(sign in address for sign in "\r\n<> "):
        raise ValueError("not an address for SMTP")
    return f"<{address}>"


def _as_data(message: bytes) -> bytes:
    """With CRLF ends already: a dot at a line's beginning doubled, and the final dot."""
    if message.startswith(b"."):
        message = b"." + message
    if b"\r\n." in message:
        message = message.replace(b"\r\n.", b"\r\n..")
    return message + (b".\r\n" if message.endswith(b"\r\n") else b"\r\n.\r\n")


def _refusal(code: int, said: bytes | str, *, of_recipient: bool) -> Outcome:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    reason = f"{code} {text}"[:300]
    if code == -1:  # a connection that was closed without a word
        return Outcome(DeliveryState.PLANNED, "server away: closed", None, of_everybody=True)
    if is_of_everybody(code, text):
        return Outcome(DeliveryState.PLANNED, reason, code, of_everybody=True)
    if 400 <= code < 500:
        return Outcome(DeliveryState.PLANNED, reason, code)
    state = DeliveryState.BOUNCED if of_recipient else DeliveryState.FAILED
    return Outcome(state, reason, code)
