"""The ways through a scenario: which step follows which, and what is wrong with them. Pure."""

from collections.abc import Iterator, Sequence

from tracker.catalogue.problems import unknown
from tracker.catalogue.scenarios import Step


def main_way(steps: Sequence[Step]) -> list[Step]:
    """One step a day, in order: of several on a day, the one that no other names as its ``then``
    or ``else``."""
    thens = {step.then for step in steps}
    elses = {step.otherwise for step in steps}
    found: dict[int, Step] = {}
    for step in sorted(steps, key=lambda s: (s.day, s.id in elses, s.id in thens, s.id)):
        found.setdefault(step.day, step)
    return list(found.values())


def after(steps: Sequence[Step], step: Step, *, sent: bool) -> Step | None:
    """The step to go to from ``step``: where it was sent, or where its condition did not hold.
    ``None`` where the way ends."""
    name = step.then if sent else step.otherwise
    named = next((other for other in steps if other.id == name), None)
    if named is not None:
        return named
    return next((other for other in main_way(steps) if other.day > step.day), None)


def ways(steps: Sequence[Step]) -> Iterator[tuple[Step, bool, Step | None]]:
    """Each way on from each step: from where, whether by its being sent, to where."""
    for step in steps:
        yield step, True, after(steps, step, sent=True)
        if step.when is not None:
            yield step, False, after(steps, step, sent=False)


def wrong(steps: Sequence[Step], drafts: Sequence[str] = ()) -> Iterator[tuple[Step, str, str]]:
    """What is wrong with the ways through ``steps``: the step, its key, and the words.

    ``drafts`` are steps that are there and not published.
    """
    found = [*_names_wrong(steps, drafts), *_twice_a_day(steps)]
    yield from found
    if found:
        return  # what is unreachable or goes in a circle follows from it
    yield from _circles(steps)
    reached = _reached(steps)
    for step in steps:
        if step not in reached:
            yield (
                step,
                "day",
                f"「{step.id}」にはどの道からも来ません（どこかの then か else に書くか、行き先を直します）",
            )


def _names_wrong(steps: Sequence[Step], drafts: Sequence[str]) -> Iterator[tuple[Step, str, str]]:
    by_id = {step.id: step for step in steps}
    for step in steps:
        others = [other.id for other in steps if other.id != step.id]
        for key, name in (("then", step.then), ("else", step.otherwise)):
            if name is None:
                continue
            if name == step.id:
                yield step, key, f"{key}: {name} は自分自身です（輪になります）"
            elif name in drafts and name not in by_id:
                yield (
                    step,
                    key,
                    f"{key}: {name} は下書きです（公開するなら draft: true の行を消します）",
                )
            elif name not in by_id:
                yield step, key, unknown(key, name, others)
            elif by_id[name].day < step.day or (key == "then" and by_id[name].day == step.day):
                later = "後の日" if key == "then" else "同じ日か後の日"
                yield (
                    step,
                    key,
                    f"{key}: {name} は{by_id[name].day}日目です。{step.day}日目から戻ることはできません（{later}のステップにします）",
                )
        if step.otherwise and step.otherwise in by_id:
            here, there = (after(steps, step, sent=sent) for sent in (True, False))
            if here is there:
                yield (
                    step,
                    "else",
                    f"else: {step.otherwise} は、送ったあとに進む先と同じです（分かれるなら then か else を直します）",
                )


def _twice_a_day(steps: Sequence[Step]) -> Iterator[tuple[Step, str, str]]:
    """Several steps of one day are branches: all but one are named by another step."""
    named = {name for step in steps for name in (step.then, step.otherwise)}
    first: dict[int, Step] = {}
    for step in sorted(steps, key=lambda s: (s.day, s.draft, s.path)):
        if step.id in named:
            continue
        if step.day in first:
            yield step, "day", f"{step.day}日目は{first[step.day].path}にもあります"
        first.setdefault(step.day, step)


def _circles(steps: Sequence[Step]) -> Iterator[tuple[Step, str, str]]:
    """Only an ``else`` may stay on its day, so only these can lead round."""
    told: set[str] = set()
    for first in steps:
        path = [first]
        while path[-1].when and path[-1].otherwise:
            following = after(steps, path[-1], sent=False)
            if following is None or following.id in told:
                break
            if following is first:
                names = " → ".join([*(step.id for step in path), first.id])
                yield first, "else", f"else が輪になっています（{names}）"
                told |= {step.id for step in path}
                break
            if following in path:
                break
            path.append(following)


def _reached(steps: Sequence[Step]) -> list[Step]:
    found = main_way(steps)[:1]
    for step in found:  # grows while it is gone through
        for sent in (True, False) if step.when else (True,):
            following = after(steps, step, sent=sent)
            if following is not None and following not in found:
                found.append(following)
    return found
