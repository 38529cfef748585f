"""The doors, by table: what comes in, what the reader gets, what is recorded."""

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.conftest import NOW, House
from tests.content import DIAGNOSIS, FIRM, catalogue
from tracker.catalogue.diagnoses import Theme
from tracker.journal import Entry
from tracker.links import Click, Confirmation, Download, Unsubscription
from tracker.words import EventKind

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
"""A door writes to the journal alone: one engine is enough."""

PV = "0123456789abcdef"
FORM = {"name": "山田 太郎", "company": "ためし製作所", "email": "taro@example.jp"}
AGREED = {"consent": "yes", "consent_hash": FIRM.consent.hash}


def recorded(house: House) -> list[Entry]:
    return [entry for _, entry in house.context.journal.oldest(1000)]


def token(house: House, link: Any) -> str:
    return house.context.links.sign(link, house.clock())


def page(answer: TestResponse) -> str:
    assert answer.mimetype == "text/html"
    assert 'lang="ja"' in answer.text
    return answer.text


CLICK = Click("aB3_dE-fGh1k", 1, "cases/metal/")


def test_a_click_is_recorded_and_redirected(house: House) -> None:
    answer = house.browser().get(
        f"/c/{token(house, CLICK)}", headers={"User-Agent": "Mozilla/5.0 " + "x" * 2000}
    )
    assert (answer.status_code, answer.location) == (
        302,
        "http://localhost/cases/metal/?utm_medium=email",
    )
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers
    (hit,) = recorded(house)
    assert (hit.kind, hit.delivery_id, hit.page) == (
        EventKind.MAIL_CLICK,
        CLICK.delivery_id,
        CLICK.target,
    )
    assert (hit.data["place"], len(hit.data["ua"])) == (1, 512)


def test_a_head_request_is_redirected_alike_and_kept_as_what_it_is(house: House) -> None:
    answer = house.browser().head(f"/c/{token(house, CLICK)}")
    assert (answer.status_code, answer.location) == (
        302,
        "http://localhost/cases/metal/?utm_medium=email",
    )
    assert recorded(house)[0].data["method"] == "HEAD"


def test_an_old_click_still_leads_on_and_is_marked_late(house: House) -> None:
    made = token(house, CLICK)
    house.clock.advance(days=91)
    assert house.browser().get(f"/c/{made}").status_code == 302
    assert recorded(house)[0].data["late"] is True


@pytest.mark.parametrize(
    "asked",
    ["?url=//evil.example", "?next=https://evil.example", "?url=%0d%0aSet-Cookie:x"],
)
def test_no_parameter_changes_where_a_click_leads(house: House, asked: str) -> None:
    answer = house.browser().get(
        f"/c/{token(house, CLICK)}{asked}",
        headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"},
    )
    assert answer.location == "http://localhost/cases/metal/?utm_medium=email"


@pytest.mark.parametrize("door", ["c", "confirm", "d", "unsubscribe", "diagnoses/result"])
@pytest.mark.parametrize("spoilt", ["forged", "cut", "foreign", "padded", "endless", "strange"])
def test_a_token_that_is_not_ours_gets_a_friendly_page_and_records_nothing(
    house: House, door: str, spoilt: str
) -> None:
    own = {
        "c": CLICK,
        "confirm": Confirmation("d", "guide"),
        "d": Download("d", "guide"),
        "unsubscribe": Unsubscription("d"),
    }.get(door, CLICK)
    foreign = Unsubscription("d") if door != "unsubscribe" else CLICK
    made = token(house, own)
    text = {
        "forged": made[:-3] + "AAA",
        "cut": made[: len(made) // 2],
        "foreign": token(house, foreign),
        "padded": made + "=",
        "endless": "x" * 5000,
        "strange": "%F0%9F%99%82%00",
    }[spoilt]
    for method in ("get", "post"):
        if method == "post" and door in ("c", "d"):
            continue
        answer = getattr(house.browser(), method)(f"/{door}/{text}")
        assert answer.status_code == 404
        assert "このリンクは読み取れませんでした" in page(answer)
    assert recorded(house) == []


@pytest.mark.parametrize(
    ("door", "link"), [("confirm", Confirmation("d", "guide")), ("d", Download("d", "guide"))]
)
def test_a_link_past_its_time_leads_back_to_the_resource(
    house: House, door: str, link: Any
) -> None:
    made = token(house, link)
    house.clock.advance(days=15)
    answer = house.browser().get(f"/{door}/{made}")
    assert answer.status_code == 410
    assert "/resources/guide/" in page(answer)
    assert recorded(house) == []


def test_a_good_form_is_thanked_and_recorded_with_its_consent(house: House) -> None:
    answer = house.browser().post("/gates/guide", data={**FORM, **AGREED})
    assert (answer.status_code, answer.location) == (303, "/gates/guide/thanks")
    assert "メールをお送りしました" in page(house.browser().get(answer.location))
    (entry,) = recorded(house)
    assert (entry.kind, entry.gate, entry.page) == (
        EventKind.GATE_SUBMIT,
        "guide",
        "resources/guide/",
    )
    assert entry.person["email"] == "taro@example.jp"
    assert entry.person["wording"]["hash"] == FIRM.consent.hash
    assert entry.person["network"] == "127.0.0.0/24"
    assert entry.data == {}


@pytest.mark.parametrize(
    "consent",
    [{}, {"consent": "yes"}, {"consent": "yes", "consent_hash": "another"}, {"consent": "no"}],
)
def test_without_a_tick_beside_this_very_wording_there_is_no_consent(
    house: House, consent: dict[str, str]
) -> None:
    assert house.browser().post("/gates/guide", data={**FORM, **consent}).status_code == 303
    assert "wording" not in recorded(house)[0].person


def test_a_bad_address_comes_back_with_the_words_still_there(house: House) -> None:
    answer = house.browser().post(
        "/gates/guide", data={**FORM, **AGREED, "email": "taro", "name": '<b>"山田'}
    )
    assert answer.status_code == 422
    text = page(answer)
    assert "「@」を入れて" in text
    assert 'value="taro"' in text
    assert "&lt;b&gt;&#34;山田" in text
    assert "<b>" not in text
    assert recorded(house) == []


def test_the_same_form_twice_is_one_event(house: House) -> None:
    for _ in range(2):
        house.browser().post("/gates/guide", data=FORM)
    assert len(recorded(house)) == 1
    house.clock.advance(minutes=20)
    house.browser().post("/gates/guide", data=FORM)
    assert len(recorded(house)) == 2


def test_what_fills_in_the_hidden_field_is_thanked_and_not_recorded(house: House) -> None:
    answer = house.browser().post("/gates/guide", data={**FORM, "website": "http://spam.example"})
    assert answer.status_code == 303
    assert recorded(house) == []


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}],
)
@pytest.mark.parametrize("door", ["/gates/guide", "/inquiries", "/diagnoses/site-diagnosis"])
def test_a_form_on_another_site_is_refused(
    house: House, door: str, headers: dict[str, str]
) -> None:
    answer = house.browser().post(door, data=FORM, headers=headers)
    assert answer.status_code == 403
    assert "別のサイト" in page(answer)
    assert recorded(house) == []


def test_an_unknown_gate_is_a_page_not_found(house: House) -> None:
    assert house.browser().post("/gates/none", data=FORM).status_code == 404


def test_a_form_too_large_is_told_so(house: House) -> None:
    answer = house.browser().post("/gates/guide", data={**FORM, "name": "x" * 100_000})
    assert answer.status_code == 413
    assert "大きすぎます" in page(answer)


def test_a_form_that_cannot_be_kept_comes_back_with_its_words(house: House) -> None:
    house.context.journal._db.execute("PRAGMA query_only=1")
    answer = house.browser().post("/gates/guide", data=FORM)
    assert answer.status_code == 503
    assert "taro@example.jp" in page(answer)
    assert "入力した内容は残してあります" in answer.text


def test_a_click_that_cannot_be_kept_still_leads_on(house: House) -> None:
    house.context.journal._db.execute("PRAGMA query_only=1")
    assert house.browser().get(f"/c/{token(house, CLICK)}").status_code == 302
    assert house.context.journal.lost == 1


def test_looking_at_the_confirmation_page_confirms_nothing(house: House) -> None:
    made = token(house, Confirmation("d", "guide"))
    answer = house.browser().get(f"/confirm/{made}")
    assert "確認して資料を受け取る" in page(answer)
    assert recorded(house) == []


def test_the_button_confirms_and_hands_out_the_file(house: House) -> None:
    browser = house.browser()
    answer = browser.post(f"/confirm/{token(house, Confirmation('d', 'guide'))}")
    assert answer.status_code == 200
    link = answer.text.split('href="/d/')[1].split('"')[0]
    file = browser.get(f"/d/{link}")
    assert file.data == b"%PDF-1.7 the guide"
    assert file.headers["Content-Disposition"].startswith(
        "attachment; filename=guide.pdf; filename*=UTF-8''%E3%81%AF"
    )
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert [e.kind for e in recorded(house)] == [EventKind.CONFIRM, EventKind.GATE_DOWNLOAD]


def test_the_file_fetched_in_pieces_is_one_download(house: House) -> None:
    made = token(house, Download("d", "guide"))
    for part in ("bytes=0-3", "bytes=4-7"):
        assert house.browser().get(f"/d/{made}", headers={"Range": part}).status_code == 206
    assert house.browser().head(f"/d/{made}").status_code == 200
    assert len(recorded(house)) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/whitepapers/guide.pdf",
        "/resources/guide.pdf",
        "/d/guide",
        "/d/../whitepapers/guide.pdf",
        "/site/whitepapers/guide.pdf",
        "/static/../../site/whitepapers/guide.pdf",
        "/%2e%2e/whitepapers/guide.pdf",
        "/secret-key",
        "/../secret-key",
    ],
)
def test_no_other_address_serves_the_file(house: House, path: str) -> None:
    house.context.settings.built_site.mkdir(parents=True)
    answer = house.browser().get(path)
    assert answer.status_code == 404
    assert b"%PDF" not in answer.data


def test_looking_at_the_way_out_changes_nothing(house: House) -> None:
    made = token(house, Unsubscription("d"))
    assert "配信を停止する" in page(house.browser().get(f"/unsubscribe/{made}"))
    assert recorded(house) == []


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"),
        (
            '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_one_click_unsubscribes_without_cookie_origin_or_redirect(
    house: House, body: str, content_type: str
) -> None:
    answer = house.browser().post(
        f"/unsubscribe/{token(house, Unsubscription('d'))}",
        data=body,
        content_type=content_type,
        headers={"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 200
    (entry,) = recorded(house)
    assert (entry.kind, entry.delivery_id, entry.data["by"]) == (
        EventKind.MAIL_UNSUB,
        "d",
        "one-click",
    )


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "Yes"}, {"stop": ""}])
def test_another_body_shows_the_button_and_changes_nothing(
    house: House, body: dict[str, str]
) -> None:
    answer = house.browser().post(f"/unsubscribe/{token(house, Unsubscription('d'))}", data=body)
    assert answer.status_code == 200
    assert "下のボタンを押すと" in page(answer)
    assert recorded(house) == []


def test_the_way_out_never_expires(house: House) -> None:
    made = token(house, Unsubscription("d"))
    house.clock.advance(days=4000)
    assert house.browser().post(f"/unsubscribe/{made}", data={"stop": "yes"}).status_code == 200
    assert len(recorded(house)) == 1


def beacon(house: House, **changes: Any) -> TestResponse:
    body = {
        "pv": PV,
        "page": "articles/why/",
        "events": [
            {"n": 0, "e": "page_view", "ref": "search"},
            {"n": 1, "e": "section", "id": "対策", "i": 2},
            {"n": 2, "e": "cta_seen", "cta": "guide-in-why"},
            {"n": 3, "e": "cta_click", "cta": "guide-in-why"},
            {"n": 4, "e": "page_end", "active_ms": 5000, "dwell_ms": 9000, "done": True},
        ],
        **changes,
    }
    return house.browser().post("/e", data=json.dumps(body), content_type="text/plain")


def test_a_beacon_is_recorded_event_by_event(house: House) -> None:
    answer = beacon(house)
    assert answer.status_code == 204
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("sodate_visitor=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    entries = recorded(house)
    assert [e.id for e in entries] == [f"{PV}:{n}" for n in range(5)]
    assert len({e.visitor for e in entries}) == 1
    assert (entries[1].section, entries[2].cta) == (2, "guide-in-why")
    assert all(e.at == NOW for e in entries)


FIELD = {"n": 1, "e": "gate_field", "gate": "guide"}


def test_how_far_a_form_was_filled_in_is_recorded_by_names_only(house: House) -> None:
    events = [
        {"n": 0, "e": "gate_open", "gate": "guide"},
        {**FIELD, "n": 1, "field": "name", "value": "山田"},
        {**FIELD, "n": 2, "field": "consent"},
    ]
    assert beacon(house, page="resources/guide/", events=events).status_code == 204
    entries = recorded(house)
    assert [(e.kind, e.gate, e.data) for e in entries] == [
        (EventKind.GATE_OPEN, "guide", {}),
        (EventKind.GATE_FIELD, "guide", {"field": "name"}),
        (EventKind.GATE_FIELD, "guide", {"field": "consent"}),
    ]
    assert "山田" not in "".join(entry.to_json() for entry in entries)


@pytest.mark.parametrize(
    ("page", "event", "kept"),
    [
        ("diagnosis/", {"gate": "diagnosis:site-diagnosis", "field": "q1"}, True),
        ("inquiry/", {"gate": "inquiry", "field": "message"}, True),
        ("resources/guide/", {"gate": "guide", "field": "website"}, False),
        ("resources/guide/", {"gate": "guide", "field": "山田太郎"}, False),
        ("resources/guide/", {"gate": "another", "field": "name"}, False),
        ("articles/why/", {"gate": "guide", "field": "name"}, False),
    ],
    ids=str,
)
def test_only_the_forms_and_fields_of_the_page_itself_are_recorded(
    house: House, page: str, event: dict[str, str], kept: bool
) -> None:
    assert beacon(house, page=page, events=[{**FIELD, **event}]).status_code == 204
    assert len(recorded(house)) == kept


def test_a_beacon_sent_twice_is_one(house: House) -> None:
    beacon(house)
    beacon(house)
    assert len(recorded(house)) == 5


@pytest.mark.parametrize(
    "event",
    [
        {"n": 0, "e": "page_end", "active_ms": -1, "dwell_ms": 1, "done": True},
        {"n": 0, "e": "page_end", "active_ms": 1e308, "dwell_ms": 1, "done": True},
        {"n": 0, "e": "page_end", "active_ms": "12", "dwell_ms": 1, "done": True},
        {"n": 0, "e": "page_end", "active_ms": 10**9, "dwell_ms": 1, "done": True},
        {"n": 0, "e": "page_end", "active_ms": float("nan"), "dwell_ms": 1, "done": True},
        {"n": 0, "e": "page_end", "active_ms": float("inf"), "dwell_ms": 1, "done": True},
        {"n": -1, "e": "page_view"},
        {"n": 0, "e": "purchase"},
        {"n": 0, "e": "page_view", "ref": "<script>"},
        {"n": 0, "e": "cta_seen", "cta": "x" * 1000},
        {"n": 0, "e": "section", "id": ["a"]},
        {"n": 0, "e": "gate_field", "gate": "guide"},
        {"n": 0, "e": "gate_open", "gate": "x" * 1000},
    ],
    ids=str,
)
def test_a_beacon_out_of_bounds_is_refused_whole(house: House, event: dict[str, Any]) -> None:
    good = {"n": 9, "e": "page_view"}
    assert beacon(house, events=[good, event]).status_code == 422
    assert recorded(house) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"\\ud800"', b"\xff\xfe", b"[" * 10_000, b'{"pv":"\\ud800"}'],
    ids=lambda b: repr(b[:12]),
)
def test_a_beacon_that_is_none_is_refused(house: House, body: bytes) -> None:
    assert house.browser().post("/e", data=body).status_code == 422
    assert recorded(house) == []


def test_a_beacon_too_large_is_refused(house: House) -> None:
    assert house.browser().post("/e", data=b"x" * 40_000).status_code == 413


@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_a_browser_that_objects_is_not_recorded(house: House, header: str) -> None:
    answer = house.browser().post("/e", data=b"{}", headers={header: "1"})
    assert answer.status_code == 204
    assert "Set-Cookie" not in answer.headers
    assert recorded(house) == []


def test_a_beacon_of_an_unknown_page_section_or_cta_adds_nothing(house: House) -> None:
    assert beacon(house, page="nowhere/").status_code == 204
    strange = [{"n": 0, "e": "section", "id": "x"}, {"n": 1, "e": "cta_seen", "cta": "x"}]
    assert beacon(house, events=strange).status_code == 204
    assert recorded(house) == []


def test_an_inquiry_is_thanked_and_recorded(house: House) -> None:
    answer = house.browser().post("/inquiries", data={**FORM, "message": "相談です\n二行目"})
    assert answer.status_code == 303
    assert "受け付けました" in page(house.browser().get(answer.location))
    (entry,) = recorded(house)
    assert (entry.kind, entry.person["message"]) == (EventKind.INQUIRY, "相談です\n二行目")


def test_an_inquiry_without_words_comes_back(house: House) -> None:
    answer = house.browser().post("/inquiries", data=FORM)
    assert answer.status_code == 422
    assert "ご相談の内容を入力してください" in page(answer)


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


TOO_FAST = "もう一度送信してください"


@pytest.mark.parametrize("door", ["/gates/guide", "/inquiries"])
@pytest.mark.parametrize(
    ("took", "kept"), [("0", 0), ("1999", 0), ("2000", 1), ("", 1), ("-5", 1), ("x", 1)]
)
def test_a_form_sent_in_no_time_comes_back_with_its_words_and_goes_through_at_once(
    house: House, door: str, took: str, kept: int
) -> None:
    browser = house.browser()
    words = {**FORM, "message": "相談です"}
    answer = browser.post(door, data={**words, "took": took})
    assert len(recorded(house)) == kept
    if kept:
        assert answer.status_code == 303
        return
    assert answer.status_code == 422
    assert TOO_FAST in page(answer)
    assert 'value="taro@example.jp"' in answer.text
    assert 'name="took"' not in answer.text
    assert 'name="shown"' not in answer.text
    assert browser.post(door, data=words).status_code == 303
    assert len(recorded(house)) == 1


def test_the_trackers_own_form_tells_when_it_was_shown(house: House) -> None:
    browser = house.browser()
    shown = browser.get("/gates/guide").text.split('name="shown" value="')[1].split('"')[0]
    words = {**FORM, "shown": shown}
    house.clock.advance(seconds=1)
    assert TOO_FAST in browser.post("/gates/guide", data=words).text
    assert TOO_FAST not in browser.post("/gates/guide", data={**words, "shown": shown[:-2]}).text
    house.clock.advance(minutes=30)
    assert browser.post("/gates/guide", data=words).status_code == 303


def test_the_result_by_mail_asked_for_in_no_time_comes_back(house: House) -> None:
    browser = house.browser()
    result = browser.post("/diagnoses/site-diagnosis", data={"q1": "0", "q2": "1"}).location
    shown = browser.get(result).text.split('name="shown" value="')[1].split('"')[0]
    assert TOO_FAST in browser.post(result, data={**FORM, "shown": shown}).text
    house.clock.advance(seconds=5)
    assert browser.post(result, data={**FORM, "shown": shown}).status_code == 303


def test_the_result_can_be_asked_for_by_mail(house: House) -> None:
    browser = house.browser()
    result = browser.post("/diagnoses/site-diagnosis", data={"q1": "0", "q2": "1"}).location
    bad = browser.post(result, data={**FORM, "email": "taro"})
    assert bad.status_code == 422
    assert "「@」を入れて" in page(bad)
    assert browser.post(result, data={**FORM, **AGREED}).status_code == 303
    sent = recorded(house)[-1]
    assert (sent.kind, sent.gate) == (EventKind.GATE_SUBMIT, "diagnosis:site-diagnosis")
    assert sent.data["answers"] == {"q1": 0, "q2": 1}


def test_readers_pages_run_no_script_of_others_and_are_not_framed(house: House) -> None:
    answer = house.browser().get("/gates/guide")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.text.count("<script") == 1
    assert '<script src="/static/forms.js" defer></script>' in answer.text
    assert "sodate.reader" in house.browser().get("/static/forms.js").text
    assert " style=" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_tracker_says_that_it_lives_and_that_it_is_ready(house: House) -> None:
    assert house.browser().get("/healthz").status_code == 200
    ready = house.browser().get("/readyz")
    assert ready.status_code == 200
    assert ready.json == {
        "ready": True,
        "store": True,
        "redis": True,
        "journal_depth": 0,
        "events_lost": 0,
    }


def test_in_production_there_is_no_inbox_and_no_site_door(make_house: Any) -> None:
    browser = make_house(env="production").browser()
    assert browser.get("/inbox/").status_code == 404
    assert browser.get("/").status_code == 404
