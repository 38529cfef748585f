"""Verdicts in the house: made, revised when evidence comes, made anew by version; scores follow."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from nurture_worker.readers import settling
from nurture_worker.readers.digest import digest
from nurture_worker.readers.settling import settle
from nurture_worker.upkeep import dossiers
from tests.clicks.traces import CHROME, MAC_SAFARI
from tests.conftest import NOW, House
from tests.desk.story import Story
from tests.servers import html_of, text_of
from tests.walking import AGREED, FORM, become_a_reader, path_in, the_reader
from tracker.store import events as log
from tracker.store import readers
from tracker.store.engine import reading, writing
from tracker.store.tables import events, score_entries, verdicts, visitors
from tracker.words import EventKind, Verdict

OFFICE, ELSEWHERE = "192.0.2.0/24", "198.51.100.0/24"
BARE = {"User-Agent": CHROME}
WHOLE = {
    "User-Agent": CHROME,
    "Accept-Language": "ja",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}


def told(ua: str = CHROME, language: str = "ja", network: str = OFFICE, **more: Any) -> Any:
    fetch = {"mode": "navigate"} if language else {}
    return {
        "place": 0,
        "method": "GET",
        "ua": ua,
        "network": network,
        "language": language,
        "secure": True,
        "fetch": fetch,
        "prefetch": "",
        **more,
    }


def come(
    house: House, mail: str, reader_id: str, after: float, data: Any, page: str = "articles/why/"
) -> str:
    """A hit on ``mail``, so many seconds after it was sent, as the fold leaves it."""
    row = dict.fromkeys(("visitor", "view", "section", "cta", "gate"))
    row |= {
        "id": uuid4().hex,
        "at": NOW + timedelta(seconds=after),
        "kind": EventKind.MAIL_CLICK,
        "reader_id": reader_id,
        "page": page,
        "delivery_id": mail,
        "data": data,
    }
    with writing(house.tools.engine) as connection:
        log.append(connection, [row])
    return str(row["id"])


def readers_with_mails(house: House, count: int, at: datetime = NOW) -> list[tuple[str, str]]:
    """So many readers, each with a mail sent at ``at``."""
    with writing(house.tools.engine) as connection:
        story = Story(connection)
        return [
            (story.mail(f"mail-{k}", story.reader(f"reader-{k}"), at=at), f"reader-{k}")
            for k in range(count)
        ]


def held(house: House) -> dict[str, Verdict]:
    with reading(house.tools.engine) as connection:
        rows = connection.execute(select(verdicts.c.event_id, verdicts.c.verdict)).all()
    return {row.event_id: Verdict(row.verdict) for row in rows}


def score_of(house: House, reader_id: str) -> float:
    with reading(house.tools.engine) as connection:
        found = readers.get(connection, reader_id)
        points = connection.execute(
            select(func.sum(score_entries.c.points)).where(score_entries.c.reader_id == reader_id)
        ).scalar()
    assert found is not None
    return float(points or 0)


def test_hits_on_other_readers_mails_revise_a_verdict(house: House) -> None:
    mails = readers_with_mails(house, 6)
    house.clock.advance(minutes=10)
    gateway = told(language="en-US", network=ELSEWHERE)
    first = come(house, *mails[0], 90, gateway)
    person = come(house, *mails[0], 300, told())
    settle(house.tools)
    assert held(house) == {first: Verdict.UNSURE, person: Verdict.HUMAN}
    more = [come(house, *mail, 95 + 3 * k, gateway) for k, mail in enumerate(mails[1:])]
    settle(house.tools)
    assert held(house) == {
        person: Verdict.HUMAN,
        **dict.fromkeys([first, *more], Verdict.MACHINE),
    }
    assert settle(house.tools) == 0


def test_colleagues_who_read_their_newsletters_at_nine_are_people(house: House) -> None:
    mails = readers_with_mails(house, 8)
    house.clock.advance(hours=2)
    clicks = [come(house, *mail, 3600 + 6 * k, told()) for k, mail in enumerate(mails)]
    settle(house.tools)
    assert held(house) == dict.fromkeys(clicks, Verdict.HUMAN)
    assert all(score_of(house, reader_id) == 5 for _, reader_id in mails)


def test_a_sibling_that_comes_later_takes_the_points_back(house: House) -> None:
    ((mail, reader_id),) = readers_with_mails(house, 1)
    house.clock.advance(hours=2)
    first = come(house, mail, reader_id, 3600, told())
    settle(house.tools)
    assert (held(house)[first], score_of(house, reader_id)) == (Verdict.HUMAN, 5)
    for k in range(1, 7):
        come(house, mail, reader_id, 3600 + k, told(place=k))
    settle(house.tools)
    assert held(house)[first] is not Verdict.HUMAN
    assert score_of(house, reader_id) == 0


def test_many_hits_of_one_person_on_one_link_score_once(house: House) -> None:
    ((mail, reader_id),) = readers_with_mails(house, 1)
    house.clock.advance(hours=2)
    for k in range(3):
        come(house, mail, reader_id, 3600 + 500 * k, told())
    settle(house.tools)
    assert list(held(house).values()) == [Verdict.HUMAN] * 3
    assert score_of(house, reader_id) == 5


def test_a_click_after_the_links_time_scores_nothing(house: House) -> None:
    ((mail, reader_id),) = readers_with_mails(house, 1)
    house.clock.advance(days=400)
    late = come(house, mail, reader_id, 399 * 86_400, told(late=True))
    settle(house.tools)
    assert held(house)[late] is Verdict.HUMAN
    assert score_of(house, reader_id) == 0


def test_who_was_handed_the_mail_adds_nothing_to_its_readers_score(house: House) -> None:
    ((mail, reader_id),) = readers_with_mails(house, 1)
    house.clock.advance(hours=9)
    come(house, mail, reader_id, 3600, told())
    handed_on = come(house, mail, reader_id, 9000, told(MAC_SAFARI, network=ELSEWHERE), "inquiry/")
    settle(house.tools)
    assert set(held(house).values()) == {Verdict.HUMAN}
    assert score_of(house, reader_id) == 5
    with reading(house.tools.engine) as connection:
        clicks = {event.id: event.data for event in log.of_reader(connection, reader_id)}
        assert connection.execute(select(func.count()).select_from(visitors)).scalar() == 0
    assert [name for name, _ in (clicks[handed_on] or {})["forwarded"]] == ["other-device"]


def test_new_rules_make_all_verdicts_anew_and_scores_follow(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "BATCH", 2)
    mails = readers_with_mails(house, 5)
    house.clock.advance(hours=2)
    people = [come(house, *mail, 3600 + 70 * k, told()) for k, mail in enumerate(mails[:3])]
    bots = [come(house, *mail, 3, told("curl/8.5.0", "")) for mail in mails[3:]]
    settle(house.tools)
    right = held(house)
    assert right == {
        **dict.fromkeys(people, Verdict.HUMAN),
        **dict.fromkeys(bots, Verdict.MACHINE),
    }
    with writing(house.tools.engine) as connection:  # as other rules had judged
        for hits, verdict in ((people, Verdict.MACHINE), (bots, Verdict.HUMAN)):
            connection.execute(
                update(verdicts)
                .where(verdicts.c.event_id.in_(hits))
                .values(verdict=verdict, rules_version=1)
            )
        for _, reader_id in mails:
            settling.follow(house.tools, connection, reader_id, house.clock())
    assert [score_of(house, reader_id) for _, reader_id in mails] == [0, 0, 0, 5, 5]
    assert settle(house.tools) == 5
    assert held(house) == right
    assert [score_of(house, reader_id) for _, reader_id in mails] == [5, 5, 5, 0, 0]
    assert settle(house.tools) == 0


def become_a_consenting_reader(house: House) -> Any:
    """A reader whose browser is known to be theirs; the first step has come. Their browser."""
    browser = house.browser()
    seen = {"pv": "a" * 32, "page": "articles/why/", "events": [{"n": 0, "e": "page_view"}]}
    assert browser.post("/e", json=seen).status_code == 204
    browser.post("/gates/guide", data={**FORM, **AGREED})
    house.work()
    browser.post(path_in(house.postbox.mails[-1], "confirm"))
    house.work()
    house.clock.advance(days=1)
    house.work()
    return browser


def follow_link(house: House, headers: dict[str, str]) -> TestResponse:
    house.clock.advance(minutes=20)
    answer = house.browser().get(path_in(house.postbox.mails[-1], "c"), headers=headers)
    house.clock.advance(seconds=20)
    return answer


def land(house: House, browser: Any, answer: TestResponse) -> str:
    """The landing page opens in ``browser`` and is read; the hit's id."""
    found = re.fullmatch(
        r"http://localhost/(.*)\?utm_medium=email&k=([0-9a-f]{32})", answer.location
    )
    assert found
    end = {"n": 1, "e": "page_end", "active_ms": 9000, "dwell_ms": 9500, "done": False}
    seen = [{"n": 0, "e": "page_view", "ref": "mail"}, end]
    beacon = {"pv": found[2], "page": found[1], "events": seen}
    assert browser.post("/e", json=beacon).status_code == 204
    return found[2]


def test_what_the_readers_own_browser_shows_of_the_landing_page_makes_a_click_theirs(
    house: House,
) -> None:
    browser = become_a_consenting_reader(house)
    answer = follow_link(house, BARE)
    house.work()
    before = score_of(house, the_reader(house).id)
    hit_id = land(house, browser, answer)
    assert held(house)[hit_id] is Verdict.MACHINE
    house.work()
    assert held(house)[hit_id] is Verdict.HUMAN
    assert score_of(house, the_reader(house).id) >= before + 5
    again = land(house, house.browser(), answer)
    house.work()
    assert held(house)[again] is Verdict.HUMAN
    with reading(house.tools.engine) as connection:
        views = connection.execute(select(events.c.id).where(events.c.view == hit_id)).scalars()
        assert sorted(views) == [f"{hit_id}:0", f"{hit_id}:1"], "a key serves once"


def test_a_strangers_browser_on_the_landing_page_becomes_nobodys(house: House) -> None:
    become_a_consenting_reader(house)
    reader_id = the_reader(house).id
    with reading(house.tools.engine) as connection:
        known = set(connection.execute(select(visitors.c.visitor)).scalars())
    hit_id = land(house, house.browser(), follow_link(house, WHOLE))
    house.work()
    assert held(house)[hit_id] is Verdict.HUMAN
    with reading(house.tools.engine) as connection:
        assert set(connection.execute(select(visitors.c.visitor)).scalars()) == known
        assert hit_id not in {event.view for event in log.of_reader(connection, reader_id)}


def test_the_mails_of_an_erased_reader_lead_on_and_nothing_is_kept_of_it(house: House) -> None:
    become_a_consenting_reader(house)
    reader_id = the_reader(house).id
    follow_link(house, WHOLE)
    house.work()
    before = held(house)
    dossiers.erase(house.tools, "taro@example.jp")
    assert follow_link(house, WHOLE).status_code == 302
    digest(house.tools)
    house.work()
    with writing(house.tools.engine) as connection:
        clicks = connection.execute(
            select(events.c.data).where(events.c.kind == EventKind.MAIL_CLICK)
        ).scalars()
        assert [set(data) for data in clicks] == [{"place", "method"}]
        assert connection.execute(select(verdicts.c.agent)).scalars().all() == [None]
        connection.execute(update(verdicts).values(rules_version=1))
    settle(house.tools)
    assert held(house) == before, "nothing is left to judge them by"
    assert score_of(house, reader_id) >= 0


def test_no_answer_tells_what_a_hit_is_held_for(house: House) -> None:
    become_a_consenting_reader(house)
    path = path_in(house.postbox.mails[-1], "c")
    answers = set()
    for headers in (
        WHOLE,
        BARE,
        {"User-Agent": "curl/8.5.0"},
        {**WHOLE, "Sec-Purpose": "prefetch"},
    ):
        answer = house.browser().get(path, headers=headers)
        told = {name: value for name, value in answer.headers.items() if name != "Location"}
        landing = answer.location.partition("&k=")[0]
        answers.add((answer.status_code, answer.data, landing, tuple(sorted(told.items()))))
    assert len(answers) == 1


def test_who_follows_the_link_that_nobody_sees_counts_nowhere(
    make_house: Callable[..., House],
) -> None:
    house = make_house(trap_link=True)
    become_a_reader(house)
    assert "trap" not in html_of(house.postbox.mails[0])  # what was ordered has none
    house.clock.advance(days=1)
    house.work()
    mail = house.postbox.mails[-1]
    first = re.search(r"<a [^>]*>(</a>)?", html_of(mail))
    assert first
    assert {'aria-hidden="true"', 'tabindex="-1"', "</a>"} <= set(
        re.findall(r'aria-hidden="true"|tabindex="-1"|display: none|</a>', first[0])
    )
    trap = re.search(r'href="http://localhost(/c/[^"]+)"', first[0])
    assert trap
    assert trap[1] not in text_of(mail)
    before = the_reader(house).score
    house.clock.advance(hours=2)
    for path in (trap[1], path_in(mail, "c")):
        answer = house.browser().get(path, headers=WHOLE)
        assert answer.status_code == 302
    house.clock.advance(minutes=1)
    house.work()
    assert the_reader(house).score <= before
    with reading(house.tools.engine) as connection:
        held = connection.execute(select(verdicts.c.verdict)).scalars().all()
    assert held == [Verdict.MACHINE, Verdict.MACHINE]


def test_without_the_operators_word_there_is_no_such_link(house: House) -> None:
    become_a_reader(house)
    house.clock.advance(days=1)
    house.work()
    assert "aria-hidden" not in html_of(house.postbox.mails[-1])
