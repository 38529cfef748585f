"""Building: all or nothing, and never half a site on view."""

import logging
import os
from pathlib import Path

import pytest
from mkdocs.commands.build import build as mkdocs_build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from tests.catalogue.small_site import changed, write_site
from tracker.catalogue import Catalogue
from tracker.publishing.build import build_site
from tracker.settings import Settings


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A small site that was built once, to be looked at."""
    folder = tmp_path_factory.mktemp("small")
    settings = Settings(
        root=write_site(folder), data=folder / "var", base_url="https://media.example.jp/"
    )
    assert build_site(settings) == []
    return settings


def test_a_mistake_keeps_the_site_and_the_catalogue_as_they_were(tmp_path: Path) -> None:
    settings = Settings(root=write_site(tmp_path), data=tmp_path / "var")
    assert build_site(settings) == []
    site, catalogue = settings.built_site.resolve(), settings.catalogue_path.read_bytes()
    write_site(tmp_path, changed("site/pages/articles/good.md", "stage: awareness", "stage: x"))
    told = build_site(settings)
    assert [str(problem).split(" ")[0] for problem in told] == ["site/pages/articles/good.md:5:8:"]
    assert settings.built_site.resolve() == site
    assert settings.catalogue_path.read_bytes() == catalogue


def test_what_mkdocs_warns_of_is_a_problem_too(tmp_path: Path) -> None:
    root = write_site(tmp_path)
    config = (
        (root / "mkdocs.yml").read_text().replace("omitted_files: ignore", "omitted_files: warn")
    )
    (root / "mkdocs.yml").write_text(config + "nav: [index.md]\n")
    settings = Settings(root=root, data=tmp_path / "var")
    told = build_site(settings)
    assert any("articles/good.md" in problem.message for problem in told)
    assert not settings.built_site.exists()
    assert not settings.catalogue_path.exists()


def test_a_new_build_takes_the_place_of_the_old_in_one_move(tmp_path: Path) -> None:
    settings = Settings(root=write_site(tmp_path), data=tmp_path / "var")
    build_site(settings)
    first = settings.built_site.resolve()
    build_site(settings)
    second = settings.built_site.resolve()
    assert second != first
    assert (first / "index.html").exists(), "requests under way still read the old one"
    build_site(settings)
    assert not first.exists()
    left = [p for p in settings.built_site.parent.iterdir() if p.is_dir() and not p.is_symlink()]
    assert len(left) == 2


def test_a_folder_built_by_hand_gives_way(tmp_path: Path) -> None:
    settings = Settings(root=write_site(tmp_path), data=tmp_path / "var")
    settings.built_site.mkdir(parents=True)
    (settings.built_site / "stale.html").touch()
    assert build_site(settings) == []
    assert not (settings.built_site / "stale.html").exists()
    assert (settings.built_site / "index.html").exists()


def test_a_site_that_could_not_be_built_leaves_nothing_behind(tmp_path: Path) -> None:
    root = write_site(tmp_path)
    (root / "mkdocs.yml").write_text(
        "site_name: x\ndocs_dir: site/pages\nplugins: [nothing-of-the-kind]\n"
    )
    settings = Settings(root=root, data=tmp_path / "var")
    assert build_site(settings)
    assert [p.name for p in settings.built_site.parent.iterdir()] == ["lock"]


def test_the_site_knows_the_address_it_is_served_at(small: Settings) -> None:
    home = (small.built_site / "index.html").read_text()
    assert '<link rel="canonical" href="https://media.example.jp/">' in home


def test_building_is_readable_by_the_web_server(small: Settings) -> None:
    assert small.built_site.resolve().stat().st_mode & 0o055 == 0o055


def test_mkdocs_build_by_hand_tells_all_problems_and_refuses(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = write_site(
        tmp_path,
        {
            **changed("site/pages/articles/good.md", "stage: awareness", "stage: intrest"),
            **changed("site/pages/resources/guide.md", "guide.pdf", "gone.pdf"),
        },
    )
    here = os.getcwd()
    try:
        os.chdir("/")  # the path of the configuration is enough
        config = load_config(str(root / "mkdocs.yml"), strict=True)
        with caplog.at_level(logging.WARNING, "mkdocs"), pytest.raises(Abort):
            mkdocs_build(config)
    finally:
        os.chdir(here)
    assert "site/pages/articles/good.md:5:8: stage「intrest」" in caplog.text
    assert "site/pages/resources/guide.md:7:9: 資料「gone.pdf」" in caplog.text


def test_the_catalogue_is_written_for_those_without_mkdocs(small: Settings) -> None:
    assert Catalogue.read(small.catalogue_path).gate("guide") is not None
