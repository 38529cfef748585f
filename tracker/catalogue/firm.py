"""Who sends, and on which wording of consent: ``site/firm.yml``."""

from hashlib import sha256

from pydantic import EmailStr, Field

from tracker.catalogue.values import Value


class Consent(Value):
    """The wording shown beside the box a reader ticks. What was shown is kept by its hash."""

    version: str = Field(min_length=1)
    mail: str = Field(min_length=1)

    @property
    def hash(self) -> str:
        """SHA-256 of version and wording, in hex: names the wording a consent was given to."""
        return sha256(f"{self.version}\n{self.mail}".encode()).hexdigest()


class Firm(Value):
    """The sender, as 特定電子メール法 (法律第26号, 2002) 第4条 asks for it in each mail."""

    name: str = Field(min_length=1)
    postal_address: str = Field(min_length=1)
    contact: str = Field(min_length=1)
    sender_name: str = Field(min_length=1)
    sender_address: EmailStr
    reply_to: EmailStr
    consent: Consent
