"""The radar picture's geometry."""

import pytest

from tracker.radar import HEIGHT, RADIUS, WIDTH, radar

FIVE = [("フォーム", 100), ("CTA", 0), ("導線", 50), ("段階に合った内容", 25), ("追客", 75)]


def test_the_first_axis_points_up_and_a_figure_lies_on_its_axis() -> None:
    found = radar([("a", 50), ("b", 0), ("c", 100)])
    assert found is not None
    assert found.axes[0].tip == (WIDTH / 2, HEIGHT / 2 - RADIUS)
    assert found.axes[0].at == (WIDTH / 2, HEIGHT / 2 - RADIUS / 2)
    assert found.axes[1].at == found.centre
    assert found.axes[2].at == found.axes[2].tip
    assert len(found.rings) == 4


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_figures_have_no_picture(count: int) -> None:
    assert radar(FIVE[:count]) is None


def test_words_stand_beside_the_picture_and_within_its_frame() -> None:
    found = radar(FIVE)
    assert found is not None
    assert [axis.anchor for axis in found.axes] == ["middle", "start", "start", "end", "end"]
    for axis in found.axes:
        width = 18 * max(len(line) for line in axis.lines)
        x, y = axis.words
        left = {"start": x, "middle": x - width / 2, "end": x - width}[axis.anchor]
        assert left >= 0
        assert left + width <= WIDTH
        assert y >= 16
        assert y + 23 * (len(axis.lines) - 1) <= HEIGHT


def test_a_long_label_breaks_behind_a_particle() -> None:
    found = radar(FIVE)
    assert found is not None
    assert found.axes[3].lines == ("段階に合った", "内容", "25点")
    assert found.axes[0].lines == ("フォーム", "100点")
