"""Stages and personas with nothing to read: found where readers stand there, else remarked on.

No chance has a part in it: the pages and the readers are counted.
"""

from collections.abc import Iterable, Iterator

from nurture_worker.diagnosis.beyond import Served
from tracker.diagnosis import Finding, Note, Undecided
from tracker.reports.content import FEWEST_READERS

Told = Finding | Undecided | Note


def unserved(served: Iterable[Served]) -> Iterator[Told]:
    """Of each stage, and persona in a stage that has something for others, without a page."""
    bare = set()
    for cell in served:
        if cell.pages or cell.stage in bare:
            continue
        if not cell.persona:
            bare.add(cell.stage)
        yield _told(cell)


def _told(cell: Served) -> Told:
    title = f"「{cell.stage.label}」の段階"
    where = f"「{cell.name}」に向けたページ" if cell.persona else "記事と事例"
    thing = f"{cell.stage}/{cell.persona}"
    whose = f"、読んだページから「{cell.name}」に近いと見える読者" if cell.persona else "読者"
    lacking = "その人に向けたページ" if cell.persona else "この段階に向けた記事や事例"
    what = f"この段階に{whose}が{cell.readers:,}人いますが、{lacking}が1本もありません"
    how = (
        f"この段階で「{cell.name}」が持つ問いに答える記事か事例を1本書き、personas に {cell.persona} と書く"
        if cell.persona
        else "この段階の問いに答える記事を1本書く"
    )
    if cell.readers >= FEWEST_READERS:
        return Finding(
            kind="unserved",
            page=None,
            title=title,
            where=where,
            thing=thing,
            what=what,
            how=how,
            sureness="ほぼ確か",
            instead="読むものがないことは確かです。書くと問い合わせが何件増えるかは、"
            "まだ読まれていないものの記録がないので言えません",
        )
    if cell.readers:
        return Undecided(
            kind="unserved",
            page=None,
            title=title,
            where=where,
            thing=thing,
            what=what,
            people=cell.readers,
            more_sessions=None,
            months=None,
            odd=True,
            needs=f"読者があと{FEWEST_READERS - cell.readers}人",
        )
    nobody = (
        f"「{cell.name}」に向けたページ" if cell.persona else "この段階の読者に向けた記事や事例"
    )
    return Note(
        kind="no_content",
        page="",
        title=title,
        where=where if cell.persona else "サイト全体",
        what=f"{nobody}が1本もありません",
        how=how,
    )
