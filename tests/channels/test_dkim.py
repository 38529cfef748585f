"""Mails signed by DKIM: whole, they verify; changed in anything that counts, they do not."""

import base64
import re
from collections.abc import Callable
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from nurture_worker.channels.dkim import Signer
from tests.conftest import House
from tests.walking import become_a_reader
from tracker.settings import SettingsError, read_settings

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "dkim.pem"
    path.write_bytes(
        KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )
    return path


def dns(name: bytes, timeout: int = 5) -> bytes:
    assert name == b"s2026._domainkey.m.example.jp."
    public = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


def verifies(message: bytes) -> bool:
    return bool(dkim.verify(message, dnsfunc=dns))


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_the_very_bytes_that_arrive_are_signed_and_nothing_may_be_changed_in_them(
    make_house: Callable[..., House], key: Path
) -> None:
    house = make_house(dkim_domain="m.example.jp", dkim_selector="s2026", dkim_key=str(key))
    raw: list[bytes] = []
    real = house.postbox.handle_DATA

    async def keep(server: object, session: object, envelope: object) -> str:
        raw.append(envelope.content)  # type: ignore[attr-defined]
        return await real(server, session, envelope)  # type: ignore[arg-type]

    house.postbox.handle_DATA = keep  # type: ignore[method-assign, assignment]
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    step = raw[-1]
    assert step.startswith(b"DKIM-Signature:")
    assert [verifies(message) for message in raw] == [True] * len(raw)
    signature = re.sub(rb"\s+", b"", step.split(b"\r\nFrom:")[0])
    assert b"c=relaxed/relaxed" in signature
    named = re.search(rb";h=([^;]+)", signature)
    assert named
    headers = [name.decode().lower() for name in named[1].split(b":")]
    for wanted in ("list-unsubscribe", "list-unsubscribe-post", "list-id", "feedback-id", "to"):
        assert wanted in headers
    assert headers.count("from") == headers.count("subject") == 2

    def changed(pattern: bytes, to: bytes) -> bytes:
        told, count = re.subn(pattern, to, step, count=1)
        assert count == 1
        return told

    for tampered in (
        changed(rb"Feedback-ID: \w+", b"Feedback-ID: other"),
        changed(rb"/unsubscribe/", b"/unsubscribed/"),
        changed(rb"\r\nTo: ", b"\r\nTo: x"),
        changed(rb"\r\nFrom: ", b"\r\nFrom: evil@example.net\r\nFrom: "),
        changed(rb"\r\nSubject: ", b"\r\nSubject: more\r\nSubject: "),
        step[:-40] + b"AAAA" + step[-36:],
    ):
        assert verifies(tampered) is False


def test_a_key_that_is_none_is_told_by_its_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"SODATE_DKIM_KEY .*読めません"):
        Signer("m.example.jp", "s", tmp_path / "missing.pem")
    (tmp_path / "not.pem").write_text("no key")
    with pytest.raises(SettingsError, match="RSA の秘密鍵"):
        Signer("m.example.jp", "s", tmp_path / "not.pem")


def test_dkim_is_set_up_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SODATE_DKIM_DOMAIN", "m.example.jp")
    with pytest.raises(SettingsError, match="3つそろえて"):
        read_settings()
