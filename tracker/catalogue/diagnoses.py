"""The 3-minute diagnosis a reader takes: questions, points, and what the result says."""

from collections.abc import Mapping

from pydantic import Field, model_validator

from tracker.catalogue.values import Gap, Value, refuse
from tracker.words import Stage

_ID = r"^[a-z][a-z0-9-]{0,30}$"


class Answer(Value):
    """One way to answer: its words and its points (more is better)."""

    text: str = Field(min_length=1, description="答えの言葉")
    points: int = Field(ge=0, le=100, description="点。多いほどよい状態")


class Question(Value):
    """One question, of one theme, with two to six answers to choose from."""

    id: str = Field(pattern=_ID, description="質問の名前（半角）")
    theme: str = Field(description="どのテーマの質問か。themes の id")
    text: str = Field(min_length=1, description="質問の文")
    options: tuple[Answer, ...] = Field(
        min_length=2, max_length=6, description="選ぶ答え（2〜6個）"
    )

    @property
    def best(self) -> int:
        return max(option.points for option in self.options)


class Theme(Value):
    """A side of the reader's site that the questions judge, and the change to make if it is weak."""

    id: str = Field(pattern=_ID, description="テーマの名前（半角）")
    label: str = Field(min_length=1, description="結果に出るテーマの言葉")
    change: str = Field(min_length=1, description="このテーマが弱いときに、まず変えること")


class Band(Value):
    """What the whole result says from ``at_least`` per cent on, and the page that fits it."""

    at_least: int = Field(ge=0, le=100, description="全体の点（100点満点）がここからの結果")
    label: str = Field(min_length=1, description="結果の見出し")
    text: str = Field(min_length=1, description="結果の説明")
    stage: Stage = Field(description="この結果の読者がいる段階")
    to: str = Field(pattern=r"^/[^:]*\.md$", description="結果に合う次のページ")
    button: str = Field(min_length=1, description="次のページへ進むボタンの言葉")


class ThemeResult(Value):
    """How one theme came out: 0 (all weak) to 100 (all well)."""

    theme: Theme
    percent: int


class Result(Value):
    """A reader's result: themes from weakest to best, the changes to make first, the band."""

    percent: int
    themes: tuple[ThemeResult, ...]
    changes: tuple[ThemeResult, ...]
    band: Band


class Diagnosis(Value):
    """A questionnaire an editor declares in the front matter of a ``kind: diagnosis`` page."""

    id: str = Field(pattern=_ID, description="診断の名前。本文の /// diagnosis | 名前 とそろえる")
    button: str = Field("結果を見る", description="最後のボタンの言葉")
    themes: tuple[Theme, ...] = Field(
        min_length=2, max_length=8, description="診断する面（2〜8個）。面ごとに点が出る"
    )
    questions: tuple[Question, ...] = Field(
        min_length=2, max_length=20, description="質問（2〜20個）"
    )
    bands: tuple[Band, ...] = Field(
        min_length=1, max_length=6, description="点ごとの結果（at_least: 0 のものが必ず要る）"
    )

    @model_validator(mode="after")
    def _coherent(self) -> "Diagnosis":
        gaps = []
        themes = [theme.id for theme in self.themes]
        for n, question in enumerate(self.questions):
            if question.theme not in themes:
                gaps.append(
                    Gap(
                        ("questions", n, "theme"),
                        f"theme「{question.theme}」は themes にありません"
                        f"（使える値: {', '.join(themes)}）",
                    )
                )
            if question.id in [q.id for q in self.questions[:n]]:
                gaps.append(
                    Gap(("questions", n, "id"), f"同じ id「{question.id}」の質問が2つあります")
                )
        for n, theme in enumerate(themes):
            if theme in themes[:n]:
                gaps.append(Gap(("themes", n, "id"), f"同じ id「{theme}」の theme が2つあります"))
            elif theme not in [q.theme for q in self.questions]:
                gaps.append(Gap(("themes", n, "id"), f"theme「{theme}」の質問がありません"))
        starts = [band.at_least for band in self.bands]
        if 0 not in starts:
            gaps.append(Gap(("bands",), "bands には at_least: 0 のものが必要です"))
        for n, start in enumerate(starts):
            if start in starts[:n]:
                gaps.append(
                    Gap(("bands", n, "at_least"), f"at_least: {start} の bands が2つあります")
                )
        refuse(gaps)
        return self

    def result(self, answers: Mapping[str, int]) -> Result:
        """Judge ``answers`` (question id → index of the option chosen).

        Raises ``KeyError`` for a question not answered, ``IndexError`` for an option not there.
        """
        got: dict[str, list[int]] = {theme.id: [0, 0] for theme in self.themes}
        for question in self.questions:
            index = answers[question.id]
            if index < 0:
                raise IndexError(index)
            got[question.theme][0] += question.options[index].points
            got[question.theme][1] += question.best
        themes = sorted(
            (ThemeResult(theme=theme, percent=_percent(*got[theme.id])) for theme in self.themes),
            key=lambda r: r.percent,
        )
        total = _percent(sum(g for g, _ in got.values()), sum(b for _, b in got.values()))
        band = max(
            (band for band in self.bands if band.at_least <= total), key=lambda b: b.at_least
        )
        changes = tuple(r for r in themes if r.percent < 100)[:3]
        return Result(percent=total, themes=tuple(themes), changes=changes, band=band)


def _percent(got: int, best: int) -> int:
    return round(100 * got / best) if best else 100
