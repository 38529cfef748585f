"""A step in LINE: to whom it can go, what is handed over, and what LINE's answer makes of it.

Whatever LINE refuses for good goes by mail in the same breath; what it may have taken is handed
over again under the same key for a day, and is uncertain after that.
"""

import logging
import uuid
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy import Connection

from nurture_worker.channels.line import Answer, LineApi, Said, next_month
from nurture_worker.letters import line as line_letters
from nurture_worker.sending import outbox
from nurture_worker.sending.composing import own_result
from nurture_worker.tools import Tools
from tracker.links import Click, Link, Preferences, Unsubscription
from tracker.store import claims, cursors, line_users, readers
from tracker.store.claims import KEY_LIVES
from tracker.store.deliveries import Delivery
from tracker.store.engine import reading, writing
from tracker.words import Channel, DeliveryState

log = logging.getLogger(__name__)

PAUSED = "line-paused-until"
"""A cursor: until when nothing is pushed (seconds since 1970), for the month's quota is spent."""

BACKOFF = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 480))
REST = timedelta(minutes=1)
REPLY_WITHIN = timedelta(seconds=55)
"""LINE takes an answer for about a minute."""


class InLine:
    """What one run of the worker hands over in LINE."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._rests_until: datetime | None = None
        self._asked_quota = False

    @cached_property
    def _api(self) -> LineApi:
        return api_of(self._tools)

    def send(self, delivery: Delivery) -> bool | None:
        """Hand over a claimed step in LINE. Whether it is settled; ``None`` where it goes by mail,
        and is still claimed."""
        tools = self._tools
        now = tools.now()
        in_doubt = delivery.retry_key is not None
        if delivery.channel != Channel.LINE or not (tools.settings.line_token or in_doubt):
            return None
        with reading(tools.engine) as connection:
            user_id = line_users.reachable(connection, delivery.reader_id or "")
            paused = cursors.place(connection, PAUSED) > now.timestamp()
            texts = self._texts(connection, delivery) if user_id else None
        over = now > (delivery.tried_at or now) + KEY_LIVES
        if in_doubt and (over or not texts or not tools.settings.line_token):
            return self._settle(delivery, DeliveryState.UNCERTAIN, "LINE may have taken it")
        if not user_id or not texts or (not in_doubt and (paused or self._is_spent())):
            return None
        if self._rests_until and now < self._rests_until:
            return self._again(delivery, self._rests_until, "LINE: slower", delivery.retry_key)
        key = delivery.retry_key or str(uuid.uuid4())
        with writing(tools.engine) as connection:
            if not claims.begin(connection, delivery, now, key):
                return False
        return self._taken(delivery, self._api.push(user_id, texts, key), key)

    def _taken(self, delivery: Delivery, answer: Answer, key: str) -> bool | None:
        tools = self._tools
        now = tools.now()
        said = answer.said
        if said is Said.TAKEN:
            outbox.note(tools.settings.data, [delivery.message_id], now)
            return self._settle(delivery, DeliveryState.SENT, None)
        if said is Said.SPENT:
            self._pause(answer.reason)
        if said is Said.SHUT:
            log.error("line: SODATE_LINE_TOKEN を確かめてください: %s", answer.reason)
        in_doubt = delivery.retry_key is not None
        if said is Said.REFUSED or (said in (Said.SPENT, Said.SHUT) and not in_doubt):
            with writing(tools.engine) as connection:
                return None if claims.fall_back(connection, delivery, now) else False
        if said is Said.SLOWER:
            self._rests_until = now + REST
            return self._again(delivery, now + REST, answer.reason, delivery.retry_key)
        again = now + BACKOFF[min(max(delivery.attempts, 1), len(BACKOFF)) - 1]
        if again > (delivery.tried_at or now) + KEY_LIVES:
            return self._settle(delivery, DeliveryState.UNCERTAIN, answer.reason)
        return self._again(delivery, again, answer.reason, key)

    def _is_spent(self) -> bool:
        """Whether the month's quota is used up, asked once a run."""
        if self._asked_quota:
            return False
        self._asked_quota = True
        if self._api.left() != 0:
            return False
        self._pause("LINE: quota spent")
        return True

    def _pause(self, reason: str) -> None:
        log.error("line: %s; by mail until next month", reason)
        until = next_month(self._tools.now())
        with writing(self._tools.engine) as connection:
            cursors.put(connection, PAUSED, int(until.timestamp()))

    def _settle(self, delivery: Delivery, state: DeliveryState, reason: str | None) -> bool:
        with writing(self._tools.engine) as connection:
            return claims.settle(connection, delivery, state, self._tools.now(), reason=reason)

    def _again(self, delivery: Delivery, at: datetime, reason: str, key: str | None) -> bool:
        with writing(self._tools.engine) as connection:
            claims.put_off(connection, delivery, at, reason=reason, line_key=key)
        return False

    def _texts(self, connection: Connection, delivery: Delivery) -> list[str] | None:
        """The messages of a step; ``None`` where there is nothing that LINE would take: the way by
        mail says why."""
        tools = self._tools
        catalogue = tools.catalogue
        scenario = catalogue.scenario(delivery.scenario or "")
        step = scenario.step(delivery.step) if scenario else None
        reader = readers.get(connection, delivery.reader_id or "")
        if step is None or reader is None or reader.email is None:
            return None

        def link_for(place: int, target: str) -> str:
            return self._address("c", Click(delivery.id, place, target))

        try:
            return line_letters.of_step(
                step,
                reader,
                catalogue,
                link_for,
                own_result(catalogue, connection, reader),
                self._address("unsubscribe", Unsubscription(delivery.id)),
                self._address("preferences", Preferences(delivery.id)),
            )
        except (KeyError, line_letters.TooLongError) as error:
            log.error("line: %s cannot go out in LINE: %s", delivery.id, error)
            return None

    def _address(self, door: str, link: Link) -> str:
        tools = self._tools
        return f"{tools.settings.site_url}/{door}/{tools.links.sign(link, tools.now())}"


def api_of(tools: Tools) -> LineApi:
    """The API of the firm's channel."""
    return LineApi(tools.settings.line_token, tools.settings.line_api)


def answer_in_line(tools: Tools) -> int:
    """Tell who followed, or asked, how to be linked; how many were told. An answer that LINE takes
    no more is not given: who still wants it writes the word again."""
    if not tools.settings.line_token:
        return 0
    with writing(tools.engine) as connection:
        waiting = line_users.take_asking(connection)
    api = api_of(tools)
    told = 0
    for one in waiting:
        if tools.now() - one.asked_at > REPLY_WITHIN:
            continue
        token = api.link_token(one.user_id)
        if token is None:
            continue
        link = f"{tools.settings.site_url}/line?linkToken={token}"
        text = line_letters.invitation(link, tools.catalogue.firm.name)
        answer = api.reply(one.reply_token, text)
        told += answer.said is Said.TAKEN
    return told
