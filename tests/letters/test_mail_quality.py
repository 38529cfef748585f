"""Every mail of the site keeps what mails of ours promise."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from nurture_worker.benchmarks.mails import faults, mails
from tracker.catalogue.load import load

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def all_mails() -> dict[str, EmailMessage]:
    catalogue, problems = load(REPOSITORY)
    assert problems == []
    assert catalogue is not None
    return dict(mails(catalogue))


def test_every_step_and_issue_is_as_promised(all_mails: dict[str, EmailMessage]) -> None:
    assert len(all_mails) > 25
    assert "interest/related-case（診断の結果つき）" in all_mails
    assert {name: faults(message) for name, message in all_mails.items() if faults(message)} == {}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
            b"",
            "停止のヘッダー（RFC 8058）",
        ),
        (b"Auto-Submitted: auto-generated\r\n", b"", "Auto-Submitted"),
        (b"multipart/alternative", b"multipart/mixed", "multipart/alternative のテキストと HTML"),
        (b"List-Id:", b"X-List-Id:", "List-Id"),
    ],
)
def test_what_is_missing_is_told(
    all_mails: dict[str, EmailMessage], old: bytes, new: bytes, told: str
) -> None:
    content = next(iter(all_mails.values())).as_bytes(policy=policy.SMTP)
    assert content.count(old) == 1
    spoilt = message_from_bytes(
        content.replace(old, new), _class=EmailMessage, policy=policy.default
    )
    assert faults(spoilt) == [f"ありません: {told}"]
