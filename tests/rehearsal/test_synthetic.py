"""Made-up readers: the same for the same seed, and never sent what a real one would not be."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from nurture_worker.rehearsal.simulation import NEWSLETTER
from nurture_worker.rehearsal.synthetic import Walk, lines, most, walk
from tracker.catalogue import Catalogue
from tracker.catalogue.load import load
from tracker.words import EventKind, SkipReason, Topic

SINCE = datetime(2026, 11, 20, tzinfo=ZoneInfo("Asia/Tokyo"))
DAYS = 40


@pytest.fixture(scope="module")
def site() -> Catalogue:
    found, problems = load(Path(__file__).parents[2])
    assert problems == []
    assert found is not None
    return found


@pytest.fixture(scope="module")
def walks(site: Catalogue) -> list[Walk]:
    return walk(site, 40, 1, SINCE, DAYS)


def test_the_same_seed_walks_the_same_ways(site: Catalogue, walks: list[Walk]) -> None:
    assert [one.mails for one in walk(site, 5, 1, SINCE, DAYS)] == [one.mails for one in walks[:5]]
    assert [one.mails for one in walk(site, 5, 2, SINCE, DAYS)] != [one.mails for one in walks[:5]]


def test_nobody_gets_more_than_the_firm_sends_or_at_another_time(walks: list[Walk]) -> None:
    assert max(most(one, SINCE, 1) for one in walks) == 1
    assert max(most(one, SINCE, 7) for one in walks) == 3
    times = [mail.at.astimezone(SINCE.tzinfo) for one in walks for mail in one.sent]
    assert len(times) > 100
    assert all(at.weekday() < 5 and 9 <= at.hour < 18 for at in times)
    assert not any((at.month, at.day) == (11, 23) for at in times)  # a holiday


def test_who_did_not_agree_left_or_inquired_gets_nothing_more(walks: list[Walk]) -> None:
    assert all(not one.mails for one in walks if one.story.agreed_at is None)
    assert any(one.story.agreed_at is None for one in walks)
    for one in walks:
        if one.left_at:
            assert one.mails[-1].at == one.left_at
        if one.inquired_at:
            assert all(mail.at <= one.inquired_at for mail in one.sent)


def test_their_clicks_lead_them_to_both_sides_of_a_branch(walks: list[Walk]) -> None:
    ways = {(m.scenario, m.step, m.skipped) for one in walks for m in one.mails}
    assert ("interest", "case-in-detail", None) in ways
    assert ("interest", "case-in-detail", SkipReason.CONDITION) in ways
    assert ("interest", "first-hour", None) in ways


def test_an_issue_of_the_newsletter_reaches_who_signed_up(walks: list[Walk]) -> None:
    got = [one for one in walks for m in one.sent if m.scenario == NEWSLETTER]
    assert len(got) == len({id(one) for one in got}) > 3
    assert all(Topic.NEWSLETTER in one.story.wants for one in got)


def test_it_is_told_mail_by_mail_and_for_some_reader_by_reader(
    site: Catalogue, walks: list[Walk]
) -> None:
    told = list(lines(site, walks, SINCE, DAYS, 1))
    assert told[0] == (
        "作りものの読者40人（種 1）を、2026年11月20日 から40日、いまの site/ で歩かせました"
    )
    assert any("一人に1日で多くて1通、続く7日間で多くて3通" in line for line in told)
    count = sum(m.scenario == "trust" and m.step == "thanks" for one in walks for m in one.sent)
    assert f"  1日目 thanks: {count}人に" in told
    assert told[-1].startswith("  ")
    assert all(event.kind in EventKind for event in walks[0].story.events)
