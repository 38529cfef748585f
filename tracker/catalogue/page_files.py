"""The pages below ``site/pages``: their front matter, what their text holds, what they refer to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tracker.catalogue import videos
from tracker.catalogue.aliases import is_alias
from tracker.catalogue.ctas import Cta, CtaOptions
from tracker.catalogue.documents import Document, Loc, parse
from tracker.catalogue.folder import Folder
from tracker.catalogue.issues import FOLDER as ISSUES
from tracker.catalogue.links import Site, check_link, check_target, page_linked, url_of
from tracker.catalogue.markdown import Block, Scan, scan
from tracker.catalogue.pages import OWNERS, Page, PageFront, Section, page_gaps
from tracker.catalogue.problems import allowed, shown, unknown
from tracker.words import PageKind, Stage

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
_PAGE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*\.md|README\.md")
_FEW = re.compile(r"[1-9]|1[0-9]|20")
_PLACED = {"seminar": "日時とフォーム", "video": "動画"}


@dataclass(frozen=True)
class _PageSource:
    """One page's file as far as it could be read."""

    path: str
    file: str
    document: Document | None
    front: PageFront | None
    scan: Scan

    @property
    def draft(self) -> bool:
        return bool(self.document and self.document.data.get("draft") is True)

    @property
    def url(self) -> str:
        return url_of(self.path)


@dataclass
class _Ids:
    """Ids that must be unique over the site, with the place of the first."""

    what: str
    first: dict[str, str] = field(default_factory=dict)

    def repeated(self, id_: str, place: str) -> str | None:
        if id_ in self.first:
            return f"{self.what}のid「{id_}」は{self.first[id_]}でも使われています（サイト全体で1つだけ）"
        self.first[id_] = place
        return None


class PageFiles:
    """Reads all pages of ``folder``; ``site`` is what links of what is published may lead to, once
    they are read, and ``site_with_drafts`` what those of drafts may."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.site = Site({}, {}, frozenset())
        self.site_with_drafts = self.site
        self._aliases: dict[str, str] = {}

    def read(self, personas: list[str]) -> Iterator[Page]:
        base = self.folder.root / "site/pages"
        if not base.is_dir():
            self.folder.tell("site/pages", 1, None, "フォルダーがありません")
            return
        found = self.folder.files("site/pages", "**/*")
        names = [path.relative_to(base).as_posix() for path in found]
        # MkDocs passes over a folder of this name at the top.
        names = [name for name in names if not name.startswith("templates/")]
        sources = [self._page_source(name) for name in names if name.endswith(".md")]
        # Of two pages with the same id, the draft is the one to be told.
        sources.sort(key=lambda source: source.draft)
        assets = frozenset(name for name in names if not name.endswith(".md")) | frozenset(
            path.relative_to(self.folder.root / "site/theme").as_posix()
            for path in self.folder.files("site/theme", "**/*")
        )
        self.site_with_drafts = _site(sources, assets)
        drafts = frozenset(source.path for source in sources if source.draft)
        self.site = replace(
            _site([source for source in sources if not source.draft], assets), drafts=drafts
        )
        self.folder.drafts.update(source.file for source in sources if source.draft)
        if "index.md" not in self.site.urls:
            self.folder.tell("site/pages/index.md", 1, None, "ホームのページがありません")
        self._unpublished(names)
        fronts = {source.path: source.front for source in sources}
        ids = {kind: _Ids(kind) for kind in (*OWNERS, "CTA")}
        only: dict[PageKind, str] = {}
        for source in sources:
            self._check_front(source, personas, ids)
            self._check_links(source)
            ctas = tuple(self._ctas(source, ids["CTA"], fronts))
            self._check_forms(source)
            self._check_lists(source, personas)
            if source.front is None or source.document is None:
                continue
            kind = source.front.kind
            if kind in (PageKind.INQUIRY, PageKind.NEWSLETTER):
                if first := only.get(kind):
                    message = f"kind: {kind} のページは1つだけです（{first}にもあります）"
                    self.folder.problems.append(source.document.problem(("kind",), message))
                only.setdefault(kind, source.file)
            yield Page(
                **dict(source.front),
                path=source.path,
                url=source.url,
                sections=_sections(source.scan),
                ctas=ctas,
                characters=source.scan.characters,
                links=tuple(self._linked(source)),
                lists=tuple(
                    Stage(block.argument)
                    for block in source.scan.blocks
                    if block.name == "stage-pages" and block.argument in list(Stage)
                ),
                persona_lists=tuple(
                    block.argument
                    for block in source.scan.blocks
                    if block.name == "persona-pages" and block.argument in personas
                ),
                seminar_lists=tuple(
                    block.argument for block in source.scan.blocks if block.name == "seminars"
                ),
            )

    def _site_for(self, source: _PageSource) -> Site:
        return self.site_with_drafts if source.draft else self.site

    def _linked(self, source: _PageSource) -> Iterator[str]:
        seen = {source.path}
        for link in source.scan.links:
            path = page_linked(self.site_with_drafts, source.path, link)
            if path and path not in seen:
                seen.add(path)
                yield path

    def _page_source(self, path: str) -> _PageSource:
        file = f"site/pages/{path}"
        if not _PAGE_NAME.fullmatch(path.rpartition("/")[2]):
            self.folder.tell(
                file, 1, None, "ファイル名は半角の小文字・数字・ハイフンにします（URLになります）"
            )
        document, body, line = self.folder.front(file)
        front = self.folder.valid(PageFront, document)
        if document is not None and front is None:
            # What keys lack together is not looked at by a model that has failed already.
            data = document.data
            kind = data.get("kind")
            if kind in list(PageKind):
                told = {problem.message for problem in self.folder.problems if problem.path == file}
                self.folder.problems += [
                    document.problem(gap.at, gap.message)
                    for gap in page_gaps(PageKind(kind), data.get("stage"), data)
                    if gap.message not in told
                ]
        found = scan(file, body, line)
        self.folder.problems += found.problems
        return _PageSource(path, file, document, front, found)

    def _unpublished(self, names: list[str]) -> None:
        behind_gates = {path.name for path in self.folder.files("site/whitepapers", "*")}
        for name in names:
            if name.rpartition("/")[2] in behind_gates and not name.endswith(".md"):
                self.folder.tell(
                    f"site/pages/{name}",
                    1,
                    None,
                    "site/whitepapers の資料と同じ名前です。ここに置くと申し込みなしで公開されます",
                )

    def _check_front(self, source: _PageSource, personas: list[str], ids: dict[str, _Ids]) -> None:
        """What the front matter refers to; looked up even where other keys are wrong."""
        document = source.document
        if document is None:
            return
        for loc, persona in _texts(document.data, "personas"):
            if persona not in personas:
                self._tell_at(document, loc, unknown("persona", persona, personas))
        for loc, link in _texts(document.data, "next"):
            if message := check_target(self._site_for(source), link):
                self._tell_at(document, loc, message)
            elif link.removeprefix("/").partition("#")[0] == source.path:
                self._tell_at(document, loc, f"next「{link}」はこのページ自身です")
        self._check_aliases(source, document)
        for key in OWNERS:
            for loc, id_ in _texts(document.data, key, "id"):
                place = f"{source.file}:{document.place(loc).line}"
                if message := ids[key].repeated(id_, place):
                    self._tell_at(document, loc, message)
        for loc, name in _texts(document.data, "gate", "file"):
            there = [path.name for path in self.folder.files("site/whitepapers", "*")]
            there = [name for name in there if not name.endswith(".md")]
            if name not in there:
                hint = allowed(there) if there else "site/whitepapers には資料がまだありません"
                self._tell_at(
                    document,
                    loc,
                    f"資料「{shown(name)}」が site/whitepapers にありません（{hint}）",
                )
        for keys in (("diagnosis", "bands", "to"), ("seminar", "recording")):
            for loc, link in _texts(document.data, *keys):
                if message := check_target(self._site_for(source), link):
                    self._tell_at(document, loc, message)
        for key in ("file", "poster", "captions"):
            for loc, name in _texts(document.data, "video", key):
                if f"{videos.FOLDER}/{name}" not in self.site.assets:
                    folder = f"site/pages/{videos.FOLDER}"
                    message = f"動画のファイル「{shown(name)}」が {folder} にありません"
                    self._tell_at(document, loc, message)

    def _check_aliases(self, source: _PageSource, document: Document) -> None:
        """An address of before is nobody's address of today, and of one page only."""
        site = self._site_for(source)
        living = {url: path for path, url in site.urls.items()}
        for loc, alias in _texts(document.data, "aliases"):
            if not is_alias(alias):  # told already
                continue
            url = alias.removeprefix("/")
            place = f"{source.file}:{document.place(loc).line}"
            if url == source.url:
                told = "このページのいまのアドレスです（前のアドレスだけを書きます）"
            elif url in living:
                told = f"いまも site/pages/{living[url]} のアドレスです（ページがなくなってから書けます）"
            elif url in site.assets or f"{url}index.html" in site.assets:
                told = "いまもあるファイルのアドレスです（ファイルがなくなってから書けます）"
            elif url.startswith(f"{ISSUES}/") and (self.folder.root / "site" / ISSUES).is_dir():
                told = f"/{ISSUES}/ の中です（メールマガジンの各号が読める場所なので、使えません）"
            elif alias in self._aliases:
                told = (
                    f"{self._aliases[alias]}にもあります（前のアドレスが導くのは1ページだけです）"
                )
            else:
                self._aliases[alias] = place
                continue
            self._tell_at(document, loc, f"aliases「{shown(alias)}」は{told}")

    def _tell_at(self, document: Document, loc: Loc, message: str) -> None:
        self.folder.problems.append(document.problem(loc, message))

    def _check_links(self, source: _PageSource) -> None:
        for link in source.scan.links:
            if message := check_link(self._site_for(source), source.path, link):
                self.folder.tell(source.file, link.line, link.column, message)

    def _ctas(
        self, source: _PageSource, ids: _Ids, fronts: dict[str, PageFront | None]
    ) -> Iterator[Cta]:
        for block in source.scan.blocks:
            if block.name != "cta":
                continue
            if not self._has_id(source.file, block):
                continue
            if message := ids.repeated(block.argument, f"{source.file}:{block.line}"):
                self.folder.tell(source.file, block.line, block.column, message)
            document, problems = parse(
                source.file, block.options, first_line=block.options_line, indent=4
            )
            self.folder.problems += problems
            if document is not None and not document.data:
                self.folder.tell(
                    source.file,
                    block.line,
                    block.column,
                    "CTAには to と label が必要です（/// のすぐ下に、半角の空白4つで字下げして書きます）",
                )
                continue
            options = self.folder.valid(CtaOptions, document)
            if options is None or document is None:
                continue
            if message := check_target(self._site_for(source), options.to):
                self.folder.problems.append(document.problem(("to",), message))
                continue
            target = fronts.get(options.to.removeprefix("/").partition("#")[0])
            sections = [s for s in _sections(source.scan) if s.line < block.line]
            yield Cta(
                id=block.argument,
                page=source.path,
                section=sections[-1].index if sections else 0,
                line=block.line,
                to=options.to,
                aim=options.aim or (target.stage if target else None),
                label=options.label,
            )

    def _has_id(self, file: str, block: Block) -> bool:
        if _ID.fullmatch(block.argument):
            return True
        message = (
            f"/// {block.name} のid「{shown(block.argument)}」は使えません（半角の小文字・数字・ハイフン）"
            if block.argument
            else f"/// {block.name} のあとに「| id」がありません"
        )
        self.folder.tell(file, block.line, block.column, message)
        return False

    def _check_forms(self, source: _PageSource) -> None:
        """Each form stands once on the page it belongs to."""
        front = source.front
        own: dict[str, str | None] = {**dict.fromkeys(OWNERS), "inquiry": None}
        if front:
            own = {key: getattr(getattr(front, key), "id", None) for key in OWNERS}
            own["inquiry"] = "contact" if front.kind is PageKind.INQUIRY else None
        placed: dict[str, int] = {}
        for block in source.scan.blocks:
            if block.name not in own:
                continue

            def tell(message: str, block: Block = block) -> None:
                self.folder.tell(source.file, block.line, block.column, message)

            if block.options.strip() or (block.has_body and block.name != "video"):
                tell(f"/// {block.name} の中には何も書けません（次の行を /// で閉じます）")
            if not self._has_id(source.file, block) or front is None:
                continue
            if own[block.name] is None:
                kind = OWNERS.get(block.name, PageKind.INQUIRY)
                tell(f"/// {block.name} は kind: {kind} のページだけに置けます")
            elif block.name != "inquiry" and block.argument != own[block.name]:
                tell(
                    f"{block.name}「{block.argument}」はこのページのものではありません"
                    f"（使える値: {own[block.name]}）"
                )
            elif block.name in placed:
                tell(
                    f"/// {block.name} は1ページに1つだけです（{placed[block.name]}行目にもあります）"
                )
            placed.setdefault(block.name, block.line)
        for name, id_ in own.items():
            if id_ and name not in placed and source.document:
                loc = ("kind",) if name == "inquiry" else (name,)
                self.folder.problems.append(
                    source.document.problem(
                        loc,
                        f"本文に{_PLACED.get(name, 'フォーム')}を置く場所がありません"
                        f"（/// {name} | {id_} と /// の2行を書きます）",
                        key=True,
                    )
                )

    def _check_lists(self, source: _PageSource, personas: list[str]) -> None:
        """A list of pages names a stage, a persona or how many; a question has an answer."""
        lists: dict[str, tuple[str, list[str]]] = {
            "stage-pages": ("stage", list(Stage)),
            "persona-pages": ("persona", personas),
            "seminars": ("upcoming か past", ["upcoming", "past"]),
        }
        for block in source.scan.blocks:

            def tell(message: str, block: Block = block) -> None:
                self.folder.tell(source.file, block.line, block.column, message)

            if block.name == "faq":
                if not block.argument:
                    tell("/// faq のあとに「| 質問」がありません")
                if block.options.strip():
                    tell("/// faq にオプションはありません（字下げせずに答えを書きます）")
                elif not block.has_body:
                    tell("/// faq の中に答えがありません（閉じる /// の前に書きます）")
                continue
            if block.name not in (*lists, "newest"):
                continue
            if block.options.strip() or block.has_body:
                tell(f"/// {block.name} の中には何も書けません（次の行を /// で閉じます）")
            if block.name == "newest":
                if not _FEW.fullmatch(block.argument):
                    tell("/// newest のあとに「| 本数」を、1から20までの半角の数で書きます")
            else:
                what, known = lists[block.name]
                if not block.argument:
                    tell(f"/// {block.name} のあとに「| {what}」がありません（{allowed(known)}）")
                elif block.argument not in known:
                    tell(unknown(what, block.argument, known))


def _site(sources: list[_PageSource], assets: frozenset[str]) -> Site:
    return Site(
        urls={source.path: source.url for source in sources},
        anchors={source.path: frozenset(source.scan.ids) for source in sources},
        assets=assets,
        moved={
            alias.removeprefix("/"): source.path
            for source in sources
            if source.front
            for alias in source.front.aliases
        },
    )


def _sections(found: Scan) -> tuple[Section, ...]:
    headings = [heading for heading in found.headings if heading.level in (2, 3)]
    return tuple(
        Section(index=n, id=heading.id, text=heading.text, line=heading.line)
        for n, heading in enumerate(headings, start=1)
    )


def _texts(value: object, *keys: str, loc: Loc = ()) -> Iterator[tuple[Loc, str]]:
    """The strings that ``keys`` lead to, through any lists on the way, with their places."""
    if len(loc) > 8:  # an alias of YAML can hold itself
        return
    if isinstance(value, list):
        for n, item in enumerate(value):
            yield from _texts(item, *keys, loc=(*loc, n))
    elif keys and isinstance(value, dict):
        if keys[0] in value:
            yield from _texts(value[keys[0]], *keys[1:], loc=(*loc, keys[0]))
    elif not keys and isinstance(value, str):
        yield loc, value
