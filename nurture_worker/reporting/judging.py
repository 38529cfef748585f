"""Each scenario's effect, judged and kept for the desk."""

from datetime import timedelta

from nurture_worker.reporting.measuring import effect_of
from nurture_worker.tools import Tools
from tracker.store import judgements
from tracker.store.engine import reading, writing
from tracker.store.judgements import Judgement

OFTEN = 24
"""So many times a scenario's day."""


def judge(tools: Tools) -> bool:
    """Judge all scenarios anew where the last time is an hour ago; whether that was so."""
    now = tools.now()
    with reading(tools.engine) as connection:
        last = judgements.made_at(connection)
        if last is not None and now - last < max(timedelta(seconds=1), tools.day / OFTEN):
            return False
        found = {}
        for scenario in tools.catalogue.scenarios:
            if not scenario.hold_out:
                found[scenario.id] = Judgement(scenario.id, 0)
                continue
            told = effect_of(connection, scenario, now)
            middle, low, high = told.difference or (None, None, None)
            found[scenario.id] = Judgement(
                scenario.id, scenario.hold_out, told.mailed, told.held_out,
                told.mailed_inquiries, told.held_out_inquiries, told.waiting,
                middle, low, high, told.works, told.needed,
            )  # fmt: skip
    with writing(tools.engine) as connection:
        judgements.keep(connection, found, now)
    return True
