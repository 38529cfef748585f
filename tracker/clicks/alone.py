"""The signs that a hit bears by itself."""

from datetime import datetime

from tracker.clicks.agents import APPS, names_itself_a_program, sends_fetch_metadata, signs_of_name
from tracker.clicks.hits import NEAR, TRAP, Hit
from tracker.clicks.weights import HUMAN_TO, WEIGHTS


def signs_of_own(hit: Hit) -> list[str]:
    """What the request says."""
    signs = []
    if hit.place == TRAP:
        signs.append("trap")
    if hit.method != "GET":
        signs.append("head")
    if hit.prefetch:
        signs.append("prefetch")
    if len(hit.ua) < 10:
        signs.append("nameless")
    elif names_itself_a_program(hit.ua):
        signs.append("program")
    else:
        signs.extend(signs_of_name(hit))
    if not hit.language:
        signs.append("no-language")
    else:
        signs.append("japanese" if _is_japanese(hit) else "foreign")
    if hit.fetch_mode not in ("", "navigate"):
        signs.append("no-navigation")
    elif hit.fetch_mode and hit.language:  # without a language it is a browser run by a program
        signs.append("navigation")
    elif not hit.fetch_mode and hit.secure and sends_fetch_metadata(hit.ua):
        signs.append("no-fetch")
    return signs


def signs_of_time(hit: Hit, sent_at: datetime | None) -> list[str]:
    """How long it came after the sending; nothing where that is not known."""
    if sent_at is None:
        return []
    waited = (hit.at - sent_at).total_seconds()
    for name, until in (("at-once", 2), ("soon", 5), ("early", 60), ("fresh", 600)):
        if waited < until:
            return [name]
    return ["later"]


def signs_of_landing(hit: Hit) -> list[str]:
    """What the page said to which the hit led. Sandboxes render and scroll too: only a browser
    known from before weighs much."""
    if hit.landing is None:
        return []
    signs = ["read" if hit.landing.read else "landed"]
    if hit.landing.browser == "own":
        signs.append("own-browser")
    elif hit.landing.browser != "new":
        signs.append("seen-browser")
    return signs


def is_person_alone(hit: Hit, sent_at: datetime | None) -> bool:
    """Whether it would be held for a person's, were it the only one; not while gateways look."""
    if sent_at is not None and hit.at - sent_at < NEAR:
        return False
    names = (*signs_of_own(hit), *signs_of_time(hit, sent_at))
    return sum(WEIGHTS[name] for name in names) <= HUMAN_TO


def _is_japanese(hit: Hit) -> bool:
    return "ja" in hit.language.lower()


def fullness(hit: Hit) -> int:
    """How much of a whole Japanese browser's request it was."""
    return (
        bool(hit.language)
        + _is_japanese(hit)
        + (hit.fetch_mode == "navigate")
        + bool(APPS.search(hit.ua))
    )
