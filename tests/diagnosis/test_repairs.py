"""Before and after a repair."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from nurture_worker.benchmarks import simulated
from nurture_worker.diagnosis.figures import Figures
from nurture_worker.diagnosis.repairs import compare
from nurture_worker.diagnosis.report import diagnose
from tracker.diagnosis import Finding, Repaired

AT = datetime(2026, 7, 1, tzinfo=UTC)
TRUTH = simulated.planted(Random(21))
KINDS = ["form_abandon", "section_cliff", "dead_end", "broken_link", "cta_below_exit"]
BEFORE = simulated.counts(TRUTH.world, 60_000, 1)


def found(kind: str) -> Finding:
    report = diagnose(BEFORE, TRUTH.world.site(), AT - timedelta(days=30), AT)
    return next(f for f in report.findings if f.kind == kind)


def after(kind: str, *, repaired: bool, sessions: int = 60_000) -> Repaired:
    defect = next(d for d in TRUTH.defects if d.kind == kind)
    world = defect.repaired if repaired else TRUTH.world
    now = Figures(simulated.counts(world, sessions, 2), world.site())
    finding = found(kind)
    return compare(finding.kind, finding, AT, 30, Figures(BEFORE, TRUTH.world.site()), now)


@pytest.mark.parametrize("kind", KINDS)
def test_a_true_repair_shows_as_better(kind: str) -> None:
    told = after(kind, repaired=True)
    assert told.verdict == "良くなりました"
    assert told.before is not None
    assert told.after is not None
    assert (told.after < told.before) == (kind == "section_cliff")


def test_where_nothing_was_repaired_nothing_is_claimed_four_times_in_five() -> None:
    claimed = [k for k in KINDS if after(k, repaired=False).verdict != "まだ分かりません"]
    assert len(claimed) <= 2


def test_few_people_do_not_tell() -> None:
    assert after("form_abandon", repaired=True, sessions=500).verdict == "まだ分かりません"


def test_a_place_that_is_gone_is_compared_with_nothing() -> None:
    finding = found("cta_below_exit").model_copy(update={"cta": "gone"})
    figures = Figures(BEFORE, TRUTH.world.site())
    told = compare("cta_below_exit", finding, AT, 30, figures, figures)
    assert (told.verdict, told.before, told.after) == (None, None, None)
