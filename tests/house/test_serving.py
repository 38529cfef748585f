"""``sodate serve``: drafts, mails and mistakes, live."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from nurture_worker.letters.specimen import Example, Stand, step_mail
from tests.catalogue.small_site import FILES, changed, write_site
from tests.servers import html_of, text_of
from tracker.catalogue.load import read

GOOD = "site/pages/articles/good.md"
STEP = "site/scenarios/interest/1-hello.md"
DRAFT = """---
title: まだの話
kind: article
stage: awareness
draft: true
next: [/articles/good.md]
---

# まだの話

［ここに本文を書く］
"""


@dataclass
class Served:
    root: Path
    url: str
    log: Path
    process: subprocess.Popen[bytes]

    def page(self, path: str) -> str:
        with urlopen(self.url + path, timeout=30) as answer:
            return str(answer.read().decode())

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def until(self, seen: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + 60
        while not _seen(seen):
            assert self.process.poll() is None, f"ended: {self.said()}"
            assert time.monotonic() < deadline, f"{what}\n{self.said()}"
            time.sleep(0.1)


def _seen(seen: Callable[[], bool]) -> bool:
    try:
        return seen()
    except (URLError, ConnectionError):
        return False


@contextmanager
def serving(root: Path) -> Iterator[Served]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = root / "serve.log"
    env = {
        **os.environ,
        "SODATE_ROOT": str(root),
        "SODATE_DATA": str(root / "var"),
        "SODATE_PORT": str(port),
        "TMPDIR": str(root),
    }
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "nurture_worker.cli", "serve"],
            env=env,
            stdout=said,
            stderr=said,
        )
    served = Served(root, f"http://127.0.0.1:{port}/", log, process)
    try:
        served.until(lambda: bool(served.page("")), "the first build")
        yield served
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    step = FILES[STEP].replace("day: 1", "day: 4\ndraft: true")
    root = write_site(
        tmp_path_factory.mktemp("serve"),
        {
            "site/pages/articles/draft.md": DRAFT,
            "site/scenarios/interest/4-more.md": step,
        },
    )
    with serving(root) as found:
        yield found


def test_a_draft_is_shown_under_a_banner_and_others_without(served: Served) -> None:
    draft = served.page("articles/draft/")
    assert "まだの話" in draft
    assert "このページはまだ公開されません" in draft
    assert "このページはまだ公開されません" not in served.page("articles/good/")
    assert "まだの話" in served.page(""), "it stands in the list of its stage"


def test_the_preview_lists_mails_drafts_and_what_is_left(served: Served) -> None:
    page = served.page("_preview/")
    assert "はじめまして" in page
    assert re.search(r'href="[^"]*/_preview/mails/interest/more/"', page)
    assert "公開までに直すところ 1か所" in page
    assert "ありません。このまま公開できます。" in page


def test_a_step_mail_is_shown_as_it_would_go_out(served: Served) -> None:
    shown = served.page("_preview/mails/interest/hello/")
    html = served.page("_preview/mails/interest/hello/mail.html")
    catalogue = read(served.root, drafts=True).catalogue
    assert catalogue is not None
    scenario = catalogue.scenarios[0]
    now = datetime(2026, 11, 20, tzinfo=UTC)
    url = served.url.rstrip("/")
    message = step_mail(
        Stand(catalogue, url, f"{url}/_preview/", now), scenario, scenario.steps[0], Example()
    )
    body = html_of(message)
    assert _without_script(html) == _without_script(body)
    assert text_of(message).strip() in unescape(shown)
    assert "山田 花子" in body
    assert "3分診断を受けた人に届くメール" in shown, "the step shows the reader's own diagnosis"


def _without_script(html: str) -> str:
    html = html.replace("\r\n", "\n")
    return re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL).strip()


def test_the_coverage_stands_beside(served: Served) -> None:
    page = served.page("_preview/coverage/")
    assert "誰に、何があるか" in page
    assert "まだの話" in page


def test_a_change_is_built_and_a_mistake_keeps_it_running(tmp_path: Path) -> None:
    with serving(write_site(tmp_path)) as served:
        write_site(tmp_path, changed(STEP, "はじめまして", "直した件名"))
        served.until(lambda: "直した件名" in served.page("_preview/"), "the new subject")
        write_site(tmp_path, changed(GOOD, "stage: awareness", "stage: awarenes"))
        wrong = f"{GOOD}:5:8: stage「awarenes」は使えません"
        served.until(lambda: wrong in served.said(), "the mistake in the terminal")
        served.until(lambda: "awarenes」" in served.page("_preview/"), "and in the preview")
        write_site(tmp_path, {"mkdocs.yml": FILES["mkdocs.yml"] + "nav: [\n"})
        served.until(lambda: "mkdocs.yml:" in served.said(), "the broken configuration")
        assert "よい記事" in served.page("articles/good/"), "what was built last stays"
        write_site(tmp_path, changed(GOOD, "# よい記事", "# もっとよい記事"))
        served.until(lambda: "もっとよい記事" in served.page("articles/good/"), "mended")
        with pytest.raises(HTTPError):
            served.page("gone/")
        assert "Traceback" not in served.said()
    assert not list(tmp_path.glob("sodate-serve-*")), "nothing is left behind"


def test_a_port_that_is_taken_is_told_in_a_sentence(served: Served) -> None:
    env = {
        **os.environ,
        "SODATE_ROOT": str(served.root),
        "SODATE_PORT": served.url.rsplit(":", 1)[1].strip("/"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "nurture_worker.cli", "serve"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "SODATE_PORT で変えられます" in done.stderr
    assert "Traceback" not in done.stderr
