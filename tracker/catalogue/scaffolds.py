"""A new file for an editor to fill in: its front matter is complete, its places to write are marked.

Keys and values are derived from the models, so that a new kind of page needs nothing here.
"""

import re
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tracker.catalogue.catalogue import Catalogue
from tracker.catalogue.folder import TO_WRITE
from tracker.catalogue.issues import FOLDER as ISSUES
from tracker.catalogue.issues import IssueFront
from tracker.catalogue.pages import OWNERS, STAGED, Page, PageFront
from tracker.catalogue.personas import PersonaFront
from tracker.catalogue.problems import unknown
from tracker.catalogue.scenarios import Scenario, StepFront
from tracker.words import PageKind, Stage

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")

ONCE = (PageKind.INQUIRY, PageKind.NEWSLETTER)
"""Kinds a site has one page of, which is there already."""

ISSUE = "newsletter-issue"

KINDS = (*(str(kind) for kind in PageKind if kind not in ONCE), "scenario", ISSUE, "persona")
"""What can be made anew: the kinds of pages, a step mail, an issue of the newsletter, a persona."""

_STAGES = {
    PageKind.CASE: Stage.UNDERSTANDING,
    PageKind.VOICE: Stage.TRUST,
    PageKind.RESOURCE: Stage.INTEREST,
    PageKind.SEMINAR: Stage.UNDERSTANDING,
}
"""Where a piece of a kind usually stands; else, and for all others, awareness."""

_USUAL: dict[str, Any] = {"minutes": 60, "capacity": 10, "place": "オンライン"}
"""Better first values than the smallest allowed."""


_AHEAD = timedelta(days=7)
"""Until an issue goes out: time to write it."""


class ScaffoldError(Exception):
    """Nothing was written; the message says why, and what is allowed."""


def scaffold(
    root: Path,
    catalogue: Catalogue,
    kind: str,
    name: str,
    today: date,
    *,
    title: str | None = None,
    stage: Stage | None = None,
    personas: tuple[str, ...] = (),
    day: int | None = None,
    scenario: str | None = None,
) -> Path:
    """Write the file and return its path (from ``root``).

    A page or a step is a draft. Raises ``ScaffoldError``; a file that is there stays as it is.
    """
    if kind not in KINDS:
        raise ScaffoldError(unknown("種類", kind, KINDS))
    if not NAME.fullmatch(name):
        raise ScaffoldError(
            f"名前「{name}」は使えません（半角の小文字・数字・ハイフン。ファイル名になります）"
        )
    known = [persona.id for persona in catalogue.personas]
    for persona in personas:
        if persona not in known:
            raise ScaffoldError(unknown("persona", persona, known))
    if kind == ISSUE:
        path, text = _issue(catalogue, name, title, today + _AHEAD)
    elif kind == "persona":
        path, text = Path("site/personas") / f"{name}.md", _persona(title)
    elif kind == "scenario":
        found = _scenario(catalogue, scenario, stage)
        path, text = _step(catalogue, name, title, found, scenario or stage or Stage.INTEREST, day)
    else:
        path, text = _page(catalogue, PageKind(kind), name, today, title, stage, personas or known)
    _write(root / path, path, text)
    return path


def _write(target: Path, path: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ScaffoldError(f"{path} はもうあります（上書きしません）") from None


def _persona(title: str | None) -> str:
    front = {"name": title or _to_write("name", PersonaFront.model_fields["name"])}
    front["worry"] = _to_write("worry", PersonaFront.model_fields["worry"])
    return _document(front, f"{_gap('この人の一日、サイトに来るきっかけ、迷うことを書く')}\n")


def _scenario(catalogue: Catalogue, name: str | None, stage: Stage | None) -> Scenario | None:
    """The scenario a step is for; ``None`` for a stage that has none yet."""
    if name is None or name in list(Stage):
        return catalogue.scenario_for(Stage(name) if name else stage or Stage.INTEREST)
    found = catalogue.scenario(name)
    if found is None:
        raise ScaffoldError(
            f"{unknown('シナリオ', name, [one.id for one in catalogue.scenarios])}。"
            f"新しく作るなら、先に site/scenarios/{name}/scenario.yml を書きます"
        )
    return found


def _step(
    catalogue: Catalogue,
    name: str,
    title: str | None,
    scenario: Scenario | None,
    folder: str,
    day: int | None,
) -> tuple[Path, str]:
    stage = (scenario.stage if scenario else Stage(folder)) or Stage.INTEREST
    taken = {step.day: step for step in scenario.steps} if scenario else {}
    if day in taken:
        raise ScaffoldError(f"{day}日目には {taken[day].path} があります")
    day = day or max(taken, default=-1) + 2
    front: dict[str, Any] = {
        "day": day,
        "subject": title or _to_write("subject", StepFront.model_fields["subject"]),
        "preview": _to_write("preview", StepFront.model_fields["preview"]),
        "draft": True,
    }
    target = _target(catalogue, stage, [PageKind.CASE, PageKind.ARTICLE])
    button = f"[{target.title}](/{target.path}){{ .button }}\n" if target else ""
    body = f"""{{{{ name }}}} 様

{_gap("前回の続きであることと、今日お伝えする1つのことを書く")}

{button}"""
    return Path("site/scenarios") / folder / f"{day}-{name}.md", _document(front, body)


def _issue(catalogue: Catalogue, name: str, title: str | None, day: date) -> tuple[Path, str]:
    front: dict[str, Any] = {
        "send_at": f"{day}T10:00",
        "subject": title or _to_write("subject", IssueFront.model_fields["subject"]),
        "preview": _to_write("preview", IssueFront.model_fields["preview"]),
        "draft": True,
    }
    target = _target(catalogue, Stage.AWARENESS, [PageKind.ARTICLE, PageKind.CASE])
    button = f"[{target.title}](/{target.path}){{ .button }}\n" if target else ""
    body = f"""{{{{ name }}}} 様

{_gap("試したことと、その結果を1つだけ書く")}

{button}"""
    return Path("site") / ISSUES / f"{day}-{name}.md", _document(front, body)


def _page(
    catalogue: Catalogue,
    kind: PageKind,
    name: str,
    today: date,
    title: str | None,
    stage: Stage | None,
    personas: tuple[str, ...] | list[str],
) -> tuple[Path, str]:
    if stage is None and kind in STAGED:
        stage = _STAGES.get(kind, Stage.AWARENESS)
    heading = title or _to_write("title", PageFront.model_fields["title"])
    front: dict[str, Any] = {
        "title": heading,
        "description": _to_write("description", PageFront.model_fields["description"]),
        "kind": str(kind),
    }
    if stage:
        front["stage"] = str(stage)
    if kind is not PageKind.PAGE:
        front["personas"] = list(personas)
        front["published"] = today
    front["draft"] = True
    block = ""
    for key, owner in OWNERS.items():
        if owner is kind:
            model = _model_in(PageFront.model_fields[key].annotation)
            front[key] = _skeleton(model, name, today)
            block = f"/// {key} | {front[key]['id']}\n///\n"
    folder = "" if kind in (PageKind.PAGE, PageKind.DIAGNOSIS) else f"{kind}s"
    target = None if kind is PageKind.PAGE else _next_page(catalogue, stage)
    parts = [f"# {heading}\n", *_BODIES.get(kind, _BODY)]
    if block:
        parts.append(block)
    if target:
        front["next"] = [f"/{target.path}"]
        parts.append(_cta(target, name))
    path = Path("site/pages") / folder / f"{name}.md"
    return path, _document(front, "\n".join(parts))


def _gap(what: str) -> str:
    return f"{TO_WRITE}{what}］"


def _to_write(key: str, field: FieldInfo) -> str:
    """A marked place for the text of ``key``, in the words of its description."""
    about = re.split(r"[。（]", field.description or key)[0]
    return _gap(f"{about}を書く")


_BODY = [_gap("本文を書く") + "\n"]
_BODIES: dict[PageKind, list[str]] = {
    PageKind.ARTICLE: [
        _gap("読者の困りごとと、この記事で分かることを2〜3文で書く") + "\n",
        "## " + _gap("1つ目の見出し") + "\n",
        _gap("本文。数字には脚注 [^1] で出典を付ける") + "\n",
        "## " + _gap("2つ目の見出し") + "\n",
        _gap("本文を書く") + "\n",
    ],
    PageKind.CASE: [
        _gap("どんな会社の、何が変わった話かを2〜3文で書く") + "\n",
        "## 始める前に起きていたこと\n",
        _gap("困りごとを書く") + "\n",
        "## したこと\n",
        _gap("順に書く。うまくいかなかったことも書く") + "\n",
        "## 変わったこと\n",
        _gap("期間と数え方を添えて書く") + "\n",
    ],
    PageKind.VOICE: [
        _gap("どなたの声かと、いちばん伝えたい一言を書く") + "\n",
        "## 頼む前に迷ったこと\n",
        _gap("ご本人の言葉で書く") + "\n",
        "## 頼んでみて\n",
        _gap("ご本人の言葉で書く") + "\n",
    ],
    PageKind.RESOURCE: [
        _gap("どんなときに役に立つ資料かを2〜3文で書く") + "\n",
        "## 中身\n",
        _gap("部分ごとに、何が分かるかを書く") + "\n",
    ],
}


def _next_page(catalogue: Catalogue, stage: Stage | None) -> Page | None:
    """Where a reader of ``stage`` may go next: to a resource of the stage behind it, at the end
    to the inquiry."""
    later = [one for one in Stage if stage is None or one.rank > stage.rank]
    for following in later:
        found = _target(catalogue, following, [PageKind.RESOURCE, PageKind.CASE, PageKind.ARTICLE])
        if found:
            return found
    return catalogue.inquiry_page or next(iter(catalogue.pages), None)


def _target(catalogue: Catalogue, stage: Stage, kinds: list[PageKind]) -> Page | None:
    for kind in kinds:
        for page in catalogue.pages:
            if page.stage is stage and page.kind is kind:
                return page
    return next(iter(catalogue.pages), None) if PageKind.RESOURCE not in kinds else None


def _cta(target: Page, name: str) -> str:
    stem = target.path.rpartition("/")[2].removesuffix(".md")
    return f"""/// cta | {f"{stem}-in-{name}"[:61].rstrip("-")}
    to: /{target.path}
    label: {_text(f"{target.title}を見る")}

{_gap("押すと何が得られるかを1〜2文で書く")}
///
"""


def _skeleton(model: type[BaseModel] | None, name: str, today: date) -> dict[str, Any]:
    """A value for each key of ``model`` that must be there."""
    assert model is not None
    value = {
        key: _value(key, field, field.annotation, name, today)
        for key, field in model.model_fields.items()
        if field.is_required()
    }
    # Of a diagnosis, each question names a theme.
    themes = [theme["id"] for theme in value.get("themes", ())]
    for n, question in enumerate(value.get("questions", ())):
        question["theme"] = themes[n % len(themes)]
    return value


def _value(key: str, field: FieldInfo, annotation: Any, name: str, today: date) -> Any:
    if get_origin(annotation) is tuple:
        inner = get_args(annotation)[0]
        least = next((m.min_length for m in field.metadata if hasattr(m, "min_length")), 1)
        return [_value(key, field, inner, f"{key[:12]}-{n}", today) for n in range(1, least + 1)]
    if (model := _model_in(annotation)) is not None:
        return _skeleton(model, name, today)
    if key in _USUAL:
        return _USUAL[key]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return next(iter(annotation)).value
    if annotation is int:
        return next((m.ge for m in field.metadata if hasattr(m, "ge")), 0)
    if annotation is datetime:
        return f"{today + timedelta(days=30)}T14:00"
    if annotation is date:
        return today
    if key == "version":
        return f"{today:%Y-%m}"
    pattern = next((m.pattern for m in field.metadata if getattr(m, "pattern", None)), None)
    if pattern:
        likely = (name, "/index.md", f"{name}.pdf", f"{name}.mp4")
        files = (f"{name}.pdf", *likely) if key == "file" else likely
        return next((value for value in files if re.search(pattern, value)), name)
    return _to_write(key, field)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, UnionType):
        return next((m for a in get_args(annotation) if (m := _model_in(a))), None)
    return None


def _document(front: dict[str, Any], body: str) -> str:
    lines = "".join(
        _yaml({key: value}, flow=None if isinstance(value, list) else False)
        for key, value in front.items()
    )
    return f"---\n{lines}---\n\n{body}"


def _text(value: str) -> str:
    """``value`` as YAML on one line."""
    return _yaml(value, flow=False).split("\n")[0]


def _yaml(value: Any, *, flow: bool | None) -> str:
    text: str = yaml.safe_dump(
        value, allow_unicode=True, sort_keys=False, default_flow_style=flow, width=10_000
    )
    return text
