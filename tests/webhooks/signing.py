"""Signatures as the providers make them, with keys made here."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

TOPIC = "arn:aws:sns:ap-northeast-1:123456789012:bounces"
CERTIFICATE = (
    "https://sns.ap-northeast-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
)


@cache
def amazon_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(now: datetime, days: int = 365) -> bytes:
    """A certificate of Amazon's key, as ``SigningCertURL`` serves it."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(amazon_key().public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=days))
        .not_valid_after(now + timedelta(days=days) if days > 1 else now - timedelta(hours=1))
        .sign(amazon_key(), SHA256())
    )
    return made.public_bytes(Encoding.PEM)


def sns(message: Mapping[str, object] | str, version: str = "2", **changes: str) -> dict[str, str]:
    """A message of SNS, signed. ``changes`` are made after the signing."""
    told = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": "2026-11-02T01:05:00.000Z",
    }
    return _signed(told, version) | changes


def subscription(topic: str = TOPIC, version: str = "2", **changes: str) -> dict[str, str]:
    told = {
        "Type": "SubscriptionConfirmation",
        "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
        "Token": "2336412f37",
        "TopicArn": topic,
        "Message": "You have chosen to subscribe to the topic.",
        "SubscribeURL": "https://sns.ap-northeast-1.amazonaws.com/?Action=ConfirmSubscription",
        "Timestamp": "2026-11-02T01:05:00.000Z",
    }
    return _signed(told, version) | changes


def _signed(told: dict[str, str], version: str) -> dict[str, str]:
    names = sorted(told)
    text = "".join(f"{name}\n{told[name]}\n" for name in names).encode()
    digest = SHA1() if version == "1" else SHA256()
    signature = amazon_key().sign(text, padding.PKCS1v15(), digest)
    return told | {
        "SignatureVersion": version,
        "Signature": base64.b64encode(signature).decode(),
        "SigningCertURL": CERTIFICATE,
    }


@cache
def sendgrid_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def sendgrid_public() -> str:
    """The verification key as SendGrid's settings show it."""
    raw = sendgrid_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(raw).decode()


def sendgrid(body: bytes, stamp: str = "1793581500") -> dict[str, str]:
    """The headers SendGrid sends a body with."""
    signature = sendgrid_key().sign(stamp.encode() + body, ec.ECDSA(SHA256()))
    return {
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
    }
