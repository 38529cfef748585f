"""An issue of the newsletter from the file to the reader: once, within the caps, never to who
went out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from nurture_worker.newsletters import issuing
from nurture_worker.sweep import sweep
from tests.conftest import NOW, House
from tests.content import catalogue
from tests.more_content import NEWSLETTER, NEWSLETTER_PAGE
from tests.servers import html_of, text_of
from tests.walking import FORM, path_in, the_reader
from tracker.catalogue.issues import Issue
from tracker.catalogue.sendings import Sending
from tracker.store import issues, letters
from tracker.store.engine import reading, writing
from tracker.store.tables import deliveries, readers
from tracker.words import DeliveryState, MailKind, SkipReason

SIGN_UP = {"email": "taro@example.jp", "consent": "yes", "consent_hash": NEWSLETTER.consent.hash}
ONCE = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
AT = datetime(2026, 11, 4, 1, 0, tzinfo=UTC)
"""Wednesday, 10:00 in Tokyo, behind a holiday."""


def issue(**changes: object) -> Issue:
    return Issue.model_validate(
        {
            "id": "lines",
            "path": "site/newsletters/2026-11-04-lines.md",
            "line": 6,
            "send_at": "2026-11-04T10:00",
            "subject": "終わりの2行",
            "preview": "10分で。",
            "body": "{{ name }} 様\n\n[事例](/cases/metal.md){ .button }\n",
            **changes,
        }
    )


def publish(house: House, *made: Issue) -> None:
    known = catalogue()
    firm = known.firm.model_copy(update={"sending": Sending.model_validate({})})
    pages = (*known.pages, NEWSLETTER_PAGE)
    changed = {"firm": firm, "pages": pages, "issues": made, "scenarios": ()}
    known.model_copy(update=changed).write(house.tools.settings.catalogue_path)


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    made = make_house()
    publish(made, issue())
    return made


def sign_up(house: House, email: str = "taro@example.jp") -> None:
    house.browser().post("/newsletter", data={**SIGN_UP, "email": email, "name": "山田"})
    house.work()
    house.browser().post(path_in(house.postbox.mails[-1], "confirm"))
    house.work()


def sent(house: House) -> list[str]:
    return [str(m["To"]) for m in house.postbox.mails if m["List-Id"] == "<newsletter.example.jp>"]


def states(house: House) -> dict[str, int]:
    with reading(house.tools.engine) as connection:
        rows = connection.execute(
            select(deliveries.c.state, func.count())
            .where(deliveries.c.kind == MailKind.NEWSLETTER)
            .group_by(deliveries.c.state)
        )
        return {str(state): count for state, count in rows}


def test_an_issue_goes_out_at_its_time_once(house: House) -> None:
    sign_up(house)
    house.clock.now = AT - timedelta(seconds=1)
    house.work()
    assert sent(house) == []
    house.clock.now = AT
    house.work()
    house.work()
    assert sent(house) == ["taro@example.jp"]
    mail = house.postbox.mails[-1]
    for body in (text_of(mail), html_of(mail)):
        assert "山田 様" in body
        assert "ブラウザーで見る" in body
        assert "登録を確認くださった方へ" in body
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    house.clock.advance(days=1)
    sign_up(house, "late@example.jp")
    house.clock.advance(days=1)
    house.work()
    assert sent(house) == ["taro@example.jp"]


@ONCE
def test_its_clicks_count_and_the_way_to_the_browser_is_one(house: House) -> None:
    sign_up(house)
    house.clock.now = AT
    house.work()
    first = text_of(house.postbox.mails[-1])
    paths = [line.removeprefix("http://localhost") for line in first.split() if "/c/" in line]
    assert len(paths) == 2
    answer = house.click(paths[0])
    assert answer.location.startswith("http://localhost/newsletters/lines/?utm_medium=email&k=")
    house.work()
    with reading(house.tools.engine) as connection:
        figures = issues.figures(connection)["lines"]
    assert (figures.sent, figures.clicked) == (1, 1)


@ONCE
def test_batches_leave_nobody_out_and_nobody_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuing, "BATCH", 2)
    rows = [
        {
            "id": f"r{n:02}",
            "email": f"r{n}@example.jp",
            "email_normalised": f"r{n}@example.jp",
            "created_at": NOW,
            "confirmed_at": NOW,
            "opted_in_at": NOW,
            "wants_newsletter": n != 3,
        }
        for n in range(7)
    ]
    with writing(house.tools.engine) as connection:
        connection.execute(readers.insert(), rows)
    house.clock.now = AT
    assert issuing.plan_issues(house.tools) == 6
    assert issuing.plan_issues(house.tools) == 0
    assert states(house) == {"planned": 6}


@ONCE
def test_a_file_edited_after_sending_began_brings_nobody_a_second_mail(house: House) -> None:
    sign_up(house)
    house.clock.now = AT
    house.work()
    publish(house, issue(subject="直した件名", send_at="2026-11-05T10:00"))
    house.clock.advance(days=1)
    house.work()
    assert len(sent(house)) == 1


@ONCE
def test_a_file_given_another_name_is_not_sent_again(house: House) -> None:
    sign_up(house)
    house.clock.now = AT
    house.work()
    publish(house, issue(id="other", path="site/newsletters/2026-11-04-other.md"))
    house.clock.advance(days=1)
    house.work()
    assert len(sent(house)) == 1


@ONCE
def test_an_issue_published_long_after_its_day_is_not_begun(house: House) -> None:
    sign_up(house)
    house.clock.now = AT + timedelta(days=3, seconds=1)
    house.work()
    assert states(house) == {}


@ONCE
def test_who_goes_out_inquires_or_switches_off_gets_none_of_what_is_planned(house: House) -> None:
    sign_up(house)
    for name in ("b", "c", "d"):
        sign_up(house, f"{name}@example.jp")
    house.clock.now = AT + timedelta(hours=9)  # 19:00: planned for tomorrow morning
    house.work()
    assert states(house) == {"planned": 4}
    house.browser().post("/inquiries", data={**FORM, "email": "b@example.jp", "message": "相談"})
    with writing(house.tools.engine) as connection:
        connection.execute(
            update(readers).where(readers.c.email == "c@example.jp").values(wants_newsletter=False)
        )
        connection.execute(
            update(readers).where(readers.c.email == "d@example.jp").values(unsubscribed_at=NOW)
        )
    house.work()
    house.clock.advance(hours=15)
    house.work()
    assert sent(house) == ["taro@example.jp"]
    assert states(house) == {"sent": 1, "cancelled": 3}


@ONCE
def test_an_issue_shares_the_most_a_reader_gets(house: House) -> None:
    sign_up(house)
    publish(house, issue(), issue(id="second", body="別の文\n"), issue(id="third", body="三つめ\n"))
    house.clock.now = AT
    house.work()
    assert len(sent(house)) == 1
    house.clock.advance(days=1)
    house.work()
    assert len(sent(house)) == 2
    house.clock.advance(days=1)
    house.work()
    assert len(sent(house)) == 3


@ONCE
def test_who_has_no_room_for_three_days_does_not_get_it_late(house: House) -> None:
    sign_up(house)
    publish(house, *(issue(id=f"n{n}", body=f"{n}通め\n") for n in range(4)))
    house.clock.now = AT
    for _ in range(8):
        house.work()
        house.clock.advance(days=1)
    assert len(sent(house)) == 3
    with reading(house.tools.engine) as connection:
        skipped = connection.execute(
            select(deliveries.c.reason).where(deliveries.c.state == DeliveryState.SKIPPED)
        ).scalars()
        assert list(skipped) == [SkipReason.LATE]


@ONCE
def test_what_was_sent_is_kept_and_goes_with_its_reader(house: House) -> None:
    from tracker.store import dossier

    sign_up(house)
    house.clock.now = AT
    house.work()
    reader = the_reader(house)
    with reading(house.tools.engine) as connection:
        (delivery,) = connection.execute(
            select(deliveries.c.id).where(deliveries.c.kind == MailKind.NEWSLETTER)
        ).scalars()
        kept = letters.get(connection, delivery)
        told = dossier.export(connection, reader.id)["letters"]
        assert len(told) == 2
        assert all("山田" in str(letter["own"]) for letter in told)
    assert kept is not None
    assert kept.source == "site/newsletters/2026-11-04-lines.md"
    assert kept.catalogue == house.tools.catalogue.hash
    assert kept.values["name"] == "山田"
    assert "山田" not in kept.html + kept.text
    assert "/c/" not in kept.html
    assert kept.targets == ("cases/metal/", "newsletters/lines/")
    with writing(house.tools.engine) as connection:
        dossier.erase(connection, reader.id, house.clock())
        assert letters.get(connection, delivery) is None


def test_a_sweep_without_issues_asks_little(house: House) -> None:
    publish(house)
    sweep(house.tools)
    with reading(house.tools.engine) as connection:
        assert issues.all_begun(connection) == {}
        assert issues.figures(connection) == {}
