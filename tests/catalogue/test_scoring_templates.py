"""Scoring rules to begin with: each right by itself, and changed by naming what is other."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from nurture_worker.cli import main
from tests.catalogue.small_site import write_site
from tests.catalogue.test_schemas import mistakes
from tracker.catalogue.load import load
from tracker.catalogue.scoring import Scoring
from tracker.catalogue.scoring_templates import TEMPLATES, template, template_text

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_is_right_on_any_site(tmp_path: Path, name: str) -> None:
    (root := write_site(tmp_path)).joinpath("site/scoring.yml").write_text(template_text(name))
    assert load(root)[1] == []
    assert mistakes("scoring", template(name)) == []
    assert template_text(name).splitlines()[0] == f"# {TEMPLATES[name]}"


def test_the_shipped_rules_are_the_standard() -> None:
    shipped = yaml.safe_load((REPOSITORY / "site/scoring.yml").read_text(encoding="utf-8"))
    assert Scoring.model_validate(shipped) == Scoring.model_validate(template("standard"))


def test_one_line_takes_a_template_and_more_lines_change_it() -> None:
    assert mistakes("scoring", {"template": "two-visits"}) == []
    found = Scoring.model_validate({"template": "two-visits", "hot": {"at": 99}})
    plain = Scoring.model_validate(template("two-visits"))
    assert found.hot.at == 99
    assert found.hot.acts == plain.hot.acts
    assert (found.points, found.stages) == (plain.points, plain.stages)


def test_what_was_written_before_there_were_acts_still_reads() -> None:
    data = template("standard")
    del data["hot"]
    assert Scoring.model_validate({**data, "hot_at": 55}).hot.at == 55


def test_the_command_lists_the_templates_and_shows_one() -> None:
    listed = CliRunner().invoke(main, ["scoring", "templates"])
    assert [line.partition(":")[0] for line in listed.output.splitlines()] == list(TEMPLATES)
    assert CliRunner().invoke(main, ["scoring", "templates", "long-cycle"]).output == template_text(
        "long-cycle"
    )
    wrong = CliRunner().invoke(main, ["scoring", "templates", "long"])
    assert wrong.exit_code == 1
    assert "long-cycle" in wrong.output
