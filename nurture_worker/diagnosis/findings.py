"""Which of all questions are answered with yes, which with no, and which not yet.

All objects are asked together, and of what is told at most one in twenty is false (Benjamini and
Hochberg, weighted by what the structure hints at and by what is at stake, over the questions that
had enough data to be answered at all). On a sound site that is the chance of any false finding.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from nurture_worker.diagnosis.chance import askable, times_needed
from nurture_worker.diagnosis.questions import Question
from tracker.chance import passing

FALSE_RATE = 0.05
ODD = 0.25
"""So unlikely a count, or a less likely one, looks odd even where it may be chance."""
LIGHTEST, HEAVIEST = 0.15, 6.0
_NOT_A_DEFECT = 0.01
_ROOM, _MORE_ROOM = 1.4, 2.0
_LEAST_MORE, _ONCE_MORE = 0.25, 1.0

Status = Literal["found", "clear", "insufficient"]


@dataclass(frozen=True)
class Answer:
    """A question with its answer. ``more`` is how many times the present traffic is lacking to
    one that can be answered; None where traffic alone does not help."""

    question: Question
    status: Status
    more: float | None = None

    @property
    def odd(self) -> bool:
        """Whether it looks odd, though it may be chance."""
        return self.status == "insufficient" and self.question.chance < ODD


def judge(questions: Sequence[Question]) -> list[Answer]:
    """An answer to each question, in their order."""
    open_ = [q for q in questions if q.comparable and q.n > 0]
    asked = [
        q
        for q, yes in zip(open_, askable([q.lowest_chance for q in open_], FALSE_RATE), strict=True)
        if yes
    ]
    weights = dict(zip(map(id, asked), _weights(asked), strict=True))
    told = passing([min(1.0, q.chance / weights[id(q)]) for q in asked], FALSE_RATE)
    found = {id(q) for q, yes in zip(asked, told, strict=True) if yes}
    # What one more question would have to be as unlikely as to be told.
    error = FALSE_RATE * (len(found) + 1) / max(len(open_), 1)
    answers = []
    for question in questions:
        if id(question) in found:
            answers.append(Answer(question, "found"))
        else:
            answers.append(_otherwise(question, error * weights.get(id(question), 1.0)))
    return answers


def _weights(questions: Sequence[Question]) -> list[float]:
    """How much each question counts: 1 on average."""
    if not questions:
        return []
    raw = [q.hint * math.sqrt(max(q.stake, 1e-9)) for q in questions]
    mean = sum(raw) / len(raw)
    clipped = [min(HEAVIEST, max(LIGHTEST, value / mean)) for value in raw]
    return [value * len(clipped) / sum(clipped) for value in clipped]


def _otherwise(question: Question, error: float) -> Answer:
    if question.n <= 0 or not question.comparable:
        return Answer(question, "insufficient", None)
    usual = question.usual
    noise = usual.noise, usual.floor
    times = times_needed(question.n, question.bound, question.design, *noise, error)
    if times is None:
        return Answer(question, "insufficient", None)
    if times > 1:
        return Answer(question, "insufficient", max(_LEAST_MORE, times * _ROOM - 1))
    if not question.looks_past and question.chance_if_defect() <= _NOT_A_DEFECT:
        return Answer(question, "clear")
    # Enough for a defect of the design's size: this one, if it is one, is smaller.
    smaller = (
        times_needed(question.n, question.bound, _within(question.share), *noise, error)
        if question.looks_past
        else None
    )
    return Answer(question, "insufficient", max(_ONCE_MORE, (smaller or 1.0) * _MORE_ROOM - 1))


def _within(share: float) -> float:
    return min(0.999, max(0.001, share))
