"""The scenarios as they were: at the last build, or at a revision of git."""

import json
import subprocess
import tempfile
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from tracker.catalogue.folder import Folder
from tracker.catalogue.links import Site
from tracker.catalogue.scenario_files import ScenarioFiles
from tracker.catalogue.scenarios import Scenario

_SCENARIOS = TypeAdapter(tuple[Scenario, ...])


class RevisionUnknownError(Exception):
    """Git cannot show that revision; the message says why."""


def at_last_build(catalogue: Path) -> tuple[Scenario, ...] | None:
    """The scenarios of the catalogue's JSON; ``None`` where there is none that can be read."""
    try:
        return _SCENARIOS.validate_python(
            json.loads(catalogue.read_text(encoding="utf-8"))["scenarios"]
        )
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        return None


def at_revision(root: Path, revision: str) -> tuple[Scenario, ...]:
    """The published steps below ``root`` at ``revision``. Raises ``RevisionUnknownError``."""
    if revision.startswith("-"):
        raise RevisionUnknownError(f"「{revision}」という版は git にありません")
    _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", about=revision)
    names = ("ls-tree", "-r", "-z", "--name-only", revision, "site/scenarios")
    listed = _git(root, *names, about=revision).decode().split("\0")
    with tempfile.TemporaryDirectory(prefix="sodate-revision-") as folder:
        for name in filter(None, listed):
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_git(root, "show", f"{revision}:./{name}", about=revision))
        # Mistakes of that day, and links to pages not looked at here, are of no concern.
        nowhere = Site({}, {}, frozenset())
        scenarios = tuple(ScenarioFiles(Folder(Path(folder)), nowhere).read())
    return tuple(
        scenario.model_copy(update={"steps": tuple(s for s in scenario.steps if not s.draft)})
        for scenario in scenarios
    )


def _git(root: Path, *words: str, about: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and no revision begins with a hyphen
            ["git", *words],  # noqa: S607 - whichever git the editor has
            cwd=root,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise RevisionUnknownError(f"git を実行できません（{error.strerror}）") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise RevisionUnknownError(
            f"「{about}」という版は git にありません{f'（{said[-1]}）' if said else ''}"
        )
    return done.stdout
