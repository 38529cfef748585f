"""A return address of its own for each mail (VERP): whose bounce it is, and that we sent it.

``b+<delivery>.<mac>@domain``, in lower case and base32 throughout: servers on the way may change
the case of a local part.
"""

import binascii
import hmac
from base64 import b32decode, b32encode
from collections.abc import Sequence

_SALT = b"sodate.verp"
_MAC_BYTES = 5  # 40 bits: a bounce can only be tried by sending us a mail for each guess


class Verp:
    """Makes and reads return addresses with a rotating list of keys, of which the last signs."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = [hmac.digest(key.encode(), _SALT, "sha256") for key in keys]

    def sender(self, delivery_id: str, domain: str) -> str:
        """The return address of a delivery at ``domain``."""
        mac = _mac(self._keys[-1], delivery_id)
        return f"b+{_encode(delivery_id.encode())}.{mac}@{domain}"

    def read(self, address: str) -> str | None:
        """The delivery that ``address`` is the return address of; ``None`` where we did not make
        it."""
        local, _, domain = address.strip().strip("<>").lower().rpartition("@")
        if not domain or len(local) > 64 or not local.isascii() or not local.startswith("b+"):
            return None
        encoded, _, mac = local[2:].partition(".")
        try:
            raw = encoded.upper().encode()
            delivery_id = b32decode(raw + b"=" * (-len(raw) % 8)).decode("ascii")
        except (binascii.Error, ValueError):
            return None
        if _encode(delivery_id.encode()) != encoded:
            return None
        known = [hmac.compare_digest(_mac(key, delivery_id), mac) for key in self._keys]
        return delivery_id if any(known) else None


def _mac(key: bytes, delivery_id: str) -> str:
    return _encode(hmac.digest(key, delivery_id.encode(), "sha256")[:_MAC_BYTES])


def _encode(value: bytes) -> str:
    return b32encode(value).decode("ascii").rstrip("=").lower()
