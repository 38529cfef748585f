"""What the Markdown blocks become."""

from pathlib import Path

import markdown
import pytest

from tests.catalogue.small_site import FILES, changed, write_site
from tests.publishing.html import read
from tracker.catalogue import Catalogue
from tracker.catalogue.load import load
from tracker.publishing.build import build_site
from tracker.publishing.lists import WHOLE_CARDS
from tracker.settings import Settings


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    found, problems = load(write_site(tmp_path))
    assert found is not None
    assert problems == []
    return found


def render(text: str, **options: object) -> str:
    return markdown.markdown(
        text,
        extensions=["tracker.publishing.blocks"],
        extension_configs={"tracker.publishing.blocks": options},
    )


def test_a_cta_is_an_aside_with_its_id_its_text_and_a_button(catalogue: Catalogue) -> None:
    text = "/// cta | guide\n    to: /resources/guide.md\n    label: 見る & <読む>\n\n**太字**の文。\n///\n"
    assert render(text, catalogue=catalogue) == (
        '<aside class="sodate-cta" data-cta="guide">\n'
        "<p><strong>太字</strong>の文。</p>\n"
        '<p class="sodate-cta__go"><a class="md-button md-button--primary" '
        'href="/resources/guide.md">見る &amp; &lt;読む&gt;</a></p>\n'
        "</aside>"
    )


def test_the_button_of_a_cta_leads_to_the_built_page(tmp_path: Path) -> None:
    settings = Settings(root=write_site(tmp_path), data=tmp_path / "var")
    assert build_site(settings) == []
    article = read(settings.built_site / "articles/good/index.html")
    assert "../../resources/guide/" in article.links
    assert "../../resources/guide/#form" in article.links


@pytest.mark.parametrize(
    ("block", "action"),
    [
        ("/// gate | guide\n///\n", 'action="/gates/guide"'),
        ("/// diagnosis | check\n///\n", 'action="/diagnoses/check"'),
        ("/// inquiry | contact\n///\n", 'action="/inquiries"'),
    ],
)
def test_a_form_stands_in_a_div_that_has_the_anchor(
    catalogue: Catalogue, block: str, action: str
) -> None:
    html = render(block, catalogue=catalogue)
    box = html.partition(">")[0]
    assert box.startswith('<div class="sodate-form-box"')
    assert ' id="form"' in box
    form = html[html.index("<form") :].partition(">")[0]
    assert action in form
    assert " id=" not in form
    assert html.count("<form") == 1


def test_the_pages_of_a_stage_are_listed_articles_first_and_newest_first(tmp_path: Path) -> None:
    older = (
        FILES["site/pages/articles/good.md"]
        .replace("よい記事", "古い記事")
        .replace("2026-11-04", "2026-01-01")
        .replace("guide-in-good", "guide-in-old")
    )
    case = older.replace("kind: article", "kind: case").replace("古い記事", "事例")
    case = case.replace("guide-in-old", "guide-in-case")
    root = write_site(
        tmp_path, {"site/pages/articles/aged.md": older, "site/pages/cases/one.md": case}
    )
    found, problems = load(root)
    assert problems == []
    html = render("/// stage-pages | awareness\n///\n", catalogue=found)
    places = [html.index(title) for title in ("よい記事", "古い記事", "事例")]
    assert places == sorted(places)
    assert 'href="/articles/good.md"' in html
    assert "約1分" in html
    assert "ガイド" not in html.replace("ためしの記事", "")


def test_the_newest_to_read_are_listed_with_their_day(tmp_path: Path) -> None:
    text = FILES["site/pages/articles/good.md"].split("/// cta")[0]
    more: dict[str, str | bytes | None] = {
        f"site/pages/articles/of-{day}.md": text.replace("よい記事", f"{day}日の記事").replace(
            "2026-11-04", f"2026-11-{day}"
        )
        for day in (10, 20, 30)
    }
    found, problems = load(write_site(tmp_path, more))
    assert problems == []
    html = render("/// newest | 2\n///\n", catalogue=found)
    assert html.count("<li>") == 2
    assert html.index("30日の記事") < html.index("20日の記事")
    assert '<time datetime="2026-11-30">2026年11月30日</time>' in html


def test_a_long_list_names_every_page_and_tells_of_the_first_only(tmp_path: Path) -> None:
    text = FILES["site/pages/articles/good.md"].split("/// cta")[0]
    many: dict[str, str | bytes | None] = {
        f"site/pages/articles/a{n}.md": text.replace("ためしの記事", f"記事{n}の要約")
        for n in range(WHOLE_CARDS + 5)
    }
    found, _ = load(write_site(tmp_path, many))
    assert found is not None
    shown = render("/// stage-pages | awareness\n///\n", catalogue=found)
    assert shown.count('<li class="sodate-card">') == WHOLE_CARDS + 6
    assert shown.count("<a ") == WHOLE_CARDS + 6
    assert shown.count('class="sodate-card__about"') == WHOLE_CARDS


def test_a_title_with_markup_is_shown_as_it_is_written(tmp_path: Path) -> None:
    root = write_site(
        tmp_path,
        changed(
            "site/pages/articles/good.md", "title: よい記事", "title: '*星* <b>太</b> [角](x)'"
        ),
    )
    html = render("/// stage-pages | awareness\n///\n", catalogue=load(root)[0])
    assert "*星* &lt;b&gt;太&lt;/b&gt; [角](x)</a>" in html


def test_without_the_plugin_the_blocks_read_the_folder_themselves(tmp_path: Path) -> None:
    html = render("/// gate | guide\n///\n", root=str(write_site(tmp_path)))
    assert 'action="/gates/guide"' in html
