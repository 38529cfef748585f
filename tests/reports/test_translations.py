"""The English words: what is compiled is what is written, and no value of a sentence is lost."""

import io
import re

from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from tracker.desk.language import TRANSLATIONS

FOLDER = TRANSLATIONS / "en" / "LC_MESSAGES"


def test_the_compiled_words_are_the_written_ones() -> None:
    """After a change: ``pybabel compile -d tracker/translations``."""
    written = read_po(io.BytesIO((FOLDER / "messages.po").read_bytes()), locale="en")
    compiled = read_mo(io.BytesIO((FOLDER / "messages.mo").read_bytes()))
    assert {m.id: m.string for m in written if m.id} == {m.id: m.string for m in compiled if m.id}


def test_each_sentence_keeps_its_values() -> None:
    written = read_po(io.BytesIO((FOLDER / "messages.po").read_bytes()), locale="en")
    for message in written:
        told, english = (sorted(re.findall(r"%\(\w+\)s", t)) for t in (message.id, message.string))
        assert told == english, message.id
        assert message.string or not message.id
