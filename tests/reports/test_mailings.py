"""Which mails lose readers: where more stop than chance brings."""

from tracker.reports.mailings import Mailing, losses


def step(name: str, delivered: int, stopped: int) -> Mailing:
    return Mailing("interest", name, delivered, delivered, unsubscribed=stopped)


def test_a_step_after_which_many_stop_is_told_beside_the_others() -> None:
    found = losses([step("a", 500, 2), step("b", 500, 1), step("c", 200, 14)])
    assert list(found) == [("interest", "c")]
    loss = found["interest", "c"]
    assert loss.share == 0.07
    assert 0.003 < loss.usual < 0.004


def test_few_stops_are_chance() -> None:
    assert losses([step("a", 500, 1), step("b", 40, 2)]) == {}
    assert losses([step("a", 500, 8), step("b", 500, 11)]) == {}


def test_without_others_there_is_nothing_to_compare_with() -> None:
    assert losses([]) == {}
    assert losses([step("a", 10, 10)]) == {}
    assert losses([step("a", 0, 0), step("b", 0, 0)]) == {}


def test_where_everybody_stops_everywhere_no_step_is_worse() -> None:
    assert losses([step("a", 50, 50), step("b", 50, 50)]) == {}
