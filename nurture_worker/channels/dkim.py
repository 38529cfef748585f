"""DKIM (RFC 6376): mails that prove whose they are. Signed last, over the very bytes that go out."""

from pathlib import Path

from tracker.settings import SettingsError

SIGNED = (
    *(b"from", b"to", b"subject", b"date", b"message-id", b"reply-to"),
    *(b"list-unsubscribe", b"list-unsubscribe-post", b"list-id", b"feedback-id"),
    *(b"mime-version", b"content-type"),
)
"""RFC 8058 §4 wants the two of unsubscribing among them."""
OVERSIGNED = (b"from", b"subject")
"""Named once more than they stand there, so that nobody can add another."""


class Signer:
    """Signs for ``selector._domainkey.domain`` with the private key (PEM) in the file ``key``."""

    def __init__(self, domain: str, selector: str, key: Path) -> None:
        """Raises ``SettingsError`` where the key cannot be read or is none."""
        import dkim  # here, for a house that signs nothing loads none of it

        self._dkim = dkim
        self._domain, self._selector = domain.encode("idna"), selector.encode("ascii")
        try:
            self._key = key.read_bytes()
        except OSError as error:
            raise SettingsError(
                f"SODATE_DKIM_KEY の鍵 {key} を読めません（{error.strerror}）"
            ) from None
        try:
            self.sign(b"From: a@example.jp\r\nSubject: x\r\n\r\nx\r\n")
        except Exception as error:
            raise SettingsError(
                f"SODATE_DKIM_KEY の {key} は、RSA の秘密鍵（PEM）ではありません: {error}"
            ) from None

    def sign(self, message: bytes) -> bytes:
        """``message`` with its signature in front."""
        signature: bytes = self._dkim.sign(
            message,
            self._selector,
            self._domain,
            self._key,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=[*SIGNED, *OVERSIGNED],
        )
        return signature + message
