"""What many pages show alike, rendered once for all of them: the menu, the search, the settings.

Material renders them anew on every page, which takes a seventh of the time of a large build.
"""

from collections.abc import Callable, Iterable, Iterator

from jinja2 import Environment, TemplateNotFound, nodes
from jinja2.runtime import Context

PARTS = ("partials/nav.html", "partials/tabs.html")
"""The templates that show the menu and nothing of the page but its place in it."""

ALIKE = ("partials/search.html", "partials/top.html")
"""Templates that may show the same on every page; those that name the page are left alone."""

SETTINGS = ("base.html", "config")
"""The template and its block that tell the theme's scripts of themselves, and nothing of the page
but the way to the home page."""

_OF_A_PAGE = {"page", "base_url", "sodate", "tags"}

Render = Callable[[Context], Iterator[str]]


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
        """Let ``env`` render each of ``PARTS`` and ``SETTINGS`` once for each place, and what is
        ``ALIKE`` on every page once."""
        for name in (*PARTS, *ALIKE):
            try:
                template = env.get_template(name)
            except TemplateNotFound:
                continue  # a theme that is not Material's
            if name in PARTS:
                template.root_render_func = _once(template.root_render_func, self.place)
            elif not _names(env, name) & _OF_A_PAGE:
                template.root_render_func = _once(template.root_render_func, lambda _url: "")
        name, block = SETTINGS
        try:
            template = env.get_template(name)
        except TemplateNotFound:
            return
        if block in template.blocks and not _names(env, name, block) & {"page", "sodate"}:
            template.blocks[block] = _once(template.blocks[block], self.place)


def _names(env: Environment, name: str, block: str | None = None) -> set[str]:
    """The names that a template, or one block of it, speaks of. A relative address is one of a
    page, so a whole template that has one speaks of ``base_url``."""
    assert env.loader is not None
    tree: nodes.Node = env.parse(env.loader.get_source(env, name)[0])
    if block is not None:
        tree = next(found for found in tree.find_all(nodes.Block) if found.name == block)
    names = {found.name for found in tree.find_all(nodes.Name)}
    if any(found.name == "url" for found in tree.find_all(nodes.Filter)):
        names.add("base_url")
    if not all(_is_icon(found.template) for found in tree.find_all(nodes.Include)):
        names.add("page")  # who knows what the included template speaks of
    return names


def _is_icon(template: nodes.Expr) -> bool:
    """Whether an included template is one of the theme's drawings."""
    first = template.nodes[0] if isinstance(template, nodes.Concat) else template
    return isinstance(first, nodes.Const) and str(first.value).startswith(".icons/")


def _once(render: Render, place: Callable[[str], str | None]) -> Render:
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

    return rendered
