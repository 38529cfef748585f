"""The site as it is shipped."""

import json
import re
from pathlib import Path

import pytest

from tests.publishing.conftest import REPOSITORY
from tests.publishing.html import read
from tracker.catalogue import Catalogue
from tracker.catalogue.load import load
from tracker.publishing.related import LEADING_ON
from tracker.settings import Settings
from tracker.words import PageKind, Stage


def test_the_shipped_content_has_no_problems() -> None:
    catalogue, problems = load(REPOSITORY)
    assert catalogue is not None
    assert [str(problem) for problem in problems] == []


def test_the_shipped_content_serves_every_stage(built: Path, settings: Settings) -> None:
    catalogue = Catalogue.read(settings.catalogue_path)
    for stage in Stage:
        assert any(p.stage is stage and p.kind is PageKind.ARTICLE for p in catalogue.pages), stage
        assert catalogue.scenario_for(stage) is not None, stage


def test_the_sections_of_the_catalogue_are_those_of_the_built_pages(
    built: Path, settings: Settings
) -> None:
    catalogue = Catalogue.read(settings.catalogue_path)
    compared = 0
    for page in catalogue.pages:
        html = read(built / page.url / "index.html")
        assert html.sections == [section.id for section in page.sections], page.path
        assert html.ctas == [cta.id for cta in page.ctas], page.path
        compared += len(html.sections)
    assert compared > 50


def test_no_whitepaper_is_published(built: Path, settings: Settings) -> None:
    files = {path.name for path in built.resolve().rglob("*") if path.is_file()}
    behind_gates = {
        page.gate.file for page in Catalogue.read(settings.catalogue_path).pages if page.gate
    }
    assert behind_gates
    assert not behind_gates & files
    assert not [name for name in files if name.endswith(".pdf")]


def test_no_page_loads_anything_from_another_site(built: Path) -> None:
    pages = list(built.resolve().rglob("*.html"))
    assert len(pages) > 20
    foreign = [
        (page.name, load)
        for page in pages
        for load in read(page).loads
        if re.match(r"[a-z]+:|//", load) and not load.startswith("data:")
    ]
    assert foreign == []
    in_styles = [
        (style.name, url)
        for style in built.resolve().rglob("*.css")
        for url in re.findall(r"url\(\s*['\"]?([^'\")]+)", style.read_text(encoding="utf-8"))
        if re.match(r"https?:|//", url)
    ]
    assert in_styles == []
    assert not [
        s for s in built.resolve().rglob("*.css") if "@import" in s.read_text(encoding="utf-8")
    ]


def test_no_page_uses_an_id_twice(built: Path) -> None:
    for page in built.resolve().rglob("*.html"):
        ids = read(page).ids
        assert sorted(set(ids)) == sorted(ids), page


@pytest.mark.parametrize("attribute", ["style=", "onclick=", "onload="])
def test_the_text_of_pages_needs_no_inline_style_or_script(built: Path, attribute: str) -> None:
    # Table columns are aligned by Markdown with a style; all else would be refused by the policy.
    for page in built.resolve().rglob("index.html"):
        article = (
            page.read_text(encoding="utf-8").partition("<article")[2].partition("</article")[0]
        )
        rest = re.sub(r'<t[hd] style="text-align: (left|right|center);">', "", article)
        assert f" {attribute}" not in rest, page


def test_the_inline_scripts_are_the_same_on_every_page(built: Path) -> None:
    # A content security policy names them by their hashes.
    scripts: set[str] = set()
    for page in built.resolve().rglob("index.html"):
        text = page.read_text(encoding="utf-8")
        scripts.update(re.findall(r"<script>(.*?)</script>", text, re.DOTALL))
    assert len(scripts) <= 4, scripts


def test_articles_are_reached_from_the_page_of_their_stage(built: Path, settings: Settings) -> None:
    catalogue = Catalogue.read(settings.catalogue_path)
    for page in catalogue.pages:
        if page.stage is None or page.kind is PageKind.PAGE:
            continue
        listed = read(built / f"stages/{page.stage}/index.html").links
        up_to_root = f"../../{page.url}"
        assert up_to_root in listed, page.path


def test_what_is_shown_says_its_stage_how_long_it_takes_and_what_is_related(
    built: Path, settings: Settings
) -> None:
    shown = [p for p in Catalogue.read(settings.catalogue_path).pages if p.kind in LEADING_ON]
    assert {page.kind for page in shown} == set(LEADING_ON)
    for page in shown:
        html = (built / page.url / "index.html").read_text(encoding="utf-8")
        assert page.stage is not None
        assert f"sodate-stage--{page.stage}" in html, page.path
        assert 'class="sodate-related"' in html, page.path
        if page.kind is not PageKind.DIAGNOSIS:
            minutes = page.video.minutes if page.video else page.minutes
            assert f"約{minutes}分" in html, page.path


def test_the_words_of_a_form_are_not_found_by_the_search(built: Path) -> None:
    index = json.loads((built / "search/pages.json").read_text(encoding="utf-8"))
    texts = [entry["text"] for entry in index["docs"]]
    assert any("受け取り方" in entry["title"] for entry in index["docs"])
    assert [text for text in texts if "何も入力しないでください" in text] == []
    assert [text for text in texts if "受け取ることに同意します" in text] == []


def test_the_beacon_weighs_less_than_two_kilobytes(built: Path) -> None:
    import gzip

    script = (built / "assets/javascripts/sodate-beacon.js").read_bytes()
    assert len(gzip.compress(script, 9)) < 2000
