"""Messages of Amazon SNS: whether Amazon wrote them, for one of our topics.

The certificate is asked of ``sns.<region>.amazonaws.com`` alone, whatever the message says; the
address that confirms a subscription is made of the topic's own name, never taken from it.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from tracker.doors.webhooks.calls import RefusedError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

Fetch = Callable[[str], bytes]

NOTIFICATION = "Notification"
SUBSCRIPTION = "SubscriptionConfirmation"
UNSUBSCRIPTION = "UnsubscribeConfirmation"

_LARGEST_ANSWER = 65_536
_TIMEOUT_SECONDS = 5
_HOST = re.compile(r"sns\.[a-z]{2}(-[a-z]+)+-[0-9]{1,2}\.amazonaws\.com(\.cn)?")
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9A-Za-z]{8,64}\.pem")
_ARN = re.compile(r"arn:aws(-cn)?:sns:([a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}):[0-9]{12}:[\w.-]{1,256}")
_SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SUBSCRIPTION: (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
}  # fmt: skip
_SIGNED[UNSUBSCRIPTION] = _SIGNED[SUBSCRIPTION]


def fetch(url: str) -> bytes:
    """The file at ``url``; redirects are not followed. Raises ``OSError``."""
    import requests  # here, for few processes ever need it

    with requests.get(url, timeout=_TIMEOUT_SECONDS, allow_redirects=False, stream=True) as answer:
        if answer.status_code != 200:
            raise OSError(f"{url}: {answer.status_code}")
        body: bytes = answer.raw.read(_LARGEST_ANSWER + 1, decode_content=True)
    if len(body) > _LARGEST_ANSWER:
        raise OSError(f"{url}: too large")
    return body


def check(message: Any, topics: frozenset[str], get: Fetch, now: datetime) -> Mapping[str, str]:
    """The message, if Amazon signed it for one of ``topics``. Raises ``RefusedError``."""
    if not isinstance(message, dict) or message.get("Type") not in _SIGNED:
        raise RefusedError(400, "not a message of SNS")
    told = {name: value for name, value in message.items() if isinstance(value, str)}
    if told.get("TopicArn") not in topics:
        raise RefusedError(403, "a topic that SODATE_SNS_TOPICS does not name")
    # The names differ from topic to topic; what they mean does not.
    text = "".join(f"{name}\n{told[name]}\n" for name in _SIGNED[told["Type"]] if name in told)
    _verify(told, text.encode(), get, now)
    return told


def confirm(told: Mapping[str, str], get: Fetch) -> None:
    """Confirm the subscription that a checked message asks about. Raises ``RefusedError``."""
    arn = _ARN.fullmatch(told["TopicArn"])
    if arn is None:
        raise RefusedError(403, "not the name of a topic")
    query = {
        "Action": "ConfirmSubscription",
        "TopicArn": told["TopicArn"],
        "Token": told.get("Token", ""),
    }
    host = f"sns.{arn[2]}.amazonaws.com{'.cn' if arn[1] else ''}"
    try:
        get(f"https://{host}/?{urlencode(query)}")
    except OSError as error:
        raise RefusedError(503, f"not confirmed: {error}") from error


def _verify(told: Mapping[str, str], text: bytes, get: Fetch, now: datetime) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256

    made_by: dict[str, SHA1 | SHA256] = {"1": SHA1(), "2": SHA256()}  # noqa: S303
    digest = made_by.get(told.get("SignatureVersion", ""))
    if digest is None:
        raise RefusedError(403, "unknown SignatureVersion")
    try:
        signature = base64.b64decode(told.get("Signature", ""), validate=True)
    except (binascii.Error, ValueError):
        raise RefusedError(403, "unreadable signature") from None
    certificate = _certificate(get, _where(told.get("SigningCertURL", "")))
    key = certificate.public_key()
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise RefusedError(403, "the certificate is out of date")
    if not isinstance(key, rsa.RSAPublicKey):
        raise RefusedError(403, "not an RSA key")
    try:
        key.verify(signature, text, padding.PKCS1v15(), digest)
    except InvalidSignature:
        raise RefusedError(403, "wrong signature") from None


def _where(url: str) -> str:
    """The certificate's address, made anew of its parts. Raises ``RefusedError``."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if (
        parts.scheme != "https"
        or not _HOST.fullmatch(host)
        or parts.netloc.lower() not in (host, f"{host}:443")
        or port not in (None, 443)
        or not _CERTIFICATE.fullmatch(parts.path)
    ):
        raise RefusedError(403, "the certificate is not Amazon's")
    return f"https://{host}{parts.path}"


@lru_cache(maxsize=16)
def _certificate(get: Fetch, url: str) -> "Certificate":
    from cryptography.x509 import load_pem_x509_certificate

    try:
        return load_pem_x509_certificate(get(url))
    except OSError as error:
        raise RefusedError(503, f"no certificate: {error}") from error
    except ValueError:
        raise RefusedError(403, "unreadable certificate") from None
