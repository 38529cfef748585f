"""The stages pages had: what a reader read keeps its weight when the page is taken down."""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select

from tracker.store.tables import page_stages
from tracker.words import Stage


def remember(connection: Connection, stages: Mapping[str, Stage]) -> None:
    """The pages of today, by their address below the site's root."""
    held = past(connection)
    changed = [url for url, stage in stages.items() if held.get(url) is not stage]
    if changed:
        connection.execute(delete(page_stages).where(page_stages.c.url.in_(changed)))
        connection.execute(
            insert(page_stages), [{"url": url, "stage": stages[url]} for url in changed]
        )


def past(connection: Connection) -> dict[str, Stage]:
    """The last stage of every page there ever was with one."""
    return {row.url: Stage(row.stage) for row in connection.execute(select(page_stages))}
