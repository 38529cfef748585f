"""The hold-out: who is kept from the mails, and when what came of it may be believed."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from nurture_worker.reporting.measuring import effect_lines
from nurture_worker.scenarios.holdout import ENOUGH, Outcome, draw, e_value, effect, readers_needed
from tests.content import catalogue
from tracker.words import Arm

START = datetime(2026, 1, 5, tzinfo=UTC)


def outcomes(
    chance: random.Random, readers: int, share: int, mailed: float, held: float
) -> list[Outcome]:
    """``readers`` who inquire by chance, drawn as the house draws them."""
    found = []
    for n in range(readers):
        arm = draw(f"reader-{chance.random()}", "interest", share)
        likely = held if arm is Arm.HELD_OUT else mailed
        found.append(Outcome(arm, START + timedelta(hours=n), chance.random() < likely))
    return found


@pytest.mark.parametrize("share", [0, 20, 50, 90])
def test_the_share_that_is_held_out_is_the_share_that_was_said(share: int) -> None:
    held = sum(draw(f"r{n}", "interest", share) is Arm.HELD_OUT for n in range(4000))
    assert held / 4000 == pytest.approx(share / 100, abs=0.03)


def test_one_reader_has_one_lot_in_a_scenario_and_another_in_the_next() -> None:
    names = [f"r{n}" for n in range(400)]
    lots = {salt: [draw(n, s, 50, salt) for n in names] for s, salt in (("a", "x"), ("a", "y"))}
    assert [draw(n, "a", 50, "x") for n in names] == lots["x"]
    other = [draw(n, "b", 50, "x") for n in names]
    for found in (lots["y"], other):
        same = sum(one is two for one, two in zip(lots["x"], found, strict=True))
        assert 140 < same < 260


@pytest.mark.parametrize("share", [20, 50])
def test_mails_that_do_nothing_are_hardly_ever_said_to_work(share: int) -> None:
    chance = random.Random(1)
    ratio = round((100 - share) / share)
    wrong = sum(
        e_value(outcomes(chance, 800, share, 0.08, 0.08), ratio) >= ENOUGH for _ in range(300)
    )
    assert wrong <= 15  # 5 of 100, looked at after every block


def test_mails_that_double_the_inquiries_are_found_in_about_as_many_readers_as_was_said() -> None:
    chance = random.Random(2)
    said = readers_needed(0.06, 50)
    found = sum(
        e_value(outcomes(chance, round(1.6 * said), 50, 0.12, 0.06), 1) >= ENOUGH
        for _ in range(100)
    )
    early = sum(
        e_value(outcomes(chance, round(0.3 * said), 50, 0.12, 0.06), 1) >= ENOUGH
        for _ in range(100)
    )
    assert found >= 55
    assert early <= 25


def test_half_held_out_tells_sooner_than_a_fifth() -> None:
    assert readers_needed(0.06, 50) < readers_needed(0.06, 20)
    assert readers_needed(0.06, 20, e_so_far=10) < readers_needed(0.06, 20)


def test_a_handful_of_readers_says_nothing_and_says_so() -> None:
    found = effect(outcomes(random.Random(3), 10, 20, 0.3, 0.0), waiting=4, share=20)
    assert not found.works
    assert found.needed > 100
    scenario = catalogue().scenarios[0]
    told = "\n".join(effect_lines(scenario, found))
    assert "まだ言い切れません" in told
    assert f"あと約{found.needed}人" in told
    assert "まだ45日たたない人が4人" in told


def test_before_anybody_was_drawn_there_is_nothing_to_compare() -> None:
    found = effect([], waiting=3, share=20)
    assert (found.difference, found.e_value) == (None, 1)
    scenario = catalogue().scenarios[0]
    assert next(effect_lines(scenario, found)) == (
        "効果: まだ何も言えません（3人の45日を待っています）"
    )
    off = scenario.model_copy(update={"hold_out": 0})
    assert list(effect_lines(off, found)) == [
        "効果: 全員に送っているので、測っていません（scenario.yml の hold_out）"
    ]


def test_a_plain_difference_is_said_with_its_interval() -> None:
    chance = random.Random(4)
    found = effect(outcomes(chance, 1200, 50, 0.2, 0.05), waiting=0, share=50)
    assert found.works
    assert found.needed == 0
    assert found.difference is not None
    middle, low, high = found.difference
    assert low < 0.15 < high
    assert low < middle < high
    told = "\n".join(effect_lines(catalogue().scenarios[0], found))
    assert "送ったほうが問い合わせは増えています" in told
