"""The mail of the week to marketing: to whom, and once."""

from sqlalchemy import Connection, select

from nurture_worker.scenarios.schedule import week_of
from nurture_worker.tools import Tools
from tracker.store import deliveries, events
from tracker.store.engine import writing
from tracker.store.tables import accounts
from tracker.words import MailKind


def plan_weekly(tools: Tools) -> int:
    """Plan this week's diagnosis mail for each who gets it; how many were new.

    Nobody gets one for the week in which the site went live: there is nothing to tell yet.
    """
    name, begin = week_of(tools.now(), tools.settings.zone, tools.day)
    with writing(tools.engine) as connection:
        first = events.after(connection, 0, 1)
        if not first or first[0].at >= begin:
            return 0
        return deliveries.plan_to_each(
            connection,
            marketing(tools, connection),
            key=f"report:{name}",
            kind=MailKind.REPORT,
            domain=tools.mail_domain,
            now=tools.now(),
            due_at=tools.now(),
        )


def marketing(tools: Tools, connection: Connection) -> list[str]:
    """Who gets reports: ``SODATE_REPORT_TO``, else everybody with an account at the desk."""
    told = [address.strip() for address in tools.settings.report_to.split(",") if address.strip()]
    if told:
        return told
    return list(connection.execute(select(accounts.c.email).order_by(accounts.c.email)).scalars())
