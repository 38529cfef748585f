"""The desk's menu: which pages stand together under one word, and what of it somebody sees."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One word of the menu. ``pages`` are endpoints with what their tabs are called; the word leads
    to the first. ``holds`` are blueprints whose pages are found through these."""

    label: str
    pages: tuple[tuple[str, str], ...]
    holds: tuple[str, ...] = ()

    @property
    def first(self) -> str:
        return self.pages[0][0]

    def is_around(self, blueprint: str | None) -> bool:
        """Whether a page of ``blueprint`` belongs here."""
        own = {name.rpartition(".")[0] for name, _ in self.pages}
        return blueprint in own or blueprint in self.holds


MENU = (
    Part("段階の動き", (("desk.stages.show", "段階の動き"),)),
    Part("診断", (("desk.diagnosis.show", "診断"),)),
    Part("レポート", (("desk.reports.index", "レポート"),)),
    Part(
        "メール",
        (
            ("desk.mails.show", "送るメール"),
            ("desk.clicks.show", "クリックの見分け"),
            ("desk.unsure.show", "不明のメール"),
        ),
    ),
    Part("引き渡し", (("desk.handoffs.index", "引き渡し"),)),
    Part("読者", (("desk.readers.index", "読者"),), ("desk.erasure", "desk.letters")),
    Part("管理", (("desk.accounts.index", "利用者"), ("desk.audit.show", "操作の記録"))),
)


def seen(may: Callable[[str], bool]) -> list[Part]:
    """The menu of somebody who ``may`` open some endpoints."""
    found = []
    for part in MENU:
        pages = tuple(page for page in part.pages if may(page[0]))
        if pages:
            found.append(Part(part.label, pages, part.holds))
    return found
