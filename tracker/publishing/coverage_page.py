"""The page that shows editors for whom there is something to read. It is not published."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from tracker.catalogue.catalogue import Catalogue
from tracker.catalogue.coverage import coverage
from tracker.catalogue.hints import ages, stale
from tracker.catalogue.pages import Page
from tracker.words import Stage

CSS = Markup(Path(__file__).with_name("editors.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file

_templates = Environment(
    loader=PackageLoader("tracker.publishing"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


def coverage_page(
    root: Path,
    catalogue: Catalogue,
    today: date,
    *,
    link: Callable[[Page], str] | None = None,
    home: str = "",
) -> str:
    """The whole HTML page. ``link`` gives the address of a page, ``home`` that of the list this
    page stands in; without them nothing is linked. Asks git for the age of pages."""
    touched = ages(root, catalogue, today)

    def name(page: Page) -> Markup:
        if link is None:
            return Markup("{} <code>{}</code>").format(page.title, page.path)
        return Markup('<a href="{}">{}</a>').format(link(page), page.title)

    return _templates.get_template("coverage.html").render(
        css=CSS,
        today=today,
        home=home,
        name=name,
        coverage=coverage(catalogue),
        personas=catalogue.personas,
        stages=list(Stage),
        pages=catalogue.pages,
        touched=touched,
        stale=stale(catalogue, touched, today),
    )
