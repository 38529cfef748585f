"""The menu is rendered once for many pages, and no page shows another's."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import DictLoader, Environment

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
    monkeypatch.setattr(Menu, "render_once", lambda _menu, _env: None)
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


@pytest.mark.parametrize(
    ("search", "alike"),
    [
        ("{{ config }}{{ counted() }}", True),
        ('{% include ".icons/" ~ config ~ ".svg" %}{{ counted() }}', True),
        ("{{ page.title }}{{ counted() }}", False),
        ("{{ 'about/' | url }}{{ counted() }}", False),
        ('{% include "partials/mine.html" %}{{ counted() }}', False),
    ],
)
def test_a_part_that_speaks_of_no_page_is_rendered_once_and_any_other_each_time(
    search: str, alike: bool
) -> None:
    rendered: list[str] = []
    env = Environment(
        loader=DictLoader(
            {
                "partials/search.html": search,
                "partials/mine.html": "{{ page.title }}",
                ".icons/x.svg": "drawn",
                "page.html": '{{ page.title }}{% include "partials/search.html" %}',
            }
        )
    )
    env.filters["url"] = str
    Menu(()).render_once(env)
    for title in ("one", "two"):
        page = SimpleNamespace(title=title, url=f"articles/{title}/")
        shown = env.get_template("page.html").render(
            page=page, config="x", counted=lambda: rendered.append("") or ""
        )
        assert shown.startswith(title)
    assert len(rendered) == (1 if alike else 2)


def test_the_settings_of_the_themes_scripts_are_rendered_once_for_each_folder() -> None:
    base = "{% block config %}{{ base_url }}{{ counted() }}{% endblock %}"
    rendered: list[str] = []
    env = Environment(loader=DictLoader({"base.html": base}))
    Menu(()).render_once(env)
    shown = [
        env.get_template("base.html").render(
            page=SimpleNamespace(url=url), base_url=base, counted=lambda: rendered.append("") or ""
        )
        for url, base in (("a/one/", "../.."), ("a/two/", "../.."), ("b/one/two/", "../../.."))
    ]
    assert shown == ["../..", "../..", "../../.."]
    assert len(rendered) == 2
