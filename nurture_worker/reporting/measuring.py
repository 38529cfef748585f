"""What each scenario does, and whether it makes a difference, for who asks at a shell."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, Integer, func, literal_column, select

from nurture_worker.scenarios.holdout import OUTCOME_AFTER, Effect, Outcome, effect, readers_needed
from tracker.catalogue.scenarios import Scenario
from tracker.diagram import entrance
from tracker.store.tables import deliveries, enrolments, events
from tracker.words import Arm, DeliveryState, EventKind, MailKind, SkipReason

_OUTCOME_AFTER_MS = str(OUTCOME_AFTER // timedelta(milliseconds=1))
_COLUMNS = {
    "planned": "予定",
    "sent": "送信",
    SkipReason.CONDITION.value: "条件に合わず",
    SkipReason.LATE.value: "遅れて見送り",
    "other": "ほか",
}


def effect_of(connection: Connection, scenario: Scenario, now: datetime) -> Effect:
    """What the hold-out tells of ``scenario``. Readers for whom no lot was drawn do not count."""
    inquired = (
        select(func.count())
        .where(
            events.c.reader_id == enrolments.c.reader_id,
            events.c.kind == EventKind.INQUIRY,
            events.c.at >= enrolments.c.started_at,
            events.c.at < enrolments.c.started_at + literal_column(_OUTCOME_AFTER_MS, Integer),
        )
        .scalar_subquery()
    )
    rows = connection.execute(
        select(enrolments.c.arm, enrolments.c.started_at, inquired.label("inquired")).where(
            enrolments.c.scenario == scenario.id, enrolments.c.arm.is_not(None)
        )
    ).all()
    known = [row for row in rows if row.started_at + OUTCOME_AFTER <= now]
    outcomes = [Outcome(Arm(row.arm), row.started_at, bool(row.inquired)) for row in known]
    return effect(outcomes, len(rows) - len(known), scenario.hold_out)


def figures_of(connection: Connection, scenario: str) -> dict[str, dict[str, int]]:
    """How the mails of each step stand: planned, sent, passed over and why."""
    found: dict[str, dict[str, int]] = {}
    for row in connection.execute(
        select(deliveries.c.step, deliveries.c.state, deliveries.c.reason, func.count())
        .where(deliveries.c.scenario == scenario, deliveries.c.kind == MailKind.STEP)
        .group_by(deliveries.c.step, deliveries.c.state, deliveries.c.reason)
    ):
        step, state, reason, count = row
        match state:
            case DeliveryState.PLANNED | DeliveryState.CLAIMED | DeliveryState.SENDING:
                column = "planned"
            case DeliveryState.SENT:
                column = "sent"
            case DeliveryState.SKIPPED if reason in list(SkipReason):
                column = str(reason)
            case _:
                column = "other"
        counts = found.setdefault(step or "", {})
        counts[column] = counts.get(column, 0) + count
    return found


def lines(
    scenario: Scenario, figures: dict[str, dict[str, int]], told: Effect | None
) -> Iterator[str]:
    """A scenario in words: who gets it, its steps and how they stand, and its effect."""
    yield f"{scenario.label}（{scenario.id}）: {entrance(scenario)}人に"
    for step in scenario.steps:
        counts = figures.get(step.id, {})
        stand = "、".join(f"{name}{counts[key]}" for key, name in _COLUMNS.items() if key in counts)
        yield f"  {step.day}日目 {step.id}: {step.subject}" + (f"（{stand}）" if stand else "")
        if step.when:
            yield f"    {step.when.label}人に"
    if told is not None:
        yield from ("  " + line for line in effect_lines(scenario, told))


def effect_lines(scenario: Scenario, told: Effect) -> Iterator[str]:
    """The judgement, in the words of who must decide on it."""
    if not scenario.hold_out:
        yield "効果: 全員に送っているので、測っていません（scenario.yml の hold_out）"
        return
    days = OUTCOME_AFTER.days
    if not told.mailed and not told.held_out:
        waiting = f"（{told.waiting}人の{days}日を待っています）" if told.waiting else ""
        yield f"効果: まだ何も言えません{waiting}"
    else:
        yield (
            f"効果: {days}日以内の問い合わせは、送った{told.mailed}人のうち{told.mailed_inquiries}人、"
            f"送らずにおいた{told.held_out}人のうち{told.held_out_inquiries}人"
            f"（まだ{days}日たたない人が{told.waiting}人）"
        )
    if told.difference:
        middle, low, high = (100 * value for value in told.difference)
        yield f"差は {middle:+.1f}ポイント（8割の確かさで {low:+.1f}〜{high:+.1f}）"
    if told.works:
        yield f"送ったほうが問い合わせは増えています（e = {told.e_value:.0f}。20以上で言い切れます）"
        return
    yield (
        f"増えるとも増えないとも、まだ言い切れません（e = {told.e_value:.1f}。20以上で言い切れます）。"
        f"送ると倍に増えるのなら、あと約{told.needed}人で分かります"
    )
    half = readers_needed(_base(told), 50, told.e_value)
    if scenario.hold_out < 40 and half < told.needed:
        yield f"半分の人に送らずにおけば、あと約{half}人で済みます（hold_out: 50）"


def _base(told: Effect) -> float:
    return (0.6 + told.held_out_inquiries) / (10 + told.held_out)
