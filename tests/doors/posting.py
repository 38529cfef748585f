"""What the tests of the doors share: the forms, as a reader fills them in, and what came of it."""

from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import House
from tests.content import FIRM
from tests.more_content import NEWSLETTER
from tracker.catalogue.firm import Consent
from tracker.journal import Entry
from tracker.links import Answers

PERSON = {"name": "山田 太郎", "company": "ためし製作所", "email": "taro@example.jp"}
AGREED = {"consent": "yes", "consent_hash": FIRM.consent.hash}


@dataclass(frozen=True)
class Form:
    """A form: where it is posted, the words of a reader, the wording beside its box."""

    path: str
    words: dict[str, str]
    consent: Consent = FIRM.consent

    @property
    def ticked(self) -> dict[str, str]:
        return {**self.words, "consent": "yes", "consent_hash": self.consent.hash}


FORMS = {
    "gate": Form("/gates/guide", PERSON),
    "seminar": Form("/seminars/exits", PERSON),
    "newsletter": Form("/newsletter", {"email": PERSON["email"]}, NEWSLETTER.consent),
    "inquiry": Form("/inquiries", {**PERSON, "message": "相談です"}),
    "report": Form("/diagnoses/result/{}", PERSON),
}
"""Every form in which a reader says who they are."""

every_form = pytest.mark.parametrize("name", FORMS)


def path(house: House, name: str) -> str:
    answers = Answers("site-diagnosis", "an-event", "01")
    return FORMS[name].path.format(token(house, answers))


def post(
    house: House, name: str, browser: FlaskClient | None = None, /, **more: Any
) -> TestResponse:
    """Post the form ``name``, filled in rightly and its box ticked, with the words ``more``."""
    words = {**FORMS[name].ticked, **more}
    return (browser or house.browser()).post(path(house, name), data=words)


def recorded(house: House) -> list[Entry]:
    """What was accepted and not yet folded."""
    return [entry for _, entry in house.context.journal.oldest(1000)]


def token(house: House, link: Any) -> str:
    return house.context.links.sign(link, house.clock())


def page(answer: TestResponse) -> str:
    """The text of a page, in Japanese."""
    assert answer.mimetype == "text/html"
    assert 'lang="ja"' in answer.text
    return answer.text
