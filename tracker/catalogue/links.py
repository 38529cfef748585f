"""Where an editor's link leads, and what is wrong with it."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from tracker.catalogue.markdown import Link
from tracker.catalogue.problems import likeliest, shown

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_OUTSIDE = ("http:", "https:", "mailto:", "tel:")


@dataclass(frozen=True)
class Site:
    """What links may lead to: pages by path (their urls, their anchors) and other files.

    ``drafts`` are the paths of pages that are there, but are not published; ``moved`` says of an
    address that a page had before which page that is (its path).
    """

    urls: Mapping[str, str]
    anchors: Mapping[str, frozenset[str]]
    assets: frozenset[str]
    drafts: frozenset[str] = frozenset()
    moved: Mapping[str, str] = field(default_factory=dict)


def url_of(path: str) -> str:
    """The address below the site's root at which the page of the file ``path`` is built."""
    parent, _, name = path.removesuffix(".md").rpartition("/")
    folder = f"{parent}/" if parent else ""
    return folder if name in ("index", "README") else f"{folder}{name}/"


def page_linked(site: Site, page: str, link: Link) -> str | None:
    """The path of the page that a link in the text of ``page`` leads to; ``None``: to none."""
    target = link.target.partition("#")[0].partition("?")[0]
    if link.image or not target or _SCHEME.match(target) or target.startswith("//"):
        return None
    if link.raw:
        url = target.removeprefix("/")
        return next((path for path, there in site.urls.items() if there == url), None)
    path = _resolved(page, unquote(target))
    return path if path in site.urls else None


def _resolved(page: str, path: str) -> str:
    if path.startswith("/"):
        return path[1:]
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), path))


def check_target(site: Site, target: str) -> str | None:
    """What is wrong with the ``/path.md#anchor`` of a key in YAML, or ``None``."""
    if not target.startswith("/"):
        return f"「{shown(target)}」は / で始まるページのパスにします（例: /articles/foo.md）"
    path, _, anchor = target[1:].partition("#")
    return _page_missing(site, path) or _anchor_missing(site, path, anchor)


def check_link(site: Site, page: str | None, link: Link) -> str | None:
    """What is wrong with a link in the text of ``page`` (``None``: in a mail), or ``None``."""
    target = link.target
    what = "画像" if link.image else "リンク"
    if link.image and link.empty_text:
        how = 'alt="説明"。飾りなら alt=""' if link.raw else "![説明](…)"
        return f"画像「{shown(target)}」に説明（alt）がありません（{how}）"
    if not target:
        return f"{what}の行き先がありません"
    if scheme := _SCHEME.match(target):
        if scheme[0].lower() not in _OUTSIDE:
            return f"{what}「{shown(target)}」は使えません（使える値: https:, mailto:, tel:, / で始まるパス）"
        if link.image:
            return f"よそのサイトの画像は使えません「{shown(target)}」（site/pages に置きます）"
        return None
    if target.startswith("//"):
        return f"{what}「{shown(target)}」は https: から書きます"
    if link.raw:
        return _raw_wrong(site, target)
    path, _, anchor = target.partition("#")
    path, anchor = unquote(path.partition("?")[0]), unquote(anchor)
    if not path:
        return _anchor_missing(site, page, anchor) if page else "メールの中の # には飛べません"
    if page is None and not path.startswith("/"):
        return f"{what}「{shown(target)}」は / で始めます（例: /cases/foo.md）"
    resolved = _resolved(page or "", path)
    if resolved.endswith(".md"):
        return _page_missing(site, resolved) or _anchor_missing(site, resolved, anchor)
    if resolved in site.assets:
        return None
    if link.image or "." in posixpath.basename(resolved):
        hint = _meant(resolved, list(site.assets))
        return f"{what}先のファイル「{shown(target)}」がありません{hint}"
    return f"{what}「{shown(target)}」は .md のパスで書きます{_by_url(site, resolved)}"


def _raw_wrong(site: Site, target: str) -> str | None:
    path = target.partition("#")[0].partition("?")[0]
    if path.endswith(".md"):
        return f"HTMLの中の「{shown(target)}」はリンクになりません（Markdownの [文](…) で書きます）"
    inside = path.removeprefix("/")
    if path.startswith("/") and inside not in {*site.urls.values(), *site.assets}:
        return f"HTMLの中のリンク先「{shown(target)}」がありません"
    return None


def _page_missing(site: Site, path: str) -> str | None:
    if path in site.urls:
        return None
    if path in site.drafts:
        return f"ページ「/{path}」は下書きです（公開するなら draft: true の行を消します）"
    if now := site.moved.get(url_of(path)):
        return f"ページ「/{shown(path)}」は移りました（いまは /{now}）"
    return f"ページ「/{shown(path)}」がありません{_meant(path, list(site.urls))}"


def _anchor_missing(site: Site, path: str, anchor: str) -> str | None:
    anchors = site.anchors.get(path, frozenset())
    if not anchor or anchor in anchors:
        return None
    meant = likeliest(anchor, anchors)
    hint = f"（もしかして: #{meant}）" if meant else ""
    return f"「/{path}」に見出し「#{shown(anchor)}」がありません{hint}"


def _meant(path: str, there: list[str]) -> str:
    name = posixpath.basename(path)
    same_name = sorted(p for p in there if posixpath.basename(p) == name)
    meant = same_name[0] if same_name else likeliest(path, there)
    return f"（もしかして: /{meant}）" if meant else ""


def _by_url(site: Site, path: str) -> str:
    url = path.rstrip("/") + "/" if path.rstrip("/") else ""
    meant = next((p for p, u in site.urls.items() if u == url), None)
    return f"（もしかして: /{meant}）" if meant else "（例: /articles/foo.md）"
