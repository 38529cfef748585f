"""Click-to-stage, counted: in both engines."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from tests.conftest import NOW
from tests.desk.story import Story
from tracker.store import histories, people, reports
from tracker.store.engine import open_store, writing
from tracker.store.reports import Cause, Followed
from tracker.words import DeliveryState, EventKind, MailKind, Stage

DAY = timedelta(days=1)
PERSON = {"ua": "Mozilla/5.0", "prefetch": ""}


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    engine = open_store(store_url)
    yield engine
    engine.dispose()


@pytest.fixture
def story(engine: Engine) -> Iterator[Story]:
    with writing(engine) as connection:
        yield Story(connection)


def test_an_empty_store_reports_zeros_and_nothing_else(story: Story) -> None:
    c = story.connection
    assert reports.readers_by_stage(c) == {**dict.fromkeys(Stage, 0), None: 0}
    assert reports.moves_by_stage(c, None) == dict.fromkeys(Stage, 0)
    assert reports.inquired_readers(c) == reports.count_inquiries(c, None) == 0
    assert reports.moves(c, None, 10) == []
    assert reports.clicks_followed(c, None, NOW) == []
    assert reports.step_figures(c, None) == {}
    assert histories.uncertain(c, None, 10) == []
    assert people.list_readers(c) == ([], None)


def test_readers_are_counted_where_they_stand(story: Story) -> None:
    for n, stage in enumerate([Stage.TRUST, Stage.TRUST, Stage.INTEREST, None]):
        story.reader(f"r{n}", stage=stage, inquired_at=NOW if n == 0 else None)
    found = reports.readers_by_stage(story.connection)
    assert (found[Stage.TRUST], found[Stage.INTEREST], found[None]) == (2, 1, 1)
    assert reports.inquired_readers(story.connection) == 1


def test_a_move_tells_who_from_where_to_where_and_by_what(story: Story) -> None:
    story.reader("taro", name="太郎", company="見本")
    story.mail("m1", "taro", scenario="interest", step="case")
    click = story.event(
        EventKind.MAIL_CLICK, reader_id="taro", page="cases/metal/", delivery_id="m1", data=PERSON
    )
    story.move("taro", Stage.AWARENESS, at=NOW - 40 * DAY)
    story.move("taro", Stage.INTEREST, at=NOW - DAY, since=Stage.AWARENESS, by=click)
    newest, oldest = reports.moves(story.connection, None, 10)
    assert newest.person.name == "太郎"
    assert (newest.from_stage, newest.to_stage) == (Stage.AWARENESS, Stage.INTEREST)
    assert newest.cause == Cause(
        EventKind.MAIL_CLICK, page="cases/metal/", scenario="interest", step="case"
    )
    assert (oldest.from_stage, oldest.cause) == (None, None)
    assert len(reports.moves(story.connection, NOW - 28 * DAY, 10)) == 1
    assert reports.moves_by_stage(story.connection, NOW - 28 * DAY)[Stage.AWARENESS] == 0


def test_a_move_within_seven_days_follows_a_click_and_a_later_one_does_not(story: Story) -> None:
    for name, after in (("soon", 7 * DAY), ("late", 7 * DAY + timedelta(milliseconds=1))):
        story.reader(name)
        story.mail(f"m-{name}", name)
        story.event(
            EventKind.MAIL_CLICK,
            NOW,
            reader_id=name,
            page="cases/metal/#steps",
            delivery_id=f"m-{name}",
            data=PERSON,
        )
        story.move(name, Stage.INTEREST, at=NOW + after, since=Stage.AWARENESS)
    story.reader("never")
    story.mail("m-never", "never")
    story.event(
        EventKind.MAIL_CLICK,
        NOW + 6 * DAY,
        reader_id="never",
        page="cases/metal/",
        delivery_id="m-never",
        data=PERSON,
    )
    assert reports.clicks_followed(story.connection, None, NOW + 8 * DAY) == [
        Followed("awareness", "thanks", None, "cases/metal/", 3, 3, moved=1, waiting=1)
    ]


def test_a_person_who_clicks_twice_is_one_and_a_move_before_the_click_is_none(
    story: Story,
) -> None:
    story.reader("taro", visitor="v1")
    story.move("taro", Stage.AWARENESS, at=NOW - DAY)
    for minutes in (0, 5):
        story.event(
            EventKind.CTA_CLICK, NOW + timedelta(minutes=minutes), visitor="v1", cta="guide-in-why"
        )
    story.event(EventKind.CTA_CLICK, visitor="nobody-known", cta="guide-in-why")
    assert reports.clicks_followed(story.connection, None, NOW + 30 * DAY) == [
        Followed(None, None, "guide-in-why", None, people=2, readers=1, moved=0, waiting=0)
    ]


@pytest.mark.parametrize(
    "data",
    [
        {"ua": "", "prefetch": ""},
        {"ua": "Mozilla/5.0", "prefetch": "prefetch"},
        {"ua": "Mozilla/5.0", "late": True},
    ],
)
def test_a_preview_and_a_late_click_are_nobodys(story: Story, data: dict[str, object]) -> None:
    story.reader("taro")
    story.mail("m1", "taro")
    story.event(
        EventKind.MAIL_CLICK, reader_id="taro", page="cases/metal/", delivery_id="m1", data=data
    )
    assert reports.clicks_followed(story.connection, None, NOW) == []
    assert reports.step_figures(story.connection, None)["awareness", "thanks"].clicked == 0


def test_each_step_tells_what_became_of_its_mails(story: Story) -> None:
    states = [
        DeliveryState.PLANNED,
        DeliveryState.SENDING,
        DeliveryState.SENT,
        DeliveryState.SENT,
        DeliveryState.FAILED,
        DeliveryState.BOUNCED,
        DeliveryState.UNCERTAIN,
        DeliveryState.CANCELLED,
        DeliveryState.SKIPPED,
    ]
    for n, state in enumerate(states):
        story.reader(f"r{n}")
        story.mail(f"m{n}", f"r{n}", state)
    story.mail("old", "r2", at=NOW - 60 * DAY)
    for _ in range(2):
        story.event(EventKind.MAIL_CLICK, reader_id="r2", delivery_id="m2", data=PERSON)
    story.event(EventKind.MAIL_UNSUB, reader_id="r3", delivery_id="m3")
    figures = reports.step_figures(story.connection, NOW - 28 * DAY)["awareness", "thanks"]
    assert (figures.planned, figures.sent, figures.failed, figures.uncertain) == (2, 2, 2, 1)
    assert (figures.clicked, figures.unsubscribed) == (1, 1)
    assert reports.step_figures(story.connection, None)["awareness", "thanks"].sent == 3


def test_uncertain_mails_of_every_kind_are_told_with_their_reader(story: Story) -> None:
    story.reader("taro", name="太郎")
    story.mail("m1", "taro", DeliveryState.UNCERTAIN)
    story.mail(
        "m2",
        None,
        DeliveryState.UNCERTAIN,
        kind=MailKind.REPORT,
        recipient="boss@example.jp",
        at=NOW - DAY,
    )
    first, second = histories.uncertain(story.connection, NOW - 7 * DAY, 10)
    assert first.person is not None
    assert first.person.name == "太郎"
    assert (second.person, second.recipient) == (None, "boss@example.jp")


def test_the_newest_inquiries_come_first_with_their_first_line(story: Story) -> None:
    story.reader("taro", name="太郎")
    story.inquiry("taro", "\n  相談したいです。\n社員は25名です。", NOW)
    story.inquiry("taro", "まえの話", NOW - 40 * DAY)
    newest, _old = reports.newest_inquiries(story.connection, None, 10)
    assert newest.first_line == "相談したいです。"
    assert reports.count_inquiries(story.connection, NOW - 28 * DAY) == 1
    assert reports.count_inquiries(story.connection, None, until=NOW) == 1


@pytest.mark.parametrize("order", ["score", "new"])
def test_the_pages_of_readers_hold_each_reader_once(story: Story, order: people.Order) -> None:
    for n in range(120):
        # Three of a kind, so that pages break between readers of one score and one time.
        story.reader(f"r{n:03}", score=n // 3 / 7, at=NOW - (n // 3) * DAY)
    seen, after, pages = [], None, 0
    while True:
        page, after = people.list_readers(story.connection, order=order, after=after)
        seen += [row.person.id for row in page]
        pages += 1
        if after is None:
            break
    assert pages == 3
    assert len(seen) == len(set(seen)) == 120
    assert seen[0] == ("r117" if order == "score" else "r000")


def test_readers_are_found_by_name_company_and_address_and_by_stage(story: Story) -> None:
    story.reader("taro", name="山田 太郎", company="見本製作所", stage=Stage.TRUST)
    story.reader("jiro", name="鈴木 次郎", company="100%工業", stage=Stage.INTEREST)

    def found(words: str = "", stage: Stage | None = None) -> list[str]:
        rows, _ = people.list_readers(story.connection, words=words, stage=stage)
        assert len(rows) == people.count_readers(story.connection, words=words, stage=stage)
        return [row.person.id for row in rows]

    assert found("山田") == found("見本") == found("TARO@example") == ["taro"]
    assert found("太郎 製作所") == ["taro"]
    assert found("太郎 工業") == []
    assert found("0%") == ["jiro"]
    assert found("_") == []
    assert found(stage=Stage.TRUST) == ["taro"]
    assert found("鈴木", Stage.TRUST) == []
