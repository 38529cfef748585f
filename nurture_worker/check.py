"""What ``sodate check`` finds and how it says it: to a person, and to a program."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from nurture_worker.rehearsal.earlier import Earlier, at_last_build, at_revision
from nurture_worker.rehearsal.effects import ScenarioEffect, StepEffect, effects
from tracker.catalogue import Catalogue
from tracker.catalogue.hints import hints
from tracker.catalogue.load import read
from tracker.catalogue.problems import Problem, in_order
from tracker.catalogue.scenarios import Scenario
from tracker.settings import Settings

FORMAT = "sodate-check/1"


@dataclass(frozen=True)
class Findings:
    """``problems`` stand in the way of publishing; ``hints`` and ``effects`` do not.

    ``store`` says why the readers under way could not be asked, if they could not.
    """

    catalogue: Catalogue | None
    problems: list[Problem]
    hints: list[Problem]
    effects: list[ScenarioEffect] = field(default_factory=list)
    store: str | None = None


def check(settings: Settings, today: date, against: str | None = None) -> Findings:
    """Check the content below ``settings.root``.

    The scenarios and the pages' addresses are held against those of the revision ``against`` of
    git, or of the last build where there was one. Raises ``RevisionUnknownError``.
    """
    found = read(settings.root)
    before: Earlier | None
    if against is not None:
        before = at_revision(settings.root, against)
    else:
        before = at_last_build(settings.catalogue_path)
    touched: list[ScenarioEffect] = []
    store = None
    if found.catalogue is not None and before is not None:
        touched, store = _touched(settings, before.scenarios, found.catalogue.scenarios)
    told = hints(settings.root, found, today)
    if found.catalogue is not None and before is not None:
        told = in_order([*told, *_gone(settings, before, found.catalogue)])
    return Findings(found.catalogue, found.problems, told, touched, store)


def _gone(settings: Settings, before: Earlier, after: Catalogue) -> list[Problem]:
    lost = [one for one in before.addresses if after.page_at(one.url) is None]
    if not lost:
        return []
    # Only now, as the store's libraries take longer to load than all pages to check.
    from nurture_worker.rehearsal import gone
    from tracker.store.engine import StoreError

    try:
        counted = gone.views_of(settings.store_url, [one.url for one in lost])
    except StoreError:
        counted = None
    return list(gone.hints(lost, after, counted))


def _touched(
    settings: Settings, before: tuple[Scenario, ...], after: tuple[Scenario, ...]
) -> tuple[list[ScenarioEffect], str | None]:
    day = timedelta(seconds=settings.day_seconds)
    if not effects(before, after, [], day):
        return [], None
    # Only now, as the store's libraries take longer to load than all pages to check.
    from nurture_worker.rehearsal.under_way import readers_under_way
    from tracker.store.engine import StoreError

    try:
        readers = readers_under_way(settings.store_url)
    except StoreError as error:
        return effects(before, after, [], day), str(error)
    told = None if readers is not None else "データベースがまだありません"
    return effects(before, after, readers or [], day), told


def as_json(found: Findings) -> dict[str, Any]:
    """For programs: every finding with its place, and what becomes of readers under way."""
    return {
        "format": FORMAT,
        "ok": not found.problems,
        "problems": [_placed(problem) for problem in found.problems],
        "hints": [_placed(hint) for hint in found.hints],
        "scenarios": [
            {
                "scenario": effect.scenario,
                "readers": None if found.store else effect.readers,
                "steps": [_step(step) for step in effect.steps],
            }
            for effect in found.effects
        ],
    }


def _placed(problem: Problem) -> dict[str, Any]:
    return {
        "path": problem.path,
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
    }


def _step(effect: StepEffect) -> dict[str, Any]:
    return {
        "step": effect.step.id,
        "path": effect.step.path,
        "added": effect.added,
        "removed": effect.removed,
        "moved": effect.moved,
        "retexted": effect.retexted,
        "rerouted": effect.rerouted,
        "day_before": effect.before.day if effect.before else None,
        "day_after": effect.after.day if effect.after else None,
        "renamed_from": effect.renamed_from,
        "to_come": effect.to_come,
        "newly": effect.newly,
        "no_longer": effect.no_longer,
        "behind": effect.behind,
        "again": effect.again,
    }


def effect_lines(found: Findings) -> Iterator[str]:
    """The changes of the scenarios in words, a line each."""
    for effect in found.effects:
        who = "" if found.store else f"（いま {effect.readers}人が途中）"
        yield f"シナリオ {effect.scenario} の変更{who}:"
        for step in effect.steps:
            told = "" if found.store else f"。{_readers(step)}"
            yield f"  {step.step.path}: {_change(step)}{told}"
    if found.effects and found.store:
        yield f"  途中の読者への影響は分かりません（{found.store}）"


def _change(effect: StepEffect) -> str:
    if effect.renamed_from:
        return f"「{effect.renamed_from}」の名前を変えたもののようです（別のステップになります）"
    if effect.added:
        return f"{effect.step.day}日目に追加"
    if effect.removed:
        return f"{effect.step.day}日目から削除"
    assert effect.before
    changes = []
    if effect.moved:
        changes.append(f"{effect.before.day}日目から{effect.step.day}日目へ")
    if effect.retexted:
        changes.append("文面を変更")
    if effect.rerouted:
        changes.append("送る条件か進み方を変更")
    return "、".join(changes) or "変更なし"


def _readers(effect: StepEffect) -> str:
    """What readers under way get and do not get, by the largest concern first."""
    parts = []
    if effect.again:
        parts.append(f"{effect.again}人には同じ内容がもう一度届きます")
    if effect.no_longer:
        parts.append(f"届くはずだった{effect.no_longer}人には届きません")
    if effect.to_come:
        what = "新しい文面が" if effect.retexted else ""
        parts.append(f"これから{effect.to_come}人に{what}届きます")
    if effect.behind:
        parts.append(f"{effect.behind}人は受け取り済みです")
    return "、".join(parts) if parts else "途中の読者への影響はありません"
