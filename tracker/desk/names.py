"""Who a reader is, as far as the one at the desk may know."""

import re
from dataclasses import dataclass
from typing import Protocol

from tracker.inputs import shown_address

HIDDEN = "●●"
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"']+@[^\s<>()\[\],;:\"']+")


class Known(Protocol):
    """Anything that tells of a reader."""

    @property
    def name(self) -> str | None: ...
    @property
    def email(self) -> str | None: ...
    @property
    def company(self) -> str | None: ...


@dataclass(frozen=True)
class Names:
    """Shows readers in whole, or (``whole`` false) so that nobody can be named or written to: the
    first letter of a name and of an address stay, and the company."""

    whole: bool

    def name(self, reader: Known) -> str:
        """How a reader is called in a table."""
        if reader.name:
            return reader.name if self.whole else reader.name[0] + HIDDEN
        return self.address(reader.email) or "消去した読者"

    def about(self, reader: Known) -> str:
        """What stands beside a reader's name: the company, else the address."""
        return reader.company or (self.address(reader.email) if reader.name else "")

    def address(self, email: str | None) -> str:
        if not email or self.whole:
            return shown_address(email or "")
        local, _, domain = email.rpartition("@")
        return f"{local[:1]}{HIDDEN}@{domain}"

    def wrote(self, text: str) -> str:
        """What a reader wrote to the firm."""
        return text if self.whole or not text else "（読者の書いた文は、担当者の権限で読めます）"

    def told(self, text: str) -> str:
        """A sentence that may quote an address, such as a mail server's answer."""
        return text if self.whole else _ADDRESS.sub(lambda m: self.address(m[0]), text)
