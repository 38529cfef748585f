"""Builds the site beside the one being served, then puts it in its place in one move."""

import fcntl
import gc
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.catalogue.load import Reading, read
from tracker.catalogue.problems import Problem
from tracker.publishing.coverage_page import coverage_page
from tracker.publishing.policy import inline_scripts, write_headers
from tracker.settings import Settings

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig

_VERSION = "site-"
"""What the folders begin with that ``settings.built_site``, a symbolic link, points to in turn."""

_LOOKED_THROUGH = 20_000
"""How many objects more there are before the collector looks for garbage."""


def build_site(settings: Settings) -> list[Problem]:
    """Check the content, build the site, write the catalogue's JSON and, beside it, the page
    ``coverage.html`` for editors.

    Returns the problems; with any, nothing changes. ``settings.built_site`` always shows a whole
    site; the one before it stays on disk until the next build, for requests under way.
    """
    reading = read(settings.root)
    catalogue, problems = reading.catalogue, reading.problems
    if problems or catalogue is None:
        return problems
    target = settings.built_site
    target.parent.mkdir(parents=True, exist_ok=True)
    with _alone(target.parent):
        fresh = Path(tempfile.mkdtemp(prefix=_VERSION, dir=target.parent))
        fresh.chmod(0o755)
        problems = _mkdocs(settings, fresh, reading)
        if problems:
            shutil.rmtree(fresh)
            return problems
        write_headers(settings.site_headers, _inline_scripts(fresh))
        before = _show(fresh, target)
        catalogue.write(settings.catalogue_path)
        today = datetime.now(settings.zone).date()
        page = coverage_page(settings.root, catalogue, today)
        (target.parent / "coverage.html").write_text(page, encoding="utf-8")
        for old in target.parent.glob(f"{_VERSION}*"):
            if old.name not in (fresh.name, before):
                shutil.rmtree(old)
    return []


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One build at a time: a second one waits."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _inline_scripts(folder: Path) -> set[str]:
    """The inline scripts of all pages."""
    scripts: set[str] = set()
    for path in folder.rglob("*.html"):
        scripts |= inline_scripts(path.read_text(encoding="utf-8"))
    return scripts


def _show(fresh: Path, target: Path) -> str | None:
    """Point ``target`` to ``fresh``; returns the name of the folder it pointed to before."""
    before = os.readlink(target) if target.is_symlink() else None
    if target.exists() and not target.is_symlink():
        # Built by hand with `mkdocs build`: a folder, which a link cannot replace.
        shutil.rmtree(target)
    link = target.with_name(f"link-{fresh.name}")
    link.symlink_to(fresh.name)
    link.replace(target)
    return before


def _mkdocs(settings: Settings, folder: Path, reading: Reading) -> list[Problem]:
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")
    os.environ.setdefault("DISABLE_MKDOCS_2_WARNING", "true")
    from mkdocs.commands.build import build
    from mkdocs.config import load_config
    from mkdocs.exceptions import Abort, MkDocsException

    heard = _Warnings()
    logger = logging.getLogger("mkdocs")
    aloud, logger.propagate = logger.propagate, False
    logger.addHandler(heard)
    try:
        config = load_config(
            str(settings.root / "mkdocs.yml"),
            site_dir=str(folder.resolve()),
            site_url=settings.site_url + "/",
            strict=True,
        )
        hand_over(config, reading)
        config.plugins.on_startup(command="build", dirty=False)
        try:
            with _little_collected():
                build(config)
        finally:
            config.plugins.on_shutdown()
    except (Abort, MkDocsException, OSError) as error:
        return heard.problems or [Problem("mkdocs.yml", 1, None, str(error))]
    finally:
        logger.removeHandler(heard)
        logger.propagate = aloud
    return heard.problems


@contextmanager
def _little_collected() -> Iterator[None]:
    """What was read is kept to the end, and so is most of what a build makes of it: no use looking
    through it for garbage again and again."""
    often = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_LOOKED_THROUGH, *often[1:])
    try:
        yield
    finally:
        gc.set_threshold(*often)
        gc.unfreeze()


def hand_over(config: "MkDocsConfig", reading: Reading, *, drafts: bool = False) -> None:
    """Spare the plugin, where ``mkdocs.yml`` has it, to read all files again."""
    from tracker.publishing.plugin import SodatePlugin

    for plugin in config.plugins.values():
        if isinstance(plugin, SodatePlugin):
            plugin.hand_over(reading, drafts=drafts)


class _Warnings(logging.Handler):
    """What MkDocs itself complains of, as problems."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.problems: list[Problem] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.problems.append(Problem("mkdocs.yml", 1, None, record.getMessage()))
