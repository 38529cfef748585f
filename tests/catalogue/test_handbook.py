"""The editors' handbook: its examples are right, and its mistakes are told as it says."""

import re
import shutil
from pathlib import Path

import pytest

from tracker.catalogue.load import read

REPOSITORY = Path(__file__).parents[2]
HANDBOOK = (REPOSITORY / "site/README.ja.md").read_text(encoding="utf-8")
FENCE = re.compile(
    r'^```(?P<info>\w+)(?: (?P<key>title|mistake)="(?P<file>[^"]+)")?\n(?P<text>.*?)^```$',
    re.MULTILINE | re.DOTALL,
)
FENCES = list(FENCE.finditer(HANDBOOK))
EXAMPLES = {m["file"]: m["text"] for m in FENCES if m["key"] == "title"}
MISTAKES = [
    (m["file"], m["text"], FENCES[n + 1]["text"])
    for n, m in enumerate(FENCES)
    if m["key"] == "mistake"
]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A copy of the shipped site, to write the examples into."""
    shutil.copytree(REPOSITORY / "site", tmp_path / "site")
    shutil.copy2(REPOSITORY / "mkdocs.yml", tmp_path)
    return tmp_path


def test_the_handbook_shows_every_kind_of_file() -> None:
    kinds = {file.split("/")[1] for file in EXAMPLES}
    assert kinds == {"pages", "scenarios", "newsletters", "personas", "firm.yml", "scoring.yml"}


def test_all_examples_together_have_no_problem(site: Path) -> None:
    for file, text in EXAMPLES.items():
        assert not (site / file).exists() or file.endswith(".yml"), file
        (site / file).write_text(text, encoding="utf-8")
    found = read(site)
    assert [str(p) for p in found.problems + found.draft_problems] == []
    assert found.catalogue is not None
    step = found.catalogue.scenario("interest")
    assert step is not None
    assert "look-back" in [s.id for s in step.steps]


@pytest.mark.parametrize(("file", "text", "said"), MISTAKES)
def test_a_mistake_is_told_as_the_handbook_says(
    site: Path, file: str, text: str, said: str
) -> None:
    (site / file).write_text(text, encoding="utf-8")
    told = [str(problem) for problem in read(site).problems if problem.path == file]
    assert told == said.splitlines()


def test_the_handbook_is_not_published() -> None:
    assert "docs_dir: site/pages" in (REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8")
    assert not list((REPOSITORY / "site/pages").glob("README*"))
