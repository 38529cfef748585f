"""``/d/<token>``: the file, and no other way to it."""

import pytest
from werkzeug.http import parse_options_header

from tests.conftest import House
from tests.content import catalogue
from tests.doors.posting import page, recorded, token
from tests.walking import become_a_reader, path_in, the_reader
from tracker.catalogue.gates import Gate
from tracker.links import Download

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


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


@pytest.mark.parametrize(
    "file", ["../secret-key", "..", ".", "/etc/passwd", "guide.pdf\x00.txt", "link.pdf", "no.pdf"]
)
def test_a_gate_that_names_a_file_elsewhere_serves_nothing(house: House, file: str) -> None:
    folder = house.context.settings.whitepapers
    (folder / "link.pdf").symlink_to(house.context.settings.data / "secret-key")
    (house.context.settings.data / "secret-key").write_text("%PDF secret")
    name_file(house, file=file)
    answer = house.browser().get(f"/d/{token(house, Download('d', 'guide'))}")
    assert answer.status_code == 404
    assert b"secret" not in answer.data
    assert recorded(house) == []


def name_file(house: House, title: str = "はじめてのガイド", file: str = "guide.pdf") -> None:
    """Let the guide have that title and that file, whatever the catalogue's own rules say."""
    guide = catalogue().gate_page("guide")
    assert guide is not None
    gate = Gate.model_construct(**{**dict(guide.gate or {}), "file": file})
    changed = guide.model_copy(update={"title": title, "gate": gate})
    small = catalogue()
    pages = tuple(changed if p.path == guide.path else p for p in small.pages)
    house.context.live.now = lambda: small.model_copy(update={"pages": pages})  # type: ignore[method-assign]


def test_a_title_however_strange_names_the_file_and_nothing_else(house: House) -> None:
    made = token(house, Download("d", "guide"))
    for title in ('見積"の\r\nSet-Cookie: a=b', "a;b=c'd%0d%0a", "資料 — ガイド", "../../x"):
        name_file(house, title)
        answer = house.browser().get(f"/d/{made}")
        kind, told = parse_options_header(answer.headers["Content-Disposition"])
        assert kind == "attachment"
        assert told["filename"] == f"{title}.pdf"
        assert "filename=guide.pdf" in answer.headers["Content-Disposition"]
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("bytes=0-0," * 1000 + "0-0", 416),
        ("bytes=0-,0-", 416),
        ("bytes=9-2", 416),
        ("bytes=99999999999999999999-", 416),
        ("lines=1-2", 416),
        ("bytes=x", 416),
        ("bytes=-5", 206),
        ("bytes=0-99999999999999999999", 206),
    ],
    ids=lambda value: str(value)[:20],
)
def test_however_many_pieces_are_asked_for_never_more_than_the_file_goes_out(
    house: House, asked: str, status: int
) -> None:
    answer = house.browser().get(
        f"/d/{token(house, Download('d', 'guide'))}", headers={"Range": asked}
    )
    assert answer.status_code == status
    assert len(recorded(house)) == (status == 206)
    if status == 206:
        assert len(answer.data) <= len(b"%PDF-1.7 the guide")


def test_however_many_use_one_link_its_reader_scores_once(house: House) -> None:
    become_a_reader(house)
    before = the_reader(house).score
    button = path_in(house.postbox.mails[0], "confirm")
    for _ in range(3):
        colleague = house.browser()
        link = colleague.post(button).text.split('href="/d/')[1].split('"')[0]
        for _ in range(5):
            assert colleague.get(f"/d/{link}").status_code == 200
        house.work()
    assert the_reader(house).score == before


def test_an_expired_link_lets_its_reader_ask_again(house: House) -> None:
    made = token(house, Download("d", "guide"))
    house.clock.advance(days=15)
    answer = house.browser().get(f"/d/{made}")
    assert answer.status_code == 410
    assert 'href="/resources/guide/"' in page(answer)
    assert recorded(house) == []
