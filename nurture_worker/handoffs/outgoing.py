"""Calls to servers that somebody outside may have chosen: none to an address of our own network.

The check stands where the name becomes an address for the very connection that is then made, so
that a name that tells something else the second time (DNS rebinding) gains nothing. Redirects pass
the same way.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_refused: ContextVar[list[str] | None] = ContextVar("refused", default=None)
_resolve = socket.getaddrinfo


class PrivateAddressError(OSError):
    """A name leads to an address that is not public."""


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open Internet, also where it wraps an IPv4 address."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        wrapped = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if wrapped is None and any(found in network for network in _NAT64):
            wrapped = IPv4Address(int(found) & 0xFFFFFFFF)
        if wrapped is not None:
            return wrapped.is_global
    return found.is_global and not found.is_multicast


@contextmanager
def only_public() -> Iterator[list[str]]:
    """Within it, no connection of this thread (or of those it starts with its context) is made to
    an address that is not public. Gives the names that were refused, as they come."""
    names: list[str] = []
    token = _refused.set(names)
    try:
        yield names
    finally:
        _refused.reset(token)


def _guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
    found = _resolve(host, *args, **kwargs)
    names = _refused.get()
    if names is None:
        return found
    for *_kind, address in found:
        if not is_public(str(address[0])):
            names.append(str(host))
            raise PrivateAddressError(f"{host} は社内のアドレスです")
    return found


socket.getaddrinfo = _guarded
