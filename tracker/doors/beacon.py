"""``POST /e``: what the beacon saw of one page view, from browsers whose reader agreed to it."""

from datetime import datetime
from secrets import token_hex
from typing import Annotated, Any, Literal

from flask import Blueprint, Response, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tracker.catalogue.pages import Page
from tracker.context import (
    Context,
    context,
    from_elsewhere,
    network_of,
    objects_to_reading,
    remember_visitor,
    visitor,
)
from tracker.forms import asked_on
from tracker.journal import Entry, JournalError
from tracker.words import EventKind

door = Blueprint("beacon", __name__)

LARGEST = 32_768
_A_DAY_MS = 86_400_000


class _Seen(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)
    n: int = Field(ge=0, le=10_000)


class _PageView(_Seen):
    e: Literal["page_view"]
    ref: Literal["search", "social", "direct", "referral", "internal", "mail"] = "direct"


class _Section(_Seen):
    e: Literal["section"]
    id: str = Field(max_length=300)


class _Cta(_Seen):
    e: Literal["cta_seen", "cta_click"]
    cta: str = Field(max_length=100)


class _PageEnd(_Seen):
    e: Literal["page_end"]
    active_ms: int = Field(ge=0, le=_A_DAY_MS)
    dwell_ms: int = Field(ge=0, le=_A_DAY_MS)
    done: bool = False


class _Gate(_Seen):
    e: Literal["gate_open"]
    gate: str = Field(max_length=100)


class _GateField(_Seen):
    e: Literal["gate_field"]
    gate: str = Field(max_length=100)
    field: str = Field(max_length=100)


class _VideoProgress(_Seen):
    e: Literal["video_progress"]
    video: str = Field(max_length=100)
    percent: Literal[25, 50, 75, 100]


class _Beacon(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)
    pv: str = Field(pattern=r"^[0-9a-f]{16,32}$")
    page: str = Field(max_length=500)
    events: list[
        Annotated[
            _PageView | _Section | _Cta | _PageEnd | _Gate | _GateField | _VideoProgress,
            Field(discriminator="e"),
        ]
    ] = Field(min_length=1, max_length=100)


@door.post("/e")
def beacon() -> Response:
    if from_elsewhere():
        return Response(status=403)
    if objects_to_reading(request.environ):
        return Response(status=204)
    if (request.content_length or 0) > LARGEST:
        return Response(status=413)
    known = visitor()
    who = known or token_hex(16)
    taken = take(context(), request.get_data(cache=False), who, request.remote_addr)
    answer = Response(status=taken)
    if taken == 204 and known is None:
        remember_visitor(answer, who)
    return answer


def take(here: Context, body: bytes, who: str, peer: str | None) -> int:
    """Record what ``body`` tells of the visitor ``who`` at the address ``peer``: the status of the
    answer."""
    if not here.limits.beacons.allow(network_of(peer), here.now()):
        return 429
    try:
        seen = _Beacon.model_validate_json(body)
    except ValidationError:
        return 422
    page = here.catalogue.page_at(seen.page)
    if page is not None:
        try:
            here.journal.append(_entries(seen, page, who, here.now()))
        except JournalError:
            return 503
    return 204


def _entries(seen: _Beacon, page: Page, who: str, now: datetime) -> list[Entry]:
    entries = []
    for event in seen.events:
        section, cta, gate = None, None, None
        data: dict[str, Any] = {}
        if isinstance(event, _PageView):
            data = {"ref": event.ref}
        elif isinstance(event, _Section):
            section = next((own.index for own in page.sections if own.id == event.id), None)
            if section is None:
                continue
        elif isinstance(event, _Cta):
            cta = event.cta
            if not any(own.id == cta for own in page.ctas):
                continue
        elif isinstance(event, _Gate | _GateField):
            gate, gates = event.gate, asked_on(page)
            if gate not in gates:
                continue
            if isinstance(event, _GateField):
                if event.field not in gates[gate]:
                    continue
                data = {"field": event.field}
        elif isinstance(event, _VideoProgress):
            if page.video is None or page.video.id != event.video:
                continue
            data = {"video": event.video, "percent": event.percent}
        else:
            data = {
                "active_ms": event.active_ms,
                "dwell_ms": event.dwell_ms,
                "done": event.done,
            }
        entries.append(
            Entry(
                id=f"{seen.pv}:{event.n}",
                at=now,
                kind=EventKind(event.e),
                visitor=who,
                view=seen.pv,
                page=page.url,
                section=section,
                cta=cta,
                gate=gate,
                data=data,
            )
        )
    return entries
