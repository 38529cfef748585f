"""Who finds what: pages by stage, persona and kind."""

from datetime import date
from pathlib import Path

from tests.catalogue.small_site import write_site
from tests.content import catalogue, page
from tracker.catalogue.coverage import coverage
from tracker.catalogue.personas import Persona
from tracker.publishing.build import build_site
from tracker.publishing.coverage_page import coverage_page
from tracker.settings import Settings
from tracker.words import PageKind, Stage

OWNER = Persona(id="owner", name="社長", worry="来ない")
CLERK = Persona(id="clerk", name="広報", worry="時間がない")
PAGES = (
    page("index.md", PageKind.PAGE, Stage.TRUST, "ホーム"),
    page("a.md", PageKind.ARTICLE, Stage.AWARENESS, "記事A", personas=("owner",)),
    page("b.md", PageKind.ARTICLE, Stage.AWARENESS, "記事B"),
    page("c.md", PageKind.CASE, Stage.AWARENESS, "<事例>", personas=("owner",)),
)


def test_a_page_that_names_nobody_is_for_everybody() -> None:
    found = coverage(catalogue(personas=(OWNER, CLERK), pages=PAGES))
    owners = found.at(Stage.AWARENESS, OWNER)
    assert [p.path for p in owners.pages] == ["a.md", "b.md", "c.md"]
    assert [p.path for p in found.at(Stage.AWARENESS, CLERK).pages] == ["b.md"]
    assert found.kinds == (PageKind.ARTICLE, PageKind.CASE)


def test_a_gap_is_what_others_of_the_stage_have_or_nothing_at_all() -> None:
    found = coverage(catalogue(personas=(OWNER, CLERK), pages=PAGES))
    assert found.at(Stage.AWARENESS, CLERK).missing == (PageKind.CASE,)
    assert found.at(Stage.AWARENESS, OWNER).missing == ()
    assert [(cell.stage, cell.persona.id) for cell in found.gaps] == [
        (Stage.AWARENESS, "clerk"),
        *((stage, who) for stage in list(Stage)[1:] for who in ("owner", "clerk")),
    ], "the home page counts for nobody"


def test_the_page_shows_counts_gaps_and_age(tmp_path: Path) -> None:
    content = catalogue(personas=(OWNER, CLERK), pages=PAGES)
    shown = coverage_page(tmp_path, content, date(2027, 12, 1))
    assert "記事 2" in shown
    assert "事例 0" in shown
    assert "認知の「広報」：事例がありません" in shown
    assert "&lt;事例&gt;" in shown
    assert '<td class="number">2026-11-01</td>' in shown, "untouched for longer than a year"
    assert "<a " not in shown, "the page of a build stands alone"


def test_it_is_written_beside_the_build_and_not_published(tmp_path: Path) -> None:
    settings = Settings(root=write_site(tmp_path), data=tmp_path / "var")
    assert build_site(settings) == []
    assert "よい記事" in (tmp_path / "var/build/coverage.html").read_text(encoding="utf-8")
    assert not list(settings.built_site.resolve().rglob("*coverage*"))
