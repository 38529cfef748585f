"""A seminar as a calendar file (RFC 5545). Pure."""

from datetime import UTC, datetime

from tracker.catalogue.pages import Page
from tracker.catalogue.seminars import Seminar

TYPE = "text/calendar; charset=utf-8"


def calendar(
    seminar: Seminar, page: Page, *, url: str, domain: str, now: datetime, join: str = ""
) -> bytes:
    """``seminar`` of ``page`` as one event, its times in UTC.

    ``url`` is the page's whole address. The UID is the same whenever it is asked for, so that a
    calendar that has the event already takes this as its newest state. ``join`` is for who has a
    place only.
    """
    from icalendar import Calendar, Event  # here, for it takes a while to import

    event = Event()
    event.add("uid", f"{seminar.id}@{domain}")
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", seminar.begins.astimezone(UTC))
    event.add("dtend", seminar.ends.astimezone(UTC))
    event.add("summary", page.title)
    event.add("location", seminar.place)
    told = [page.description, f"参加のしかた：{join}" if join else "", url]
    event.add("description", "\n\n".join(part for part in told if part))
    event.add("url", url)
    event.add("status", "CONFIRMED")
    whole = Calendar()
    whole.add("prodid", "-//Sodate//seminars//JA")
    whole.add("version", "2.0")
    whole.add("method", "PUBLISH")
    whole.add_component(event)
    return bytes(whole.to_ical())
