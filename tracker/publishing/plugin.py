"""The MkDocs plugin ``sodate``: hooks only, what they do stands elsewhere."""

from pathlib import Path

from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import BasePlugin, get_plugin_logger
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page as MkDocsPage
from mkdocs.utils.templates import TemplateContext

from tracker.catalogue.catalogue import Catalogue
from tracker.catalogue.load import load
from tracker.catalogue.pages import Page
from tracker.publishing.assets import SCRIPTS, THEME, minified
from tracker.words import PageKind, Stage

log = get_plugin_logger(__name__)

BLOCKS = "tracker.publishing.blocks"
READING = (PageKind.ARTICLE, PageKind.CASE, PageKind.VOICE)


class Options(Config):  # type: ignore[no-untyped-call]
    """The plugin has none: what there is to set stands in the editors' files."""


class SodatePlugin(BasePlugin[Options]):  # type: ignore[no-untyped-call]
    """Checks the editors' files, hands the catalogue to the blocks and to the theme."""

    catalogue: Catalogue | None = None

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Every problem is a warning, so that ``strict`` refuses to publish."""
        root = Path(config.config_file_path).resolve().parent
        self.catalogue, problems = load(root)
        for problem in problems:
            log.warning("%s", problem)
        if BLOCKS not in config.markdown_extensions:
            config.markdown_extensions.append(BLOCKS)
        config.mdx_configs[BLOCKS] = {"catalogue": self.catalogue}
        config.theme.dirs.append(str(THEME))
        config.extra_css.insert(0, "assets/stylesheets/sodate-forms.css")
        config.extra_javascript.append("assets/javascripts/sodate-beacon.js")
        return config

    def on_page_context(
        self,
        context: TemplateContext,
        /,
        *,
        page: MkDocsPage,
        config: MkDocsConfig,
        nav: Navigation,
    ) -> TemplateContext:
        """``sodate`` in templates: the page's ``page`` and ``next`` of the catalogue."""
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
        }
        # The tabs and the stage pages lead on; beside the text stands its table of contents only.
        contents = found.kind in (*READING, PageKind.RESOURCE)
        page.meta["hide"] = ["navigation"] if contents else ["navigation", "toc"]
        return context

    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """The scripts go out without their comments: the beacon is to stay below 2,000 bytes."""
        for script in SCRIPTS:
            published = Path(config.site_dir) / "assets" / "javascripts" / script
            published.write_text(minified(script), encoding="utf-8")

    def _stage_page(self, stage: Stage | None) -> Page | None:
        """The page that lists the pages of ``stage``."""
        if stage is None or self.catalogue is None:
            return None
        path = f"stages/{stage}.md"
        return self.catalogue.page_of(path)

    def _page(self, path: str) -> Page | None:
        return self.catalogue.page_of(path) if self.catalogue else None
