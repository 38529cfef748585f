"""Every fault has what shows its promise, and that is there."""

import ast
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.faults.__main__ import listed_storms
from tests.faults.table import FAULTS


def test_there_are_all_28() -> None:
    assert list(FAULTS) == list(range(1, 29))


@pytest.mark.parametrize("number", FAULTS, ids=[f"fault {number}" for number in FAULTS])
def test_what_shows_a_promise_is_there(number: int) -> None:
    fault = FAULTS[number]
    assert fault.tests
    for place in fault.tests:
        module, _, name = place.partition(":")
        spec = find_spec(module)
        assert spec is not None, place
        assert spec.origin is not None
        tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, place
    if fault.storm:
        assert any(name.startswith(fault.storm) for name in listed_storms()), fault.storm
