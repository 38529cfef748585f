"""A tracker killed under load: what it answered is there, once."""

from pathlib import Path

import pytest

from nurture_worker.benchmarks.killed import kill_under_load
from nurture_worker.benchmarks.servers import prepared

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("one_first", [False, True], ids=["all at once", "one process first"])
def test_what_was_answered_is_there_after_a_kill_under_load(
    tmp_path: Path, redis_url: str, one_first: bool
) -> None:
    found = kill_under_load(prepared(ROOT, tmp_path / "data", redis_url), 600, one_first)
    assert found.answered >= 600
    assert (found.missing, found.doubled) == (0, 0)
