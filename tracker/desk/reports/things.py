"""What readers can touch, in marketing's words."""

from tracker.catalogue import Catalogue
from tracker.desk import sentences
from tracker.desk.language import language, say
from tracker.reports.paths import OTHERS
from tracker.reports.rows import Kind, Thing

KINDS = {Kind.PAGE: "ページ", Kind.MAIL: "メール", Kind.CTA: "CTA", Kind.FORM: "フォーム"}


def thing_name(catalogue: Catalogue, thing: Thing) -> str:
    """What a thing is called; what the site has no more, by its address or id. In another language
    than Japanese the site's own words stand alone."""
    if thing == OTHERS:
        return say("そのほか")
    if thing.kind is Kind.PAGE:
        return page_name(catalogue, thing.id)
    if thing.kind is Kind.MAIL:
        scenario, _, own = thing.id.partition("/")
        step = sentences.step_of(catalogue, scenario, own)
        if step and language() != "ja":
            return say("%(day)s日目: %(subject)s", day=step.day, subject=step.subject)
        return sentences.mail_name(catalogue, scenario, own)
    if language() != "ja":
        return _own_words(catalogue, thing)
    if thing.kind is Kind.CTA:
        return sentences.cta_name(catalogue, thing.id)
    return sentences.gate_name(catalogue, thing.id)


def page_name(catalogue: Catalogue, url: str) -> str:
    """What the page at ``url`` is called."""
    page = sentences.page_at(catalogue, url)
    if page and language() != "ja":
        return page.title
    return sentences.page_name(catalogue, url)


def _own_words(catalogue: Catalogue, thing: Thing) -> str:
    cta = catalogue.cta(thing.id) if thing.kind is Kind.CTA else None
    form = next((p for p in catalogue.pages if p.gate and p.gate.id == thing.id), None)
    if cta:
        return cta.label
    return form.title if form else thing.id
