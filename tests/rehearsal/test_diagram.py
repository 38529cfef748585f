"""The picture of a scenario: every step, every way, and nothing from anywhere else."""

from pathlib import Path
from xml.etree import ElementTree as ET

from click.testing import CliRunner

from nurture_worker.cli import main
from tests.catalogue.small_site import write_site
from tests.catalogue.test_branches import GOOD
from tracker.catalogue.load import load
from tracker.catalogue.scenarios import Scenario
from tracker.diagram import mermaid, svg


def branching(root: Path) -> Scenario:
    catalogue, problems = load(write_site(root, GOOD))
    assert catalogue is not None
    assert problems == []
    return catalogue.scenarios[0]


def test_mermaid_tells_each_way_with_its_condition(tmp_path: Path) -> None:
    told = mermaid(branching(tmp_path))
    for line in (
        'enter(["関心の段階に来た"])',
        'w_case{"hello を押した"}',
        "enter --> s_hello",
        "s_hello --> w_case",
        "w_case -->|はい| s_case",
        "w_case -->|いいえ| s_short",
        "s_case --> s_last",
        "s_short --> s_last",
        "s_last --> done",
    ):
        assert f"  {line}\n" in told


def test_the_picture_shows_every_step_and_asks_nobody_for_anything(tmp_path: Path) -> None:
    scenario = branching(tmp_path)
    angled = scenario.steps[0].model_copy(update={"subject": '<b>"角" & 山</b>'})
    drawn = svg(scenario.model_copy(update={"steps": (angled, *scenario.steps[1:])}))
    picture = ET.fromstring(drawn)
    words = "".join(picture.itertext())
    assert all(f"{step.day}日目　{step.id}" in words for step in scenario.steps)
    assert '<b>"角" & 山</b>' in words
    assert drawn.count("stroke-dasharray") == 1
    assert drawn.replace("http://www.w3.org/2000/svg", "").count("http") == 0


def test_the_command_lists_what_is_written_and_draws_it(tmp_path: Path) -> None:
    root = write_site(tmp_path, GOOD)
    env = {"SODATE_ROOT": str(root), "SODATE_DATA": str(root / "var"), "SODATE_DATABASE_URL": ""}

    def sodate(*words: str) -> str:
        return CliRunner().invoke(main, ["scenarios", *words], env=env).output

    assert sodate().splitlines() == [
        "関心（interest）: 関心の段階に来た人に",
        "  1日目 hello: はじめまして",
        "  3日目 case: 3日目",
        "    hello を押した人に",
        "  3日目 short: 3日目",
        "  5日目 last: 5日目",
    ]
    assert sodate("interest", "--mermaid").startswith("flowchart TD\n")
    assert "シナリオ「intrest」は使えません（もしかして: interest。" in sodate("intrest")
