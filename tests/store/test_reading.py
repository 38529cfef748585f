"""What was read, counted from the event log in both engines."""

from datetime import timedelta

from tests.conftest import NOW
from tracker.store import events
from tracker.store.engine import open_store, writing
from tracker.store.reading import counts
from tracker.words import EventKind

VIEW = {"view": "v", "visitor": "x", "page": "articles/why/"}


def test_a_view_told_to_have_ended_more_than_once_is_as_it_was_last_told(store_url: str) -> None:
    """The page is hidden, shown and left: each time all figures so far, sometimes late."""
    ends = [(1000, False), (4000, False), (9000, True)]
    rows = [
        {"id": f"v:{n}", "at": NOW - timedelta(milliseconds=n), "kind": EventKind.PAGE_END, **VIEW,
         "data": {"active_ms": active, "dwell_ms": 9000, "done": done}}
        for n, (active, done) in enumerate(ends, 1)
    ]  # fmt: skip
    view = {"id": "v:0", "at": NOW, "kind": EventKind.PAGE_VIEW, **VIEW}
    engine = open_store(store_url)
    with writing(engine) as connection:
        for row in (view, *rows):
            events.append(connection, [row])
        found = counts(connection, NOW - timedelta(days=1), NOW + timedelta(days=1))
    engine.dispose()
    (page,) = found.pages.values()
    assert (page.active_ms, page.done) == (9000, 1)
