"""The diagnosis in English where it is asked for: all but the site's own words."""

import io
import json
import re
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from pypdf import PdfReader

from nurture_worker.benchmarks import simulated
from nurture_worker.diagnosis.beyond import Beyond, Served
from nurture_worker.diagnosis.report import diagnose
from nurture_worker.diagnosis.structure import StepPlace
from tests.conftest import NOW, House
from tests.desk.conftest import Browser, words_of
from tracker.counts import Counts
from tracker.diagnosis import KIND_LABELS, DiagnosisReport
from tracker.reports.mailings import Mailing
from tracker.store import diagnoses
from tracker.store.engine import writing
from tracker.words import Stage

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

TRUTH = simulated.planted(Random(21))
"""A site whose titles, CTAs and fields have Latin names."""
STEPS = [("m0", 2), ("m1", 40), ("m2", 1), ("m3", 3)]
BEYOND = Beyond(
    mails=tuple(Mailing("s", step, 600, 600, clicked=9, unsubscribed=n) for step, n in STEPS),
    mailed=700,
    pressed=90,
    orders=2,
    served=(
        Served(Stage.AWARENESS, "", "", 4, 90),
        Served(Stage.INTEREST, "", "", 0, 34),
        Served(Stage.UNDERSTANDING, "owner", "Owner", 0, 11),
        Served(Stage.TRUST, "owner", "Owner", 0, 2),
        Served(Stage.AWARENESS, "owner", "Owner", 0, 0),
    ),
)


def report(sessions: int) -> DiagnosisReport:
    counts = simulated.counts(TRUTH.world, sessions, 1) if sessions else Counts({}, 0, 0, 0)
    steps = tuple(
        StepPlace("s", step, "Welcome", n, f"Mail {n}") for n, (step, _) in enumerate(STEPS)
    )
    site = replace(TRUTH.world.site(), steps=steps)
    return diagnose(counts, site, NOW - timedelta(days=30), NOW, BEYOND if sessions else None)


def keep(house: House, told: DiagnosisReport) -> None:
    with writing(house.context.engine) as connection:
        diagnoses.save(connection, told, made_at=house.clock(), up_to_seq=9)


def japanese_in(text: str, house: House) -> list[str]:
    for own in (house.context.catalogue.firm.name, "日本語"):
        text = text.replace(own, "")
    return re.findall(r"[\u3000-\u30ff\u4e00-\u9fff\uff01-\uff9f]+", text)


def paper(browser: Browser) -> str:
    data = browser.get("/desk/diagnosis.pdf?lang=en").data
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


def test_every_kind_of_finding_is_told_in_english(house: House, browser: Browser) -> None:
    told = report(400_000)
    assert {found.kind for found in told.findings} == set(KIND_LABELS)
    keep(house, told)
    answer = browser.get("/desk/diagnosis?lang=en")
    assert '<html lang="en">' in answer.text
    page = words_of(answer.text)
    assert japanese_in(answer.text, house) == []
    assert "400,000 visits in 30 days, inquiries: " in page
    assert "read as far as this CTA (Heading " in page
    assert "stopped at &#34;phone&#34;" in page
    assert "which is low (CTAs of its kind where the stage fits: " in page
    assert "On a page for the stage &#34;Awareness&#34; it aims at &#34;Trust&#34;" in page
    assert "Of 600 mails that arrived, 40 made their reader stop all mails" in page
    assert "That more stop after it than after the others is almost certain." in page
    assert "Readers at this stage: 34. Articles and cases for it: none" in page
    assert "inquiries a month (range at 80 %), almost certain" in page
    printed = paper(browser)
    assert japanese_in(printed, house) == []
    assert "To change this week: 3" in printed


@pytest.mark.parametrize("sessions", [2_000, 0])
def test_what_is_not_known_yet_is_told_in_english(
    house: House, browser: Browser, sessions: int
) -> None:
    keep(house, report(sessions))
    answer = browser.get("/desk/diagnosis?lang=en")
    assert japanese_in(answer.text, house) == []
    assert japanese_in(paper(browser), house) == []
    assert ("more visits" in answer.text) == bool(sessions)
    before = browser.get("/desk/diagnosis/nothing/?lang=en")
    assert before.status_code == 404
    assert japanese_in(before.text, house) == []


def test_the_language_stays_from_page_to_page(house: House, browser: Browser) -> None:
    told = report(400_000)
    keep(house, told)
    show = "/desk/diagnosis?lang=en"
    page = browser.get(show).text
    found = next(one for one in told.findings if one.page and one.where.startswith("CTA"))
    own = f"/desk/diagnosis/{found.page}?lang=en"
    for link in (own, "/desk/diagnosis.pdf?lang=en", "/desk/reports/?lang=en", "?lang=ja"):
        assert f'{link}"' in page
    assert japanese_in(browser.get(own).text, house) == []
    answer = browser.post("/desk/diagnosis/repaired?lang=en", seen=show, finding=found.key)
    assert answer.location == show
    page = browser.get(show).text
    assert "The day was kept." in page
    assert "compared from 7 days after the change on" in page
    assert f"{found.title} CTA &#34;{found.cta}&#34;" in words_of(page)
    assert japanese_in(page, house) == []
    japanese = browser.get("/desk/diagnosis").text
    assert f"CTA「{found.cta}」" in japanese
    assert japanese.count("lang=en") == 1, "the way to English"


def test_a_diagnosis_that_kept_plain_sentences_is_still_shown(
    house: House, browser: Browser
) -> None:
    told = report(400_000)
    plain = DiagnosisReport.model_validate(json.loads(json.dumps(told.model_dump(), default=str)))
    assert plain == told
    keep(house, plain)
    page = browser.get("/desk/diagnosis?lang=en")
    assert '<html lang="en">' in page.text
    assert told.summary in page.text
    assert "To change this week: 3" in page.text


def test_a_question_that_is_no_text_is_refused_in_words(house: House, browser: Browser) -> None:
    for path in ("/desk/diagnosis", "/desk/reports/clicks"):
        odd = {"QUERY_STRING": "lang=\x80"}
        assert browser.client.get(path, environ_overrides=odd).status_code == 400
