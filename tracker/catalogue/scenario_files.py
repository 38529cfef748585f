"""The step mails below ``site/scenarios``, one folder a stage."""

import re
from collections.abc import Iterator
from pathlib import Path

from tracker.catalogue.folder import Folder
from tracker.catalogue.links import Site, check_link
from tracker.catalogue.markdown import Scan, scan
from tracker.catalogue.problems import unknown
from tracker.catalogue.scenarios import Scenario, Step, StepFront
from tracker.words import Stage

PLACEHOLDERS = ("name", "company", "diagnosis")
"""What a step mail may fill in; ``diagnosis`` stands alone in its paragraph."""

_DRAFT = re.compile(rb"^draft:[ \t]*true\b", re.MULTILINE)
_STEP_NAME = re.compile(r"(?P<day>\d+)-(?P<id>[a-z0-9][a-z0-9-]*)\.md")


class ScenarioFiles:
    """Reads all step mails of ``folder``; their links must lead into ``site``, those of drafts
    into ``site_with_drafts``."""

    def __init__(self, folder: Folder, site: Site, site_with_drafts: Site | None = None) -> None:
        self.folder = folder
        self.site = site
        self.site_with_drafts = site_with_drafts or site

    def read(self) -> Iterator[Scenario]:
        base = self.folder.root / "site/scenarios"
        if not base.is_dir():
            return
        for entry in sorted(base.iterdir()):
            if entry.name.startswith("."):
                continue
            folder = f"site/scenarios/{entry.name}"
            if entry.is_dir() and entry.name not in list(Stage):
                self.folder.tell(
                    folder, 1, None, unknown("シナリオのフォルダー", entry.name, Stage)
                )
            elif not entry.is_dir():
                self.folder.tell(folder, 1, None, "段階のフォルダー（例: interest/）の中に置きます")
            steps = sorted(self._steps(folder), key=lambda step: step.day)
            if steps and entry.name in list(Stage):
                yield Scenario(id=entry.name, stage=Stage(entry.name), steps=tuple(steps))

    def _steps(self, folder: str) -> Iterator[Step]:
        days: dict[int, str] = {}
        ids: dict[str, str] = {}
        # Of two steps of the same day or name, the draft is the one to be told.
        for path in sorted(self.folder.files(folder, "**/*"), key=_is_draft):
            file = f"{folder}/{path.relative_to(self.folder.root / folder).as_posix()}"
            name = _STEP_NAME.fullmatch(path.name)
            if path.suffix != ".md":
                self.folder.tell(file, 1, None, "ステップは .md のファイルにします")
                continue
            if name is None or path.parent != self.folder.root / folder:
                self.folder.tell(
                    file,
                    1,
                    None,
                    "ファイル名は「日-名前.md」にします（例: 3-first-step.md。半角の小文字・数字・ハイフン）",
                )
            document, body, line = self.folder.front(file)
            front = self.folder.valid(StepFront, document)
            draft = bool(document and document.data.get("draft") is True)
            if draft:
                self.folder.drafts.add(file)
            found = scan(file, body, line)
            self.folder.problems += found.problems
            for link in found.links:
                site = self.site_with_drafts if draft else self.site
                if message := check_link(site, None, link):
                    self.folder.tell(file, link.line, link.column, message)
            self._check_letter(file, found)
            if name is None:
                continue
            if name["id"] in ids:
                self.folder.tell(
                    file, 1, None, f"名前「{name['id']}」のステップは{ids[name['id']]}にもあります"
                )
            ids.setdefault(name["id"], file)
            if front is None or document is None:
                continue
            if front.day != int(name["day"]):
                self.folder.problems.append(
                    document.problem(
                        ("day",),
                        f"day: {front.day} とファイル名の{name['day']}日目が違います（そろえます）",
                    )
                )
            elif front.day in days:
                self.folder.problems.append(
                    document.problem(("day",), f"{front.day}日目は{days[front.day]}にもあります")
                )
            days.setdefault(front.day, file)
            yield Step(**dict(front), id=name["id"], path=file, body=body, line=line)

    def _check_letter(self, file: str, found: Scan) -> None:
        for block in found.blocks:
            self.folder.tell(
                file,
                block.line,
                block.column,
                f"/// {block.name} はメールには書けません（ページ専用です）",
            )
        for placeholder in found.placeholders:
            if placeholder.name not in PLACEHOLDERS:
                message = unknown("差し込み", placeholder.name, PLACEHOLDERS)
                self.folder.tell(file, placeholder.line, placeholder.column, message)
            elif placeholder.name == "diagnosis" and not placeholder.alone:
                self.folder.tell(
                    file,
                    placeholder.line,
                    placeholder.column,
                    "{{ diagnosis }} は前後を空行にして、1行だけで書きます",
                )


def _is_draft(path: Path) -> bool:
    """Whether the front matter seems to say so; it is read in full later."""
    return bool(_DRAFT.search(path.read_bytes()[:2000]))
