"""Stages and personas with nothing to read: found where readers stand there, else remarked on.

No chance has a part in it: the pages and the readers are counted.
"""

from collections.abc import Iterable, Iterator

from nurture_worker.diagnosis.beyond import Served
from tracker.diagnosis import Finding, Note, Undecided
from tracker.reports.content import FEWEST_READERS
from tracker.said import Said

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
    readers = f"{cell.readers:,}"
    whose, how = Said("記事と事例"), Said("この段階の問いに答える記事を1本書く")
    what = Said(
        "この段階に読者が%(readers)s人いますが、この段階に向けた記事や事例が1本もありません",
        readers=readers,
    )
    if cell.persona:
        whose = Said("「%(persona)s」に向けたページ", persona=cell.name)
        what = Said(
            "この段階に、読んだページから「%(persona)s」に近いと見える読者が%(readers)s人いますが、"
            "その人に向けたページが1本もありません",
            persona=cell.name,
            readers=readers,
        )
        how = Said(
            "この段階で「%(persona)s」が持つ問いに答える記事か事例を1本書き、personas に %(id)s と書く",
            persona=cell.name,
            id=cell.persona,
        )
    title = Said("「%(stage)s」の段階", stage=Said(cell.stage.label))
    thing = f"{cell.stage}/{cell.persona}"
    if cell.readers >= FEWEST_READERS:
        return Finding(
            kind="unserved",
            page=None,
            title=title,
            where=whose,
            thing=thing,
            what=what,
            how=how,
            sureness="ほぼ確か",
            instead=Said(
                "読むものがないことは確かです。書くと問い合わせが何件増えるかは、"
                "まだ読まれていないものの記録がないので言えません"
            ),
        )
    if cell.readers:
        return Undecided(
            kind="unserved",
            page=None,
            title=title,
            where=whose,
            thing=thing,
            what=what,
            people=cell.readers,
            more_sessions=None,
            months=None,
            odd=True,
            needs=Said("読者があと%(readers)s人", readers=str(FEWEST_READERS - cell.readers)),
        )
    return Note(
        kind="no_content",
        page="",
        title=title,
        where=whose if cell.persona else Said("サイト全体"),
        what=Said("「%(persona)s」に向けたページが1本もありません", persona=cell.name)
        if cell.persona
        else Said("この段階の読者に向けた記事や事例が1本もありません"),
        how=how,
    )
