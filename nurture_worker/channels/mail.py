"""Mail over SMTP: the only way mails leave. One connection for many, one recipient for each."""

import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import unquote, urlsplit

from tracker.words import DeliveryState

TIMEOUT_SECONDS = 60


class ServerAwayError(Exception):
    """The server cannot be reached or turns everybody away: not this reader's fault."""


@dataclass(frozen=True)
class Outcome:
    """How one hand-over ended. ``PLANNED`` means: refused for now (4xx), try again later."""

    state: DeliveryState
    reason: str | None = None
    smtp_code: int | None = None


class Mailer:
    """A connection to the server of an ``smtp://`` or ``smtps://`` URL, opened when first needed.

    ``smtp://`` uses STARTTLS where the server offers it, and insists on it when there is a
    password to protect and the server is not on this machine.
    """

    def __init__(self, url: str) -> None:
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
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> "Mailer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def send(
        self,
        message: bytes,
        *,
        sender: str,
        recipient: str,
        before_data: Callable[[], bool],
    ) -> Outcome:
        """Hand ``message`` over.

        ``before_data`` is called when the server has accepted the recipient and nothing of the
        message was said yet; if it answers False, nothing is sent. An error after it leaves the
        outcome ``UNCERTAIN`` unless the server said yes or no. Raises ``ServerAwayError``.
        """
        smtp = self._ready()
        try:
            code, said = smtp.mail(sender)
            if code == 250:
                code, said = smtp.rcpt(recipient)
            if code not in (250, 251):
                self._reset()
                return _refusal(code, said, of_recipient=True)
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            self.close()
            raise ServerAwayError(str(error)) from error
        if not before_data():
            self._reset()
            return Outcome(DeliveryState.CANCELLED, "taken back before DATA")
        try:
            code, said = smtp.data(message)
        except smtplib.SMTPDataError as error:  # DATA itself was refused: nothing was said
            self._reset()
            return _refusal(error.smtp_code, error.smtp_error, of_recipient=False)
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            self.close()
            return Outcome(DeliveryState.UNCERTAIN, f"connection lost after DATA: {error}")
        if code == 250:
            return Outcome(DeliveryState.SENT, smtp_code=code)
        self._reset()
        return _refusal(code, said, of_recipient=False)

    def close(self) -> None:
        """Say goodbye, if there is still somebody to say it to."""
        if self._smtp is None:
            return
        try:
            self._smtp.quit()
        except (smtplib.SMTPException, OSError):
            self._smtp.close()
        self._smtp = None

    def _ready(self) -> smtplib.SMTP:
        if self._smtp is not None:
            try:
                if self._smtp.noop()[0] == 250:
                    return self._smtp
            except (smtplib.SMTPException, OSError):
                pass
            self.close()
        try:
            self._smtp = self._connect()
        except (smtplib.SMTPException, OSError) as error:
            self._smtp = None
            raise ServerAwayError(f"{self._host}:{self._port}: {error}") from error
        return self._smtp

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        smtp: smtplib.SMTP
        if self._tls:
            smtp = smtplib.SMTP_SSL(
                self._host, self._port, timeout=TIMEOUT_SECONDS, context=context
            )
        else:
            smtp = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_SECONDS)
        try:
            smtp.ehlo()
            if not self._tls and smtp.has_extn("starttls"):
                smtp.starttls(context=context)
                smtp.ehlo()
            elif not self._tls and self._user and self._host not in ("127.0.0.1", "::1"):
                raise smtplib.SMTPNotSupportedError("STARTTLS がないため、パスワードを送りません")
            if self._user:
                smtp.login(self._user, self._password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _reset(self) -> None:
        try:
            if self._smtp is not None:
                self._smtp.rset()
        except (smtplib.SMTPException, OSError):
            self.close()


def _refusal(code: int, said: bytes | str, *, of_recipient: bool) -> Outcome:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    reason = f"{code} {text}"[:300]
    if 400 <= code < 500:
        return Outcome(DeliveryState.PLANNED, reason, code)
    state = DeliveryState.BOUNCED if of_recipient else DeliveryState.FAILED
    return Outcome(state, reason, code)
