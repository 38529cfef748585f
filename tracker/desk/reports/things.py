"""What readers can touch, in marketing's words."""

from tracker.catalogue import Catalogue
from tracker.desk import sentences
from tracker.desk.language import say
from tracker.reports.paths import OTHERS
from tracker.reports.rows import Kind, Thing

KINDS = {Kind.PAGE: "ページ", Kind.MAIL: "メール", Kind.CTA: "CTA", Kind.FORM: "フォーム"}


def thing_name(catalogue: Catalogue, thing: Thing) -> str:
    """What a thing is called; what the site has no more, by its address or id."""
    if thing == OTHERS:
        return say("そのほか")
    if thing.kind is Kind.PAGE:
        return sentences.page_name(catalogue, thing.id)
    if thing.kind is Kind.MAIL:
        scenario, _, step = thing.id.partition("/")
        return sentences.mail_name(catalogue, scenario, step)
    if thing.kind is Kind.CTA:
        return sentences.cta_name(catalogue, thing.id)
    return sentences.gate_name(catalogue, thing.id)
