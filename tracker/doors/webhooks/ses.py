"""``POST /webhooks/bounce/ses``: bounces, complaints and deliveries of Amazon SES, by SNS.

Takes both of SES' shapes: notifications of an identity and events of a configuration set.
"""

from datetime import datetime

from pydantic import Field, ValidationError

from tracker.bounces import Notice, notice_id
from tracker.doors.webhooks import sns
from tracker.doors.webhooks.calls import Call, Heard, RefusedError, Said, read_json
from tracker.settings import Settings
from tracker.words import BounceReason, EventKind

NAME = "ses"
PATH = "/webhooks/bounce/ses"

_REASONS = {
    "MailboxFull": BounceReason.FULL,
    "ContentRejected": BounceReason.POLICY,
    "AttachmentRejected": BounceReason.POLICY,
    "MessageTooLarge": BounceReason.REFUSED,
}


class _Recipient(Said):
    address: str = Field(alias="emailAddress", max_length=320)
    status: str | None = None
    diagnostic: str | None = Field(None, alias="diagnosticCode")


class _Bounce(Said):
    type: str = Field(alias="bounceType")
    detail: str = Field("", alias="bounceSubType")
    recipients: list[_Recipient] = Field(alias="bouncedRecipients")
    at: datetime = Field(alias="timestamp")
    id: str = Field(alias="feedbackId")


class _Complaint(Said):
    recipients: list[_Recipient] = Field(alias="complainedRecipients")
    at: datetime = Field(alias="timestamp")
    id: str = Field(alias="feedbackId")
    type: str | None = Field(None, alias="complaintFeedbackType")


class _Delivery(Said):
    recipients: list[str]
    at: datetime = Field(alias="timestamp")


class _Header(Said):
    name: str
    value: str


class _CommonHeaders(Said):
    message_id: str | None = Field(None, alias="messageId")


class _Mail(Said):
    id: str = Field(alias="messageId")
    source: str | None = None
    headers: tuple[_Header, ...] = ()
    common: _CommonHeaders = Field(_CommonHeaders(), alias="commonHeaders")

    @property
    def message_id(self) -> str | None:
        """Our own Message-ID; SES sends the mail under another."""
        own = (h.value for h in self.headers if h.name.lower() == "message-id")
        return self.common.message_id or next(own, None)


class _Said(Said):
    kind: str = Field("", alias="notificationType")
    event: str = Field("", alias="eventType")
    mail: _Mail
    bounce: _Bounce | None = None
    complaint: _Complaint | None = None
    delivery: _Delivery | None = None


def configured(settings: Settings) -> bool:
    return bool(settings.sns_arns)


def hear(call: Call) -> Heard:
    told = sns.check(call.json(), call.settings.sns_arns, call.fetch, call.now)
    heard = Heard()
    if told["Type"] == sns.SUBSCRIPTION:
        sns.confirm(told, call.fetch)
        heard.ignored["subscribed"] += 1
        return heard
    try:
        said = _Said.model_validate(read_json(told.get("Message", "")))
    except (RefusedError, ValidationError):  # SES greets a new topic with a plain sentence
        heard.ignored["unreadable"] += 1
        return heard
    if said.bounce and "Bounce" in (said.kind, said.event):
        _add_bounce(call, heard, said.mail, said.bounce)
    elif said.complaint and "Complaint" in (said.kind, said.event):
        if said.complaint.type == "not-spam":
            heard.ignored["not spam"] += 1
            return heard
        for recipient in said.complaint.recipients:
            _add(call, heard, said.mail, EventKind.MAIL_COMPLAINT, said.complaint.id,
                 said.complaint.at, recipient)  # fmt: skip
    elif said.delivery and "Delivery" in (said.kind, said.event):
        for address in said.delivery.recipients:
            _add(call, heard, said.mail, EventKind.MAIL_DELIVERED, said.mail.id,
                 said.delivery.at, _Recipient(address=address))  # fmt: skip
    else:
        heard.ignored["unknown type"] += 1
    return heard


def _add_bounce(call: Call, heard: Heard, mail: _Mail, bounce: _Bounce) -> None:
    for recipient in bounce.recipients:
        if bounce.type == "Transient" and bounce.detail == "General" and not recipient.status:
            heard.ignored["auto-reply"] += 1  # so SES calls an answer while out of office
            continue
        permanent = {"Permanent": True, "Transient": False}.get(bounce.type)
        _add(call, heard, mail, EventKind.MAIL_BOUNCE, bounce.id, bounce.at, recipient,
             permanent, _REASONS.get(bounce.detail))  # fmt: skip


def _add(
    call: Call,
    heard: Heard,
    mail: _Mail,
    kind: EventKind,
    its_id: str,
    at: datetime,
    recipient: _Recipient,
    permanent: bool | None = None,
    reason: BounceReason | None = None,
) -> None:
    heard.add(
        Notice(
            id=notice_id(NAME, kind, its_id, recipient.address.casefold()),
            source=NAME,
            kind=kind,
            at=call.moment(at),
            recipient=recipient.address,
            message_id=mail.message_id,
            delivery_id=call.delivery_of(mail.source),
            permanent=permanent,
            status=recipient.status,
            diagnostic=recipient.diagnostic or "",
            reason=reason,
        )
    )
