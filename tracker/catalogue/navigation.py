"""The menu in ``mkdocs.yml``, read without MkDocs: which pages it names, and where."""

from collections.abc import Iterator

import yaml

from tracker.catalogue.documents import Loader
from tracker.catalogue.folder import Folder
from tracker.catalogue.links import Site, check_target

CONFIG = "mkdocs.yml"


def check_nav(folder: Folder, site: Site) -> frozenset[str] | None:
    """The pages in the ``nav``, each not there told; ``None`` where there is no ``nav``.

    A ``mkdocs.yml`` that is missing or broken is for MkDocs to tell.
    """
    if not (folder.root / CONFIG).exists():
        return None
    text = folder.text(CONFIG)
    nav = _nav(text) if text else None
    if nav is None:
        return None
    named = set()
    for scalar in _scalars(nav):
        path = scalar.value
        if not path.endswith(".md") or path.startswith("/") or "://" in path:
            continue
        if message := check_target(site, f"/{path}"):
            mark = scalar.start_mark
            folder.tell(CONFIG, mark.line + 1, mark.column + 1, f"navの{message}")
        named.add(path)
    return frozenset(named)


def _nav(text: str) -> yaml.Node | None:
    # Composed, not constructed: the file may hold tags that only MkDocs knows.
    try:
        loader = Loader(text)
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
    except (yaml.YAMLError, RecursionError):
        return None
    if not isinstance(root, yaml.MappingNode):
        return None
    return next((value for key, value in root.value if key.value == "nav"), None)


def _scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """The values in ``node``, through its lists and titles."""
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _scalars(item)
    elif isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            yield from _scalars(value)
