"""``sodate serve``: the site with its drafts, and the preview, built anew at each change."""

import html
import logging
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import yaml

from nurture_worker.rehearsal.preview import FOLDER, write_preview
from tracker.catalogue.folder import TO_BE_WRITTEN
from tracker.catalogue.hints import hints
from tracker.catalogue.load import Reading, read
from tracker.publishing.build import hand_over
from tracker.settings import Settings, SettingsError

Say = Callable[[str], None]


def serve(settings: Settings, say: Say) -> None:
    """Serve at ``settings.host`` and ``settings.port`` until told to stop.

    Problems are said and do not end it: what was built last stays on view until they are mended.
    Raises ``SettingsError`` where the port is taken.
    """
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")
    os.environ.setdefault("DISABLE_MKDOCS_2_WARNING", "true")
    from mkdocs.livereload import LiveReloadServer

    heard = _Heard(say)
    logger = logging.getLogger("mkdocs")
    logger.propagate = False
    logger.addHandler(heard)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # leaves nothing behind either
    with tempfile.TemporaryDirectory(prefix="sodate-serve-") as folder:
        builder = _Builder(settings, Path(folder), say)
        server = LiveReloadServer(
            builder=builder, host=settings.host, port=settings.port, root=folder
        )
        builder.show = lambda root: setattr(server, "root", str(root))
        server.error_handler = lambda code: _not_found(Path(server.root), code)
        builder()
        for path in ("site", "mkdocs.yml"):
            if (settings.root / path).exists():
                server.watch(str(settings.root / path))
        try:
            server.serve()  # type: ignore[no-untyped-call]
        except OSError as error:
            raise SettingsError(
                f"ポート {settings.port} を開けません（{error.strerror}）。SODATE_PORT で変えられます"
            ) from None
        except KeyboardInterrupt:
            say("終わります")
        finally:
            server.shutdown()
            logger.removeHandler(heard)
            logger.propagate = True


class _Builder:
    """Builds into a folder of its own each time, and shows it once it is whole."""

    def __init__(self, settings: Settings, folder: Path, say: Say) -> None:
        self.settings = settings
        self.folder = folder
        self.say = say
        self.show: Callable[[Path], None] = lambda _: None
        self._before: Path | None = None
        self._shown: Path | None = None

    @property
    def url(self) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.settings.host, self.settings.host)  # noqa: S104
        return f"http://{host}:{self.settings.port}"

    def __call__(self) -> None:
        began = time.monotonic()
        fresh = Path(tempfile.mkdtemp(dir=self.folder))
        reading = read(self.settings.root, drafts=True)
        for problem in (*reading.problems, *reading.draft_problems):
            if not problem.message.startswith(TO_BE_WRITTEN):
                self.say(str(problem))
        failure = self._build(fresh, reading)
        if failure:
            self.say(failure)
            if self._shown is not None:
                shutil.rmtree(fresh)
                return
            (fresh / "index.html").write_text(_PAGE.format(html.escape(failure)), encoding="utf-8")
        self.show(fresh)
        if self._before:
            shutil.rmtree(self._before, ignore_errors=True)
        self._before, self._shown = self._shown, fresh
        if failure is None:
            took = time.monotonic() - began
            self.say(f"{self._counted(reading)}を作りました（{took:.1f}秒）: {self.url}/")
            self.say(f"メール、下書き、足りないところ: {self.url}/{FOLDER}/")

    def _build(self, folder: Path, reading: Reading) -> str | None:
        """Why the site could not be built, in a sentence; ``None`` if it was."""
        from mkdocs.commands.build import build
        from mkdocs.config import load_config

        now = datetime.now(self.settings.zone)
        try:
            config = load_config(
                str(self.settings.root / "mkdocs.yml"),
                site_dir=str(folder),
                site_url=f"{self.url}/",
                strict=False,
            )
            hand_over(config, reading, drafts=True)
            config.plugins.on_startup(command="serve", dirty=False)
            try:
                build(config, serve_url=f"{self.url}/")
            finally:
                config.plugins.on_shutdown()
            found = hints(self.settings.root, reading, now.date())
            write_preview(folder / FOLDER, self.settings.root, reading, found, self.url, now)
        except (Exception, SystemExit) as error:
            # A template, a plugin or mkdocs.yml may fail in any way while it is being edited.
            return f"{_why(error)}（直すと、作り直します）"
        return None

    def _counted(self, reading: Reading) -> str:
        if reading.catalogue is None:
            return "サイト"
        drafts = len(reading.drafts)
        return f"{len(reading.catalogue.pages)}ページ" + (f"（下書き{drafts}件）" if drafts else "")


def _why(error: BaseException) -> str:
    cause = error.__cause__ or error.__context__ or error
    if isinstance(cause, yaml.MarkedYAMLError) and cause.problem_mark:
        mark = cause.problem_mark
        return (
            f"mkdocs.yml:{mark.line + 1}:{mark.column + 1}: YAMLとして読めません: {cause.problem}"
        )
    first = str(error).strip().split("\n")[0]
    return f"サイトを作れません: {first or type(error).__name__}"


def _not_found(root: Path, code: int) -> bytes | None:
    page = root / f"{code}.html"
    return page.read_bytes() if page.is_file() else None


class _Heard(logging.Handler):
    """What MkDocs warns of, said in a line."""

    def __init__(self, say: Say) -> None:
        super().__init__(logging.WARNING)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("mkdocs.livereload"):
            return  # each address that is not there: a browser asks for icons nobody wrote
        self._say(f"mkdocs: {record.getMessage()}")


_PAGE = """<!doctype html>
<html lang="ja"><head><meta charset="utf-8"><title>サイトを作れません</title></head>
<body><p>{}</p></body></html>
"""
