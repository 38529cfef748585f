"""A list that a firm has already, as readers: what is wrong told by its line. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from hashlib import sha256

from nurture_worker.imports.deal_files import Bad, read_day
from nurture_worker.imports.spreadsheets import Column, Row
from tracker.inputs import InputError, clean, read_address

LONGEST = 200
COLUMNS = (
    Column("email", "メールアドレス", ("メールアドレス", "メール", "eメール", "email", "e-mail", "mail", "email address"), needed=True),
    Column("name", "氏名", ("氏名", "名前", "お名前", "担当者名", "担当者", "ご担当者名", "name", "full name")),
    Column("family_name", "姓", ("姓", "名字", "last name", "lastname", "family name")),
    Column("given_name", "名", ("名", "first name", "firstname", "given name")),
    Column("company", "会社名", ("会社名", "会社", "企業名", "法人名", "勤務先", "貴社名", "組織名", "company", "organization")),
    Column("consent_date", "同意した日", ("同意した日", "同意日", "オプトイン日", "許諾日", "consent date", "opt in date")),
    Column("consent_method", "同意の方法", ("同意の方法", "同意方法", "取得方法", "取得元", "consent method", "source")),
    Column("consent_text", "同意の文面", ("同意の文面", "同意文面", "同意文言", "consent text")),
)  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """That somebody agreed to mail: to which words, when (UTC), and how it was asked."""

    text: str
    at: datetime
    method: str

    @property
    def wording(self) -> dict[str, str]:
        """As the store keeps wordings, named by its hash."""
        version = "import"
        digest = sha256(f"{version}\n{self.text}".encode()).hexdigest()
        return {"hash": digest, "version": version, "text": self.text}


@dataclass(frozen=True)
class Person:
    """One row of a list. ``email`` is as it is mailed to, ``address`` normalised."""

    line: int
    email: str
    address: str
    name: str
    company: str
    evidence: Evidence | None


@dataclass
class Judged:
    """``merged`` rows were of somebody who stood above."""

    people: list[Person] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    merged: int = 0


@dataclass(frozen=True)
class Given:
    """What is said of consent for the whole file; a row may say otherwise."""

    text: str = ""
    date: str = ""
    method: str = ""


def judge(
    rows: Sequence[Row], given: Given, zone: tzinfo, now: datetime, *, without_consent: bool
) -> Judged:
    """The people of a list. A row without the date, the way and the words of a consent is bad,
    unless ``without_consent`` takes it in as somebody who gets no mail."""
    found = Judged()
    people: dict[str, Person] = {}
    for row in rows:
        try:
            person = _person(row, given, zone, now, without_consent=without_consent)
        except (InputError, ValueError) as error:
            found.bad.append(Bad(row.line, str(error)))
            continue
        known = people.get(person.address)
        if known is None:
            people[person.address] = person
            continue
        found.merged += 1
        people[person.address] = replace(
            known,
            name=known.name or person.name,
            company=known.company or person.company,
            evidence=_earlier(known.evidence, person.evidence),
        )
    found.people = list(people.values())
    return found


def _person(
    row: Row, given: Given, zone: tzinfo, now: datetime, *, without_consent: bool
) -> Person:
    cells = row.cells
    address = read_address(cells.get("email", ""))
    family, first = cells.get("family_name", ""), cells.get("given_name", "")
    name = clean(cells.get("name", "")) or clean(f"{family} {first}")
    company = clean(cells.get("company", ""))
    for label, value in (("氏名", name), ("会社名", company)):
        if len(value) > LONGEST:
            raise ValueError(f"{label}は{LONGEST}文字までです")
    evidence = _evidence(cells.get("consent_text", "") or given.text,
                         cells.get("consent_date", "") or given.date,
                         cells.get("consent_method", "") or given.method, zone)  # fmt: skip
    if evidence is None and not without_consent:
        raise ValueError("同意の記録（同意した日・同意の方法・同意の文面）がそろっていません")
    if evidence is not None and evidence.at > now:
        raise ValueError("同意した日が先の日です")
    return Person(row.line, address.sendable, address.normalised, name, company, evidence)


def _evidence(text: str, day: str, method: str, zone: tzinfo) -> Evidence | None:
    text, method = clean(text, lines=True), clean(method)
    if not (text and day.strip() and method):
        return None
    return Evidence(text, read_day(day, zone), method)


def _earlier(one: Evidence | None, other: Evidence | None) -> Evidence | None:
    both = [e for e in (one, other) if e is not None]
    return min(both, key=lambda e: e.at, default=None)
