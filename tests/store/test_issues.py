"""What the store tells of issues and their readers, the same in both engines."""

from datetime import timedelta

from tests.conftest import NOW
from tests.desk.story import Story
from tracker.store import issues
from tracker.store.engine import open_store, reading, writing
from tracker.words import DeliveryState, EventKind, MailKind


def test_readers_and_what_came_of_an_issue(store_url: str) -> None:
    engine = open_store(store_url)
    with writing(engine) as connection:
        story = Story(connection)
        signed_up = {"confirmed_at": NOW, "opted_in_at": NOW, "wants_newsletter": True}
        for name in ("a", "b", "c"):
            story.reader(name, visitor=f"v-{name}", **signed_up)
        story.reader("d")
        story.event(EventKind.PAGE_VIEW, page="articles/why/", visitor="v-a")
        story.event(EventKind.PAGE_VIEW, page="cases/metal/", reader_id="a", visitor="v-b")
        story.event(EventKind.PAGE_VIEW, page="cases/metal/", visitor="v-b")
        story.inquiry("b", "相談", NOW - timedelta(days=3))
        story.inquiry("b", "もう一度", NOW - timedelta(days=1))
        about = {"kind": MailKind.NEWSLETTER, "scenario": None, "step": "lines"}
        story.mail("m-a", "a", **about)
        story.mail("m-b", "b", DeliveryState.BOUNCED, **about)
        story.mail("m-c", "c", DeliveryState.CANCELLED, **about)
        story.mail("s-a", "a", DeliveryState.PLANNED)
        story.event(
            EventKind.MAIL_CLICK, reader_id="a", delivery_id="m-a", data={"ua": "Mozilla/5.0"}
        )
        story.event(EventKind.MAIL_CLICK, reader_id="c", delivery_id="m-c", data={"ua": ""})
        story.event(EventKind.MAIL_UNSUB, reader_id="a", delivery_id="m-a")
        assert issues.begin(connection, "lines", "hash", "題", NOW) is None
        assert issues.begin(connection, "twin", "hash", "題", NOW) == "lines"
        issues.move(connection, "lines", "b", None)
    ids = ["a", "b", "c", "d"]
    with reading(engine) as connection:
        assert [one.id for one in issues.known(connection, "a", 2)] == ["b", "c"]
        assert [o.id for o in issues.known(connection, "", 9, signed_up=True)] == ["a", "b", "c"]
        assert issues.last_inquiries(connection, ids) == {"b": NOW - timedelta(days=1)}
        assert issues.opened_by(connection, ids) == {
            "a": {"articles/why/", "cases/metal/"},
            "b": {"cases/metal/"},
        }
        sent = issues.unordered_of(connection, ids, NOW - timedelta(days=7))
        assert {name: len(times) for name, times in sent.items()} == {"a": 1, "b": 1}
        assert issues.figures(connection) == {
            "lines": issues.Figures(sent=1, undelivered=1, dropped=1, clicked=1, unsubscribed=1)
        }
        begun = issues.all_begun(connection)["lines"]
        assert (begun.place, begun.planned_at) == ("b", None)
    engine.dispose()
