"""The content as it was: at the last build, or at a revision of git."""

import io
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tracker.catalogue.folder import Folder
from tracker.catalogue.links import Site
from tracker.catalogue.page_files import PageFiles
from tracker.catalogue.scenario_files import ScenarioFiles
from tracker.catalogue.scenarios import Scenario

_SCENARIOS = TypeAdapter(tuple[Scenario, ...])


class RevisionUnknownError(Exception):
    """Git cannot show that revision; the message says why."""


@dataclass(frozen=True)
class Address:
    """Where a page could be read: ``url`` below the site's root, one of before as well. ``file`` is
    the page's own, from the root."""

    url: str
    file: str
    title: str


@dataclass(frozen=True)
class Earlier:
    """The published scenarios and addresses of pages of that day."""

    scenarios: tuple[Scenario, ...]
    addresses: tuple[Address, ...]


def at_last_build(catalogue: Path) -> Earlier | None:
    """What the catalogue's JSON holds; ``None`` where there is none that can be read."""
    try:
        told = json.loads(catalogue.read_text(encoding="utf-8"))
        return Earlier(
            _SCENARIOS.validate_python(told["scenarios"]), tuple(_addresses(told["pages"]))
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ValidationError):
        return None


def at_revision(root: Path, revision: str) -> Earlier:
    """What was published below ``root`` at ``revision``. Raises ``RevisionUnknownError``."""
    if revision.startswith("-"):
        raise RevisionUnknownError(f"「{revision}」という版は git にありません")
    _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", about=revision)
    names = ("ls-tree", "-r", "-z", "--name-only", revision, "site/scenarios", "site/pages")
    listed = _git(root, *names, about=revision).decode().split("\0")
    texts = [name for name in listed if name.endswith((".md", ".yml"))]
    with tempfile.TemporaryDirectory(prefix="sodate-revision-") as there:
        if texts:
            packed = _git(root, "archive", "--format=tar", revision, "--", *texts, about=revision)
            with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
                for member in archive:  # filters of tarfile came with Python 3.11.4
                    if (content := archive.extractfile(member)) is not None:
                        path = Path(there, member.name)
                        path.parent.mkdir(parents=True, exist_ok=True)
                        path.write_bytes(content.read())
        # Mistakes of that day, and links to pages not looked at here, are of no concern.
        folder = Folder(Path(there))
        scenarios = tuple(ScenarioFiles(folder, Site({}, {}, frozenset())).read())
        pages = [page for page in PageFiles(folder).read([]) if not page.draft]
    return Earlier(
        tuple(
            scenario.model_copy(update={"steps": tuple(s for s in scenario.steps if not s.draft)})
            for scenario in scenarios
        ),
        tuple(_addresses(page.model_dump() for page in pages)),
    )


def _addresses(pages: Iterable[Mapping[str, Any]]) -> Iterator[Address]:
    for page in pages:
        file, title = f"site/pages/{page['path']}", page["title"]
        yield Address(page["url"], file, title)
        for alias in page.get("aliases", ()):
            yield Address(alias.removeprefix("/"), file, title)


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
