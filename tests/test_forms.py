"""The forms: what a reader, a screen reader and the tracker find in them."""

from html.parser import HTMLParser
from typing import Any

import pytest
from markupsafe import Markup

from tests.content import DIAGNOSIS, FIRM, catalogue
from tests.more_content import NEWSLETTER, NEWSLETTER_PAGE
from tracker.catalogue.gates import KNOWN_FIELDS, FormField, Gate
from tracker.forms import INQUIRY_FIELDS, asked_on, contact_form, diagnosis_form

GATE = Gate(
    id="guide",
    file="guide.pdf",
    fields=(
        KNOWN_FIELDS["name"],
        KNOWN_FIELDS["email"],
        FormField(name="size", label="従業員数", type="select", options=("10名まで", "11名から")),
        FormField(
            name="note",
            label="ひとこと",
            type="textarea",
            required=False,
            help="100字まで",
            max_length=100,
        ),
    ),
)


class Controls(HTMLParser):
    """The controls of a form by name, all ids, and what labels point to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.controls: dict[str, dict[str, str | None]] = {}
        self.ids: set[str] = set()
        self.labelled: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("id"):
            self.ids.add(str(given["id"]))
        if tag in ("input", "select", "textarea"):
            self.controls[str(given["name"])] = {"tag": tag, **given}
        if tag == "label":
            self.labelled.add(str(given["for"]))


def form_on(path: str, **more: Any) -> Markup:
    """The form of that page of the small catalogue, the guide's with the fields of ``GATE``."""
    page = catalogue().page_of(path)
    assert page is not None
    form = contact_form(page.model_copy(update={"gate": GATE}) if page.gate else page)
    assert form is not None
    return form.html(FIRM.consent, **more)


def gate(**more: Any) -> str:
    return str(form_on("/resources/guide.md", **more))


FORMS: dict[str, Markup] = {
    "gate": form_on("/resources/guide.md", errors={"email": "だめ", "size": "x"}),
    "inquiry": form_on("/inquiry.md", errors={"message": "だめ"}),
    "diagnosis": diagnosis_form(
        DIAGNOSIS, page="diagnosis/", errors={"q1": "ひとつ選んでください"}
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_control_a_reader_sees_has_a_label(form: str) -> None:
    found = Controls(FORMS[form])
    for name, control in found.controls.items():
        if control.get("type") != "hidden":
            assert control.get("id") in found.labelled, name


@pytest.mark.parametrize("form", FORMS)
def test_an_error_is_named_at_the_top_and_beside_its_field(form: str) -> None:
    found = Controls(FORMS[form])
    html = str(FORMS[form])
    assert 'role="alert"' in html
    for target in [part.split('"')[0] for part in html.split('href="#')[1:]]:
        assert target in found.ids
        assert f"{target}-error" in found.ids
        assert f'aria-describedby="{target}-error"' in html


@pytest.mark.parametrize("form", FORMS)
def test_a_form_tells_the_page_it_stands_on_and_leaves_checking_to_browser_and_server(
    form: str,
) -> None:
    found = Controls(FORMS[form])
    assert found.controls["page"]["value"] in ("resources/guide/", "inquiry/", "diagnosis/")
    assert "novalidate" not in FORMS[form]
    assert ' id="form' not in FORMS[form]


def test_consent_is_never_ticked_beforehand_and_names_its_wording() -> None:
    found = Controls(gate())
    assert "checked" not in found.controls["consent"]
    assert "required" not in found.controls["consent"]
    assert found.controls["consent_hash"]["value"] == FIRM.consent.hash
    assert FIRM.consent.mail in gate()
    assert "checked" in Controls(gate(values={"consent": "yes"})).controls["consent"]


def test_how_long_a_form_was_shown_is_counted_by_the_browser_or_told_by_the_tracker() -> None:
    assert Controls(gate()).controls["took"]["value"] == ""
    signed = Controls(gate(shown="a-token")).controls
    assert signed["shown"]["value"] == "a-token"
    assert not {"took", "shown"} & Controls(gate(shown="")).controls.keys()


def test_a_form_is_named_for_the_beacon_and_its_fields_for_the_script() -> None:
    assert 'data-gate="guide"' in gate()
    assert 'data-label="従業員数"' in gate()
    assert 'data-gate="inquiry"' in FORMS["inquiry"]
    assert 'data-gate="diagnosis:site-diagnosis"' in FORMS["diagnosis"]


def test_the_forms_of_a_page_and_their_fields_are_known() -> None:
    known = {page.path: asked_on(page) for page in catalogue().pages}
    assert known["resources/guide.md"] == {"guide": {"name", "company", "email", "consent"}}
    assert known["diagnosis.md"] == {"diagnosis:site-diagnosis": {"q1", "q2"}}
    assert known["inquiry.md"] == {"inquiry": {"name", "company", "email", "message", "consent"}}
    assert known["articles/why.md"] == {}


def test_a_page_without_a_form_has_none() -> None:
    page = catalogue().page_of("/articles/why.md")
    assert page is not None
    assert contact_form(page) is None


def test_a_wording_of_its_own_must_be_agreed_to() -> None:
    form = contact_form(NEWSLETTER_PAGE)
    assert form is not None
    box = Controls(str(form.html(FIRM.consent))).controls
    assert "required" in box["consent"]
    assert box["consent_hash"]["value"] == NEWSLETTER.consent.hash


def test_a_diagnosis_leads_to_its_questions_one_at_a_time_where_it_is_told_to() -> None:
    steps = "/diagnoses/site-diagnosis/steps/1"
    assert f'href="{steps}"' in diagnosis_form(DIAGNOSIS, page="diagnosis/", steps=steps)
    assert "steps" not in diagnosis_form(DIAGNOSIS, page="diagnosis/")


def test_the_trap_is_out_of_sight_and_out_of_the_tab_order() -> None:
    html = gate()
    trap = Controls(html).controls["website"]
    assert trap["tabindex"] == "-1"
    assert '<div class="sodate-trap" aria-hidden="true">' in html


def test_what_was_typed_comes_back_and_is_only_text() -> None:
    evil = "\"><script>alert(1)</script>{{7*7}}'"
    values = {"name": evil, "email": evil, "note": f"</textarea>{evil}", "size": "11名から"}
    html = gate(values=values, errors={"email": evil})
    assert "<script>" not in html
    assert html.count("</textarea>") == 1
    found = Controls(html)
    assert found.controls["name"]["value"] == evil
    assert "{{7*7}}" in html
    assert '<option value="11名から" selected>' in html


def test_a_field_is_asked_for_as_it_was_declared() -> None:
    found = Controls(gate())
    assert found.controls["email"]["type"] == "email"
    assert found.controls["email"]["autocomplete"] == "email"
    assert "required" in found.controls["name"]
    assert "required" not in found.controls["note"]
    assert found.controls["note"]["maxlength"] == "100"
    assert found.controls["note"]["aria-describedby"] == "gate-guide-note-help"
    assert gate().count("必須") == 3


def test_an_inquiry_asks_for_what_the_tracker_reads() -> None:
    found = Controls(str(form_on("/inquiry.md")))
    asked = {
        name
        for name in found.controls
        if name not in ("page", "website", "consent", "consent_hash", "took")
    }
    assert asked == {field.name for field in INQUIRY_FIELDS}


def test_a_diagnosis_offers_each_option_by_its_index_and_keeps_the_chosen() -> None:
    html = str(diagnosis_form(DIAGNOSIS, page="diagnosis/", values={"q2": "1"}))
    assert html.count('type="radio"') == 4
    chosen = [line for line in html.splitlines() if " checked" in line]
    assert len(chosen) == 1
    assert 'name="q2" value="1"' in chosen[0]
