"""What each page did: how it was read, and the leads, inquiries and yen it took part in; and
whether what there is to read is where readers stand. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Viewed(NamedTuple):
    """The views of one page in a period: all, those whose end is known, those that came to the
    page's end, those in which a CTA was seen, and pressed."""

    page: str
    views: int
    ended: int
    done: int
    saw: int
    clicked: int


@dataclass(frozen=True)
class Worth:
    """A page's figures. ``leads`` are readers who had read it before they gave an address,
    ``inquirers`` before they inquired, ``buyers`` and ``yen`` before they bought; each counts for
    every page read, so they do not add up over pages. ``before`` are the views of the period
    before (None: there is none)."""

    viewed: Viewed
    leads: int
    inquirers: int
    buyers: int
    yen: int
    before: int | None

    @property
    def read_through(self) -> float | None:
        """Of the views whose end is known, the part that came to the page's end."""
        return self.viewed.done / self.viewed.ended if self.viewed.ended else None

    @property
    def pressed(self) -> float | None:
        """Of the views in which a CTA was seen, the part in which one was pressed."""
        return self.viewed.clicked / self.viewed.saw if self.viewed.saw else None


@dataclass(frozen=True)
class Goals:
    """What readers came to in the period, each with the time: their address given, an inquiry, and
    orders with their yen."""

    leads: Mapping[str, int]
    inquiries: Mapping[str, int]
    orders: Mapping[str, tuple[tuple[int, int], ...]]


def worths(
    viewed: Iterable[Viewed],
    before: Mapping[str, int] | None,
    reads: Mapping[str, Mapping[str, int]],
    goals: Goals,
) -> list[Worth]:
    """Page by page, the most viewed first. ``reads`` says of each reader when they first read
    which page."""
    leads: Counter[str] = Counter()
    inquirers: Counter[str] = Counter()
    buyers: Counter[str] = Counter()
    yen: Counter[str] = Counter()
    for reader, own in reads.items():
        became = goals.leads.get(reader)
        inquired = goals.inquiries.get(reader)
        orders = goals.orders.get(reader, ())
        if became is None and inquired is None and not orders:
            continue
        for page, at in own.items():
            leads[page] += became is not None and at <= became
            inquirers[page] += inquired is not None and at <= inquired
            won = [amount for when, amount in orders if at <= when]
            buyers[page] += bool(won)
            yen[page] += sum(won)
    seen = {v.page: v for v in viewed}
    others = {p for count in (leads, inquirers, buyers) for p in count if count[p]} - seen.keys()
    rows = [*seen.values(), *(Viewed(page, 0, 0, 0, 0, 0) for page in others)]
    found = [
        Worth(
            row, leads[row.page], inquirers[row.page], buyers[row.page], yen[row.page],
            None if before is None else before.get(row.page, 0),
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda w: (-w.viewed.views, -w.inquirers, w.viewed.page))


@dataclass(frozen=True)
class Demand:
    """What there is for one persona in one stage, and who asks: ``pages`` to read, ``views`` of
    them in the period, ``readers`` who stand there now. ``lacks`` says that readers stand where
    there is nothing, or far less for each than elsewhere."""

    stage: int
    persona: str
    pages: int
    views: int
    readers: int
    lacks: bool


FEW = 0.5
"""With less than that part of the pages that a reader finds elsewhere, a stage lacks content."""
FEWEST_READERS = 5


def demands(
    pages: Mapping[tuple[int, str], int],
    views: Mapping[tuple[int, str], int],
    readers: Mapping[tuple[int, str], int],
) -> list[Demand]:
    """One for each stage and persona, in the order of ``pages``."""
    everywhere = sum(pages.values()) / max(1, sum(readers.values()))
    found = []
    for (stage, persona), count in pages.items():
        own = readers.get((stage, persona), 0)
        few = own >= FEWEST_READERS and count / own < FEW * everywhere
        found.append(
            Demand(
                stage, persona, count, views.get((stage, persona), 0), own,
                (count == 0 and own > 0) or few,
            )
        )  # fmt: skip
    return found


def persona_of(read: Iterable[tuple[str, ...]]) -> str | None:
    """Whose pages a reader reads most, of the personas each page names; None where none does or
    two are alike."""
    count: defaultdict[str, float] = defaultdict(float)
    for personas in read:
        for persona in personas:
            count[persona] += 1 / len(personas)
    if not count:
        return None
    first, *rest = sorted(count.items(), key=lambda item: -item[1])
    return None if rest and rest[0][1] == first[1] else first[0]
