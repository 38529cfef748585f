"""The JSON Schemas agree with the models, and say what each key is for."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator, FormatChecker
from pydantic import BaseModel

from tests.catalogue.small_site import write_site
from tracker.catalogue.documents import split_front
from tracker.catalogue.load import read
from tracker.catalogue.scaffolds import ISSUE, KINDS, scaffold
from tracker.catalogue.schemas import MODELS, schemas, write_schemas
from tracker.words import PageKind

REPOSITORY = Path(__file__).parents[2]
FILES = {
    "page": "site/pages/**/*.md",
    "step": "site/scenarios/**/*.md",
    "issue": "site/newsletters/*.md",
    "persona": "site/personas/*.md",
    "firm": "site/firm.yml",
    "scoring": "site/scoring.yml",
}


def front(path: Path) -> Any:
    """The YAML of a file as an editor's language server sees it: dates are text."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        parts = split_front(text)
        assert isinstance(parts, tuple)
        text = parts[0]
    return json.loads(json.dumps(yaml.safe_load(text), default=str))


def mistakes(name: str, value: Any, **named: list[str]) -> list[str]:
    validator = Draft7Validator(schemas(**named)[name], format_checker=FormatChecker())
    return [error.json_path for error in validator.iter_errors(value)]


@pytest.mark.parametrize("name", FILES)
def test_every_shipped_file_is_right(name: str) -> None:
    paths = list(REPOSITORY.glob(FILES[name]))
    assert paths
    named = {
        "personas": [path.stem for path in REPOSITORY.glob(FILES["persona"])],
        "whitepapers": [path.name for path in REPOSITORY.glob("site/whitepapers/*.pdf")],
    }
    wrong = {path.name: mistakes(name, front(path), **named) for path in paths}
    assert not {path: found for path, found in wrong.items() if found}


@pytest.mark.parametrize("kind", KINDS)
def test_every_scaffold_is_right(tmp_path: Path, kind: str) -> None:
    root = write_site(tmp_path)
    catalogue = read(root).catalogue
    assert catalogue is not None
    path = root / scaffold(root, catalogue, kind, "trial", date(2026, 11, 20))
    name = {"scenario": "step", ISSUE: "issue", "persona": "persona"}.get(kind, "page")
    assert mistakes(name, front(path)) == []


PAGE = {"title": "題", "kind": "article", "stage": "awareness"}
GATE = {"id": "guide", "file": "guide.pdf"}


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"stage": "intrest"}, "$.stage"),
        ({"stgae": "trust"}, "$"),
        ({"title": ""}, "$.title"),
        ({"published": "2026-13-01"}, "$.published"),
        ({"personas": ["boss"]}, "$.personas[0]"),
        ({"kind": "resource"}, "$"),
        ({"gate": GATE}, "$.gate"),
        ({"kind": "resource", "gate": {**GATE, "file": "gone.pdf"}}, "$.gate.file"),
        ({"kind": "resource", "gate": {**GATE, "fields": ["email", "fax"]}}, "$.gate.fields[1]"),
    ],
)
def test_a_mistake_is_found_where_it_stands(change: dict[str, object], at: str) -> None:
    named = {"personas": ["owner"], "whitepapers": ["guide.pdf"]}
    assert mistakes("page", PAGE, **named) == []
    assert mistakes("page", {**PAGE, **change}, **named) == [at]


def test_a_page_that_needs_a_stage_is_found_without() -> None:
    assert mistakes("page", {"title": "題", "kind": "article"}) == ["$"]
    assert mistakes("page", {"title": "題", "kind": "page"}) == []


def models(model: type[BaseModel]) -> set[type[BaseModel]]:
    """The model and those of its keys, at any depth."""
    found = {model}
    for field in model.model_fields.values():
        waiting = [field.annotation]
        while waiting:
            annotation = waiting.pop()
            waiting += getattr(annotation, "__args__", ())
            if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                found |= models(annotation)
    return found


@pytest.mark.parametrize("name", MODELS)
def test_every_key_says_what_it_is_for(name: str) -> None:
    silent = [
        f"{model.__name__}.{key}"
        for model in models(MODELS[name][0])
        for key, field in model.model_fields.items()
        if not field.description
    ]
    assert silent == []


def test_the_words_of_editors_stand_beside_the_values() -> None:
    kinds = schemas()["page"]["$defs"]["PageKind"]
    assert kinds["enum"] == [str(kind) for kind in PageKind]
    assert "case（事例）" in kinds["description"]


def test_they_are_written_as_files_a_validator_takes(tmp_path: Path) -> None:
    paths = write_schemas(tmp_path / "schemas")
    assert [path.name for path in paths] == [f"{name}.schema.json" for name in MODELS]
    for path in paths:
        Draft7Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))
