"""A mail as it would go out to somebody, by the same code that sends; its links lead straight to
the pages and count nothing. Pure."""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from nurture_worker.letters import bodies, line, template
from nurture_worker.letters.bodies import Draft, LinkFor
from nurture_worker.letters.message import Envelope, as_bytes
from nurture_worker.letters.template import Frame
from tracker.catalogue import Catalogue
from tracker.catalogue.diagnoses import Result
from tracker.catalogue.issues import Issue
from tracker.catalogue.scenarios import Scenario, Step
from tracker.clicks.hits import TRAP
from tracker.words import Channel


@dataclass(frozen=True)
class Example:
    """The reader that mails are shown for. ``result`` is that of the 3-minute diagnosis."""

    name: str = "山田 花子"
    company: str = "株式会社みほん"
    email: str = "hanako@example.com"
    result: Result | None = None


@dataclass(frozen=True)
class Stand:
    """Where a specimen is made: for a site at ``site_url`` (no final slash), its ways out leading
    to ``out``, dated ``now``. ``link`` makes its links, if they are not to lead straight there;
    ``trap`` puts in the one that nobody sees."""

    catalogue: Catalogue
    site_url: str
    out: str
    now: datetime
    link: LinkFor | None = None
    trap: bool = False

    def address(self, place: int, target: str) -> str:
        if self.link is not None:
            return self.link(place, target)
        return target if "://" in target else f"{self.site_url}/{target}"


def step_mail(stand: Stand, scenario: Scenario, step: Step, reader: Example) -> EmailMessage:
    """Raises ``KeyError`` for a link to a page that is not there."""
    return _mail(
        stand,
        bodies.of_step(step, stand.catalogue),
        Frame(stand.catalogue.firm, True, True, trap=stand.trap),
        reader,
        f"step-{scenario.id}",
        f"{scenario.id}:{step.id}:step:sodate",
    )


def line_texts(stand: Stand, step: Step, reader: Example) -> list[str]:
    """The messages of a step in LINE, if it is meant for LINE; none where they are longer than
    LINE takes. Raises as ``step_mail``."""
    if step.channel is not Channel.LINE:
        return []
    try:
        return line.of_step(
            step, reader, stand.catalogue, stand.address, reader.result, stand.out, stand.out
        )
    except line.TooLongError:
        return []


def issue_mail(stand: Stand, issue: Issue, reader: Example) -> EmailMessage:
    """As ``step_mail``."""
    return _mail(
        stand,
        bodies.of_issue(issue, stand.catalogue),
        Frame(stand.catalogue.firm, True, True, browser=True, trap=stand.trap),
        reader,
        "newsletter",
        f"newsletter:{issue.id}:newsletter:sodate",
    )


def body_of(message: EmailMessage, subtype: str) -> str:
    """The ``plain`` or the ``html`` body."""
    part = message.get_body((subtype,))
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


def _mail(
    stand: Stand, draft: Draft, frame: Frame, reader: Example, list_name: str, feedback: str
) -> EmailMessage:
    made = template.template_of(draft, frame)
    fill = template.fill_of(
        made,
        reader,
        stand.address,
        template.diagnosis_of(stand.catalogue, reader.result),
        stand.catalogue,
        **{template.UNSUBSCRIBE: stand.out, template.PREFERENCES: stand.out},
        **({template.TRAP: stand.address(TRAP, "")} if frame.trap else {}),
    )
    envelope = Envelope(
        recipient=reader.email,
        message_id=f"<preview@{frame.firm.sender_address.partition('@')[2]}>",
        list_name=list_name,
        feedback=feedback,
        at=stand.now,
        unsubscribe=stand.out,
    )
    content = as_bytes(template.written(made, fill), envelope, frame.firm)
    return message_from_bytes(content, _class=EmailMessage, policy=policy.default)
