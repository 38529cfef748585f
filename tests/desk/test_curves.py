"""Where the lines of a drawn curve go."""

import itertools

from tracker.desk.curves import draw
from tracker.diagnosis import CtaReading, PageReading, Point
from tracker.words import PageKind, Stage


def page(shares: list[float | None], sections_of_ctas: tuple[int, ...] = ()) -> PageReading:
    return PageReading(
        url="articles/a/",
        title="記事",
        kind=PageKind.ARTICLE,
        stage=Stage.AWARENESS,
        views=10,
        known=10,
        done=1,
        active_seconds=None,
        more_views=0,
        points=tuple(
            Point(section=n, heading="見出し", reached=1, share=share, low=share, high=share)
            for n, share in enumerate(shares)
        ),
        ctas=tuple(
            CtaReading(
                id=f"c{n}", label="見る", section=section, aim=Stage.TRUST, seen=1, clicked=0
            )
            for n, section in enumerate(sections_of_ctas)
        ),
    )


def places(text: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in text.split())]


def test_all_is_at_the_top_and_nobody_at_the_foot() -> None:
    picture = draw(page([1.0, 0.5, 0.0]))
    (_, top), (_, middle), (_, foot) = places(picture.line)
    assert (top, foot) == (12.0, picture.foot)
    assert middle == (top + foot) / 2


def test_the_line_ends_where_nothing_is_known_any_more() -> None:
    picture = draw(page([1.0, 0.5, None, None]))
    assert len(places(picture.line)) == 2
    assert len(places(picture.band)) == 4
    assert len(picture.ticks) == 4


def test_a_cta_stands_on_the_line_within_its_section() -> None:
    picture = draw(page([1.0, 0.6, 0.2], (1, 1)))
    one, other = picture.ctas
    (_, _), (x1, y1), (x2, y2) = places(picture.line)
    assert (one.x, one.y) == (round((x1 + x2) / 2, 1), round((y1 + y2) / 2, 1))
    assert x1 < one.x < other.x < x2
    assert one.stage is Stage.TRUST


def test_many_headings_do_not_crowd_the_axis() -> None:
    picture = draw(page([1 - n / 60 for n in range(60)]))
    xs = [x for x, _ in picture.ticks]
    assert xs == sorted(xs)
    assert min(b - a for a, b in itertools.pairwise(xs)) >= 14.9
    assert picture.ticks[0][1] == "冒頭"
    assert picture.ticks[-1][1] == "終"


def test_a_page_nobody_read_draws_an_empty_picture() -> None:
    picture = draw(page([None, None, None], (1,)))
    assert (picture.line, picture.band, picture.usual) == ("", "", "")
