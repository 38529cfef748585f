"""What is known beyond the views: mails, where readers stand, orders. Files of events tell nothing
of it."""

from dataclasses import dataclass

from tracker.reports.mailings import Mailing
from tracker.words import Stage


@dataclass(frozen=True)
class Served:
    """How many ``pages`` there are for a stage, and of one persona in it (``name`` as people call
    it; both empty: everybody), and how many ``readers`` like them stand there now."""

    stage: Stage
    persona: str
    name: str
    pages: int
    readers: int


@dataclass(frozen=True)
class Beyond:
    """``mails`` are those of each step in the period; ``mailed`` people got any of them, and of
    these ``pressed`` a link (None: not known). ``orders`` are those won in it (None: deals are not
    kept). ``served`` first says of each stage what there is for everybody."""

    mails: tuple[Mailing, ...] = ()
    mailed: int | None = None
    pressed: int | None = None
    served: tuple[Served, ...] = ()
    orders: int | None = None
