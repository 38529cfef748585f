"""What was read, counted page by page: the figures a diagnosis starts from. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

MACHINE_VIEWS = 15
MACHINE_WITHIN = timedelta(minutes=30)
MACHINE_ACTIVE_MS = 1000


@dataclass(frozen=True)
class View:
    """One viewing of one page. ``reached`` is the deepest section that came into view (0: none).

    ``ended`` says that its end was recorded: only then are ``done`` (the last section was passed)
    and ``active_ms`` known. ``clicked`` says that a CTA was clicked in it.
    """

    id: str
    page: str
    visitor: str | None
    at: datetime
    reached: int
    ended: bool
    done: bool
    clicked: bool
    active_ms: int | None


@dataclass(frozen=True)
class CtaCounts:
    """Views in which a CTA was seen, and clicked. A click is a sight as well."""

    seen: int = 0
    clicked: int = 0


@dataclass(frozen=True)
class PageCounts:
    """The views of one page by how they ended.

    ``done`` went past the last section. The others are counted by the deepest section they
    reached: ``left`` there; ``took`` a CTA there, which is no departure; ``lost`` from sight
    there, their end unknown (censored). All three lists are of one length.
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

    @property
    def known(self) -> int:
        """Views whose course is known to the end."""
        return self.views - sum(self.lost)


@dataclass(frozen=True)
class Counts:
    """A period's figures, without the automated visitors (``machines`` is how many those were)."""

    pages: dict[str, PageCounts]
    visitors: int
    machines: int
    inquiries: int

    @property
    def views(self) -> int:
        return sum(page.views for page in self.pages.values())


def machines(views: Iterable[View]) -> set[str]:
    """The visitors who are programs: 15 page views or more within 30 minutes, with a median of
    less than a second of attention (or none recorded at all)."""
    by_visitor: dict[str, list[View]] = defaultdict(list)
    for view in views:
        if view.visitor is not None:
            by_visitor[view.visitor].append(view)
    return {
        visitor
        for visitor, own in by_visitor.items()
        if len(own) >= MACHINE_VIEWS and _is_machine(sorted(own, key=lambda v: v.at))
    }


def _is_machine(views: Sequence[View]) -> bool:
    begin = 0
    for end, view in enumerate(views):
        while view.at - views[begin].at > MACHINE_WITHIN:
            begin += 1
        if end - begin + 1 >= MACHINE_VIEWS:
            active = [v.active_ms for v in views[begin : end + 1] if v.active_ms is not None]
            if not active or median(active) < MACHINE_ACTIVE_MS:
                return True
    return False


def counted(
    views: Sequence[View], cta_sights: Iterable[tuple[str, str, bool]], inquiries: int
) -> Counts:
    """Count ``views``. ``cta_sights`` are (view id, CTA id, whether it was clicked), once each."""
    programs = machines(views)
    people = [view for view in views if view.visitor not in programs]
    page_of = {view.id: view.page for view in people}
    sights: dict[str, dict[str, list[int]]] = defaultdict(dict)
    for view_id, cta, clicked in cta_sights:
        page = page_of.get(view_id)
        if page is not None:
            figures = sights[page].setdefault(cta, [0, 0])
            figures[0] += 1
            figures[1] += clicked
    by_page: dict[str, list[View]] = defaultdict(list)
    for view in people:
        by_page[view.page].append(view)
    return Counts(
        pages={
            page: _of_page(
                page,
                own,
                {cta: CtaCounts(*figures) for cta, figures in sorted(sights[page].items())},
            )
            for page, own in sorted(by_page.items())
        },
        visitors=len({view.visitor for view in people if view.visitor}),
        machines=len(programs),
        inquiries=inquiries,
    )


def _of_page(page: str, views: Sequence[View], ctas: dict[str, CtaCounts]) -> PageCounts:
    length = max(view.reached for view in views) + 1
    left, took, lost = [0] * length, [0] * length, [0] * length
    done = 0
    for view in views:
        if view.ended and view.done:
            done += 1
        elif view.clicked:
            took[view.reached] += 1
        elif view.ended:
            left[view.reached] += 1
        else:
            lost[view.reached] += 1
    active = [view.active_ms for view in views if view.ended and view.active_ms is not None]
    return PageCounts(
        page=page,
        views=len(views),
        done=done,
        left=tuple(left),
        took=tuple(took),
        lost=tuple(lost),
        active_ms=round(median(active)) if active else None,
        ctas=ctas,
    )
