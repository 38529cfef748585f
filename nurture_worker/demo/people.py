"""Made-up people: what they read, order and answer, as the doors would record it. Pure.

The same seed makes the same people. Nobody is real: companies are called 見本…, addresses end in
``example.jp``, networks are those of RFC 5737.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tracker.catalogue import Catalogue
from tracker.catalogue.ctas import Cta
from tracker.catalogue.pages import Page
from tracker.forms import asked_on
from tracker.journal import Entry
from tracker.words import EventKind, FormOf, PageKind

KNOWN = 0.12
"""The share of visitors who mean to give an address where a form asks for one."""
_SOURCES = ("search",) * 6 + ("direct", "direct", "social", "referral")
_FAMILIES = [
    "佐藤",
    "鈴木",
    "高橋",
    "田中",
    "伊藤",
    "渡辺",
    "山本",
    "中村",
    "小林",
    "加藤",
    "吉田",
    "山田",
    "佐々木",
    "山口",
    "松本",
    "井上",
]
_GIVEN = [
    "太郎",
    "花子",
    "健一",
    "由美",
    "誠",
    "恵子",
    "浩",
    "直美",
    "剛",
    "美咲",
    "翔",
    "陽子",
    "修",
    "真理",
    "隆",
    "彩",
]
_PLACES = ["川", "山", "浜", "丘", "台", "橋", "谷", "原", "沢", "港", "野", "島"]
_TRADES = [
    "精機",
    "工業",
    "製作所",
    "会計",
    "商事",
    "建設",
    "印刷",
    "電装",
    "食品",
    "運輸",
    "設備",
    "測量",
]
_BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.5 Safari/605.1.15",
)
_GATEWAY = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/120.0.0.0 Safari/537.36"
)


@dataclass
class Person:
    """One visitor. ``eager`` (0–1) is how likely they go on; ``number`` names them."""

    number: int
    visitor: str
    persona: str | None
    eager: float
    gives_address: bool
    guarded: bool
    """Whether a gateway follows the links of their mails before they do."""
    random: Random = field(repr=False)
    known: bool = False

    @property
    def network(self) -> str:
        return f"203.0.{self.number % 250}.0/24"

    @property
    def browser(self) -> str:
        return _BROWSERS[self.number % len(_BROWSERS)]

    @property
    def address(self) -> str:
        return f"hito{self.number}@mihon{self.number}.example.jp"

    @property
    def contact(self) -> dict[str, Any]:
        n = self.number
        return {
            "name": f"{_FAMILIES[n % 16]} {_GIVEN[(n // 3) % 16]}",
            "company": f"見本{_PLACES[n % 12]}{_TRADES[(n // 5) % 12]}",
            "email": self.address,
            "email_normalised": self.address,
            "network": self.network,
        }


class Crowd:
    """Everybody there is, and what they do on the site of ``catalogue``."""

    def __init__(self, catalogue: Catalogue, seed: int) -> None:
        self._catalogue = catalogue
        self._seed = seed
        self._random = Random(seed)  # noqa: S311 - the same each time, on purpose
        self._pages = [page for page in catalogue.pages if page.stage and page.sections]
        self._views = 0
        self.people: dict[str, Person] = {}

    def visitors(self, day: datetime, many: int) -> Iterator[Entry]:
        """What about ``many`` new visitors do on the day that begins at ``day``."""
        for _ in range(max(0, round(self._random.gauss(many, many**0.5)))):
            person = self._somebody()
            at = day + timedelta(hours=self._random.triangular(6, 23.5, 12))
            yield from self.visit(person, at, self._random.choice(_SOURCES))

    def _somebody(self) -> Person:
        number = len(self.people) + 1
        own = Random(f"{self._seed}:{number}")  # noqa: S311
        personas = self._catalogue.personas
        person = Person(
            number=number,
            visitor=f"{own.getrandbits(128):032x}",
            persona=own.choice(personas).id if personas else None,
            eager=own.betavariate(1.6, 2.4),
            gives_address=own.random() < KNOWN,
            guarded=own.random() < 0.2,
            random=own,
        )
        self.people[person.address] = person
        return person

    def visit(self, person: Person, at: datetime, ref: str) -> Iterator[Entry]:
        """One visit, a page after the other while the person goes on."""
        page: Page | None = self._found_by(person)
        for _ in range(8):
            if page is None:
                return
            view = self._fresh_view()
            read = list(self._view(person, page, view, at, ref))
            yield from read
            at = max(entry.at for entry in read) + timedelta(seconds=5)
            ref = "internal"
            page = self._next(person, read)

    def landing(self, person: Person, url: str, view: str, at: datetime) -> Iterator[Entry]:
        """The page a mail's link led to, and what comes of it."""
        page = self._catalogue.page_at(url.partition("#")[0])
        if page is None:
            return
        read = list(self._view(person, page, view, at, "mail"))
        yield from read
        after = self._next(person, read)
        if after is not None and person.random.random() < person.eager:
            later = max(entry.at for entry in read) + timedelta(seconds=5)
            yield from self._view(person, after, self._fresh_view(), later, "internal")

    def _found_by(self, person: Person) -> Page:
        weights = [
            (4 - page.stage.rank if page.stage else 1)
            * (3 if person.persona in page.personas or not page.personas else 1)
            / (place % 7 + 1)
            for place, page in enumerate(self._pages)
        ]
        return person.random.choices(self._pages, weights)[0]

    def _view(
        self, person: Person, page: Page, view: str, at: datetime, ref: str
    ) -> Iterator[Entry]:
        dice, count = person.random, 0

        def told(kind: EventKind, **about: Any) -> Entry:
            nonlocal count
            count += 1
            return Entry(
                id=f"{view}:{count - 1}",
                at=at,
                kind=kind,
                visitor=person.visitor,
                view=view,
                page=page.url,
                **about,
            )

        begun = at
        yield told(EventKind.PAGE_VIEW, data={"ref": ref})
        reached = 0
        for section in page.sections:
            if dice.random() > _goes_on(page, section.index, person):
                break
            at += timedelta(seconds=dice.uniform(10, 50))
            reached = section.index
            yield told(EventKind.SECTION, section=section.index)
            for cta in page.ctas:
                if cta.section == section.index:
                    yield told(EventKind.CTA_SEEN, cta=cta.id)
                    if dice.random() < _presses(cta, person):
                        at += timedelta(seconds=3)
                        yield told(EventKind.CTA_CLICK, cta=cta.id)
        for gate, fields in asked_on(page).items():
            yield from self._form(person, page, gate, sorted(fields - {"consent"}), told)
        at += timedelta(seconds=dice.uniform(3, 20))
        spent = round((at - begun).total_seconds() * 1000)
        done = reached == len(page.sections)
        ended = {"active_ms": round(spent * 0.8), "dwell_ms": spent, "done": done}
        yield told(EventKind.PAGE_END, data=ended)

    def _form(
        self, person: Person, page: Page, gate: str, fields: list[str], told: Any
    ) -> Iterator[Entry]:
        """A form that is begun, left at some field, or sent."""
        dice = person.random
        opened = told(EventKind.GATE_OPEN, gate=gate)
        would = person.gives_address or person.known or FormOf.DIAGNOSIS.id_in(gate) is not None
        if page.seminar is not None and page.seminar.is_over(opened.at):
            return
        heavy = 0.35 if gate == FormOf.INQUIRY or page.seminar is not None else 1.0
        if dice.random() > heavy * (0.7 if would else 0.05) * (0.5 + person.eager):
            return
        yield opened
        for name in fields:
            if dice.random() < (0.3 if name == "phone" else 0.06):
                return
            yield told(EventKind.GATE_FIELD, gate=gate, data={"field": name})
        if would:
            yield self._sent(person, page, gate, opened)

    def _sent(self, person: Person, page: Page, gate: str, opened: Entry) -> Entry:
        kind, contact, data = EventKind.GATE_SUBMIT, person.contact, {}
        if page.diagnosis is not None:
            kind, contact = EventKind.DIAGNOSIS, {}
            answers = {
                question.id: person.random.randrange(len(question.options))
                for question in page.diagnosis.questions
            }
            data = {"diagnosis": page.diagnosis.id, "answers": answers}
        elif gate == FormOf.INQUIRY:
            kind = EventKind.INQUIRY
            contact["message"] = "サイトを拝見しました。進め方と費用を教えてください。"
        elif person.random.random() < 0.9:
            contact["wording"] = _wording(self._catalogue, gate)
        person.known = person.known or bool(contact)
        return Entry(
            id=f"form:{opened.id}",
            at=opened.at + timedelta(seconds=40),
            kind=kind,
            visitor=person.visitor,
            page=page.url,
            gate=gate if kind is EventKind.GATE_SUBMIT else None,
            data=data,
            person=contact,
        )

    def _next(self, person: Person, read: list[Entry]) -> Page | None:
        """Where a visit goes on: to the page of the CTA that was pressed, or one of the next."""
        pressed = next((e.cta for e in read if e.kind is EventKind.CTA_CLICK), None)
        if pressed is not None:
            cta = self._catalogue.cta(pressed)
            return self._catalogue.page_of(cta.to) if cta else None
        page = self._catalogue.page_at(read[0].page or "")
        if page is None or person.random.random() > 0.15 + 0.4 * person.eager:
            return None
        if page.next:
            return self._catalogue.page_of(person.random.choice(page.next))
        return self._found_by(person)

    def _fresh_view(self) -> str:
        self._views += 1
        return f"{self._seed & 0xFFFF:04x}{self._views:028x}"


def hits(
    person: Person, delivery_id: str, targets: list[str | None], sent_at: datetime
) -> Iterator[tuple[Entry, bool]]:
    """The hits on the links of a mail, each with whether the person made it: a gateway follows all
    of them at once, the person one of them, later."""
    links = [(place, target) for place, target in enumerate(targets) if target is not None]
    if person.guarded:
        for place, target in links:
            at = sent_at + timedelta(seconds=2 + 0.4 * place)
            yield _hit(person, delivery_id, place, target, at, gateway=True), False
    dice = person.random
    if links and dice.random() < 0.15 + 0.5 * person.eager:
        place, target = dice.choice(links)
        at = sent_at + timedelta(minutes=12 + dice.expovariate(1 / 300))
        yield _hit(person, delivery_id, place, target, at), True


def _hit(
    person: Person,
    delivery_id: str,
    place: int,
    target: str,
    at: datetime,
    *,
    gateway: bool = False,
) -> Entry:
    bits = Random(f"{delivery_id}:{place}:{gateway}").getrandbits(128)  # noqa: S311
    data: dict[str, Any] = {
        "place": place,
        "method": "GET",
        "ua": _GATEWAY if gateway else person.browser,
        "network": "198.51.100.0/24" if gateway else person.network,
        "language": "" if gateway else "ja",
        "secure": True,
        "fetch": {} if gateway else {"mode": "navigate", "dest": "document"},
        "prefetch": "",
    }
    return Entry(
        id=f"{bits:032x}",
        at=at,
        kind=EventKind.MAIL_CLICK,
        page=target.partition("#")[0],
        delivery_id=delivery_id,
        data=data,
    )


def _goes_on(page: Page, section: int, person: Person) -> float:
    """How likely a reader reaches the next heading; some articles have a place where many leave."""
    likely = 0.8 + 0.15 * person.eager
    length = len(page.sections)
    if page.kind is PageKind.ARTICLE and sum(map(ord, page.path)) % 5 == 0 and length > 3:
        likely *= 0.6 if section == length // 2 else 1
    return likely


def _presses(cta: Cta, person: Person) -> float:
    """How likely a CTA that is seen is pressed; some say nothing to anybody."""
    taste = 0.3 if sum(map(ord, cta.id)) % 4 == 0 else 1.0
    return min(0.5, taste * (0.02 + 0.1 * person.eager) * (6 if person.gives_address else 1))


def _wording(catalogue: Catalogue, gate: str) -> dict[str, str]:
    consent = catalogue.firm.consent
    if gate == FormOf.NEWSLETTER and (page := catalogue.newsletter_page) and page.newsletter:
        consent = page.newsletter.consent
    return {"hash": consent.hash, "version": consent.version, "text": consent.mail}
