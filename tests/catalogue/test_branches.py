"""Conditions and branches of scenarios: what is wrong is told with its file and line."""

from pathlib import Path

import pytest

from tests.catalogue.small_site import write_site
from tracker.catalogue.branches import after, main_way
from tracker.catalogue.load import load, read
from tracker.catalogue.scenarios import Scenario
from tracker.words import Entry, Stage

FOLDER = "site/scenarios/interest"
HELLO = f"{FOLDER}/1-hello.md"
CASE = f"{FOLDER}/3-case.md"
SHORT = f"{FOLDER}/3-short.md"
LAST = f"{FOLDER}/5-last.md"


def step(day: int, *lines: str) -> str:
    front = "\n".join([f"day: {day}", f"subject: {day}日目", *lines])
    return f"---\n{front}\n---\n\n[記事](/articles/good.md)をどうぞ。\n"


GOOD: dict[str, str | bytes | None] = {
    CASE: step(3, "when: {clicked: hello}", "else: short"),
    SHORT: step(3),
    LAST: step(5),
}


def problems(root: Path, changes: dict[str, str | bytes | None]) -> list[str]:
    return [str(problem) for problem in load(write_site(root, {**GOOD, **changes}))[1]]


def scenario(root: Path, changes: dict[str, str | bytes | None] | None = None) -> Scenario:
    catalogue, found = load(write_site(root, {**GOOD, **(changes or {})}))
    assert found == []
    assert catalogue is not None
    return catalogue.scenarios[0]


WRONG: dict[str, tuple[dict[str, str | bytes | None], list[str]]] = {
    "an unknown step in else": (
        {CASE: step(3, "when: {clicked: hello}", "else: shrt")},
        [
            f"{CASE}:5:7: else「shrt」は使えません（もしかして: short。",
            f"{SHORT}:2:6: 3日目は{CASE}にもあります",
        ],
    ),
    "an unknown step in then": (
        {LAST: None, HELLO: step(1, "then: cas")},
        [
            f"{HELLO}:4:7: then「cas」は使えません（もしかして: case。使える値: case, short）",
        ],
    ),
    "itself": (
        {HELLO: step(1, "then: hello")},
        [f"{HELLO}:4:7: then: hello は自分自身です（輪になります）"],
    ),
    "an earlier step": (
        {LAST: step(5, "then: hello")},
        [
            f"{LAST}:4:7: then: hello は1日目です。5日目から戻ることはできません（後の日のステップにします）"
        ],
    ),
    "a circle of one day": (
        {SHORT: step(3, "when: {score: 10}", "else: case")},
        [f"{CASE}:5:7: else が輪になっています（case → short → case）"],
    ),
    "an unreachable step": (
        {CASE: None, SHORT: step(3), HELLO: step(1, "then: last")},
        [
            f"{SHORT}:2:6: 「short」にはどの道からも来ません（どこかの then か else に書くか、行き先を直します）"
        ],
    ),
    "an else that leads nowhere else": (
        {CASE: step(3, "when: {clicked: hello}", "else: last"), SHORT: None},
        [
            f"{CASE}:5:7: else: last は、送ったあとに進む先と同じです（分かれるなら then か else を直します）"
        ],
    ),
    "an else without a condition": (
        {CASE: step(3, "else: short")},
        [f"{CASE}:4:7: else は when と一緒に書きます"],
    ),
    "an empty condition": (
        {CASE: step(3, "when: {}", "else: short")},
        [f"{CASE}:4:7: 条件を1つは書きます（使えるキー: clicked, not_clicked, downloaded,"],
    ),
    "an unknown condition": (
        {CASE: step(3, "when: {cliked: hello}", "else: short")},
        [f"{CASE}:4:8: キー「cliked」は使えません（もしかして: clicked。使えるキー: clicked,"],
    ),
    "a step with no mail by that name": (
        {CASE: step(3, "when: {clicked: helo}", "else: short")},
        [f"{CASE}:4:17: ステップ「helo」は使えません（もしかして: hello。"],
    ),
    "a click on what comes later": (
        {CASE: step(3, "when: {clicked: last}", "else: short")},
        [f"{CASE}:4:17: clicked: last は、このメールより前に送るステップではありません"],
    ),
    "a link that the mail does not hold": (
        {CASE: step(3, "when:", "  not_clicked: hello /articles/goood.md", "else: short")},
        [
            f"{CASE}:5:16: hello のリンク「/articles/goood.md」は使えません（もしかして: /articles/good.md。"
        ],
    ),
    "a gate, a persona, a seminar that are not there": (
        {
            CASE: step(
                3,
                "when:",
                "  downloaded: gide",
                "  persona: ownr",
                "  attended: this",
                "else: short",
            )
        },
        [
            f"{CASE}:5:15: downloaded「gide」は使えません（もしかして: guide。",
            f"{CASE}:6:12: persona「ownr」は使えません（もしかして: owner。",
            f"{CASE}:7:13: attended「this」は使えません（",
        ],
    ),
    "a score that is no number": (
        {CASE: step(3, "when: {score: many}", "else: short")},
        [f"{CASE}:4:15: "],
    ),
    "an hour that is none": (
        {LAST: step(5, 'window: {opens: "25:00"}')},
        [f'{LAST}:4:17: 時刻は "9:00" の形で、"0:00" から "24:00" までで書きます'],
    ),
    "a window that is never open in this firm": (
        {LAST: step(5, 'window: {opens: "18:00"}')},
        [f"{LAST}:4:9: firm.yml の sending（月〜金 9:00〜18:00（祝日を除く））と合わせると、"],
    ),
    "an unknown word for late": (
        {LAST: step(5, "late: later")},
        [f"{LAST}:4:7: late「later」は使えません（"],
    ),
    "a scenario of nobody": (
        {"site/scenarios/again/1-hi.md": step(1)},
        ["site/scenarios/again:1: シナリオのフォルダー「again」は使えません（"],
    ),
    "a scenario that does not say who enters": (
        {
            "site/scenarios/again/1-hi.md": step(1),
            "site/scenarios/again/scenario.yml": "name: また\n",
        },
        [
            "site/scenarios/again/scenario.yml:1: だれが入るかを enter に書きます（使える値: newsletter, seminar, dormant）"
        ],
    ),
    "a stage's scenario for others": (
        {f"{FOLDER}/scenario.yml": "enter: dormant\n"},
        [f"{FOLDER}/scenario.yml:1:8: 段階「interest」のシナリオには、その段階の人が入ります"],
    ),
    "a hold-out of all": (
        {f"{FOLDER}/scenario.yml": "hold_out: 100\n"},
        [f"{FOLDER}/scenario.yml:1:11: "],
    ),
    "two scenarios of the dormant": (
        {
            "site/scenarios/a/1-hi.md": step(1),
            "site/scenarios/a/scenario.yml": "enter: dormant\n",
            "site/scenarios/b/1-hi.md": step(1),
            "site/scenarios/b/scenario.yml": "enter: dormant\n",
        },
        ["site/scenarios/b/scenario.yml:1:8: enter: dormant のシナリオは site/scenarios/a にも"],
    ),
}


@pytest.mark.parametrize(("changes", "told"), WRONG.values(), ids=WRONG)
def test_a_mistake_is_told_with_file_and_line(
    tmp_path: Path, changes: dict[str, str | bytes | None], told: list[str]
) -> None:
    found = problems(tmp_path, changes)
    assert len(found) == len(told), found
    for line, beginning in zip(found, told, strict=True):
        assert line.startswith(beginning), line


def test_a_name_that_leads_to_a_draft_is_told(tmp_path: Path) -> None:
    found = problems(tmp_path, {SHORT: step(3, "draft: true")})
    assert found == [
        f"{CASE}:5:7: else: short は下書きです（公開するなら draft: true の行を消します）"
    ]


def test_a_mistake_in_a_drafts_ways_stands_in_the_way_of_nothing(tmp_path: Path) -> None:
    draft = f"{FOLDER}/4-draft.md"
    found = read(write_site(tmp_path, {**GOOD, draft: step(4, "draft: true", "then: gone")}))
    assert found.problems == []
    assert [str(problem)[: len(draft)] for problem in found.draft_problems] == [draft]


def test_the_main_way_takes_one_step_a_day_and_leaves_the_branches_aside(tmp_path: Path) -> None:
    made = scenario(tmp_path)
    assert [one.id for one in main_way(made.steps)] == ["hello", "case", "last"]
    case = made.step("case")
    assert case is not None
    assert [getattr(after(made.steps, case, sent=sent), "id", None) for sent in (True, False)] == [
        "last",
        "short",
    ]


def test_a_scenario_of_an_occasion_has_settings_of_its_own(tmp_path: Path) -> None:
    catalogue, found = load(
        write_site(
            tmp_path,
            {
                "site/scenarios/dormant/1-hi.md": step(1),
                "site/scenarios/dormant/scenario.yml": "name: 休眠\nenter: dormant\nidle_days: 60\n",
                f"{FOLDER}/scenario.yml": "hold_out: 50\n",
            },
        )
    )
    assert found == []
    assert catalogue is not None
    dormant, interest = catalogue.scenarios
    assert (dormant.label, dormant.enter, dormant.idle_days) == ("休眠", Entry.DORMANT, 60)
    assert (interest.label, interest.hold_out, interest.stage) == ("関心", 50, Stage.INTEREST)
    assert catalogue.scenario_for(Stage.INTEREST) is interest
    assert catalogue.entered_by(Entry.DORMANT) is dormant


def test_branches_hours_and_settings_survive_the_catalogues_file(tmp_path: Path) -> None:
    catalogue, _ = load(
        write_site(tmp_path, {**GOOD, LAST: step(5, "window: {opens: 7:30, closes: '8:00'}")})
    )
    assert catalogue is not None
    catalogue.write(tmp_path / "catalogue.json")
    again = type(catalogue).read(tmp_path / "catalogue.json")
    assert again == catalogue
    last = again.scenarios[0].step("last")
    assert last is not None
    assert last.window is not None
    assert (last.window.opens, last.window.closes) == (450, 480)


@pytest.mark.parametrize("written", ["9:00", '"9:00"', "09:00"])
def test_a_time_may_be_written_with_quotes_or_without(tmp_path: Path, written: str) -> None:
    assert problems(tmp_path, {LAST: step(5, f"window: {{opens: {written}}}")}) == []


def test_an_hour_alone_is_no_time(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, {LAST: step(5, "window: {opens: 9}")})
    assert told.startswith(f'{LAST}:4:17: 時刻は "9:00" の形で')
