"""What readers did, counted: the figures a diagnosis starts from. Pure.

Facts come one by one in the exchange format ``lead-events/1``, from a file or from the event log,
in any order and as often as they like: the counts are the same.
"""

import math
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Any

MACHINE_VIEWS = 15
MACHINE_WITHIN_MS = 30 * 60_000
MACHINE_ACTIVE_MS = 1000
SESSION_GAP_MS = 30 * 60_000
MOST_SECTIONS = 500
_LONGEST_ID = 300


class FactError(ValueError):
    """A fact that cannot be read; the message says what is wrong with it, in Japanese."""


@dataclass(frozen=True)
class CtaCounts:
    """Views in which a CTA was seen, and clicked (a click is a sight as well).

    ``arrived`` is how many of those clicks reached the page or form behind it; ``inside`` how many
    came from views that were themselves reached from another page of the site.
    """

    seen: int = 0
    clicked: int = 0
    arrived: int = 0
    inside: int = 0


@dataclass(frozen=True)
class FormCounts:
    """How a form was filled in, by those who were shown it.

    ``stopped`` tells of those who did not send it how many fields each had filled, as the names of
    the filled ones. ``leads`` are people whose first form this was; ``inquirers`` those of them
    who inquired.
    """

    opened: int = 0
    sent: int = 0
    leads: int = 0
    inquirers: int = 0
    stopped: Mapping[tuple[str, ...], int] = field(default_factory=dict)


@dataclass(frozen=True)
class PageCounts:
    """The views of one page by how they ended.

    ``done`` went past the last section; ``went_on`` of those followed a link inside the site. The
    others are counted by the deepest section they reached: ``left`` there (``left_on`` of all
    those by a link); ``took`` a CTA there, which is no departure; ``lost`` from sight there, their
    end unknown (censored). All three lists are of one length. ``inside`` is how many views came
    from another page of the site.
    """

    page: str
    views: int
    done: int
    left: tuple[int, ...]
    took: tuple[int, ...]
    lost: tuple[int, ...]
    active_ms: int | None = None
    """The median of the views whose end was recorded."""
    ctas: dict[str, CtaCounts] = field(default_factory=dict)
    went_on: int = 0
    left_on: int = 0
    inside: int = 0

    @property
    def known(self) -> int:
        """Views whose course is known to the end."""
        return self.views - sum(self.lost)


@dataclass(frozen=True)
class Counts:
    """A period's figures, without the automated visits (``machines`` is how many of those)."""

    pages: dict[str, PageCounts]
    visitors: int
    machines: int
    inquiries: int
    sessions: int = 0
    forms: dict[str, FormCounts] = field(default_factory=dict)

    @property
    def views(self) -> int:
        return sum(page.views for page in self.pages.values())


class _View:
    """One viewing of one page, as far as its facts have come."""

    __slots__ = (
        "active",
        "at",
        "clicked",
        "done",
        "ended",
        "inside",
        "link",
        "page",
        "reached",
        "seen",
        "session",
        "visitor",
    )

    def __init__(self) -> None:
        self.page: str | None = None
        self.session: str | None = None
        self.visitor: str | None = None
        self.at = 0
        self.reached = 0
        self.active: int | None = None
        self.ended = self.done = self.inside = self.link = False
        self.seen: tuple[str, ...] = ()
        self.clicked: tuple[tuple[str, int], ...] = ()


class Tally:
    """Counts facts of the period from ``since_ms`` to before ``until_ms`` (ms since 1970, UTC).

    What came of the period's forms is followed on to ``follow_ms``. ``targets`` says of a CTA which
    page it leads to, ``moved`` of an address that pages had before which they have now.
    ``by_visitor`` is for facts without sessions and links of their own: a session is then a visitor's
    views with no pause of 30 minutes, and a link was followed where the next view came from inside.
    """

    def __init__(
        self,
        since_ms: int,
        until_ms: int,
        follow_ms: int | None = None,
        *,
        targets: Mapping[str, str] | None = None,
        moved: Mapping[str, str] | None = None,
        by_visitor: bool = False,
    ) -> None:
        self._since, self._until = since_ms, until_ms
        self._follow = max(until_ms, follow_ms or until_ms)
        self._targets = targets or {}
        self._moved = moved or {}
        self._by_visitor = by_visitor
        self._views: dict[str, _View] = {}
        self._names: dict[str, str] = {}
        self._opened: dict[str, tuple[str | None, str, str | None]] = {}
        self._filled: dict[tuple[str | None, str], set[str]] = {}
        self._sent: dict[str, tuple[str | None, str, str | None, int]] = {}
        self._inquired: set[str] = set()
        self.unknown_kinds = 0
        self.out_of_period = 0

    def add(self, fact: Mapping[str, Any]) -> None:
        """Take one fact. Raises ``FactError`` and changes nothing if it cannot be read."""
        kind = fact.get("e")
        if kind == "section":
            section = fact.get("i")
            if type(section) is not int or section < 0:
                raise FactError("i（見出しの番号）が0以上の整数ではありません")
            view = self._view(fact)
            if section > view.reached:
                view.reached = min(section, MOST_SECTIONS)
        elif kind == "page_view":
            self._begin(fact)
        elif kind == "page_end":
            self._end(fact)
        elif kind == "cta_seen":
            cta = self._name(fact, "cta")
            view = self._view(fact)
            if cta not in view.seen:
                view.seen = (*view.seen, cta)
        elif kind == "link_click":
            self._view(fact).link = True
        elif kind == "gate_field":
            gate, name = self._name(fact, "gate"), self._name(fact, "field")
            if self._is_within(fact):
                self._filled.setdefault((self._session(fact), gate), set()).add(name)
        elif kind == "cta_click":
            at, cta = self._time(fact), self._name(fact, "cta")
            view = self._view(fact)
            earlier = dict(view.clicked)
            earlier[cta] = min(at, earlier.get(cta, at))
            view.clicked = tuple(earlier.items())
        elif kind == "gate_open":
            gate, by = self._name(fact, "gate"), fact.get("cta")
            if self._is_within(fact):
                opened = (self._session(fact), gate, self._intern(by) if by else None)
                self._opened[self._key(fact)] = opened
        elif kind == "gate_submit":
            gate, lead = self._name(fact, "gate"), fact.get("lead")
            if self._is_within(fact):
                sent = (self._session(fact), gate, None if lead is None else str(lead))
                self._sent[self._key(fact)] = (*sent, self._time(fact))
        elif kind == "inquiry":
            lead = fact.get("lead")
            if self._since <= self._time(fact) < self._follow:
                self._inquired.add(f"?{self._key(fact)}" if lead is None else str(lead))
        elif kind is None:
            raise FactError("e（出来事の種類）がありません")
        elif not isinstance(kind, str):
            raise FactError("e（出来事の種類）が文字ではありません")
        else:
            self.unknown_kinds += 1

    def counts(self) -> Counts:
        """The figures of what has come so far."""
        views = [
            view
            for view in self._views.values()
            if view.page is not None and self._since <= view.at < self._until
        ]
        programs, machines = self._machines(views)
        people = [
            view for view in views if view.session not in programs and view.visitor not in programs
        ]
        by_session: dict[str, list[_View]] = defaultdict(list)
        for view in people:
            if view.session is not None:
                by_session[view.session].append(view)
        sessions = len(by_session) + sum(view.session is None for view in people)
        followed: set[int] = set()
        if self._by_visitor:
            sessions = 0
            for own in by_session.values():
                own.sort(key=lambda view: view.at)
                sessions += 1
                for before, after in pairwise(own):
                    sessions += after.at - before.at > SESSION_GAP_MS
                    if self._went(before, after):
                        followed.add(id(before))
        arrived = self._arrived(people, by_session, programs)
        by_page: dict[str, list[_View]] = defaultdict(list)
        for view in people:
            by_page[view.page or ""].append(view)
        return Counts(
            pages={
                page: _of_page(page, own, followed, arrived)
                for page, own in sorted(by_page.items())
            },
            visitors=len({view.visitor for view in people if view.visitor}),
            machines=machines,
            inquiries=len(self._inquired),
            sessions=sessions,
            forms=self._forms(programs),
        )

    def _begin(self, fact: Mapping[str, Any]) -> None:
        at, page = self._time(fact), self._name(fact, "page")
        session, visitor = fact.get("sid"), fact.get("vid")
        view = self._view(fact)
        page = self._moved.get(page, page)
        if not self._since <= at < self._until:
            self.out_of_period += 1
        if view.page is not None and (view.at, view.page) <= (at, page):
            return
        view.page, view.at = page, at
        view.session = None if session is None else self._intern(session)
        view.visitor = None if visitor is None else self._intern(visitor)
        view.inside = fact.get("ref") == "internal"

    def _end(self, fact: Mapping[str, Any]) -> None:
        view = self._view(fact)
        reached, active = fact.get("reached"), fact.get("active_ms")
        view.ended = True
        # Told at each leaving: each time all figures so far, so that the largest are the last.
        view.done = view.done or fact.get("done") is True
        if type(reached) is int and reached > view.reached:
            view.reached = min(reached, MOST_SECTIONS)
        if type(active) is int and active >= 0:
            view.active = active if view.active is None else max(view.active, active)

    def _view(self, fact: Mapping[str, Any]) -> _View:
        told = fact.get("pv")
        if told is None or isinstance(told, dict | list):
            raise FactError("pv（閲覧の番号）がありません")
        name = str(told)
        view = self._views.get(name)
        if view is None:
            view = self._views[name] = _View()
        return view

    def _name(self, fact: Mapping[str, Any], key: str) -> str:
        value = fact.get(key)
        if not isinstance(value, str) or len(value) > _LONGEST_ID:
            raise FactError(f"{key} がないか、文字ではありません")
        return self._intern(value)

    def _intern(self, value: object) -> str:
        text = str(value)
        return self._names.setdefault(text, text)

    def _time(self, fact: Mapping[str, Any]) -> int:
        at = fact.get("ts")
        if type(at) is not int:
            raise FactError("ts（1970年からのミリ秒）が整数ではありません")
        return at

    def _is_within(self, fact: Mapping[str, Any]) -> bool:
        within = self._since <= self._time(fact) < self._until
        self.out_of_period += not within
        return within

    def _session(self, fact: Mapping[str, Any]) -> str | None:
        session = fact.get("sid")
        return None if session is None else self._intern(session)

    def _key(self, fact: Mapping[str, Any]) -> str:
        own_id = fact.get("id")
        return str(sorted(fact.items(), key=str)) if own_id is None else str(own_id)

    def _machines(self, views: Sequence[_View]) -> tuple[set[str | None], int]:
        """Sessions and visitors that are programs: 15 page views or more in one session, or by one
        visitor within 30 minutes, with a median of less than a second of attention (or none
        recorded at all). And how many visits that makes."""
        found: set[str | None] = set()
        sessions: dict[str, list[_View]] = defaultdict(list)
        visitors: dict[str, list[_View]] = defaultdict(list)
        for view in views:
            if view.session is not None and not self._by_visitor:
                sessions[view.session].append(view)
            if view.visitor is not None:
                visitors[view.visitor].append(view)
        for session, own in sessions.items():
            if len(own) >= MACHINE_VIEWS and _inattentive(own):
                found.add(session)
        count = len(found)
        for visitor, own in visitors.items():
            if len(own) >= MACHINE_VIEWS and _rushes(sorted(own, key=lambda view: view.at)):
                count += not any(view.session in found for view in own)
                found.add(visitor)
                found.update(view.session for view in own if view.session is not None)
        return found, count

    def _went(self, before: _View, after: _View) -> bool:
        """Whether ``after`` was reached by a link of ``before`` that is no CTA of it."""
        return (
            after.inside
            and after.at - before.at <= SESSION_GAP_MS
            and all(self._targets.get(cta) != after.page for cta, _ in before.clicked)
        )

    def _arrived(
        self,
        people: Sequence[_View],
        by_session: Mapping[str, Sequence[_View]],
        programs: set[str | None],
    ) -> dict[str, int]:
        """Of each CTA, the clicks that reached what is behind it."""
        found: dict[str, int] = defaultdict(int)
        for session, _gate, cta in self._opened.values():
            if cta is not None and session not in programs:
                found[cta] += 1
        if not self._targets:
            return found
        seen_at: dict[tuple[str, str], array[int]] = {}
        for session, views in by_session.items():
            for view in views:
                seen_at.setdefault((session, view.page or ""), array("q")).append(view.at)
        sorted_at = {key: sorted(times) for key, times in seen_at.items()}
        reached: dict[str, int] = defaultdict(int)
        for view in people:
            for cta, at in view.clicked:
                target = self._targets.get(cta)
                if target is None or view.session is None:
                    continue
                times = sorted_at.get((view.session, target), [])
                # The click is often told with the page's end, and so a little after the arrival.
                place = bisect_left(times, view.at)
                reached[cta] += place < len(times) and times[place] - at <= SESSION_GAP_MS
        return {**found, **reached}

    def _forms(self, programs: set[str | None]) -> dict[str, FormCounts]:
        opened: dict[str, int] = defaultdict(int)
        sent: dict[str, int] = defaultdict(int)
        stopped: dict[str, dict[tuple[str, ...], int]] = defaultdict(dict)
        first: dict[str, tuple[int, str]] = {}
        senders = set()
        for session, gate, lead, at in self._sent.values():
            if session is None or session not in programs:
                senders.add((session, gate))
                if lead is not None:
                    first[lead] = min(first.get(lead, (at, gate)), (at, gate))
        shown = set()
        for session, gate, _cta in self._opened.values():
            if session is None or session not in programs:
                opened[gate] += 1
                shown.add((session, gate))
        for session, gate, _lead, _at in self._sent.values():
            # Who agreed to no record was never seen to open the form.
            if session is not None and (session, gate) in shown:
                sent[gate] += 1
        for session, gate in shown - senders:
            filled = tuple(sorted(self._filled.get((session, gate), ())))
            stopped[gate][filled] = stopped[gate].get(filled, 0) + 1
        leads: dict[str, list[str]] = defaultdict(list)
        for lead, (_, gate) in first.items():
            leads[gate].append(lead)
        return {
            gate: FormCounts(
                opened=opened[gate],
                sent=min(sent[gate], opened[gate]),
                leads=len(leads[gate]),
                inquirers=sum(lead in self._inquired for lead in leads[gate]),
                stopped=dict(sorted(stopped[gate].items())),
            )
            for gate in sorted({*opened, *leads})
        }


def _inattentive(views: Sequence[_View]) -> bool:
    active = [view.active for view in views if view.active is not None]
    return not active or median(active) < MACHINE_ACTIVE_MS


def _rushes(views: Sequence[_View]) -> bool:
    begin = 0
    for end, view in enumerate(views):
        while view.at - views[begin].at > MACHINE_WITHIN_MS:
            begin += 1
        if end - begin + 1 >= MACHINE_VIEWS and _inattentive(views[begin : end + 1]):
            return True
    return False


def _of_page(
    page: str, views: Sequence[_View], followed: set[int], arrived: Mapping[str, int]
) -> PageCounts:
    length = max(view.reached for view in views) + 1
    left, took, lost = [0] * length, [0] * length, [0] * length
    done = went_on = left_on = inside = 0
    figures: dict[str, list[int]] = {}
    for view in views:
        link = view.link or id(view) in followed
        inside += view.inside
        if view.ended and view.done:
            done += 1
            went_on += link
        elif view.clicked:
            took[view.reached] += 1
        elif view.ended:
            left[view.reached] += 1
            left_on += link
        else:
            lost[view.reached] += 1
        clicked = {cta for cta, _ in view.clicked}
        for cta in {*view.seen, *clicked}:
            own = figures.setdefault(cta, [0, 0, 0])
            own[0] += 1
            if cta in clicked:
                own[1] += 1
                own[2] += view.inside
    active = [view.active for view in views if view.ended and view.active is not None]
    return PageCounts(
        page=page,
        views=len(views),
        done=done,
        left=tuple(left),
        took=tuple(took),
        lost=tuple(lost),
        active_ms=math.floor(median(active) + 0.5) if active else None,
        ctas={
            cta: CtaCounts(seen, clicked, min(arrived.get(cta, 0), clicked), inside_clicked)
            for cta, (seen, clicked, inside_clicked) in sorted(figures.items())
        },
        went_on=went_on,
        left_on=left_on,
        inside=inside,
    )
