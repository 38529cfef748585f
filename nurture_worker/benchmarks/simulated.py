"""Made-up sites whose truth is known: sound ones, and ones with one defect of each kind.

Two sorts of readers, the hurried and the patient, go through 24 articles; some follow links, click,
fill in forms and inquire. The same walk gives random counts, and, with every draw replaced by its
expectation, the exact worth of each repair. The traffic can also be written out event by event,
with what real logs hold besides: duplicates, late and lost lines, programs.
"""

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from nurture_worker.diagnosis.structure import CtaPlace, FormPlace, PageStructure, Site
from tracker.counts import Counts, CtaCounts, FormCounts, PageCounts
from tracker.words import PageKind, Stage

START_MS = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp() * 1000)
DAY_MS = 86_400_000
ARRIVES = 0.955
_CENSORED = 0.006
_SIGHT = 0.93
_GENERATIONS = 5
_READERS = ((0.45, 1.45, 0.6), (0.55, 0.75, 1.2))
"""Sorts of readers: their part, and how much more often than on average they leave, and click."""
_INSIDE = 0.7
_KINDS = {
    Stage.AWARENESS: "whitepaper",
    Stage.INTEREST: "whitepaper",
    Stage.UNDERSTANDING: "case_study",
    Stage.TRUST: "consultation",
}
_AIMS = {
    "whitepaper": (Stage.AWARENESS, Stage.INTEREST),
    "case_study": (Stage.UNDERSTANDING,),
    "consultation": (Stage.TRUST,),
    "newsletter": tuple(Stage),
}
_CLICKS = {"whitepaper": 0.047, "case_study": 0.04, "consultation": 0.031, "newsletter": 0.05}
_SENDS = {"whitepaper": 0.52, "case_study": 0.48, "consultation": 0.42, "newsletter": 0.5}
_ASKS = {"whitepaper": 0.085, "case_study": 0.11, "consultation": 1.0, "newsletter": 0.01}
_FIELDS = {
    "whitepaper": ("company", "name", "email", "phone"),
    "case_study": ("company", "name", "email", "phone"),
    "consultation": ("company", "name", "email", "phone", "budget", "message"),
    "newsletter": ("email",),
}


@dataclass(frozen=True)
class Cta:
    id: str
    section: int
    kind: str
    form: str
    clicks: float
    arrives: float = ARRIVES


@dataclass(frozen=True)
class Article:
    url: str
    stage: Stage
    leaves: tuple[float, ...]
    """By section, from the top: who of those that came leaves there."""
    goes_on: float
    next: tuple[str, ...]
    weight: float
    ctas: tuple[Cta, ...]
    strays: float = 0.1
    """Who of those that leave does so by a link."""


@dataclass(frozen=True)
class Form:
    id: str
    kind: str
    sends: float
    stuck_at: str | None = None


@dataclass(frozen=True)
class World:
    """A site with its true rates."""

    articles: tuple[Article, ...]
    forms: tuple[Form, ...]

    def site(self) -> Site:
        return Site(
            tuple(
                PageStructure(
                    url=a.url,
                    title=a.url,
                    kind=PageKind.ARTICLE,
                    stage=a.stage,
                    headings=("",) * (len(a.leaves) - 1),
                    ctas=tuple(
                        CtaPlace(c.id, c.id, c.section, _AIMS[c.kind], c.form, c.kind, c.form)
                        for c in a.ctas
                    ),
                    next=a.next,
                )
                for a in self.articles
            ),
            tuple(
                FormPlace(f.id, f.id, f.kind, tuple((name, name) for name in _FIELDS[f.kind]))
                for f in self.forms
            ),
        )

    def with_article(self, article: Article) -> "World":
        return replace(
            self, articles=tuple(article if a.url == article.url else a for a in self.articles)
        )

    def with_form(self, form: Form) -> "World":
        return replace(self, forms=tuple(form if f.id == form.id else f for f in self.forms))


@dataclass(frozen=True)
class Defect:
    """What was planted, and the inquiries per session that its repair would bring."""

    kind: str
    object: dict[str, Any]
    repaired: World
    worth: float = 0.0

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, json.dumps(self.object, sort_keys=True)


@dataclass(frozen=True)
class Truth:
    world: World
    defects: tuple[Defect, ...] = field(default=())


def sound(rng: Random, articles: int = 24) -> World:
    """A site with nothing wrong in it but what looks odd and does no harm."""

    def ordinary(mean: float, spread: float = 0.16) -> float:
        return mean * rng.gammavariate(1 / spread**2, spread**2)

    level, hold, busy = ordinary(1, 0.15), ordinary(1, 0.1), ordinary(1, 0.15)
    forms = [
        Form(name, kind, min(0.85, ordinary(_SENDS[kind] * busy, 0.12)))
        for name, kind in (
            ("guide", "whitepaper"), ("list", "whitepaper"), ("table", "whitepaper"),
            ("case-a", "case_study"), ("case-b", "case_study"), ("talk", "consultation"),
            ("letter", "newsletter"),
        )
    ]  # fmt: skip
    stages = [Stage.AWARENESS] * 9 + [Stage.INTEREST] * 6 + [Stage.UNDERSTANDING] * 5
    stages += [Stage.TRUST] * 4
    pages: list[Article] = []
    urls = [f"page-{n + 1}" for n in range(articles)]
    for n, url in enumerate(urls):
        stage = stages[n * len(stages) // articles]
        sections = rng.randint(5, 10)
        page_hold = hold * ordinary(1, 0.1)
        leaves = [min(0.55, ordinary(0.27) * hold), ordinary(0.16) * page_hold]
        leaves += [ordinary(0.075) * page_hold for _ in range(sections - 2)]
        kind = _KINDS[stage]
        own = [f.id for f in forms if f.kind == kind]
        ctas = [Cta(f"{url}-a", rng.choice((1, 2, 2, 3)), kind, rng.choice(own), 0.0)]
        if rng.random() < 0.4:
            ctas.append(Cta(f"{url}-b", sections - 2, kind, ctas[0].form, 0.0))
        if stage is not Stage.TRUST and rng.random() < 0.2:
            other = _KINDS[list(Stage)[min(3, stage.rank + 1)]]
            place = Cta(f"{url}-c", min(sections - 2, 3), other, _form(rng, forms, other), 0.0)
            if all(c.section != place.section for c in ctas) and other != kind:
                ctas.append(place)
        ctas = [
            replace(c, clicks=ordinary(_CLICKS[c.kind] * level * (0.55 if c.id[-1] == "c" else 1)))
            for c in ctas
        ]
        further = [u for u in urls if u != url]
        pages.append(
            Article(
                url=url,
                stage=stage,
                leaves=tuple(leaves),
                goes_on=min(0.8, ordinary(0.36)),
                next=tuple(rng.sample(further[max(0, n - 3) : n + 8] or further, 2)),
                weight=rng.paretovariate(1.6),
                ctas=tuple(ctas),
            )
        )
    return _with_decoys(World(tuple(pages), tuple(forms)), rng)


def planted(rng: Random) -> Truth:
    """A site with one defect of each kind, on articles of some traffic."""
    world = sound(rng)
    by_weight = sorted(world.articles, key=lambda a: -a.weight)
    free = [a.url for a in by_weight[: max(12, len(by_weight) * 2 // 3)]]
    rng.shuffle(free)
    made: list[Defect] = []

    def take(fits: Callable[[Article], bool]) -> Article:
        for url in free:
            article = _article(world, url)
            if fits(article):
                free.remove(url)
                return article
        return _article(world, free.pop())

    def lone(a: Article) -> bool:
        return len({c.section for c in a.ctas}) == len(a.ctas) and _distance(a, a.ctas[0]) == 0

    a = take(lone)
    weak = replace(a.ctas[0], clicks=a.ctas[0].clicks * rng.uniform(0.25, 0.42))
    made.append(Defect("cta_weak", {"cta": weak.id}, world))
    world = world.with_article(_swap(a, weak))

    a = take(lone)
    crowded = replace(a.ctas[0], clicks=a.ctas[0].clicks * rng.uniform(0.25, 0.42))
    rival = Cta(f"{a.url}-r", crowded.section, "newsletter", "letter", 0.05)
    made.append(Defect("cta_competition", {"cta": crowded.id}, world))
    world = world.with_article(replace(_swap(a, crowded), ctas=(*_swap(a, crowded).ctas, rival)))

    a = take(lambda a: a.stage in (Stage.AWARENESS, Stage.INTEREST) and lone(a))
    far_aim = "consultation"
    misfit = replace(
        a.ctas[0], kind=far_aim, form="talk", clicks=_CLICKS[far_aim] * rng.uniform(0.08, 0.2)
    )
    made.append(Defect("cta_stage_mismatch", {"cta": misfit.id}, world))
    world = world.with_article(_swap(a, misfit))

    a = take(lambda a: len(a.leaves) >= 7)
    low = replace(a.ctas[0], section=len(a.leaves) - 2)
    steep = 1 - (rng.uniform(0.17, 0.23) / (1 - a.leaves[0])) ** (1 / (len(a.leaves) - 3))
    sunk = replace(
        a, ctas=(low,), leaves=(a.leaves[0], *(steep for _ in a.leaves[1:-1]), a.leaves[-1])
    )
    curve = _reach(sunk)
    half = max(k for k, share in enumerate(curve) if share >= 0.5)
    raised = replace(low, section=half, clicks=low.clicks * 0.9)
    made.append(
        Defect("cta_below_exit", {"cta": low.id}, world.with_article(replace(sunk, ctas=(raised,))))
    )
    world = world.with_article(sunk)

    a = take(lambda a: bool(a.ctas))
    section = rng.randint(2, len(a.leaves) - 2)
    fall = min(0.6, a.leaves[section] * rng.uniform(3.2, 4.2))
    made.append(Defect("section_cliff", {"page": a.url, "section": section}, world))
    world = world.with_article(
        replace(a, leaves=(*a.leaves[:section], fall, *a.leaves[section + 1 :]))
    )

    a = take(lambda a: bool(a.next))
    made.append(Defect("dead_end", {"page": a.url}, world))
    world = world.with_article(replace(a, next=(), goes_on=a.goes_on * rng.uniform(0.08, 0.18)))

    a = take(lambda a: bool(a.ctas))
    broken = replace(a.ctas[0], arrives=rng.uniform(0.3, 0.5))
    made.append(Defect("broken_link", {"cta": broken.id}, world))
    world = world.with_article(_swap(a, broken))

    chosen = rng.choice(("guide", "case-a", "case-b", "list"))
    form = next(f for f in world.forms if f.id == chosen)
    made.append(Defect("form_abandon", {"gate": form.id}, world))
    world = world.with_form(
        replace(form, sends=form.sends * rng.uniform(0.32, 0.45), stuck_at="phone")
    )
    now = expected(world)
    return Truth(world, tuple(_worth(defect, world, now) for defect in made))


def _worth(defect: Defect, broken: World, now: float) -> Defect:
    """``defect`` with the worth of its repair alone, all the others left as they are."""
    kind, key = defect.kind, next(iter(defect.object.values()))
    if kind == "form_abandon":
        repaired = broken.with_form(next(f for f in defect.repaired.forms if f.id == key))
    else:
        url = key if kind in ("section_cliff", "dead_end") else key.rsplit("-", 1)[0]
        repaired = broken.with_article(_article(defect.repaired, url))
    return replace(defect, repaired=repaired, worth=expected(repaired) - now)


def expected(world: World) -> float:
    """The inquiries expected of one session."""
    return _Walk(world, None).inquiries_of(1.0)


def large(world: World, sessions: float = 1e9) -> Counts:
    """The counts of so much traffic that chance has no part in them."""
    return _Walk(world, None).counts(sessions)


def counts(world: World, sessions: int, seed: int) -> Counts:
    """Random counts of so many sessions."""
    return _Walk(world, np.random.default_rng(seed)).counts(sessions)


class _Walk:
    """Readers going through a world: by chance, or (without ``rng``) as expected."""

    def __init__(self, world: World, rng: np.random.Generator | None) -> None:
        self.world = world
        self.rng = rng
        self.by_url = {a.url: a for a in world.articles}
        self.pages: dict[str, dict[str, Any]] = {}
        self.opened: dict[str, float] = {f.id: 0 for f in world.forms}
        self.sent: dict[str, float] = {}
        self.asked: dict[str, float] = {}
        self.arrived: dict[str, float] = {}

    def part(self, n: float, share: float) -> float:
        share = min(1.0, max(0.0, share))
        if self.rng is None:
            return n * share
        return int(self.rng.binomial(int(n), share)) if n else 0

    def spread(self, n: float, shares: list[float]) -> list[float]:
        if self.rng is None:
            return [n * share for share in shares]
        return [int(x) for x in self.rng.multinomial(int(n), shares)]

    def go(self, sessions: float) -> None:
        total = sum(a.weight for a in self.world.articles)
        landed = self.spread(sessions, [a.weight / total for a in self.world.articles])
        for n, article in zip(landed, self.world.articles, strict=True):
            hurried = self.part(n, _READERS[0][0])
            for sort, many in enumerate((hurried, n - hurried)):
                views = {article.url: many}
                for generation in range(_GENERATIONS):
                    views = self.read_all(views, sort, inside=generation > 0)
        for form in self.world.forms:
            opened = self.opened[form.id]
            self.sent[form.id] = self.part(opened, form.sends)
            self.asked[form.id] = self.part(self.sent[form.id], _ASKS[form.kind])

    def read_all(self, views: dict[str, float], sort: int, inside: bool) -> dict[str, float]:
        after: dict[str, float] = {}
        for url, n in views.items():
            if n:
                self.read(self.by_url[url], n, sort, inside, after)
        return after

    def read(self, a: Article, n: float, sort: int, inside: bool, after: dict[str, float]) -> None:
        size = len(a.leaves)
        page = self.pages.setdefault(
            a.url,
            {"views": 0, "done": 0, "on": 0, "strays": 0, "inside": 0, "ctas": {},
             **{key: [0] * size for key in ("left", "took", "lost")}},
        )  # fmt: skip
        page["views"] += n
        page["inside"] += n * inside
        _, hurry, keen = _READERS[sort]
        here = n
        strays: float = 0
        for k, leaving in enumerate(a.leaves):
            for cta in a.ctas:
                if cta.section != k:
                    continue
                seen = self.part(here, _SIGHT)
                clicked = self.part(seen, cta.clicks * keen * (_INSIDE if inside else 1.0))
                own = page["ctas"].setdefault(cta.id, [0, 0, 0])
                own[0] += seen
                own[1] += clicked
                own[2] += clicked * inside
                came = self.part(clicked, cta.arrives)
                self.arrived[cta.id] = self.arrived.get(cta.id, 0) + came
                self.opened[cta.form] += came
                page["took"][k] += clicked
                here = here - clicked
            lost = self.part(here, _CENSORED)
            page["lost"][k] += lost
            here = here - lost
            left = self.part(here, leaving * hurry)
            page["left"][k] += left
            here = here - left
            strays += self.part(left, a.strays)
        page["done"] += here
        page["strays"] += strays
        on = self.part(here, a.goes_on)
        page["on"] += on
        going = on + strays
        targets = list(a.next) or [other.url for other in self.world.articles if other is not a]
        for url, many in zip(
            targets, self.spread(going, [1 / len(targets)] * len(targets)), strict=True
        ):
            after[url] = after.get(url, 0) + many

    def inquiries_of(self, sessions: float) -> float:
        self.go(sessions)
        return sum(self.asked.values())

    def counts(self, sessions: float) -> Counts:
        self.go(sessions)
        forms = {}
        for form in self.world.forms:
            opened, sent = self.opened[form.id], self.sent[form.id]
            names = _FIELDS[form.kind]
            shares = _stops(form)
            stopped = self.spread(opened - sent, shares)
            forms[form.id] = FormCounts(
                opened=round(opened),
                sent=round(sent),
                leads=round(sent),
                inquirers=round(self.asked[form.id]),
                stopped={
                    tuple(sorted(names[:k])): round(many) for k, many in enumerate(stopped) if many
                },
            )
        pages = {
            url: PageCounts(
                page=url,
                views=round(p["views"]),
                done=round(p["done"]),
                left=tuple(round(x) for x in p["left"]),
                took=tuple(round(x) for x in p["took"]),
                lost=tuple(round(x) for x in p["lost"]),
                ctas={
                    cta: CtaCounts(
                        round(seen), round(clicked), round(self.arrived[cta]), round(inner)
                    )
                    for cta, (seen, clicked, inner) in p["ctas"].items()
                },
                went_on=round(p["on"]),
                left_on=round(p["strays"]),
                inside=round(p["inside"]),
            )
            for url, p in self.pages.items()
        }
        return Counts(
            pages=pages,
            visitors=round(sessions),
            machines=0,
            inquiries=round(sum(self.asked.values())),
            sessions=round(sessions),
            forms=forms,
        )


def _stops(form: Form) -> list[float]:
    """By the number of fields filled: where those who give a form up stop."""
    names = _FIELDS[form.kind]
    shares = [1.4] + [1.0] * len(names)
    if form.stuck_at in names:
        shares[names.index(form.stuck_at)] += 1.8 * sum(shares)
    return [share / sum(shares) for share in shares]


def write(world: World, sessions: int, days: int, seed: int, folder: Path) -> tuple[Path, Path]:
    """Write a site file and its events as ``lead-events/1``, with duplicates, late lines, lost
    ends and programs: the paths of both."""
    site, events = folder / "site.json", folder / "events.jsonl.gz"
    end = START_MS + days * DAY_MS
    site.write_text(json.dumps(_site_file(world, end)), encoding="utf-8")
    rng = Random(seed)  # noqa: S311 - no secret
    held: list[str] = []
    with gzip.open(events, "wt", encoding="utf-8", compresslevel=1) as file:
        for number, fact in enumerate(_facts(world, sessions, days, rng)):
            line = json.dumps({"id": f"f{number}", **fact}, separators=(",", ":")) + "\n"
            if rng.random() < 0.01:
                held.append(line)
                continue
            file.write(line)
            if rng.random() < 0.004:
                file.write(line)
            if len(held) > 5:
                file.write(held.pop(rng.randrange(len(held))))
        file.writelines(held)
    return site, events


def _site_file(world: World, end: int) -> dict[str, Any]:
    return {
        "format": "lead-events/1",
        "case": "simulated",
        "timezone": "Asia/Tokyo",
        "window": {
            "start_ms": START_MS,
            "end_ms": end,
            "days": (end - START_MS) // DAY_MS,
            "follow_up_end_ms": end + 45 * DAY_MS,
        },
        "articles": [
            {"slug": a.url, "stage": a.stage, "persona": "owner", "sections": len(a.leaves),
             "next": list(a.next)}
            for a in world.articles
        ],
        "ctas": [
            {"id": c.id, "page": a.url, "section": c.section, "kind": c.kind,
             "aim": list(_AIMS[c.kind]), "gate": c.form}
            for a in world.articles for c in a.ctas
        ],
        "gates": [
            {"id": f.id, "kind": f.kind, "fields": list(_FIELDS[f.kind])} for f in world.forms
        ],
        "scenarios": [],
    }  # fmt: skip


def _facts(world: World, sessions: int, days: int, rng: Random) -> Iterator[dict[str, Any]]:
    """Session by session, each a short stretch of time somewhere in the period."""
    articles = {a.url: a for a in world.articles}
    forms = {f.id: f for f in world.forms}
    urls = [a.url for a in world.articles]
    starts = rng.choices(urls, weights=[a.weight for a in world.articles], k=sessions)
    programs = max(1, sessions // 2500)
    span = days * DAY_MS - 7_200_000
    for number in range(sessions):
        at = START_MS + span * number // sessions
        sid, vid = f"s{number}", f"v{rng.randrange(max(1, sessions * 4 // 5))}"
        sort = int(rng.random() >= _READERS[0][0])
        url, before = starts[number], None
        for step in range(_GENERATIONS):
            pv = f"{sid}.{step}"
            viewed = {"e": "page_view", "pv": pv, "sid": sid, "vid": vid, "page": url}
            viewed |= {"ref": "internal", "from": before} if before else {"ref": "search"}
            yield {"ts": at, **viewed}
            target = None
            links = articles[url].next or [other for other in urls if other != url]
            for fact in _viewing(articles[url], links, pv, sort, before is not None, at, rng):
                at = fact["ts"]
                yield fact
                if fact["e"] == "link_click":
                    target = fact["to"]
                if fact["e"] == "cta_click":
                    cta = next(c for c in articles[url].ctas if c.id == fact["cta"])
                    if rng.random() < cta.arrives:
                        yield from _filling(forms[cta.form], cta, sid, number, at, rng)
            if target is None or target not in articles:
                break
            url, before = target, url
            at += 1500
    for n in range(programs):
        for step in range(rng.randint(18, 40)):
            at = START_MS + span * n // programs + step * 700
            view: dict[str, Any] = {"pv": f"robot{n}.{step}", "ts": at}
            yield {**view, "e": "page_view", "sid": f"robot{n}", "vid": f"robot{n}",
                   "page": rng.choice(urls), "ref": "direct"}  # fmt: skip
            yield {**view, "e": "page_end", "dwell_ms": 400, "active_ms": 40, "reached": 0,
                   "done": False}  # fmt: skip


def _viewing(
    a: Article, links: Sequence[str], pv: str, sort: int, inside: bool, at: int, rng: Random
) -> Iterator[dict[str, Any]]:
    _, hurry, keen = _READERS[sort]
    began = at

    def end(reached: int, done: bool) -> dict[str, Any]:
        spent = at - began + 900
        return {"e": "page_end", "pv": pv, "ts": at + 20, "dwell_ms": spent,
                "active_ms": int(spent * 0.7) + 500, "reached": reached, "done": done}  # fmt: skip

    for k, leaving in enumerate(a.leaves):
        at += rng.randint(4000, 15000)
        if k:
            yield {"e": "section", "pv": pv, "ts": at, "i": k}
        for cta in a.ctas:
            if cta.section == k and rng.random() < _SIGHT:
                yield {"e": "cta_seen", "pv": pv, "ts": at + 300, "cta": cta.id}
                if rng.random() < cta.clicks * keen * (_INSIDE if inside else 1.0):
                    at += 900
                    yield {"e": "cta_click", "pv": pv, "ts": at, "cta": cta.id}
                    yield end(k, False)
                    return
        if rng.random() < _CENSORED:
            return
        if rng.random() < leaving * hurry:
            if rng.random() < a.strays:
                yield {"e": "link_click", "pv": pv, "ts": at, "to": rng.choice(links)}
            yield end(k, False)
            return
    if rng.random() < a.goes_on:
        yield {"e": "link_click", "pv": pv, "ts": at, "to": rng.choice(links)}
    yield end(len(a.leaves) - 1, True)


def _filling(
    form: Form, cta: Cta, sid: str, number: int, at: int, rng: Random
) -> Iterator[dict[str, Any]]:
    own = {"sid": sid, "gate": form.id}
    yield {"e": "gate_open", "ts": at + 800, "cta": cta.id, "load_ms": 600, **own}
    names = _FIELDS[form.kind]
    sends = rng.random() < form.sends
    filled = len(names) if sends else rng.choices(range(len(names) + 1), _stops(form))[0]
    for place, name in enumerate(names[:filled]):
        yield {"e": "gate_field", "ts": at + 3000 + 4000 * place, "field": name, **own}
    if sends:
        lead = f"L{number}"
        yield {"e": "gate_submit", "ts": at + 40_000, "cta": cta.id, "lead": lead, **own}
        if rng.random() < _ASKS[form.kind]:
            later = 0 if form.kind == "consultation" else rng.randint(1, 30) * DAY_MS
            yield {"e": "inquiry", "ts": at + 41_000 + later, "lead": lead, "via": "gate"}


def _with_decoys(world: World, rng: Random) -> World:
    """An aim that is far off and clicked as often as any; two CTAs side by side that do not take
    from one another; a page that names no next one and is left by links all the same."""
    early = [a for a in world.articles if a.stage is Stage.AWARENESS]
    a, b, c = rng.sample(early, 3)
    odd = replace(a.ctas[0], kind="consultation", form="talk", clicks=_CLICKS["consultation"])
    world = world.with_article(_swap(a, odd))
    beside = Cta(f"{b.url}-n", b.ctas[0].section, "newsletter", "letter", 0.05)
    world = world.with_article(replace(b, ctas=(*b.ctas, beside)))
    return world.with_article(replace(c, next=()))


def _article(world: World, url: str) -> Article:
    return next(a for a in world.articles if a.url == url)


def _reach(a: Article) -> list[float]:
    """By section: the part of readers that comes to it."""
    found = [1.0]
    here = [part for part, _, _ in _READERS]
    for leaving in a.leaves[:-1]:
        here = [n * (1 - leaving * hurry) for n, (_, hurry, _) in zip(here, _READERS, strict=True)]
        found.append(sum(here))
    return found


def _swap(a: Article, cta: Cta) -> Article:
    return replace(a, ctas=tuple(cta if c.id == cta.id else c for c in a.ctas))


def _form(rng: Random, forms: list[Form], kind: str) -> str:
    return rng.choice([f.id for f in forms if f.kind == kind])


def _distance(a: Article, cta: Cta) -> int:
    return min(abs(aim.rank - a.stage.rank) for aim in _AIMS[cta.kind])
