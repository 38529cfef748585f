"""A new file is right but for what only its editor can write."""

from datetime import date
from pathlib import Path

import pytest

from tests.catalogue.small_site import FILES, write_site
from tracker.catalogue.folder import TO_BE_WRITTEN
from tracker.catalogue.load import Reading, read
from tracker.catalogue.scaffolds import ISSUE, KINDS, ONCE, ScaffoldError, scaffold
from tracker.words import PageKind, Stage

TODAY = date(2026, 11, 20)


def make(root: Path, kind: str, name: str = "trial", **more: object) -> Path:
    catalogue = read(root).catalogue
    assert catalogue is not None
    return scaffold(root, catalogue, kind, name, TODAY, **more)  # type: ignore[arg-type]


def left(reading: Reading, path: Path) -> list[str]:
    """What is wrong with the file, but for the places to write."""
    assert [p for p in reading.problems if p.path != str(path)] == []
    own = [p for p in reading.problems + reading.draft_problems if p.path == str(path)]
    assert own, "there is always something to write"
    return [str(p) for p in own if not p.message.startswith(TO_BE_WRITTEN)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_scaffold_lacks_only_words_and_files(tmp_path: Path, kind: str) -> None:
    root = write_site(tmp_path)
    path = make(root, kind)
    missing = left(read(root), path)
    if kind == PageKind.RESOURCE:
        assert [line.split(" ", 1)[1] for line in missing] == [
            "資料「trial.pdf」が site/whitepapers にありません（使える値: guide.pdf）"
        ]
    else:
        assert missing == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "persona"])
def test_a_scaffold_stands_in_nobodys_way_until_it_is_published(tmp_path: Path, kind: str) -> None:
    root = write_site(tmp_path)
    path = make(root, kind)
    reading = read(root)
    assert reading.problems == []
    assert reading.drafts == {str(path)}
    with_drafts = read(root, drafts=True).catalogue
    assert with_drafts is not None
    shown = [f"site/pages/{page.path}" for page in with_drafts.pages]
    shown += [step.path for scenario in with_drafts.scenarios for step in scenario.steps]
    shown += [issue.path for issue in with_drafts.issues]
    assert str(path) in shown, "its front matter is whole"


def test_every_kind_of_page_can_be_made_but_those_a_site_has_once() -> None:
    assert {*KINDS} == {*map(str, PageKind), "scenario", ISSUE, "persona"} - {*map(str, ONCE)}


def test_what_is_told_stands_in_the_file(tmp_path: Path) -> None:
    root = write_site(tmp_path)
    path = make(root, "case", "press", title="プレス: 2社", stage=Stage.TRUST, personas=("owner",))
    assert path == Path("site/pages/cases/press.md")
    made = read(root, drafts=True).catalogue
    assert made is not None
    page = made.page_of("/cases/press.md")
    assert page is not None
    assert (page.title, page.stage, page.personas) == ("プレス: 2社", Stage.TRUST, ("owner",))
    assert page.published == TODAY
    assert [cta.to for cta in page.ctas] == ["/inquiry.md"]


def test_a_step_comes_two_days_behind_the_last(tmp_path: Path) -> None:
    root = write_site(tmp_path)
    assert make(root, "scenario", "look", stage=Stage.INTEREST) == Path(
        "site/scenarios/interest/3-look.md"
    )
    assert make(root, "scenario", "look", stage=Stage.TRUST) == Path(
        "site/scenarios/trust/1-look.md"
    )
    assert make(root, "scenario", "again", stage=Stage.INTEREST, day=12).name == "12-again.md"


def test_a_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    root = write_site(tmp_path)
    with pytest.raises(ScaffoldError, match=r"site/pages/articles/good.md はもうあります"):
        make(root, "article", "good")
    assert (root / "site/pages/articles/good.md").read_text() == FILES[
        "site/pages/articles/good.md"
    ]


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        ("artikle", {}, "種類「artikle」は使えません（もしかして: article。"),
        ("article", {"name": "Über uns"}, "名前「Über uns」は使えません（半角の小文字"),
        ("article", {"name": "../../x"}, "使えません"),
        ("article", {"personas": ("boss",)}, "persona「boss」は使えません（使える値: owner）"),
        ("scenario", {"stage": Stage.INTEREST, "day": 1}, "1日目には site/scenarios/interest/1-h"),
    ],
)
def test_what_cannot_be_made_is_told_with_what_can(
    tmp_path: Path, kind: str, more: dict[str, object], said: str
) -> None:
    root = write_site(tmp_path)
    before = sorted(root.rglob("*"))
    with pytest.raises(ScaffoldError) as told:
        make(root, kind, str(more.pop("name", "trial")), **more)
    assert said in str(told.value)
    assert sorted(root.rglob("*")) == before
