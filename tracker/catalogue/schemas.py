"""JSON Schemas of what editors write, for their text editors to complete and check by.

Made from the models, with the personas and the files of the site at hand.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from tracker.catalogue.ctas import CtaOptions
from tracker.catalogue.firm import Firm
from tracker.catalogue.gates import KNOWN_FIELDS, FormField
from tracker.catalogue.issues import IssueFront
from tracker.catalogue.pages import OWNERS, STAGED, PageFront
from tracker.catalogue.personas import PersonaFront
from tracker.catalogue.scenarios import ScenarioFront, StepFront
from tracker.catalogue.scoring import Scoring
from tracker.words import Channel, Entry, EventKind, PageKind, Stage

DIALECT = "http://json-schema.org/draft-07/schema#"
"""The draft that the YAML language server reads best."""

MODELS: dict[str, tuple[type[BaseModel], str]] = {
    "page": (PageFront, "ページの front matter（site/pages/**/*.md の先頭）"),
    "step": (StepFront, "ステップメールの front matter（site/scenarios/<シナリオ>/*.md の先頭）"),
    "scenario": (ScenarioFront, "site/scenarios/<シナリオ>/scenario.yml"),
    "issue": (IssueFront, "メールマガジンの号の front matter（site/newsletters/*.md の先頭）"),
    "persona": (PersonaFront, "persona の front matter（site/personas/*.md の先頭）"),
    "firm": (Firm, "site/firm.yml"),
    "scoring": (Scoring, "site/scoring.yml"),
    "cta": (CtaOptions, "/// cta のオプション"),
}


_WORDS = {
    words.__name__: "、".join(f"{word.value}（{word.label}）" for word in words)
    for words in (Stage, PageKind, EventKind, Entry, Channel)
}
"""The word editors know for each value."""


def schemas(personas: Iterable[str] = (), whitepapers: Iterable[str] = ()) -> dict[str, Any]:
    """The schema of each of ``MODELS``, by its name.

    ``personas`` and ``whitepapers`` are those a page of this site may name.
    """
    made = {}
    for name, (model, title) in MODELS.items():
        schema = model.model_json_schema()
        schema.pop("description", None)  # tells programmers about the model
        for key, part in schema.get("$defs", {}).items():
            part.pop("description", None)
            if key in _WORDS:
                part["description"] = _WORDS[key]
        for part in _parts(schema):
            _simplify(part)
        made[name] = {"$schema": DIALECT, "title": title, **schema}
    _name_fields(made["page"])
    _join_kinds(made["page"])
    _name(made["page"]["properties"]["personas"]["items"], personas)
    _name(made["step"]["$defs"]["Condition"]["properties"]["persona"], personas)
    _name(made["issue"]["$defs"]["Audience"]["properties"]["personas"]["items"], personas)
    _name(made["page"]["$defs"]["Gate"]["properties"]["file"], whitepapers)
    return made


def write_schemas(
    folder: Path, personas: Iterable[str] = (), whitepapers: Iterable[str] = ()
) -> list[Path]:
    """Write each schema to ``<name>.schema.json`` in ``folder``; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, schema in schemas(personas, whitepapers).items():
        path = folder / f"{name}.schema.json"
        path.write_text(json.dumps(schema, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        paths.append(path)
    return paths


def _parts(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _parts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _parts(value)


def _simplify(part: dict[str, Any]) -> None:
    """Take away what helps no editor: titles made from keys, ``null`` for a key that is not
    there, a list that is empty by default."""
    if isinstance(part.get("title"), str):
        del part["title"]
    if isinstance(part.get("default"), list):
        del part["default"]
    if part.get("format") == "date-time":
        # A local time, often without seconds, which the format does not allow.
        del part["format"]
        part["pattern"] = r"^\d{4}-\d{2}-\d{2}[T ]\d{1,2}:\d{2}(:\d{2})?$"
    options = [option for option in part.get("anyOf", ()) if option != {"type": "null"}]
    if "anyOf" in part and len(options) == 1:
        del part["anyOf"]
        part.pop("default", None)
        if "$ref" in options[0]:
            part["allOf"] = options  # beside a $ref, draft 7 reads nothing
        else:
            part.update({key: value for key, value in options[0].items() if key not in part})
    elif "$ref" in part and len(part) > 1:
        part["allOf"] = [{"$ref": part.pop("$ref")}]


def _name_fields(page: dict[str, Any]) -> None:
    """A form's fields may be named instead of declared."""
    for part in page["$defs"].values():
        fields = part.get("properties", {}).get("fields")
        if fields and fields.get("items") == {"$ref": f"#/$defs/{FormField.__name__}"}:
            named = {"enum": list(KNOWN_FIELDS), "description": "名前だけで書ける項目"}
            fields["items"] = {"anyOf": [named, fields["items"]]}


def _join_kinds(page: dict[str, Any]) -> None:
    """Which keys a kind must have, and which it cannot have."""
    rules = page.setdefault("allOf", [])
    staged = [str(kind) for kind in PageKind if kind in STAGED]
    rules.append(_when({"enum": staged}, {"required": ["stage"]}))
    for key, kind in OWNERS.items():
        own = {"const": str(kind)}
        rules.append(_when(own, {"required": [key]}, {"properties": {key: {"not": {}}}}))


def _when(kind: dict[str, Any], then: dict[str, Any], else_: Any = True) -> dict[str, Any]:
    condition = {"properties": {"kind": kind}, "required": ["kind"]}
    return {"if": condition, "then": then, "else": else_}


def _name(part: dict[str, Any], names: Iterable[str]) -> None:
    if listed := sorted(names):
        part["enum"] = listed
