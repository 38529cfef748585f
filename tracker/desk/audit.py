"""``/desk/audit``: who did what."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker.context import context
from tracker.store import audit
from tracker.store.audit import Entry
from tracker.store.engine import reading
from tracker.words import Act, DealOutcome, LostReason, Role, SetFor, Stage, Touch

pages = Blueprint("audit", __name__)


@pages.get("/audit")
def show() -> ResponseReturnValue:
    act = next((a for a in Act if a.value == request.args.get("act")), None)
    before = _place(request.args.get("before", ""))
    with reading(context().engine) as connection:
        everybody = audit.actors(connection)
        actor = next((a for a in everybody if a == request.args.get("actor")), None)
        listed, more = audit.entries(connection, act=act, actor=actor, before=before)
    kept: dict[str, Any] = {"act": act and act.value, "actor": actor}
    return render_template(
        "desk/audit.html",
        listed=[(entry, subject(entry), told(entry)) for entry in listed],
        acts=list(Act),
        act=act,
        actors=[(name, actor_name(name)) for name in everybody],
        actor=actor,
        actor_name=actor_name,
        first=before is None,
        beginning=url_for("desk.audit.show", **kept),
        following=url_for("desk.audit.show", before=more, **kept) if more else None,
    )


def actor_name(actor: str) -> str:
    """How the log names who did it."""
    if actor == audit.NOBODY:
        return "（不明）"
    if actor == audit.SYSTEM:
        return "自動（保存期間）"
    kind, _, name = actor.partition(":")
    return f"コマンド（{name}）" if kind == "shell" else actor


def subject(entry: Entry) -> tuple[str, str | None]:
    """Whom or what it was done to, and the id of the reader if it was one."""
    kind, _, name = entry.about.partition(":")
    if kind == "reader":
        return f"読者 {name}", name
    return (name if kind == "account" else ""), None


def told(entry: Entry) -> str:
    """The details in words."""
    details = entry.details
    parts = []
    if details.get("by") == "provider":
        parts.append("外部のアカウントで")
    if (before := _role(details.get("before"))) and (role := _role(details.get("role"))):
        parts.append(f"{before} → {role}")
    elif role := _role(details.get("role")):
        parts.append(role)
    if "rows" in details:
        parts.append(f"{details['rows']:,}人")
    stage = next((s for s in Stage if s.value == details.get("stage")), None)
    if stage:
        parts.append(f"段階「{stage.label}」")
    if why := next((w for w in SetFor if w.value == details.get("why")), None):
        parts.append(why.label)
    if details.get("searched"):
        parts.append("検索で絞り込み")
    if "sessions" in details:
        parts.append(f"{details['sessions']}台")
    parts += _of_sales(details)
    return "、".join(parts)


def _of_sales(details: Mapping[str, Any]) -> list[str]:
    """What the lines about hand-offs, deals and lists tell."""
    parts = []
    for words, key in ((Touch, "recorded"), (DealOutcome, "outcome"), (LostReason, "reason")):
        parts += [word.label for word in words if word.value == details.get(key)]
    if isinstance(details.get("amount"), int):
        parts.append(f"{details['amount']:,}円")
    if details.get("owner"):
        parts.append(f"担当 {details['owner']}")
    if "new" in details:
        parts.append(f"新しい{details['new']:,}件、変わった{details['changed']:,}件")
    if isinstance(details.get("became"), Mapping):
        parts.append(f"{sum(details['became'].values()):,}人")
    if details.get("bad"):
        parts.append(f"取り込めない{details['bad']:,}行")
    return parts


def _role(value: object) -> str:
    return next((role.label for role in Role if role.value == value), "")


def _place(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
