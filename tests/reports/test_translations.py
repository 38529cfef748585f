"""The English words: what is compiled is what is written, and no value of a sentence is lost."""

import ast
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from tracker.desk.language import TRANSLATIONS
from tracker.diagnosis import KIND_LABELS, Repaired, Sureness
from tracker.words import PageKind, Stage

ROOT = Path(__file__).parents[2]
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


def test_each_sentence_of_the_diagnosis_has_its_english() -> None:
    written = read_po(io.BytesIO((FOLDER / "messages.po").read_bytes()), locale="en")
    kept = {message.id for message in written}
    modules = [*(ROOT / "nurture_worker" / "diagnosis").glob("*.py"), ROOT / "tracker/diagnosis.py"]
    modules += [ROOT / "tracker" / "desk" / f"{name}.py" for name in ("diagnosis", "paper")]
    said = {sentence for module in modules for sentence in _said_in(module)}
    assert len(said) > 100
    for name in ("diagnosis", "diagnosis_page", "parts"):
        template = (ROOT / "tracker/templates/desk" / f"{name}.html").read_text("utf-8")
        said |= set(re.findall(r'_\("([^"]+)"', template))
    said |= {*KIND_LABELS.values(), *get_args(Sureness)}
    verdicts = Repaired.model_fields["verdict"].annotation
    said |= {word for part in get_args(verdicts) for word in get_args(part)}
    said |= {word.label for words in (PageKind, Stage) for word in words}
    assert said - kept == set()


def _said_in(module: Path) -> Iterator[str]:
    """What stands as a message in ``module``: in a call, or as a text with places for values."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "id", "")
            if name in ("Said", "joined", "say") and isinstance(node.args[0], ast.Constant):
                yield node.args[0].value
        elif isinstance(node, ast.Constant) and "%(" in str(node.value):
            yield str(node.value)
        elif isinstance(node, ast.keyword) and node.arg == "label":  # of a step of the way
            yield from (n.value for n in [node.value] if isinstance(n, ast.Constant))
