"""From a claimed delivery to the mail it stands for: reads what the letter needs, decides nothing
about when."""

import json
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from nurture_worker.handoffs import telling
from nurture_worker.letters import bodies, line, message, ordered, seminars, template
from nurture_worker.letters.bodies import Draft, Letter
from nurture_worker.letters.diagnosis import weekly_mail
from nurture_worker.letters.message import Envelope, Written
from nurture_worker.letters.seminars import About
from nurture_worker.letters.template import Frame
from nurture_worker.scenarios.reminders import Reminder, reminders
from nurture_worker.sending.keeping import Kept, Source, kept_alone, kept_of, source_hash
from nurture_worker.tools import Tools
from tracker.catalogue import Catalogue
from tracker.catalogue.diagnoses import Result
from tracker.clicks.hits import TRAP
from tracker.links import (
    Click,
    Confirmation,
    LineLinking,
    Link,
    Preferences,
    Ticket,
    Unsubscription,
)
from tracker.reporting.week import week
from tracker.settings import Settings
from tracker.store import diagnoses, events, readers
from tracker.store.deliveries import Delivery
from tracker.store.engine import reading
from tracker.store.readers import Reader
from tracker.store.tables import consents, inquiries
from tracker.words import DeliveryState, EndReason, EventKind, FormOf, MailKind


class UnsendableError(Exception):
    """There is nothing to send any more; ``state`` is how the delivery ends."""

    def __init__(self, state: DeliveryState, reason: str) -> None:
        super().__init__(reason)
        self.state = state


@dataclass(frozen=True)
class Mail:
    """A message as it goes over the wire, and between whom it travels; ``kept`` is what is
    remembered of it."""

    message: bytes
    sender: str
    recipient: str
    kept: Kept | None = None


def prepare(
    tools: Tools,
    delivery: Delivery,
    known: Mapping[str, Reader] | None = None,
    looking: Connection | None = None,
) -> Mail:
    """The mail of ``delivery``. ``known`` are readers that were read just now; what else is needed
    is read by ``looking``, where it is open. Raises ``UnsendableError``."""
    with nullcontext(looking) if looking else reading(tools.engine) as connection:
        if delivery.kind is MailKind.REPORT:
            return _report(tools, connection, delivery)
        if delivery.kind is MailKind.HANDOFF:
            return _handoff(tools, connection, delivery)
        reader_id = delivery.reader_id or ""
        reader = (known or {}).get(reader_id) or readers.get(connection, reader_id)
        if reader is None or reader.email is None:
            raise UnsendableError(DeliveryState.CANCELLED, "reader erased")
        if delivery.kind is MailKind.STEP:
            return _step(tools, connection, delivery, reader)
        if delivery.kind is MailKind.NEWSLETTER:
            return _issue(tools, connection, delivery, reader)
        if delivery.kind is MailKind.REMINDER:
            return _reminder(tools, delivery, reader)
        return _ordered(tools, connection, delivery, reader)


def _step(tools: Tools, connection: Connection, delivery: Delivery, reader: Reader) -> Mail:
    catalogue = tools.catalogue
    scenario = catalogue.scenario(delivery.scenario or "")
    step = next((s for s in scenario.steps if s.id == delivery.step), None) if scenario else None
    if scenario is None or step is None:
        raise UnsendableError(DeliveryState.SKIPPED, EndReason.REMOVED)

    source = Source(step.path, source_hash(step.subject, step.preview, step.body))
    return _templated(
        tools,
        connection,
        delivery,
        reader,
        bodies.of_step(step, catalogue),
        Frame(catalogue.firm, True, True, trap=tools.settings.trap_link),
        source,
        f"step-{scenario.id}",
        f"{scenario.id}:{step.id}:step:sodate",
    )


def _issue(tools: Tools, connection: Connection, delivery: Delivery, reader: Reader) -> Mail:
    issue = tools.catalogue.issue(delivery.step)
    if issue is None:
        raise UnsendableError(DeliveryState.CANCELLED, EndReason.REMOVED)
    return _templated(
        tools,
        connection,
        delivery,
        reader,
        bodies.of_issue(issue, tools.catalogue),
        Frame(tools.catalogue.firm, True, True, browser=True, trap=tools.settings.trap_link),
        Source(issue.path, source_hash(issue.subject, issue.preview, issue.body)),
        "newsletter",
        f"newsletter:{issue.id}:newsletter:sodate",
    )


def _templated(
    tools: Tools,
    connection: Connection,
    delivery: Delivery,
    reader: Reader,
    draft: Draft,
    frame: Frame,
    source: Source,
    list_name: str,
    feedback: str,
) -> Mail:
    """The mail of a letter that many readers get, each with what is theirs in it."""
    catalogue = tools.catalogue
    made = template.template_of(draft, frame)
    diagnosis = None
    if made.has_diagnosis:
        diagnosis = template.diagnosis_of(catalogue, own_result(catalogue, connection, reader))
    ways = {
        template.UNSUBSCRIBE: _address(tools, "unsubscribe", Unsubscription(delivery.id)),
        template.PREFERENCES: _address(tools, "preferences", Preferences(delivery.id)),
    }
    if frame.trap:
        ways[template.TRAP] = _address(tools, "c", Click(delivery.id, TRAP, ""))

    def link_for(place: int, target: str) -> str:
        return _address(tools, "c", Click(delivery.id, place, target))

    fill = template.fill_of(made, reader, link_for, diagnosis, catalogue, **ways)
    mail = _mail(
        tools,
        delivery,
        template.written(made, fill),
        reader.email or "",
        list_name,
        feedback,
        ways,
    )
    return replace(mail, kept=kept_of(tools, made, source, reader, diagnosis))


def own_result(catalogue: Catalogue, connection: Connection, reader: Reader) -> Result | None:
    """The reader's newest diagnosis, judged by today's questionnaire; ``None`` where they took
    none, or took one whose questions are no longer asked."""
    for event in reversed(events.of_reader(connection, reader.id)):
        if event.kind is EventKind.DIAGNOSIS:
            return result_of(catalogue, event.data or {})
    return None


def result_of(catalogue: Catalogue, data: dict[str, object]) -> Result | None:
    """The result of the answers an event holds, if today's questionnaire can judge them."""
    diagnosis = catalogue.diagnosis(str(data.get("diagnosis", "")))
    answers = data.get("answers")
    if diagnosis is None or not isinstance(answers, dict):
        return None
    try:
        return diagnosis.result(answers)
    except (KeyError, IndexError, TypeError):
        return None


def _ordered(tools: Tools, connection: Connection, delivery: Delivery, reader: Reader) -> Mail:
    """What a reader asked for by a form: the way to a file, a place or the newsletter, a
    diagnosis' report, or the word that an inquiry has come in."""
    gate = delivery.gate or ""
    confirm = _address(tools, "confirm", Confirmation(delivery.id, gate))
    page = tools.catalogue.gate_page(gate)
    newsletter = tools.catalogue.newsletter_page
    if FormOf.SEMINAR.id_in(gate):
        letter = _seminar_letter(tools, connection, delivery, confirm)
    elif gate == FormOf.NEWSLETTER and newsletter is not None:
        letter = ordered.newsletter(newsletter.title, confirm)
    elif link_token := FormOf.LINE.id_in(gate):
        if tools.now() - delivery.planned_at > line.TOKEN_LIVES:
            raise UnsendableError(DeliveryState.SKIPPED, "LINE's token is over")
        letter = line.asked(_address(tools, "line", LineLinking(delivery.id, link_token)))
    elif gate == FormOf.INQUIRY:
        letter = _receipt(tools, connection, delivery, confirm)
    elif page is not None:
        letter = ordered.file(page.title, confirm, tools.settings.download_days)
    else:
        event = events.get(connection, delivery.event_id or "")
        result = result_of(tools.catalogue, (event.data if event else None) or {})
        if result is None:
            raise UnsendableError(DeliveryState.SKIPPED, f"nothing behind the gate {gate}")
        site = tools.settings.site_url
        letter = ordered.report(result, confirm, tools.catalogue, site)
    letter = _to(reader, letter)
    mail = _sole(tools, delivery, letter, reader.email or "", "delivery", "gate:delivery:sodate")
    frame = Frame(tools.catalogue.firm)
    return replace(mail, kept=kept_alone(tools, letter, frame, "申し込みへの返信"))


def _receipt(tools: Tools, connection: Connection, delivery: Delivery, confirm: str) -> Letter:
    """That an inquiry has come in: neither its words nor a promise of more mails. Who ticked the
    box gets the button that confirms it."""
    at = connection.execute(
        select(inquiries.c.at).where(inquiries.c.event_id == delivery.event_id)
    ).scalar()
    if at is None:
        raise UnsendableError(DeliveryState.CANCELLED, "inquiry erased")
    ticked = connection.execute(
        select(consents.c.at).where(consents.c.event_id == delivery.event_id)
    ).scalar()
    local = at.astimezone(tools.settings.zone)
    return ordered.receipt(tools.catalogue.firm, local, confirm if ticked else None)


def _to(reader: Reader, letter: Letter) -> Letter:
    return replace(letter, name=reader.name or "", company=reader.company or "")


def _seminar_letter(
    tools: Tools, connection: Connection, delivery: Delivery, confirm: str
) -> Letter:
    about = _seminar(tools, delivery)
    event = events.get(connection, delivery.event_id or "")
    if event is not None and event.kind is EventKind.SEMINAR_REGISTER:
        ahead = reminders(about.seminar, tools.now(), tools.settings.zone, tools.day)
        return seminars.placed(about, [due.reminder for due in ahead])
    return seminars.asked(about, confirm, tools.settings.download_days)


def _reminder(tools: Tools, delivery: Delivery, reader: Reader) -> Mail:
    about = _seminar(tools, delivery)
    if about.seminar.has_begun(tools.now()):
        raise UnsendableError(DeliveryState.SKIPPED, "the seminar has begun")
    letter = _to(reader, seminars.reminding(about, Reminder(delivery.step or "")))
    mail = _sole(
        tools,
        delivery,
        letter,
        reader.email or "",
        "seminar",
        "seminar:reminder:sodate",
        preferences=_address(tools, "preferences", Preferences(delivery.id)),
    )
    frame = Frame(tools.catalogue.firm, preferences=True)
    return replace(mail, kept=kept_alone(tools, letter, frame, "セミナーのお知らせ"))


def _seminar(tools: Tools, delivery: Delivery) -> About:
    """The seminar a delivery is about. Raises ``UnsendableError`` where it is held no more."""
    seminar_id = FormOf.SEMINAR.id_in(delivery.gate) or ""
    page = tools.catalogue.seminar_page(seminar_id)
    if page is None or page.seminar is None:
        raise UnsendableError(DeliveryState.CANCELLED, EndReason.REMOVED)
    site = tools.settings.site_url
    ticket = tools.links.sign(Ticket(delivery.id, seminar_id), tools.now())
    return About(
        title=page.title,
        seminar=page.seminar,
        page=f"{site}/{page.url}",
        calendar=f"{site}/seminars/{seminar_id}.ics?ticket={ticket}",
    )


def _report(tools: Tools, connection: Connection, delivery: Delivery) -> Mail:
    if delivery.event_id:
        told = telling.inquiry_letter(tools, connection, delivery.event_id)
        if told is None:
            raise UnsendableError(DeliveryState.CANCELLED, "inquiry erased")
        letter, about = told, "inquiry"
    else:
        found = diagnoses.newest(connection)
        if found is None or found.report is None:
            raise UnsendableError(DeliveryState.SKIPPED, "no diagnosis yet")
        subject, markdown = weekly_mail(
            found.report.model_dump(),
            f"{tools.settings.site_url}/desk",
            tools.settings.zone,
            week(connection, tools.now()),
        )
        letter = Letter(subject=subject, preview="", markdown=markdown)
        about = "diagnosis"
    return _sole(
        tools, delivery, letter, delivery.recipient or "", "desk", f"{about}:report:sodate"
    )


def _handoff(tools: Tools, connection: Connection, delivery: Delivery) -> Mail:
    letter = telling.letter_for(tools, connection, delivery)
    if letter is None:
        raise UnsendableError(DeliveryState.SKIPPED, "nothing to do any more")
    feedback = f"{delivery.step}:handoff:sodate"
    return _sole(tools, delivery, letter, delivery.recipient or "", "desk", feedback)


def _sole(
    tools: Tools,
    delivery: Delivery,
    letter: Letter,
    recipient: str,
    list_name: str,
    feedback: str,
    **ways: str,
) -> Mail:
    """The mail of a letter that nobody else gets."""
    written = template.once(letter, tools.catalogue.firm, **ways)
    return _mail(tools, delivery, written, recipient, list_name, feedback, ways)


def _mail(
    tools: Tools,
    delivery: Delivery,
    written: Written,
    recipient: str,
    list_name: str,
    feedback: str,
    ways: Mapping[str, str],
) -> Mail:
    firm = tools.catalogue.firm
    envelope = Envelope(
        recipient=recipient,
        message_id=delivery.message_id,
        list_name=list_name,
        feedback=feedback,
        at=tools.now().astimezone(tools.settings.zone),
        unsubscribe=ways.get(template.UNSUBSCRIBE),
    )
    made = message.as_bytes(written, envelope, firm, tags(tools.settings, delivery.id).items())
    domain = tools.settings.bounce_domain
    sender = tools.verp.sender(delivery.id, domain) if domain else str(firm.sender_address)
    return Mail(made, sender, recipient)


def tags(settings: Settings, delivery_id: str) -> dict[str, str]:
    """The headers by which a provider tells in its webhooks which mail it means."""
    found = {}
    if settings.sendgrid_key:
        found["X-SMTPAPI"] = json.dumps({"unique_args": {"delivery": delivery_id}})
    if settings.postmark_secret:
        found["X-PM-Metadata-delivery"] = delivery_id
    return found


def _address(tools: Tools, door: str, link: Link) -> str:
    return f"{tools.settings.site_url}/{door}/{tools.links.sign(link, tools.now())}"
