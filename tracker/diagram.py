"""A scenario as a picture: which step follows which, and on what it depends. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from tracker.catalogue.branches import main_way, ways
from tracker.catalogue.scenarios import Scenario, Step
from tracker.words import Entry

_WIDTH, _HEIGHT = 260, 84
_GAP_X, _GAP_Y = 90, 56
_MARGIN = 24
_LETTERS = 17
"""To a line of a box, at 13 px."""


def entrance(scenario: Scenario) -> str:
    """Who enters, in a few words."""
    match scenario.enter:
        case Entry.STAGE:
            return f"{scenario.label}の段階に来た"
        case Entry.DORMANT:
            return f"{scenario.idle_days}日、動きがない"
        case Entry.SEMINAR:
            return "申し込んだセミナーが終わった"
        case Entry.NEWSLETTER:
            return "メールマガジンだけに登録した"


def exit_of(scenario: Scenario) -> str:
    """What becomes of who comes to the end."""
    if scenario.enter is Entry.DORMANT:
        return f"{scenario.sunset_days}日、動きがなければ配信を終える"
    return "終わり"


def mermaid(scenario: Scenario) -> str:
    """The ways through ``scenario`` as Mermaid's text: where a step has a condition, it stands in a
    lozenge before it."""
    lines = ["flowchart TD", f'  enter(["{_quoted(entrance(scenario))}"])']
    for step in scenario.steps:
        subject = _quoted(f"{step.day}日目 {step.subject}")
        lines.append(f'  {_name(step)}["{subject}"]')
        if step.when is not None:
            lines.append(f'  {_gate(step)}{{"{_quoted(step.when.label)}"}}')
            lines.append(f"  {_gate(step)} -->|はい| {_name(step)}")
    lines.append(f'  done(["{_quoted(exit_of(scenario))}"])')
    first = main_way(scenario.steps)[0]
    lines.append(f"  enter --> {_entry(first)}")
    for step, sent, following in ways(scenario.steps):
        target = _entry(following) if following else "done"
        source = f"{_name(step)} -->" if sent else f"{_gate(step)} -->|いいえ|"
        lines.append(f"  {source} {target}")
    return "\n".join(lines) + "\n"


def _name(step: Step) -> str:
    return "s_" + step.id.replace("-", "_")


def _gate(step: Step) -> str:
    return "w_" + step.id.replace("-", "_")


def _entry(step: Step) -> str:
    return _gate(step) if step.when else _name(step)


def _quoted(text: str) -> str:
    return text.replace('"', "#quot;").replace("\n", " ")


@dataclass(frozen=True)
class _Box:
    x: int
    y: int

    @property
    def middle(self) -> int:
        return self.x + _WIDTH // 2

    @property
    def bottom(self) -> int:
        return self.y + _HEIGHT


def svg(scenario: Scenario) -> str:
    """The same as a picture that asks nothing of anybody. Solid lines are taken by who was sent the
    step, broken ones by who did not meet its condition."""
    main = {step.id for step in main_way(scenario.steps)}
    rows: dict[int, list[Step]] = {}
    for step in sorted(scenario.steps, key=lambda s: (s.day, s.id not in main, s.id)):
        rows.setdefault(step.day, []).append(step)
    boxes: dict[str, _Box] = {}
    for row, steps in enumerate(rows.values(), 1):
        for column, step in enumerate(steps):
            boxes[step.id] = _Box(
                _MARGIN + column * (_WIDTH + _GAP_X), _MARGIN + row * (_HEIGHT + _GAP_Y) - _HEIGHT
            )
    columns = max(len(steps) for steps in rows.values())
    width = 2 * _MARGIN + columns * _WIDTH + (columns - 1) * _GAP_X + _GAP_X
    end = _Box(_MARGIN, _MARGIN + (len(rows) + 1) * (_HEIGHT + _GAP_Y) - _HEIGHT)
    height = end.y + 40 + _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}" role="img" class="ways"'
        f' aria-label="{escape(scenario.label)}のシナリオの進み方">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8"'
        ' markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#54606a"/></marker></defs>',
        _pill(_MARGIN, _MARGIN, entrance(scenario)),
        _line(f"M{_MARGIN + _WIDTH // 2} {_MARGIN + 34}V{boxes[_first(scenario)].y - 2}", True),
    ]
    for step, sent, following in ways(scenario.steps):
        parts += _way(boxes[step.id], boxes[following.id] if following else end, sent, boxes)
    parts += [part for step in scenario.steps for part in _drawn(step, boxes[step.id])]
    parts += [_pill(end.x, end.y, exit_of(scenario)), "</svg>"]
    return "".join(parts)


def _first(scenario: Scenario) -> str:
    return main_way(scenario.steps)[0].id


def _way(here: _Box, there: _Box, sent: bool, boxes: dict[str, _Box]) -> Iterator[str]:
    if here.y == there.y:
        yield _line(f"M{here.x + _WIDTH} {here.y + 20}H{there.x - 2}", sent)
        yield _word((here.x + _WIDTH + there.x) // 2, here.y + 14, "いいえ")
        return
    start = here.middle if sent else here.middle + 60
    passed = [b for b in boxes.values() if here.y < b.y < there.y and b.x == here.x == there.x]
    if passed:  # round the steps in between
        side = here.x + _WIDTH + (30 if sent else 44)
        yield _line(
            f"M{here.x + _WIDTH} {here.y + (60 if sent else 36)}H{side}V{there.y - 20}"
            f"H{there.middle + 40}V{there.y - 2}",
            sent,
        )
        if not sent:
            yield _word(side, here.y + 30, "いいえ")
        return
    bend = there.y - 28
    yield _line(f"M{start} {here.bottom}V{bend}H{there.middle + (start - here.middle) // 2}V{there.y - 2}", sent)  # fmt: skip
    if not sent:
        yield _word(start + 26, here.bottom + 16, "いいえ")


def _drawn(step: Step, box: _Box) -> Iterator[str]:
    edge = "#9a6b00" if step.when else "#1f5a42"
    dashed = ' stroke-dasharray="4 3"' if step.draft else ""
    yield (
        f'<rect x="{box.x}" y="{box.y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6" fill="#fff"'
        f' stroke="{edge}"{dashed}/>'
    )
    head = f"{step.day}日目　{step.id}"
    yield _text(box.x + 12, box.y + 20, head, size=11, colour="#54606a")
    lines = _lines(step.subject)
    for n, line in enumerate(lines):
        yield _text(box.x + 12, box.y + 40 + 17 * n, line)
    if step.when:
        yield _text(
            box.x + 12,
            box.y + _HEIGHT - 8,
            _cut(f"送る条件: {step.when.label}", 22),
            size=11,
            colour=edge,
            title=step.when.label,
        )


def _lines(text: str) -> list[str]:
    first = text[: _fitting(text, _LETTERS)]
    rest = text[len(first) :]
    return [first, *([_cut(rest, _LETTERS)] if rest else [])]


def _cut(text: str, letters: float) -> str:
    fits = _fitting(text, letters)
    return text if fits == len(text) else text[: _fitting(text, letters - 1)] + "…"


def _fitting(text: str, letters: float) -> int:
    """How many characters of ``text`` are as wide as ``letters`` Japanese ones."""
    wide = 0.0
    for n, character in enumerate(text):
        wide += 0.56 if character.isascii() else 1.0
        if wide > letters:
            return n
    return len(text)


def _pill(x: int, y: int, text: str) -> str:
    return (
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="34" rx="17" fill="#e8f0ec"/>'
        f'<text x="{x + _WIDTH // 2}" y="{y + 22}" text-anchor="middle" font-size="13"'
        f' fill="#1f5a42">{escape(_cut(text, 19))}</text>'
    )


def _text(
    x: int, y: int, text: str, *, size: int = 13, colour: str = "#1c2429", title: str = ""
) -> str:
    hover = f"<title>{escape(title)}</title>" if title else ""
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}">{hover}{escape(text)}</text>'


def _word(x: int, y: int, text: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="middle" font-size="11" fill="#9a6b00">{text}</text>'


def _line(path: str, sent: bool) -> str:
    dashed = "" if sent else ' stroke-dasharray="5 4"'
    return f'<path d="{path}" fill="none" stroke="#54606a"{dashed} marker-end="url(#tip)"/>'
