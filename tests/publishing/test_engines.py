"""The site is built by MkDocs and by ProperDocs, to the same pages."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.catalogue.small_site import changed, write_site
from tests.publishing.conftest import REPOSITORY
from tracker.settings import Settings


def build(engine: str, root: Path, target: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true"}
    return subprocess.run(
        [sys.executable, "-m", engine, "build", "--strict", "--site-dir", str(target)],
        cwd=root,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def pages(folder: Path) -> dict[str, str]:
    """Every file by its path; of pages, what does not name the engine or the moment."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            text = path.read_bytes().decode(errors="replace")
            text = re.sub(r'<meta name="generator"[^>]*>', "", text)
            found[path.relative_to(folder).as_posix()] = text
    return found


def test_both_engines_make_the_same_site(tmp_path: Path, built: Path, settings: Settings) -> None:
    (tmp_path / "site").symlink_to(REPOSITORY / "site")
    config = (REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8")
    here = f"site_url: {settings.site_url}/"
    told = re.sub(r"(?m)^site_url: .*$", here, config)
    assert told.count(here) == 1
    (tmp_path / "mkdocs.yml").write_text(told, encoding="utf-8")
    done = build("properdocs", tmp_path, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    mine, other = pages(built.resolve()), pages(tmp_path / "out")
    assert len(mine) > 60
    assert mine.keys() == other.keys()
    different = {name for name in mine if mine[name] != other[name]}
    assert not {name for name in different if name.endswith(".html")}
    # When a page was found there is told by each engine in its own second.
    assert different <= {"sitemap.xml", "feed.xml"}
    assert "data-cta=" in other["articles/why-no-inquiries/index.html"]
    assert 'action="/gates/' in other["resources/nurturing-starter/index.html"]


@pytest.mark.parametrize("engine", ["mkdocs", "properdocs"])
def test_both_refuse_a_site_with_a_mistake(tmp_path: Path, engine: str) -> None:
    # That both build the same site without the mistake is seen below, where it has a draft more.
    wrong = changed("site/pages/articles/good.md", "stage: awareness", "stage: trus")
    done = build(engine, write_site(tmp_path, wrong), tmp_path / "wrong")
    assert done.returncode != 0
    assert "site/pages/articles/good.md:5:8: stage「trus」は使えません" in done.stderr


@pytest.mark.parametrize("engine", ["mkdocs", "properdocs"])
def test_both_leave_drafts_out(tmp_path: Path, engine: str) -> None:
    draft = "---\ntitle: まだの話\nkind: page\ndraft: true\n---\n\n# まだの話\n\n[家](/index.md)\n"
    root = write_site(tmp_path, {"site/pages/draft.md": draft})
    done = build(engine, root, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "out/draft").exists()
    assert not [text for text in pages(tmp_path / "out").values() if "まだの話" in text]
