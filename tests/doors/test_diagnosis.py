"""``/diagnoses/<id>``: the questions, the result, and the result by mail."""

import pytest

from tests.conftest import House
from tests.content import DIAGNOSIS, catalogue
from tests.doors.posting import AGREED, PERSON, page, recorded
from tracker.catalogue.diagnoses import Theme
from tracker.words import EventKind

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def test_the_diagnosis_shows_its_result_on_a_page_of_its_own(house: House) -> None:
    browser = house.browser()
    answer = browser.post("/diagnoses/site-diagnosis", data={"q1": "0", "q2": "1"})
    assert answer.status_code == 303
    text = page(browser.get(answer.location))
    assert '<span class="points__figure">50</span>点' in text
    assert text.index('<th scope="row">導線') < text.index('<th scope="row">CTA')
    assert "ガイドを見る" in text
    assert 'href="/resources/guide/"' in text
    assert "次に読むものを置く" in text
    assert recorded(house)[0].data == {
        "diagnosis": "site-diagnosis",
        "answers": {"q1": 0, "q2": 1},
    }


@pytest.mark.parametrize(
    "answers", [{}, {"q1": "0"}, {"q1": "0", "q2": "9"}, {"q1": "-1", "q2": "0"}]
)
def test_a_diagnosis_with_questions_open_comes_back(house: House, answers: dict[str, str]) -> None:
    answer = house.browser().post("/diagnoses/site-diagnosis", data=answers)
    assert answer.status_code == 422
    assert "ひとつ選んでください" in page(answer)
    assert recorded(house) == []


def test_the_questions_can_be_answered_one_at_a_time_without_a_script(house: House) -> None:
    browser = house.browser()
    first = page(browser.get("/diagnoses/site-diagnosis/steps/1"))
    assert 'method="get" action="/diagnoses/site-diagnosis/steps/2"' in first
    assert "次の一歩がありますか" in first
    assert "誘いは段階に" not in first
    last = page(browser.get("/diagnoses/site-diagnosis/steps/2?q1=0"))
    assert 'method="post" action="/diagnoses/site-diagnosis"' in last
    assert '<input type="hidden" name="q1" value="0">' in last
    assert 'href="/diagnoses/site-diagnosis/steps/1?q1=0"' in last
    back = page(browser.get("/diagnoses/site-diagnosis/steps/1?q1=0"))
    assert 'name="q1" value="0" required checked' in back
    assert recorded(house) == []


@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [
        ("2", "/diagnoses/site-diagnosis/steps/1?missed=1"),
        ("2?q1=9", "/diagnoses/site-diagnosis/steps/1?missed=1"),
        ("2?q1=%3Cb%3E&evil=//evil.example", "/diagnoses/site-diagnosis/steps/1?missed=1"),
    ],
)
def test_a_question_passed_over_is_asked_again(house: House, asked: str, leads_to: str) -> None:
    browser = house.browser()
    answer = browser.get(f"/diagnoses/site-diagnosis/steps/{asked}")
    assert (answer.status_code, answer.location) == (303, leads_to)
    again = browser.get(leads_to)
    assert again.status_code == 422
    assert "ひとつ選んでください" in page(again)
    assert "ひとつ選んで" not in browser.get("/diagnoses/site-diagnosis/steps/1").text


@pytest.mark.parametrize("place", ["0", "3", "99999999999", "-1", "x"])
def test_there_is_no_step_beyond_the_questions(house: House, place: str) -> None:
    answer = house.browser().get(f"/diagnoses/site-diagnosis/steps/{place}")
    assert answer.status_code == 404


def test_the_result_is_drawn_and_told_in_words(house: House) -> None:
    themes = tuple(Theme(id=f"t{n}", label=f"面{n}", change="直す") for n in range(3))
    asked = DIAGNOSIS.questions[0]
    questions = tuple(asked.model_copy(update={"id": f"q{n}", "theme": f"t{n}"}) for n in range(3))
    diagnosis = DIAGNOSIS.model_copy(update={"themes": themes, "questions": questions})
    pages = tuple(
        page.model_copy(update={"diagnosis": diagnosis}) if page.diagnosis else page
        for page in catalogue().pages
    )
    catalogue(pages=pages).write(house.context.settings.catalogue_path)
    answers = {"q0": "0", "q1": "1", "q2": "1"}
    browser = house.browser()
    text = page(browser.get(browser.post("/diagnoses/site-diagnosis", data=answers).location))
    assert 'role="img" aria-labelledby="radar-title radar-words"' in text
    assert "面0 0点、面1 100点、面2 100点（それぞれ100点満点）" in text


def test_the_result_can_be_asked_for_by_mail(house: House) -> None:
    browser = house.browser()
    result = browser.post("/diagnoses/site-diagnosis", data={"q1": "0", "q2": "1"}).location
    bad = browser.post(result, data={**PERSON, "email": "taro"})
    assert bad.status_code == 422
    assert "「@」を入れて" in page(bad)
    assert browser.post(result, data={**PERSON, **AGREED}).status_code == 303
    sent = recorded(house)[-1]
    assert (sent.kind, sent.gate) == (EventKind.GATE_SUBMIT, "diagnosis:site-diagnosis")
    assert sent.data["answers"] == {"q1": 0, "q2": 1}
