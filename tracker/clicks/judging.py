"""Whether a hit on a mail's link was a person: a hit and its siblings in, a verdict out.

No single sign decides (a person may open three links in tabs, a gateway may carry a whole
browser's headers), so each sign bears a weight, the logarithm of how much likelier it is in a
machine's hit than in a person's, and the sum decides. The weights stand in one table, and each
verdict names the signs it rests on.

The verdict is of the whole set of a mail's hits: it does not depend on the order of their arrival,
and another hit can only make a hit look more like a machine's, never less.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tracker.clicks.alone import signs_of_landing, signs_of_own, signs_of_time
from tracker.clicks.company import others_beside, signs_of_company
from tracker.clicks.forwarding import forwarded
from tracker.clicks.hits import MOST_NEIGHBOURS, Hit, Neighbour
from tracker.clicks.scanners import NOBODY, Scanners
from tracker.clicks.weights import HUMAN_TO, MACHINE_FROM, WEIGHTS
from tracker.words import Verdict


@dataclass(frozen=True)
class Judgement:
    """What a hit is held to be, and the signs with their weights that say so.

    ``neighbours`` is how many other readers' mails the same agent was at just then, counted to
    ``MOST_NEIGHBOURS``; ``forwarded`` the signs that a person's click was not the reader's.
    """

    hit_id: str
    verdict: Verdict
    total: float
    signs: tuple[tuple[str, float], ...]
    neighbours: int = 0
    forwarded: tuple[tuple[str, float], ...] = ()


def judge(
    hits: Sequence[Hit],
    *,
    sent_at: datetime | None,
    links: int | None,
    neighbours: Iterable[Neighbour] = (),
    scanners: Scanners = NOBODY,
) -> dict[str, Judgement]:
    """The judgement of every hit on one mail, by the hit's id.

    ``sent_at`` is when the server took the mail, ``links`` how many links it holds; None where
    that is not known. ``neighbours`` are hits on mails to other readers at about the same time,
    ``scanners`` the networks that machines are known to ask from.
    """
    ordered = sorted(hits, key=lambda hit: (hit.at, hit.id))
    company = signs_of_company(ordered, sent_at, links)
    beside = others_beside(ordered, neighbours)
    found = {}
    for hit in ordered:
        names = [*signs_of_own(hit), *signs_of_time(hit, sent_at), *signs_of_landing(hit)]
        if sign := scanners.sign(hit.network):
            names.append(sign)
        others = sorted(company[hit.id])
        if beside[hit.id] >= MOST_NEIGHBOURS:
            others.append("many-neighbours")
        elif beside[hit.id] >= 2:
            others.append("neighbours")
        if not others and (sent_at is None or "later" in names):
            others.append("lone")
        signs = sorted(
            ((name, WEIGHTS[name]) for name in (*names, *others)), key=lambda sign: -abs(sign[1])
        )
        total = round(sum(weight for _, weight in signs), 2)
        verdict = Verdict.UNSURE
        if total >= MACHINE_FROM:
            verdict = Verdict.MACHINE
        elif total <= HUMAN_TO:
            verdict = Verdict.HUMAN
        found[hit.id] = Judgement(hit.id, verdict, total, tuple(signs), beside[hit.id])
    people = [hit for hit in ordered if found[hit.id].verdict is Verdict.HUMAN and not hit.late]
    for hit_id, signs in forwarded(people).items():
        held = found[hit_id]
        found[hit_id] = Judgement(
            hit_id, held.verdict, held.total, held.signs, held.neighbours, tuple(signs)
        )
    return found
