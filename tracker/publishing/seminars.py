"""A seminar on its page, and the lists of seminars, as they stand when the site is built.

A page built before the day is told by the forms' script, where it runs, that the seminar has begun
since; the tracker takes no place after that in any case.
"""

import xml.etree.ElementTree as etree
from collections.abc import Callable, Iterable
from datetime import datetime

from markdown.util import AtomicString
from markupsafe import Markup

from tracker.catalogue.markdown import FORM_ID
from tracker.catalogue.pages import Page
from tracker.catalogue.seminars import Seminar


def seminar_box(
    parent: etree.Element,
    seminar: Seminar,
    form: Markup,
    recording: Page | None,
    now: datetime,
    raw: Callable[[str], str],
) -> None:
    """When, where and for how many; then ``form`` while there are places to be had, and later the
    recording, or that it is over.

    ``raw`` keeps HTML as it is: MkDocs would take the tracker's addresses for missing pages.
    """
    facts = etree.SubElement(parent, "dl", {"class": "sodate-facts"})
    when = _fact(facts, "日時")
    time = etree.SubElement(when, "time", {"datetime": seminar.begins.isoformat()})
    time.text = AtomicString(seminar.when)
    later = "（参加のしかたは、お申し込みのあとにお知らせします）" if seminar.join else ""
    _fact(facts, "会場").text = AtomicString(seminar.place + later)
    _fact(facts, "定員").text = AtomicString(f"{seminar.capacity}名（先着順）")
    box = etree.SubElement(parent, "div", {"class": "sodate-form-box", "id": FORM_ID})
    if not seminar.has_begun(now):
        still_open = Markup(
            '<div data-until="{}"><p class="sodate-calendar"><a href="/seminars/{}.ics">'
            "カレンダーに入れる（.ics）</a></p>{}</div>"
            "<p hidden>この勉強会は始まりました。お申し込みは締め切りました。</p>"
        ).format(seminar.begins.isoformat(), seminar.id, form)
        box.text = AtomicString(raw(str(still_open)))
        return
    box.set("class", "sodate-form-box sodate-over")
    over = seminar.is_over(now)
    told = "この勉強会は終わりました。" if over else "この勉強会は始まりました。"
    line = etree.SubElement(box, "p")
    if recording is None:
        line.text = AtomicString(told + "お申し込みは締め切りました。録画の公開はありません。")
        return
    line.text = AtomicString(told + "当日の内容は、録画でご覧いただけます。")
    go = etree.SubElement(box, "p", {"class": "sodate-cta__go"})
    button = {"class": "md-button md-button--primary", "href": f"/{recording.path}"}
    etree.SubElement(go, "a", button).text = AtomicString("録画を見る")


def seminar_list(parent: etree.Element, which: str, pages: Iterable[Page], now: datetime) -> None:
    """The seminars to come, the next first (``which``: ``upcoming``), or those that were, the
    last first (``past``), as cards."""
    held = [(page.seminar, page) for page in pages if page.seminar]
    held.sort(key=lambda pair: pair[0].begins)
    found = [(s, page) for s, page in held if s.is_over(now) == (which == "past")]
    if which == "past":
        found.reverse()
    if not found:
        none = "まだありません。" if which == "past" else "いま、日程の決まっている回はありません。"
        etree.SubElement(parent, "p").text = AtomicString(none)
        return
    cards = etree.SubElement(parent, "ul", {"class": "sodate-cards"})
    for seminar, page in found:
        card = etree.SubElement(cards, "li", {"class": "sodate-card"})
        meta = etree.SubElement(card, "p", {"class": "sodate-card__meta"})
        etree.SubElement(meta, "span").text = AtomicString(seminar.when)
        title = etree.SubElement(card, "p", {"class": "sodate-card__title"})
        link = etree.SubElement(title, "a", {"href": f"/{page.path}"})
        link.text = AtomicString(page.title)
        about = etree.SubElement(card, "p", {"class": "sodate-card__about"})
        about.text = AtomicString(page.description)


def _fact(facts: etree.Element, name: str) -> etree.Element:
    etree.SubElement(facts, "dt").text = AtomicString(name)
    return etree.SubElement(facts, "dd")
