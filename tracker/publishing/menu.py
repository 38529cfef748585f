"""The menu, rendered once for all pages that stand beside one another and not in it.

Material renders it anew on every page, which takes a tenth of the time of a large build.
"""

from collections.abc import Callable, Iterable, Iterator

from jinja2 import Environment, Template, TemplateNotFound
from jinja2.runtime import Context

PARTS = ("partials/nav.html", "partials/tabs.html")
"""The templates that show the menu and nothing of the page but its place in it."""


class Menu:
    """``urls`` are those of the pages that stand in the menu."""

    def __init__(self, urls: Iterable[str]) -> None:
        self._urls = frozenset(urls)

    def place(self, url: str) -> str | None:
        """What pages with the same menu share; ``None`` for a page in it, or above one in it.

        Links are relative, so the menu differs by folder.
        """
        if not url or any(there.startswith(url) for there in self._urls):
            return None
        return url.rstrip("/").rpartition("/")[0]

    def render_once(self, env: Environment) -> None:
        """Let ``env`` render each of ``PARTS`` once for each place."""
        for name in PARTS:
            try:
                _once(env.get_template(name), self.place)
            except TemplateNotFound:
                continue  # a theme that is not Material's


def _once(template: Template, place: Callable[[str], str | None]) -> None:
    render = template.root_render_func
    known: dict[str, str] = {}

    def rendered(context: Context) -> Iterator[str]:
        page = context.get("page")
        where = place(page.url) if page else None
        if where is None:
            yield from render(context)
            return
        if where not in known:
            known[where] = "".join(render(context))
        yield known[where]

    template.root_render_func = rendered
