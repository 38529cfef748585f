"""What pages did, and where something to read is lacking."""

from tracker.reports.content import Goals, Viewed, demands, persona_of, worths

NONE = Goals({}, {}, {})


def test_a_page_takes_part_in_what_came_after_it_was_read() -> None:
    goals = Goals({"a": 10, "b": 10}, {"a": 20}, {"a": ((30, 500), (5, 100))})
    reads = {"a": {"why/": 8, "late/": 25}, "b": {"why/": 12}, "c": {"why/": 1}}
    found = {w.viewed.page: w for w in worths([Viewed("why/", 9, 4, 1, 6, 3)], None, reads, goals)}
    why, late = found["why/"], found["late/"]
    assert (why.leads, why.inquirers, why.buyers, why.yen) == (1, 1, 1, 500)
    assert (late.leads, late.inquirers, late.buyers, late.yen) == (0, 0, 1, 500)
    assert (why.read_through, why.pressed, why.before) == (0.25, 0.5, None)
    assert (late.read_through, late.pressed) == (None, None)


def test_pages_stand_in_order_of_views_beside_the_period_before() -> None:
    rows = [Viewed("a/", 2, 0, 0, 0, 0), Viewed("b/", 5, 0, 0, 0, 0)]
    found = worths(rows, {"a/": 7}, {}, NONE)
    assert [(w.viewed.page, w.before) for w in found] == [("b/", 0), ("a/", 7)]


def test_readers_where_there_is_nothing_to_read_are_told() -> None:
    found = demands({(0, "x"): 4, (0, "y"): 0, (1, "x"): 0}, {(0, "x"): 9}, {(0, "y"): 1})
    assert [(d.views, d.readers, d.lacks) for d in found] == [
        (9, 0, False),
        (0, 1, True),
        (0, 0, False),
    ]


def test_many_readers_with_few_pages_are_told_too() -> None:
    found = demands({(0, "x"): 1, (1, "x"): 9}, {}, {(0, "x"): 40, (1, "x"): 10})
    assert [d.lacks for d in found] == [True, False]


def test_a_reader_is_like_the_persona_whose_pages_they_read_most() -> None:
    assert persona_of([("x",), ("x", "y"), ()]) == "x"
    assert persona_of([("x",), ("y",)]) is None
    assert persona_of([(), ()]) is None
