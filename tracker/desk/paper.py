"""The diagnosis on A4: what stands on the screen, in the same order and words.

Set in IPAex Gothic, of which the file carries the letters it uses.
"""

from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from fpdf import FPDF, FontFace

from tracker.desk.kinsoku import wrapped
from tracker.diagnosis import DiagnosisReport, Finding, Note, PageReading, Undecided

FONT = Path(__file__).parents[1] / "fonts" / "ipaexg.ttf"
MOST_CURVES = 12
MOST_ROWS = 24
MOST_MAILS = 6
_FACE = "ipaexg"
_MARGIN = 16.0
_SPARE = 0.1
"""The file's own sums of widths differ from ours in the last digits."""
_INK, _QUIET, _LEAF, _WARN = (34, 48, 42), (91, 106, 98), (31, 111, 74), (162, 59, 29)
_LINE, _PALE, _FALLEN = (223, 226, 217), (222, 235, 228), (196, 202, 196)
_COLUMNS = (62, 72, 16, 28)
Colour = tuple[int, int, int]


def pdf(report: DiagnosisReport, firm: str, zone: ZoneInfo) -> bytes:
    """``report`` as a PDF; times in ``zone``."""
    since, until = report.since.astimezone(zone), report.until.astimezone(zone)
    paper = _Paper(f"{firm}　{since:%Y年%m月%d日}〜{until:%Y年%m月%d日}の診断")
    paper.add_page()
    paper.head("今月のひとこと")
    paper.write_down(report.summary, size=14)
    paper.write_down(
        f"訪問{report.sessions:,}回（{report.visitors:,}人、閲覧{report.views:,}回）", colour=_QUIET
    )
    changes = report.to_change
    if changes:
        paper.head(f"今週直す{len(changes)}つ")
        for number, change in enumerate(changes, start=1):
            _change(paper, number, change)
        if len(changes) > 1:
            paper.write_down("それぞれの見込みは、足し算にはなりません。", colour=_QUIET)
    further = [finding for finding in report.findings if finding not in changes]
    if further:
        paper.head("ほかに見つかったこと")
        for finding in further[:MOST_ROWS]:
            paper.write_down(f"・{finding.title}　{finding.where}：{finding.what}。{finding.how}")
            paper.write_down(finding.prospect, size=9, colour=_QUIET)
    if report.way:
        paper.head("導線の地図")
        _way(paper, report)
    drawn = [page for page in report.pages if page.points and page.is_reading][:MOST_CURVES]
    if drawn:
        paper.head("記事ごとの読まれ方", room=80)
        paper.write_down(
            "横は見出し、縦は残っている読者の割合。帯は8割の幅、点線は同じ位置のほかの記事です。",
            colour=_QUIET,
        )
        _curves(paper, drawn, report.findings)
    odd = [item for item in report.undecided if item.odd]
    if odd or report.undecided:
        paper.head("まだ分からないこと")
        _waiting(paper, odd or list(report.undecided))
    if report.notes:
        paper.head("しくみ上の注意（数字では確かめていません）")
        for note in report.notes[:MOST_ROWS]:
            paper.write_down(f"・{note.title}（{note.where}）：{note.what}。{note.how}")
    return bytes(paper.output())


class _Paper(FPDF):
    """A4 in one face, with the title and the page's number at its foot."""

    def __init__(self, title: str) -> None:
        super().__init__(format="A4")
        self._title = title
        self.set_title(title)
        self.set_lang("ja")
        self.set_margin(_MARGIN)
        self.set_auto_page_break(True, 18)
        self.add_font(_FACE, "", FONT)
        self.set_font(_FACE, size=10)

    def footer(self) -> None:
        self.set_y(-12)
        self.set_font(_FACE, size=8)
        self.set_text_color(*_QUIET)
        self.cell(0, 5, f"{self._title}　{self.page_no()}", align="C")

    def head(self, text: str, room: float = 34) -> None:
        """A heading, with ``room`` (mm) for what stands below it on the same page."""
        if self.will_page_break(room):
            self.add_page()
        self.ln(4)
        self.set_font(_FACE, size=13)
        self.set_text_color(*_LEAF)
        self.multi_cell(0, 7, self.set_in(text), new_x="LMARGIN", new_y="NEXT")
        self.set_draw_color(*_LINE)
        self.line(_MARGIN, self.get_y(), self.w - _MARGIN, self.get_y())
        self.ln(2)

    def set_in(self, text: str, part: float = 1.0) -> str:
        """``text`` in lines that end where Japanese lines may, for ``part`` of the width."""
        room = self.epw * part - 2 * self.c_margin - _SPARE
        return wrapped(text, room, self.get_string_width)

    def write_down(self, text: str, *, size: float = 10, colour: Colour = _INK) -> None:
        self.set_font(_FACE, size=size)
        self.set_text_color(*colour)
        self.multi_cell(0, size * 0.6, self.set_in(text), new_x="LMARGIN", new_y="NEXT")
        self.ln(0.8)


def _change(paper: _Paper, number: int, change: Finding | Note) -> None:
    if paper.will_page_break(30):
        paper.add_page()
    paper.write_down(f"{number}. {change.title}　{change.where}", size=12)
    paper.write_down(change.what)
    paper.write_down(f"直し方：{change.how}", colour=_LEAF)
    if isinstance(change, Note):
        prospect = "しくみ上の注意（数字では確かめていません）"
    else:
        prospect = change.prospect
        if change.brings_more:
            prospect = f"増える見込み：{prospect}"
    paper.write_down(prospect, colour=_QUIET)
    paper.ln(1.5)


def _way(paper: _Paper, report: DiagnosisReport) -> None:
    most = max(step.count for step in report.way) or 1
    left, width = _MARGIN + 36, 104.0

    def band(y: float, count: float, colour: Colour) -> None:
        paper.set_fill_color(*colour)
        if count:
            paper.rect(left, y + 1, max(0.3, width * min(1.0, count / most)), 4, style="F")

    for step in report.way:
        y = paper.get_y()
        paper.set_font(_FACE, size=9)
        paper.set_text_color(*_INK)
        paper.cell(36, 6, step.label)
        band(y, step.of or 0, _FALLEN)
        band(y, step.count, _WARN if step.found else _LEAF)
        if step.usual is not None:
            x = left + width * min(1.0, step.usual / most)
            paper.set_draw_color(*_INK)
            paper.line(x, y + 0.4, x, y + 5.6)
        paper.set_x(_MARGIN + 142)
        share = f"{100 * step.count / step.of:.1f}%" if step.of else ""
        paper.cell(18, 6, f"{step.count:,}", align="R")
        paper.cell(18, 6, share, align="R", new_x="LMARGIN", new_y="NEXT")
    paper.write_down(
        "灰色は前の段から落ちた分、細い線は見つかった所が同じ種類のほかの所なみだったときの回数です。",
        size=8,
        colour=_QUIET,
    )
    mails = sorted(report.mails, key=lambda mail: (not mail.found, -mail.delivered))
    for mail in mails[:MOST_MAILS]:
        paper.write_down(
            f"{mail.label} {mail.day}日目　{mail.subject}：届いた{mail.delivered:,}、"
            f"押した{mail.clicked:,}、配信を止めた{mail.stopped:,}",
            size=9,
            colour=_WARN if mail.found else _INK,
        )
    if len(mails) > MOST_MAILS:
        rest = len(mails) - MOST_MAILS
        paper.write_down(f"このほかのメール{rest}通は、画面にあります。", colour=_QUIET)


def _curves(paper: _Paper, pages: Sequence[PageReading], findings: Sequence[Finding]) -> None:
    width, height, gap = 84.0, 38.0, 10.0
    for place, page in enumerate(pages):
        if place % 2 == 0 and paper.will_page_break(height + 12):
            paper.add_page()
        left = _MARGIN + (width + gap) * (place % 2)
        top = paper.get_y()
        cliffs = {f.section for f in findings if f.page == page.url and f.kind == "section_cliff"}
        _curve(paper, page, left, top, width, height, cliffs)
        paper.set_xy(_MARGIN, top + height + 12 if place % 2 or page is pages[-1] else top)


def _curve(
    paper: _Paper,
    page: PageReading,
    left: float,
    top: float,
    width: float,
    height: float,
    cliffs: set[int | None],
) -> None:
    paper.set_font(_FACE, size=8)
    paper.set_text_color(*_INK)
    paper.set_xy(left, top)
    title = page.title if len(page.title) <= 28 else f"{page.title[:27]}…"
    paper.cell(width, 5, f"{title}（{page.views:,}回）")
    known = [point for point in page.points if point.share is not None]
    step = width / max(1, len(page.points) - 1)

    def spot(place: int, share: float | None) -> tuple[float, float]:
        return left + step * place, top + 6 + height * (1 - (share or 0.0))

    band = [spot(p.section, p.high) for p in known if p.high is not None]
    band += [spot(p.section, p.low) for p in reversed(known) if p.low is not None]
    if len(band) > 2:
        paper.set_fill_color(*_PALE)
        paper.polygon(band, style="F")
    paper.set_draw_color(*_LINE)
    for share in (0.0, 0.5, 1.0):
        y = spot(0, share)[1]
        paper.line(left, y, left + width, y)
    usual = [spot(p.section, p.usual) for p in page.points if p.usual is not None]
    if len(usual) > 2:
        paper.set_draw_color(*_QUIET)
        paper.set_dash_pattern(dash=1, gap=1)
        paper.polyline(usual)
        paper.set_dash_pattern()
    if len(known) > 1:
        paper.set_draw_color(*_LEAF)
        paper.set_line_width(0.5)
        paper.polyline([spot(p.section, p.share) for p in known])
        paper.set_line_width(0.2)
    for point in known:
        if point.section in cliffs:
            paper.set_draw_color(*_WARN)
            paper.circle(*spot(point.section, point.share), radius=1.6)
    if page.more_views:
        paper.set_xy(left, top + height + 6)
        paper.set_text_color(*_QUIET)
        paper.cell(width, 5, f"あと約{page.more_views:,}回の閲覧で、はっきりします")


def _waiting(paper: _Paper, items: Sequence[Undecided]) -> None:
    paper.set_font(_FACE, size=9)
    paper.set_text_color(*_INK)
    paper.set_draw_color(*_LINE)
    paper.set_fill_color(255)
    with paper.table(
        width=int(paper.epw),
        col_widths=_COLUMNS,
        line_height=5.5,
        borders_layout="MINIMAL",
        headings_style=FontFace(color=_QUIET),
    ) as table:
        head = table.row()
        for label in ("どこ", "いまのようす", "人数", "分かるまで"):
            head.cell(label)
        for item in items[:MOST_ROWS]:
            row = table.row()
            told = (f"{item.title} {item.where}", item.what, f"{item.people:,}", item.wait)
            for text, width in zip(told, _COLUMNS, strict=True):
                row.cell(paper.set_in(text, width / sum(_COLUMNS)))
    if len(items) > MOST_ROWS:
        paper.write_down(f"このほか{len(items) - MOST_ROWS}か所は、画面にあります。", colour=_QUIET)
