"""Reports as files: no text becomes a formula."""

import io
import zipfile

from flask import Flask

from tracker.desk.language import TRANSLATIONS, babel
from tracker.desk.reports import files
from tracker.desk.reports.cells import Cells
from tracker.reports.sheets import Column, Sheet


def test_no_text_of_a_report_becomes_a_formula() -> None:
    sheet = Sheet("s", "=1+1", (Column("何"),), [("=HYPERLINK(1)",), ("＝1",), (-3,)])
    app = Flask("files")
    # One Babel keeps the words for all apps of a process: what it cannot find here, it has nowhere.
    babel.init_app(app, "ja", default_translation_directories=str(TRANSLATIONS))
    with app.test_request_context():
        csv = files.csv(sheet, Cells())
        xlsx = files.xlsx([sheet, sheet], Cells())
    assert csv.splitlines()[1:] == ["'=HYPERLINK(1)", "'＝1", "-3"]
    book = zipfile.ZipFile(io.BytesIO(xlsx))
    page = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in page
    assert "<v>-3</v>" in page
