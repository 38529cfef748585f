"""``/desk/``: click-to-stage. Who stands where, who moved, and after which click."""

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from tracker.catalogue import Catalogue
from tracker.context import context
from tracker.desk import sentences
from tracker.desk.period import LABELS, period
from tracker.reporting.rest import without_collector
from tracker.store import histories, reports, suppressions
from tracker.store.engine import reading
from tracker.store.reports import Followed, StepFigures
from tracker.words import Stage

pages = Blueprint("stages", __name__)

MOST_MOVES = 100
OPEN_MOVES = 12
"""So many stand open; the rest unfolds."""
MOST_CLICKS = 40
OPEN_CLICKS = 8
MOST_INQUIRIES = 6
MOST_UNCERTAIN = 20
REFUSALS_OF = timedelta(days=7)


@dataclass(frozen=True)
class Bar:
    """One stage in the picture; ``width`` is its share of the longest bar, 0 to 1."""

    stage: Stage
    readers: int
    arrived: int
    width: float


@pages.get("/")
def show() -> ResponseReturnValue:
    here = context()
    now, catalogue = here.now(), here.catalogue
    span = period(request.args.get("days"), now, here.settings.zone)
    with without_collector(), reading(here.engine) as connection:
        by_stage = reports.readers_by_stage(connection)
        arrived = reports.moves_by_stage(connection, span.since)
        found = {
            "moves": reports.moves(connection, span.since, MOST_MOVES),
            "inquiries": reports.newest_inquiries(connection, span.since, MOST_INQUIRIES),
            "inquiry_count": reports.count_inquiries(connection, span.since),
            "inquired": reports.inquired_readers(connection),
            "uncertain": histories.uncertain(connection, span.since, MOST_UNCERTAIN),
            "refusals": suppressions.refusals(connection, now - REFUSALS_OF),
        }
        clicks = reports.clicks_followed(connection, span.since, now, catalogue.moved)
        steps = reports.step_figures(connection, span.since)
    mail_clicks = [f for f in clicks if f.cta is None]
    cta_clicks = [f for f in clicks if f.cta is not None]
    return render_template(
        "desk/stages.html",
        span=span,
        spans=LABELS,
        bars=_bars(by_stage, arrived),
        unstaged=by_stage[None],
        readers=sum(by_stage.values()),
        moved=sum(arrived.values()),
        mail_clicks=mail_clicks[:MOST_CLICKS],
        cta_clicks=cta_clicks[:MOST_CLICKS],
        open_moves=OPEN_MOVES,
        open_clicks=OPEN_CLICKS,
        hidden_clicks=_hidden(mail_clicks) + _hidden(cta_clicks),
        scenarios=_scenarios(catalogue, steps),
        most_sent=max((s.sent for s in steps.values()), default=0),
        catalogue=catalogue,
        say=sentences,
        **found,
    )


def _bars(by_stage: dict[Stage | None, int], arrived: dict[Stage, int]) -> list[Bar]:
    longest = max((by_stage[stage] for stage in Stage), default=0) or 1
    return [Bar(s, by_stage[s], arrived[s], by_stage[s] / longest) for s in Stage]


def _hidden(clicks: list[Followed]) -> int:
    return max(0, len(clicks) - MOST_CLICKS)


def _scenarios(
    catalogue: Catalogue, figures: dict[tuple[str, str], StepFigures]
) -> list[tuple[str, list[tuple[str, StepFigures]]]]:
    """Scenario by scenario in order of stage, each step in order of day with its figures (zeros
    where no mail went out yet); last, the steps that editors have taken away since."""
    left = dict(figures)
    found = []
    for scenario in sorted(catalogue.scenarios, key=lambda s: (s.rank, s.id)):
        rows = [
            (
                f"{step.day}日目: {step.subject}",
                left.pop((scenario.id, step.id), StepFigures(scenario.id, step.id)),
            )
            for step in scenario.steps
        ]
        found.append((f"{scenario.label}のシナリオ", rows))
    gone = [(f"{scenario} / {step}", left[scenario, step]) for scenario, step in sorted(left)]
    return [*found, ("いまは無いメール", gone)] if gone else found
