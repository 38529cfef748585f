"""How fast mails may go out, and which refusals say that it was too fast. Pure."""

from datetime import UTC, datetime, timedelta

import pytest

from nurture_worker.channels.pace import Pace, domain_of, is_of_everybody

NOW = datetime(2026, 11, 2, 1, tzinfo=UTC)


def mails(*domains: str) -> list[tuple[str, str]]:
    return [(f"{n}", domain) for n, domain in enumerate(domains)]


def test_without_a_limit_all_go_at_once() -> None:
    assert len(Pace(0, 0).allow(mails(*["a.jp"] * 500), NOW)) == 500


def test_so_many_a_minute_go_out_evenly_and_no_more() -> None:
    pace = Pace(60, 0)
    sent = 0
    for second in range(60):
        now = NOW + timedelta(seconds=second)
        sent += len(pace.allow(mails(*["a.jp"] * 500), now))
    assert sent == 60
    assert pace.wait("", NOW + timedelta(seconds=59)) == timedelta(seconds=1)


def test_a_pause_is_made_up_for_by_a_few_mails_at_most() -> None:
    pace = Pace(60, 0)
    pace.allow(mails("a.jp"), NOW)
    later = NOW + timedelta(hours=1)
    assert len(pace.allow(mails(*["a.jp"] * 500), later)) == 6


def test_a_domain_that_must_wait_holds_up_no_other() -> None:
    pace = Pace(0, 6)
    assert pace.allow(mails("a.jp", "a.jp", "b.jp", "a.jp", "c.jp"), NOW) == ["0", "2", "4"]
    assert pace.allow(mails("a.jp", "b.jp"), NOW + timedelta(seconds=9)) == []
    assert pace.allow(mails("a.jp", "b.jp"), NOW + timedelta(seconds=10)) == ["0", "1"]


def test_what_waits_for_all_takes_nothing_out_of_its_domains_bucket() -> None:
    pace = Pace(1, 1)
    assert pace.allow(mails("a.jp", "b.jp"), NOW) == ["0"]
    assert pace.wait("b.jp", NOW) == timedelta(0)


def test_a_domain_is_what_stands_behind_the_last_at() -> None:
    assert domain_of('"a@b"@Example.JP') == "example.jp"


@pytest.mark.parametrize(
    ("code", "text", "everybody"),
    [
        (421, "4.7.0 Try again later, closing connection", True),
        (451, "4.7.28 Our system has detected an unusual rate", True),
        (450, "4.7.1 Error: too many mails from your network", True),
        (452, "Rate limit exceeded", True),
        (451, "4.7.1 Greylisting in action, please come back later", False),
        (451, "4.2.0 Greylisted: too much mail from you? no", False),
        (452, "4.2.2 Mailbox full", False),
        (550, "5.7.1 too many", False),
    ],
)
def test_a_refusal_says_whose_it_is(code: int, text: str, everybody: bool) -> None:
    assert is_of_everybody(code, text) is everybody
