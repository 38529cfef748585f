"""Whether a step's condition holds for a reader. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tracker.catalogue.conditions import ANY, THIS, Condition, split_click
from tracker.clicks.counting import counts_for_reader
from tracker.events import Event
from tracker.words import EventKind, FormOf, Stage


@dataclass(frozen=True)
class Facts:
    """What a condition asks about one reader, at one moment.

    ``clicked`` are the links of the scenario's own mails that the reader followed: the step, and
    the address below the site's root (without its fragment) or the whole URL.
    """

    clicked: frozenset[tuple[str, str]] = frozenset()
    downloaded: frozenset[str] = frozenset()
    score: float = 0
    persona: str | None = None
    stage: Stage | None = None
    attended: frozenset[str] = frozenset()
    seminar: str | None = None


UrlOf = Callable[[str], str | None]
"""The address below the site's root of an editor's link; ``None`` for a page that is gone."""


def holds(when: Condition, facts: Facts, url_of: UrlOf) -> bool:
    """Whether all that ``when`` names is so."""
    told = [
        not when.clicked or _clicked(when.clicked, facts, url_of),
        not when.not_clicked or not _clicked(when.not_clicked, facts, url_of),
        not when.downloaded or when.downloaded in facts.downloaded,
        not when.not_downloaded or when.not_downloaded not in facts.downloaded,
        when.score is None or facts.score >= when.score,
        not when.persona or when.persona == facts.persona,
        not when.stages or facts.stage in when.stages,
        not when.attended or _attended(when.attended, facts),
        not when.not_attended or not _attended(when.not_attended, facts),
    ]
    return all(told)


def _clicked(words: str, facts: Facts, url_of: UrlOf) -> bool:
    step, link = split_click(words)
    if link is None:
        return any(name == step for name, _ in facts.clicked)
    target = link if "://" in link else url_of(link)
    return target is not None and (step, target.partition("#")[0]) in facts.clicked


def _attended(name: str, facts: Facts) -> bool:
    if name == ANY:
        return bool(facts.attended)
    return (facts.seminar if name == THIS else name) in facts.attended


@dataclass(frozen=True)
class Doings:
    """What a reader's events say of the facts that do not lie in another's hands."""

    clicked: frozenset[tuple[str, str]]
    downloaded: frozenset[str]
    attended: frozenset[str]
    opened: tuple[str, ...] = field(default=())


def doings(events: Sequence[Event], step_of: Mapping[str, str]) -> Doings:
    """``step_of`` names the step that each of the scenario's own deliveries was."""
    clicked, downloaded, attended, opened = set(), set(), set(), []
    for event in events:
        match event.kind:
            case EventKind.MAIL_CLICK if counts_for_reader(event.data):
                step = step_of.get(event.delivery_id or "")
                if step is not None and event.page is not None:
                    clicked.add((step, event.page))
            case EventKind.GATE_DOWNLOAD if event.gate:
                downloaded.add(event.gate)
            case EventKind.SEMINAR_ATTEND:
                if seminar := FormOf.SEMINAR.id_in(event.gate):
                    attended.add(seminar)
            case EventKind.PAGE_VIEW if event.page is not None:
                opened.append(event.page)
    return Doings(frozenset(clicked), frozenset(downloaded), frozenset(attended), tuple(opened))
