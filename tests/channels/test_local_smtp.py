import email
import email.policy
import mailbox
import resource
import smtplib
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest

from nurture_worker.channels.local_smtp import LARGEST
from nurture_worker.house.processes import free_port, inbox_server
from tracker.settings import Settings


@contextmanager
def serving(data: Path, largest_file: int = resource.RLIM_INFINITY) -> Iterator[smtplib.SMTP]:
    process = inbox_server(Settings(data=data), port := free_port())
    server = subprocess.Popen(
        process.argv,
        env=process.env,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, -1)),
    )
    try:
        assert process.ready is not None
        deadline = time.monotonic() + 15
        while not process.ready():
            assert server.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as smtp:
            yield smtp
    finally:
        server.terminate()
        assert server.wait(10) == 0


def mail(body: str = "こんにちは") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "そだて舎 <tayori@example.jp>"
    message["To"] = "佐藤 <sato@example.co.jp>"
    message["Subject"] = "はじめまして"
    message["Message-ID"] = "<1@example.jp>"
    message.set_content(body, cte="base64")
    return message


def filed(data: Path) -> list[EmailMessage]:
    box = mailbox.Maildir(data / "inbox", create=False)
    return [
        email.message_from_bytes(box.get_bytes(key), policy=email.policy.default)  # type: ignore[misc]
        for key in box.keys()  # noqa: SIM118
    ]


def test_an_accepted_mail_is_filed_with_its_envelope(tmp_path: Path) -> None:
    with serving(tmp_path) as smtp:
        smtp.send_message(mail(), "b+7.abc@bounce.example.jp", ["hidden@example.co.jp"])
        (message,) = filed(tmp_path)
    assert message["X-Envelope-From"] == "<b+7.abc@bounce.example.jp>"
    assert message["X-Envelope-To"] == "hidden@example.co.jp"
    assert message["To"] == "佐藤 <sato@example.co.jp>"
    assert message["Message-ID"] == "<1@example.jp>"
    assert message.get_content() == "こんにちは\n"


def test_a_bounce_with_no_sender_is_filed_too(tmp_path: Path) -> None:
    with serving(tmp_path) as smtp:
        smtp.sendmail("", ["a@example.jp"], mail().as_bytes())
        (message,) = filed(tmp_path)
    assert message["X-Envelope-From"] == "<>"


def test_a_mail_over_ten_megabytes_is_refused(tmp_path: Path) -> None:
    with serving(tmp_path) as smtp:
        with pytest.raises(smtplib.SMTPSenderRefused, match="size"):
            smtp.send_message(mail("x" * LARGEST))
        smtp.send_message(mail())
        assert len(filed(tmp_path)) == 1


def test_a_mail_that_cannot_be_kept_is_not_accepted(tmp_path: Path) -> None:
    with serving(tmp_path, largest_file=100_000) as smtp:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            smtp.send_message(mail("x" * 200_000))
        assert 400 <= refused.value.smtp_code < 500
        smtp.send_message(mail())
        assert len(filed(tmp_path)) == 1


def test_mails_sent_at_once_are_all_filed(tmp_path: Path) -> None:
    with serving(tmp_path) as smtp:
        assert smtp.sock is not None
        port = smtp.sock.getpeername()[1]
        others = [smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") for _ in range(8)]
        for other in others:
            other.ehlo()
            other.mail("a@example.jp")
            other.rcpt("b@example.jp")
            other.putcmd("DATA")
        for other in others:
            assert other.getreply()[0] == 354
            other.send(mail().as_bytes().replace(b"\n", b"\r\n") + b"\r\n.\r\n")
        assert [other.getreply()[0] for other in others] == [250] * 8
        for other in others:
            other.close()
        assert len(filed(tmp_path)) == 8


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with serving(tmp_path) as smtp:
        assert smtp.sock is not None
        port = smtp.sock.getpeername()[1]
        second = inbox_server(Settings(data=tmp_path), port)
        ended = subprocess.run(second.argv, env=second.env, capture_output=True, timeout=15)
    assert ended.returncode == 1
    (sentence,) = ended.stderr.decode().splitlines()
    assert f"127.0.0.1:{port} で起動できません" in sentence
