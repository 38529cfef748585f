"""A sentence that keeps what it was made of."""

import copy
import json

import pytest
from flask import Flask
from markupsafe import Markup

from tracker.desk.language import TRANSLATIONS, babel, say, tell
from tracker.said import Said, joined, of_column, of_plain, to_column, to_plain

STAGE = Said("「%(stage)s」の段階", stage=Said("認知"))


def test_it_is_its_japanese_wherever_text_is_wanted() -> None:
    assert STAGE == "「認知」の段階"
    assert f"{STAGE}：" == "「認知」の段階："
    assert Said("100%") == "100%"
    assert json.loads(json.dumps(STAGE)) == "「認知」の段階"
    assert joined("%(first)s・%(next)s", ["甲", "乙", "丙"]) == "甲・乙・丙"


@pytest.mark.parametrize("text", [STAGE, Said("100%"), "{", '{"message": 1', "見出し"])
def test_it_comes_back_from_json_and_from_a_column_as_it_was(text: str) -> None:
    for back in (
        of_plain(json.loads(json.dumps(to_plain(text)))),
        of_column(to_column(text)),
        copy.deepcopy(text),
    ):
        assert (back, type(back)) == (text, type(text))
        if isinstance(text, Said):
            assert isinstance(back, Said)
            assert (back.message, back.values) == (text.message, text.values)


def test_what_is_neither_text_nor_message_is_refused() -> None:
    for wrong in (None, 3, {"message": "x"}, {"message": 1, "values": {}}):
        with pytest.raises(ValueError, match="neither"):
            of_plain(wrong)


def test_the_sites_own_words_and_markup_are_not_translated() -> None:
    app = Flask("said")
    babel.init_app(
        app, locale_selector=lambda: "en", default_translation_directories=str(TRANSLATIONS)
    )
    with app.test_request_context():
        assert tell(STAGE) == "Stage: Awareness"
        assert tell(Said("CTA「%(label)s」", label="認知")) == 'CTA "認知"'
        assert tell("認知") == "認知"
        assert say("（%(pace)s）", pace=Said("100%")) == " (100%)"
        marked = say("%(where)s：%(what)s", where=Markup("<b>1</b>"), what="<2>")
        assert marked == Markup("<b>1</b>: &lt;2&gt;")
        assert isinstance(marked, Markup)
