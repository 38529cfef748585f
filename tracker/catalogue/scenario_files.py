"""The step mails below ``site/scenarios``, one folder a stage or an occasion."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from tracker.catalogue.branches import wrong
from tracker.catalogue.conditions import ANY, THIS, split_click
from tracker.catalogue.documents import Document
from tracker.catalogue.folder import Folder
from tracker.catalogue.line import too_long
from tracker.catalogue.links import Site, check_link
from tracker.catalogue.markdown import Scan, scan
from tracker.catalogue.problems import shown, unknown
from tracker.catalogue.scenarios import Scenario, ScenarioFront, Step, StepFront
from tracker.catalogue.sendings import Window
from tracker.words import Channel, Entry, Stage

SETTINGS = "scenario.yml"
"""A scenario's own settings, beside its steps."""

PLACEHOLDERS = ("name", "company", "diagnosis")
"""What a step mail may fill in; ``diagnosis`` stands alone in its paragraph."""

_DRAFT = re.compile(rb"^draft:[ \t]*true\b", re.MULTILINE)
_STEP_NAME = re.compile(r"(?P<day>\d+)-(?P<id>[a-z0-9][a-z0-9-]*)\.md")


@dataclass(frozen=True)
class Surroundings:
    """What the conditions of steps may name, and the firm's window."""

    gates: Collection[str]
    personas: Collection[str]
    seminars: Collection[str]
    window: Window


@dataclass(frozen=True)
class _File:
    """A step's file as it was read: ``links`` are the targets in its body."""

    step: Step
    document: Document
    links: tuple[str, ...]


class ScenarioFiles:
    """Reads all step mails of ``folder``; their links must lead into ``site``, those of drafts
    into ``site_with_drafts``. Without ``around`` it is not asked what conditions name."""

    def __init__(
        self,
        folder: Folder,
        site: Site,
        site_with_drafts: Site | None = None,
        around: Surroundings | None = None,
    ) -> None:
        self.folder = folder
        self.site = site
        self.site_with_drafts = site_with_drafts or site
        self.around = around

    def read(self) -> Iterator[Scenario]:
        base = self.folder.root / "site/scenarios"
        if not base.is_dir():
            return
        entries: dict[Entry, str] = {}
        for entry in sorted(base.iterdir()):
            if entry.name.startswith("."):
                continue
            folder = f"site/scenarios/{entry.name}"
            if not entry.is_dir():
                self.folder.tell(
                    folder, 1, None, "シナリオのフォルダー（例: interest/）の中に置きます"
                )
                continue
            front = self._settings(folder, entry.name, entries)
            files = sorted(self._files(folder), key=lambda file: (file.step.day, file.step.id))
            self._check_ways(files, front)
            if files and front is not None:
                yield Scenario(
                    **dict(front),
                    id=entry.name,
                    stage=Stage(entry.name) if entry.name in list(Stage) else None,
                    steps=tuple(file.step for file in files),
                )

    def _settings(self, folder: str, name: str, entries: dict[Entry, str]) -> ScenarioFront | None:
        file = f"{folder}/{SETTINGS}"
        of_stage = name in list(Stage)
        if not (self.folder.root / file).exists():
            if of_stage:
                return ScenarioFront.model_validate({})
            self.folder.tell(
                folder,
                1,
                None,
                f"{unknown('シナリオのフォルダー', name, Stage)}。段階のほかは {SETTINGS} を置き、enter を書きます",
            )
            return None
        document = self.folder.mapping(file)
        front = self.folder.valid(ScenarioFront, document)
        if front is None or document is None:
            return front
        if of_stage != (front.enter is Entry.STAGE):
            others = [entry for entry in Entry if entry is not Entry.STAGE]
            self.folder.problems.append(
                document.problem(
                    ("enter",),
                    f"段階「{name}」のシナリオには、その段階の人が入ります（enter は書きません）"
                    if of_stage
                    else f"だれが入るかを enter に書きます（使える値: {', '.join(others)}）",
                )
            )
            return None
        if not of_stage and front.enter in entries:
            self.folder.problems.append(
                document.problem(
                    ("enter",),
                    f"enter: {front.enter} のシナリオは {entries[front.enter]} にもあります（1つだけ）",
                )
            )
        entries.setdefault(front.enter, folder)
        return front

    def _files(self, folder: str) -> Iterator[_File]:
        ids: dict[str, str] = {}
        # Of two steps of the same name, the draft is the one to be told.
        for path in sorted(self.folder.files(folder, "**/*"), key=_is_draft):
            file = f"{folder}/{path.relative_to(self.folder.root / folder).as_posix()}"
            if file == f"{folder}/{SETTINGS}":
                continue
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
            if front.channel is Channel.LINE:
                for place, message in too_long(body):
                    self.folder.tell(file, line + place, None, message)
            step = Step(**dict(front), id=name["id"], path=file, body=body, line=line)
            yield _File(step, document, tuple(link.target for link in found.links))

    def _check_ways(self, files: Sequence[_File], front: ScenarioFront | None) -> None:
        """The ways through the scenario as it is published, and for drafts as it will be."""
        of_step = {id(file.step): file for file in files}
        published = [file.step for file in files if not file.step.draft]
        drafts = [file.step.id for file in files if file.step.draft]
        for steps, of_drafts in ((published, False), ([file.step for file in files], True)):
            for step, key, message in wrong(steps, drafts):
                if step.draft is of_drafts:
                    self._tell(of_step[id(step)], (key,), message)
        for file in files:
            self._check_condition(file, files, front)
            self._check_window(file)

    def _check_condition(
        self, file: _File, files: Sequence[_File], front: ScenarioFront | None
    ) -> None:
        when = file.step.when
        if when is None:
            return
        known = {other.step.id: other for other in files}
        for key, words in when.clicks:
            name, link = split_click(words)
            named = known.get(name)
            if named is None:
                others = [other for other in known if other != file.step.id]
                self._tell(file, ("when", key), unknown("ステップ", name, others))
            elif named is file or named.step.day > file.step.day:
                self._tell(
                    file,
                    ("when", key),
                    f"{key}: {name} は、このメールより前に送るステップではありません",
                )
            elif link and _bare(link) not in map(_bare, named.links):
                self._tell(file, ("when", key), unknown(f"{name} のリンク", link, named.links))
        if self.around is None:
            return
        seminars = [*self.around.seminars, ANY]
        if front is not None and front.enter is Entry.SEMINAR:
            seminars.append(THIS)
        for key, value, names in (
            ("downloaded", when.downloaded, self.around.gates),
            ("not_downloaded", when.not_downloaded, self.around.gates),
            ("persona", when.persona, self.around.personas),
            ("attended", when.attended, seminars),
            ("not_attended", when.not_attended, seminars),
        ):
            if value is not None and value not in names:
                self._tell(file, ("when", key), unknown(key, value, names))

    def _check_window(self, file: _File) -> None:
        if file.step.window is None or self.around is None:
            return
        try:
            file.step.window.within(self.around.window)
        except ValidationError:
            self._tell(
                file,
                ("window",),
                f"firm.yml の sending（{self.around.window.label}）と合わせると、送れる時刻がありません",
            )

    def _tell(self, file: _File, loc: tuple[str, ...], message: str) -> None:
        self.folder.problems.append(file.document.problem(loc, message))

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


def _bare(target: str) -> str:
    return shown(target).partition("#")[0]
