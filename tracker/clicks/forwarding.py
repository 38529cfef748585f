"""Whether a person's click was not the reader's, but somebody's the mail was handed on to."""

from collections.abc import Sequence

from tracker.clicks.agents import device, is_phone
from tracker.clicks.hits import Hit
from tracker.clicks.weights import FORWARDED


def forwarded(people: Sequence[Hit]) -> dict[str, list[tuple[str, float]]]:
    """The signs that a person's click was somebody's who was handed the mail.

    The first one is held for the reader's, and so is each from a browser known to be theirs.
    """
    readers = [
        hit
        for n, hit in enumerate(people)
        if (hit.landing and hit.landing.browser == "own")
        or (n == 0 and not (hit.landing and hit.landing.browser == "other"))
    ]
    networks = {hit.network for hit in readers}
    devices = {(is_phone(hit.ua), device(hit.ua)) for hit in readers}
    kinds = {phone for phone, _ in devices}
    found = {}
    for hit in people:
        if hit in readers:
            continue
        names = []
        if hit.landing and hit.landing.browser == "other":
            names.append("other-browser")
        elif readers and hit.network not in networks:
            phone = is_phone(hit.ua)
            if (phone, device(hit.ua)) not in devices:
                names.append("other-device" if phone in kinds else "other-kind")
        if names:
            found[hit.id] = [(name, FORWARDED[name]) for name in names]
    return found
