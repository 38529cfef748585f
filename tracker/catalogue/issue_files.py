"""The issues of the newsletter below ``site/newsletters``."""

import re
from collections.abc import Collection, Iterator

from tracker.catalogue.folder import Folder
from tracker.catalogue.issues import FOLDER, Issue, IssueFront
from tracker.catalogue.links import Site, check_link
from tracker.catalogue.markdown import scan
from tracker.catalogue.problems import unknown

PLACEHOLDERS = ("name", "company")
"""What an issue may fill in."""

_NAME = re.compile(r"(?P<day>\d{4}-\d{2}-\d{2})-(?P<id>[a-z0-9][a-z0-9-]{0,59})\.md")


class IssueFiles:
    """Reads all issues of ``folder``; their links must lead into ``site``, those of drafts into
    ``site_with_drafts``."""

    def __init__(
        self,
        folder: Folder,
        site: Site,
        site_with_drafts: Site,
        personas: Collection[str],
    ) -> None:
        self.folder = folder
        self.site = site
        self.site_with_drafts = site_with_drafts
        self.personas = personas

    def read(self) -> Iterator[Issue]:
        """The issues, the oldest first."""
        if not (self.folder.root / "site" / FOLDER).is_dir():
            return
        for path, url in self.site_with_drafts.urls.items():
            if url.startswith(f"{FOLDER}/"):
                where = f"/{FOLDER}/ は、メールマガジンの各号が読める場所です"
                self.folder.tell(f"site/pages/{path}", 1, None, f"{where}（ほかの名前にします）")
        found = [issue for file in self._files() if (issue := self._issue(file))]
        ids: dict[str, str] = {}
        for issue in sorted(found, key=lambda one: (one.send_at, one.id)):
            if issue.id in ids:
                told = f"名前「{issue.id}」の号は{ids[issue.id]}にもあります"
                self.folder.tell(issue.path, 1, None, told)
                continue
            ids[issue.id] = issue.path
            yield issue

    def _files(self) -> Iterator[str]:
        base = f"site/{FOLDER}"
        for path in self.folder.files(base, "**/*"):
            file = f"{base}/{path.relative_to(self.folder.root / base).as_posix()}"
            if path.suffix == ".md":
                yield file
            else:
                self.folder.tell(file, 1, None, "メールマガジンの号は .md のファイルにします")

    def _issue(self, file: str) -> Issue | None:
        name = _NAME.fullmatch(file.removeprefix(f"site/{FOLDER}/"))
        if name is None:
            how = "例: 2026-12-01-year-end.md。半角の小文字・数字・ハイフン"
            self.folder.tell(file, 1, None, f"ファイル名は「日付-名前.md」にします（{how}）")
        document, body, line = self.folder.front(file)
        front = self.folder.valid(IssueFront, document)
        draft = bool(document and document.data.get("draft") is True)
        if draft:
            self.folder.drafts.add(file)
        self._check_body(file, body, line, draft)
        if front is None or document is None or name is None:
            return None
        if front.send_at.date().isoformat() != name["day"]:
            told = f"send_at の日付 {front.send_at.date()} とファイル名の {name['day']} が違います"
            self.folder.problems.append(document.problem(("send_at",), f"{told}（そろえます）"))
        for n, persona in enumerate(front.audience.personas):
            if persona not in self.personas:
                told = unknown("persona", persona, self.personas)
                self.folder.problems.append(document.problem(("audience", "personas", n), told))
        return Issue(**dict(front), id=name["id"], path=file, body=body, line=line)

    def _check_body(self, file: str, body: str, line: int, draft: bool) -> None:
        found = scan(file, body, line)
        self.folder.problems += found.problems
        site = self.site_with_drafts if draft else self.site
        for link in found.links:
            if message := check_link(site, None, link):
                self.folder.tell(file, link.line, link.column, message)
        for block in found.blocks:
            told = f"/// {block.name} はメールには書けません（ページ専用です）"
            self.folder.tell(file, block.line, block.column, told)
        for place in found.placeholders:
            if place.name not in PLACEHOLDERS:
                told = unknown("差し込み", place.name, PLACEHOLDERS)
                self.folder.tell(file, place.line, place.column, told)
