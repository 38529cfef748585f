"""``sodate preview`` and ``sodate newsletter preview``: mails as a reader would get them, and how
many would."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import Connection

from nurture_worker.letters.specimen import (
    Example,
    Stand,
    body_of,
    issue_mail,
    line_texts,
    step_mail,
)
from nurture_worker.newsletters.audience import counted, in_order
from nurture_worker.newsletters.issuing import all_seats
from nurture_worker.sending.composing import own_result
from nurture_worker.tools import Tools
from tracker.catalogue import Catalogue
from tracker.catalogue.issues import Issue
from tracker.catalogue.scenarios import Scenario
from tracker.inputs import InputError, read_address
from tracker.store import dossier, issues, readers
from tracker.store.dossier import NoSuchReaderError


@dataclass(frozen=True)
class Shown:
    """One mail: when it comes, its name for files, the message, and its texts in LINE, if it is
    meant for LINE."""

    when: str
    name: str
    message: EmailMessage
    in_line: Sequence[str] = ()


def reader_of(catalogue: Catalogue, connection: Connection, address: str) -> Example:
    """The reader with that address, with their own diagnosis as ``catalogue`` judges it. Raises
    ``NoSuchReaderError``."""
    try:
        reader_id = dossier.find(connection, read_address(address).normalised)
    except InputError as error:
        raise NoSuchReaderError(str(error)) from None
    reader = readers.get(connection, reader_id) if reader_id else None
    if reader is None or reader.email is None:
        raise NoSuchReaderError(f"{address} の読者はいません")
    result = own_result(catalogue, connection, reader)
    return Example(reader.name or "", reader.company or "", reader.email, result)


def of_scenario(stand: Stand, scenario: Scenario, reader: Example) -> list[Shown]:
    """Every mail of ``scenario``, in order of their day. Raises ``KeyError`` for a link to a page
    that is not there."""
    shown = []
    for step in scenario.steps:
        when = f"{step.day}日目" + (f"（{step.when.label}人に）" if step.when else "")
        when += "（下書き）" if step.draft else ""
        name = f"{step.day:02}-{step.id}"
        mail = step_mail(stand, scenario, step, reader)
        shown.append(Shown(when, name, mail, line_texts(stand, step, reader)))
    return shown


def of_issue(stand: Stand, issue: Issue, reader: Example) -> list[Shown]:
    """As ``of_scenario``, of an issue of the newsletter."""
    message = issue_mail(stand, issue, reader)
    return [Shown(f"{issue.send_at:%Y-%m-%d %H:%M} から", f"{issue.day}-{issue.id}", message)]


def lines(shown: Sequence[Shown]) -> Iterator[str]:
    """The mails as plain text."""
    for one in shown:
        yield f"── {one.when} {'─' * 40}"
        for header in ("From", "To", "Reply-To", "Subject"):
            yield f"{header}: {one.message[header]}"
        yield ""
        yield body_of(one.message, "plain").rstrip()
        yield ""
        for place, text in enumerate(one.in_line, 1):
            yield f"── LINE をつないだ読者には {place}/{len(one.in_line)} {'─' * 24}"
            yield text
            yield ""


def write(folder: Path, shown: Sequence[Shown]) -> list[Path]:
    """Each mail as ``<name>.html``, ``<name>.txt`` and, whole, ``<name>.eml``; the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for one in shown:
        for ending, content in (
            ("html", body_of(one.message, "html").encode()),
            ("txt", body_of(one.message, "plain").encode()),
            ("eml", one.message.as_bytes()),
        ):
            path = folder / f"{one.name}.{ending}"
            path.write_bytes(content)
            paths.append(path)
    return paths


def audience_lines(
    tools: Tools, connection: Connection, catalogue: Catalogue, issue: Issue, now: datetime
) -> Iterator[str]:
    """How many would get ``issue``, and why the others would not, as things stand now."""
    at = max(issue.at(tools.settings.zone), now)
    told = at.astimezone(tools.settings.zone)
    yield f"{issue.title}（{issue.path}）"
    yield f"だれに: {issue.audience.label}"
    begun = issues.all_begun(connection).get(issue.id)
    if begun is not None:
        since = begun.begun_at.astimezone(tools.settings.zone)
        yield f"{since:%Y年%m月%d日 %H:%M} に送り始めています。これから登録した人には届きません"
    given, left = counted(all_seats(tools, connection, catalogue, issue, at))
    yield f"いまのままなら、{told:%Y年%m月%d日 %H:%M} から {given}人に届きます"
    for reason, count in in_order(left):
        yield f"  {count}人に届かない: {reason.label}"
