"""The MkDocs plugin ``sodate``: hooks only, what they do stands elsewhere."""

import json
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, get_plugin_logger
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page as MkDocsPage
from mkdocs.utils import get_relative_url
from mkdocs.utils.templates import TemplateContext

from tracker.catalogue.catalogue import Catalogue
from tracker.catalogue.issues import FOLDER as ISSUES
from tracker.catalogue.load import Reading, read
from tracker.catalogue.pages import Page
from tracker.publishing import archive, feed, moved, sitemap
from tracker.publishing.assets import SCRIPTS, THEME, minified
from tracker.publishing.lists import pages_for, pages_of
from tracker.publishing.menu import Menu
from tracker.publishing.related import LEADING_ON, READING, Related, newest_first
from tracker.publishing.structured import things
from tracker.settings import SettingsError, read_settings
from tracker.words import PageKind, Stage

log = get_plugin_logger(__name__)

BLOCKS = "tracker.publishing.blocks"
IMAGE = "assets/images/og.png"
"""What a shared link shows, 1200 × 630."""


_DRAFT = """<div class="admonition warning sodate-draft" role="note">
<p class="admonition-title">下書き</p>
<p>このページはまだ公開されません。書き終えたら、先頭の <code>draft: true</code> の行を消します。</p>
</div>
"""


class Options(Config):  # type: ignore[no-untyped-call]
    """The plugin has none: what there is to set stands in the editors' files."""


class SodatePlugin(BasePlugin[Options]):  # type: ignore[no-untyped-call]
    """Checks the editors' files, hands the catalogue to the blocks and to the theme."""

    catalogue: Catalogue | None = None
    drafts: frozenset[str] = frozenset()
    _given: tuple[Reading, bool] | None = None
    _with_drafts = False
    _menu: Menu
    related: Related
    feed: bytes | None = None

    def hand_over(self, reading: Reading, *, drafts: bool = False) -> None:
        """Build from what was read, and whose problems were told, already. With ``drafts`` they
        are built too, under a banner."""
        self._given = (reading, drafts)

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Every problem is a warning, so that ``strict`` refuses to publish."""
        found, with_drafts = self._given or (None, False)
        if found is None:
            found = read(Path(config.config_file_path).resolve().parent)
            for problem in found.problems:
                log.warning("%s", problem)
        self.catalogue = found.catalogue
        self.drafts = found.drafts
        self._with_drafts = with_drafts
        self.related = Related(self.catalogue.pages if self.catalogue else ())
        self.feed = self._feed(config)
        if BLOCKS not in config.markdown_extensions:
            config.markdown_extensions.append(BLOCKS)
        config.mdx_configs[BLOCKS] = {"catalogue": self.catalogue}
        config.theme.dirs.append(str(THEME))
        config.extra_css.insert(0, "assets/stylesheets/sodate-forms.css")
        config.extra_javascript.append("assets/javascripts/sodate-beacon.js")
        config.extra_css[:] = [_stamped(name, config) for name in config.extra_css]
        config.extra_javascript[:] = [
            _stamped(name, config) if isinstance(name, str) else name
            for name in config.extra_javascript
        ]
        return config

    def on_files(self, files: Files, /, *, config: MkDocsConfig) -> Files:
        """Drafts are none of the site's files; the newsletter's issues become pages."""
        if not self._with_drafts:
            for file in [file for file in files if self._is_draft(file)]:
                files.remove(file)
        if self.catalogue is not None:
            today = datetime.now(_zone()).date()
            for path, content in archive.sources(self.catalogue, today):
                files.append(File.generated(config, path, content=content))
        return files

    def on_nav(self, nav: Navigation, /, *, config: MkDocsConfig, files: Files) -> Navigation:
        self._menu = Menu(page.url for page in nav.pages)
        return nav

    def on_env(self, env: Environment, /, *, config: MkDocsConfig, files: Files) -> Environment:
        """The same menu is not rendered for each page again."""
        self._menu.render_once(env)
        return env

    def on_page_content(
        self, html: str, /, *, page: MkDocsPage, config: MkDocsConfig, files: Files
    ) -> str:
        """A draft says that it is one; who may sign up for the newsletter may read it first."""
        found = self._page(page.file.src_uri)
        if found is not None and found.newsletter and self.catalogue and self.catalogue.issues:
            there = get_relative_url(f"{ISSUES}/", page.url)
            html += f'<p><a href="{there}">これまでの号を読む</a></p>\n'
        return _DRAFT + html if self._is_draft(page.file) else html

    def on_post_page(self, output: str, /, *, page: MkDocsPage, config: MkDocsConfig) -> str:
        """Search engines are asked to leave single issues out, whatever the theme."""
        if not archive.is_issue(page.file.src_uri):
            return output
        return output.replace("</head>", f"{archive.NOINDEX}\n</head>", 1)

    def _is_draft(self, file: File) -> bool:
        return f"site/pages/{file.src_uri}" in self.drafts

    def on_page_context(
        self,
        context: TemplateContext,
        /,
        *,
        page: MkDocsPage,
        config: MkDocsConfig,
        nav: Navigation,
    ) -> TemplateContext:
        """``sodate`` in templates: what the catalogue knows of the page, and where to go next."""
        found = self._page(page.file.src_uri)
        if found is None or self.catalogue is None:
            return context
        linked = [self.catalogue.page_of(link) for link in found.next]
        context["sodate"] = {  # type: ignore[typeddict-unknown-key]
            "page": found,
            "next": [p for p in linked if p],
            "firm": self.catalogue.firm,
            "stage_page": self._stage_page(found.stage),
            "reading": found.kind in READING,
            "related": self.related.of(found) if found.kind in LEADING_ON else (),
            "things": self._things(found, page, config),
            "feed": feed.NAME if self.feed else None,
        }
        # The tabs and the stage pages lead on; beside the text stands its table of contents only.
        contents = found.kind in (*READING, PageKind.RESOURCE)
        page.meta["hide"] = ["navigation"] if contents else ["navigation", "toc"]
        return context

    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """The feed and ``robots.txt``, where editors have none of their own; the pages at addresses
        of before; and the scripts go out without their comments: the beacon is to stay below 2,000 bytes."""
        robots = Path(config.site_dir) / "robots.txt"
        if (site := _site(config)) and not robots.exists():
            robots.write_text(sitemap.robots(site), encoding="utf-8")
        if self.feed:
            (Path(config.site_dir) / feed.NAME).write_bytes(self.feed)
        if self.catalogue is not None:
            for taken in moved.write(self.catalogue, _site(config), Path(config.site_dir)):
                log.warning("aliases「%s」には、すでにほかのページかファイルがあります", taken)
        _put_the_index_aside(Path(config.site_dir))
        for script in SCRIPTS:
            published = Path(config.site_dir) / "assets" / "javascripts" / script
            published.write_text(minified(script), encoding="utf-8")

    def on_template_context(
        self, context: TemplateContext, /, *, template_name: str, config: MkDocsConfig
    ) -> TemplateContext:
        """``sodate`` in the page for addresses that are not there: where to go instead."""
        if self.catalogue is not None and template_name == "404.html":
            context["sodate"] = {  # type: ignore[typeddict-unknown-key]
                "firm": self.catalogue.firm,
                "stages": [page for page in map(self._stage_page, Stage) if page],
                "newest": newest_first(p for p in self.catalogue.pages if p.kind in READING)[:3],
            }
        return context

    def on_post_template(
        self, output_content: str, /, *, template_name: str, config: MkDocsConfig
    ) -> str:
        """The sitemap is the catalogue's: what is generated beside it is no page for readers."""
        if template_name == "sitemap.xml" and self.catalogue and (site := _site(config)):
            return sitemap.sitemap(self.catalogue.pages, site).decode()
        return output_content

    def _things(self, page: Page, built: MkDocsPage, config: MkDocsConfig) -> list[dict[str, Any]]:
        site = _site(config)
        if site is None or self.catalogue is None:
            return []
        pages = self.catalogue.pages
        listed = [one for stage in page.lists for one in pages_of(stage, pages)] + [
            one
            for persona in page.persona_lists
            for stage in Stage
            for one in pages_for(persona, stage, pages)
        ]
        html = built.content or ""
        return things(page, self.catalogue, site, image=site + IMAGE, html=html, listed=listed)

    def _feed(self, config: MkDocsConfig) -> bytes | None:
        if self.catalogue is None or (site := _site(config)) is None:
            return None
        return feed.feed(
            self.catalogue,
            site=site,
            title=config.site_name,
            about=config.site_description or "",
            zone=_zone(),
        )

    def _stage_page(self, stage: Stage | None) -> Page | None:
        """The page that lists the pages of ``stage``."""
        if stage is None or self.catalogue is None:
            return None
        path = f"stages/{stage}.md"
        return self.catalogue.page_of(path)

    def _page(self, path: str) -> Page | None:
        return self.catalogue.page_of(path) if self.catalogue else None


def _zone() -> ZoneInfo:
    try:
        return read_settings().zone
    except SettingsError as error:
        raise PluginError(str(error)) from None


def _site(config: MkDocsConfig) -> str | None:
    """The address of the home page with its final slash, where the configuration tells it."""
    return config.site_url.rstrip("/") + "/" if config.site_url else None


def _put_the_index_aside(folder: Path) -> None:
    """Leave the theme's search worker to load the index of the search when somebody searches:
    Material would load it with every page."""
    index = folder / "search" / "search_index.json"
    worker = folder / "assets" / "javascripts" / "workers" / "search-ja.js"
    if index.is_file() and worker.is_file():
        whole = json.loads(index.read_text(encoding="utf-8"))
        index.replace(index.with_name("pages.json"))
        index.write_text(json.dumps({**whole, "docs": []}), encoding="utf-8")


def _stamped(name: str, config: MkDocsConfig) -> str:
    """The name of one of the site's own files with a mark that changes with its content, so that
    browsers may keep it."""
    for folder in (config.docs_dir, *config.theme.dirs):
        file = Path(folder) / name
        if file.is_file():
            return f"{name}?v={sha256(file.read_bytes()).hexdigest()[:8]}"
    return name
