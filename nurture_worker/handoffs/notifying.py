"""Tells chats of a hand-off (Slack, Teams, a webhook: whatever apprise knows), beside the mail and
never in its way."""

import logging
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection

from nurture_worker.handoffs.outgoing import only_public
from nurture_worker.tools import Tools
from tracker.briefing import why
from tracker.settings import NotifyTells, Settings
from tracker.store import handoffs, notifications, readers
from tracker.store.engine import reading, writing
from tracker.words import DeliveryState

log = logging.getLogger(__name__)

BATCH = 50
BACKOFF = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240))
GIVE_UP_AFTER = timedelta(hours=12)
PATIENCE_SECONDS = 20


def plan(tools: Tools, connection: Connection, handoff_id: str, now: datetime) -> int:
    """Plan a call about a hand-off to each address of ``SODATE_NOTIFY_URLS``; how many."""
    return notifications.plan(connection, handoff_id, list(_targets(tools.settings)), now)


def notify_due(tools: Tools) -> int:
    """Make the calls that are due; how many were settled. What fails is tried again for twelve
    hours; what would lead into our own network is not tried at all, unless that is allowed."""
    targets = _targets(tools.settings)
    with writing(tools.engine) as connection:
        if lost := notifications.recover(connection, tools.now()):
            log.warning("notify: %d call(s) uncertain", lost)
        due = notifications.due(connection, tools.now(), BATCH)
    settled = 0
    for key in due:
        if tools.stop.is_set():
            break
        with writing(tools.engine) as connection:
            taken = notifications.claim(connection, key, tools.now())
        if taken is None:
            continue
        handoff_id, target, attempts, planned_at = taken
        settled += _call(tools, key, handoff_id, targets.get(target), attempts, planned_at)
    return settled


def _call(
    tools: Tools,
    key: str,
    handoff_id: str,
    url: str | None,
    attempts: int,
    planned_at: datetime,
) -> bool:
    with reading(tools.engine) as connection:
        told = _words(tools, connection, handoff_id)
    if url is None or told is None:
        return _settle(tools, key, DeliveryState.CANCELLED, "nothing to tell")
    why_not = send(url, *told, private=tools.settings.notify_private)
    if why_not is None:
        return _settle(tools, key, DeliveryState.SENT)
    log.error("notify: %s: %s", key, why_not.reason)
    again = tools.now() + BACKOFF[min(attempts, len(BACKOFF)) - 1]
    if why_not.for_good or again > planned_at + GIVE_UP_AFTER:
        return _settle(tools, key, DeliveryState.FAILED, why_not.reason)
    with writing(tools.engine) as connection:
        notifications.put_off(connection, key, again, why_not.reason)
    return False


class Refused(Exception):
    """Why a call came to nothing; ``for_good``: another try would not help."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.for_good = for_good


def send(url: str, title: str, body: str, *, private: bool) -> Refused | None:
    """Hand a message to one apprise address; why not, or ``None``. ``private`` allows addresses of
    our own network. The address, which holds a secret, is told nowhere."""
    from apprise import Apprise, AppriseAsset  # here, for it takes a third of a second to import

    chat = Apprise(asset=AppriseAsset(app_id="Sodate", app_url=""))
    if not chat.add(url):
        return Refused("SODATE_NOTIFY_URLS の形が違います（apprise の URL）", for_good=True)
    refused: list[str] = []
    with nullcontext(refused) if private else only_public() as refused:
        done = bool(chat.notify(body=body, title=title, timeout=PATIENCE_SECONDS))
    if refused:
        return Refused(
            "社内のアドレスには送りません（送るなら SODATE_NOTIFY_PRIVATE=true）", for_good=True
        )
    return None if done else Refused("相手が受け取りませんでした")


def words(
    tells: NotifyTells, *, who: str, stage: str, score: float, reasons: Sequence[str], url: str
) -> tuple[str, str]:
    """Title and body of a call, with no more than ``tells`` allows: ``link`` nothing of the
    reader, ``reasons`` what was done and no name, ``person`` company and name too."""
    lines = []
    if tells == "person":
        lines.append(f"{who} 様")
    if tells != "link":
        lines.append(f"段階：{stage}　点数：{score:.0f}点")
        lines += [f"・{reason}" for reason in reasons]
    return "営業に引き渡す読者がいます", "\n".join([*lines, url])


def _words(tools: Tools, connection: Connection, handoff_id: str) -> tuple[str, str] | None:
    handoff = handoffs.get(connection, handoff_id)
    reader = readers.get(connection, handoff.reader_id) if handoff else None
    if handoff is None or reader is None or reader.email is None:
        return None
    return words(
        tools.settings.notify_tells,
        who=" ".join(part for part in (reader.company, reader.name) if part) or reader.email,
        stage=handoff.stage.label if handoff.stage else "まだ",
        score=handoff.score,
        reasons=why(
            tools.catalogue, handoff.cause, handoff.score, handoff.reasons, tools.settings.zone
        ),
        url=f"{tools.settings.site_url}/desk/handoffs/{handoff.id}",
    )


def _settle(tools: Tools, key: str, state: DeliveryState, reason: str | None = None) -> bool:
    with writing(tools.engine) as connection:
        notifications.settle(connection, key, state, tools.now(), reason)
    return True


def _targets(settings: Settings) -> dict[str, str]:
    """The addresses by their hashes: the store holds no secret."""
    return {sha256(url.encode()).hexdigest()[:32]: url for url in settings.notify_urls.split()}
