"""Addresses at which readers read, and which a change of the pages leaves without an answer."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from nurture_worker.rehearsal.earlier import Address
from tracker.catalogue import Catalogue
from tracker.catalogue.problems import Problem
from tracker.store.engine import check_version, open_store, reading
from tracker.store.tables import views


def views_of(store_url: str, urls: list[str]) -> dict[str, int] | None:
    """How often each was viewed, as far as readers agreed to a record; ``None`` where there is no
    store yet.

    Changes nothing. Raises ``StoreError`` for a store that cannot be read.
    """
    url = make_url(store_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        return None
    check_version(store_url)
    engine = open_store(store_url)
    try:
        with reading(engine) as connection:
            rows = connection.execute(
                select(views.c.page, func.count())
                .where(views.c.page.in_(urls), views.c.at.is_not(None))
                .group_by(views.c.page)
            ).all()
    finally:
        engine.dispose()
    return {row[0]: row[1] for row in rows}


def hints(
    lost: list[Address], after: Catalogue, counted: Mapping[str, int] | None
) -> Iterator[Problem]:
    """What to do about each that was viewed; about all ``lost`` ones where nobody knows."""
    files = {f"site/pages/{page.path}" for page in after.pages}
    by_title = {page.title: page for page in after.pages}
    for one in lost:
        views = None if counted is None else counted.get(one.url, 0)
        if views == 0:
            continue
        read = "" if views is None else f"これまでに{views:,}回読まれた"
        if one.file in files:
            told = f"{read}前のアドレス /{one.url} が、どのページの aliases からもなくなりました"
            yield Problem(one.file, 1, None, f"{told}（開いても見つからず、記録も別になります）")
            continue
        meant = by_title.get(one.title)
        hint = f"（もしかして: site/pages/{meant.path}）" if meant else ""
        how = f"移したなら、移した先の aliases に /{one.url} と書きます{hint}"
        yield Problem(one.file, 1, None, f"{read}ページがなくなりました。{how}")
