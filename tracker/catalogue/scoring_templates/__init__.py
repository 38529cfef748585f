"""Scoring rules to begin with, each for one way of selling: ``template:`` in ``site/scoring.yml``.

Each is a YAML file beside this one, whose first line says whom it is for.
"""

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

TEMPLATES: Mapping[str, str] = {
    "standard": "点数で決める。多くの会社に",
    "two-visits": "行動で決める。訪問の少ないサイトに",
    "long-cycle": "検討に半年かかる、値段の張る商品に",
}
"""What each is for, by its name."""


def template_text(name: str) -> str:
    """The file of a template, as an editor would write it. Raises ``KeyError``."""
    TEMPLATES[name]
    return (files(__package__) / f"{name}.yml").read_text(encoding="utf-8")


def template(name: str) -> dict[str, Any]:
    """The rules of a template, as YAML gives them. Raises ``KeyError``."""
    return deepcopy(_read(name))


@cache
def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(template_text(name))
    return found
