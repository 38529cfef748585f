"""The menu is rendered once for many pages, and no page shows another's."""

import shutil
from pathlib import Path

import pytest

from tests.publishing.conftest import REPOSITORY
from tracker.publishing.build import build_site
from tracker.publishing.menu import Menu
from tracker.settings import Settings


def test_pages_beside_one_another_share_a_menu_and_those_in_it_do_not() -> None:
    menu = Menu(["", "about/", "seminars/", "cases/metal/"])
    assert menu.place("articles/one/") == menu.place("articles/two/") == "articles"
    assert menu.place("articles/deep/one/") == "articles/deep"
    assert menu.place("privacy/") == ""
    assert menu.place("about/") is None
    assert menu.place("") is None
    assert menu.place("cases/") is None, "its own address is part of one in the menu"
    assert menu.place("seminars/one/") == "seminars"


def test_a_site_with_the_shared_menu_is_the_same_to_the_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(REPOSITORY / "site", tmp_path / "site")
    shutil.copy2(REPOSITORY / "mkdocs.yml", tmp_path)
    shared = _pages(tmp_path, "shared")
    monkeypatch.setattr("tracker.publishing.menu.PARTS", ())
    each = _pages(tmp_path, "each")
    assert len(shared) > 30
    assert shared == each


def _pages(root: Path, data: str) -> dict[str, str]:
    settings = Settings(root=root, data=root / data)
    assert build_site(settings) == []
    built = settings.built_site.resolve()
    return {
        path.relative_to(built).as_posix(): path.read_text(encoding="utf-8")
        for path in built.rglob("*.html")
    }
