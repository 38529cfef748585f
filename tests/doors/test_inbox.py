import mailbox
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tracker.doors.inbox import PER_PAGE, blueprint


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    return tmp_path / "inbox"


@pytest.fixture
def client(maildir: Path) -> FlaskClient:
    app = Flask("inbox-alone")
    app.register_blueprint(blueprint(maildir))
    return app.test_client()


class Asked(BaseHTTPRequestHandler):
    """Notes every request and answers with the status its path asks for."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.noted.append((self.path, dict(self.headers), body))  # type: ignore[attr-defined]
        self.send_response(int(self.path.split("/")[1]))
        self.send_header("Location", "/500/")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def door() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Asked) as server:
        server.noted = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def letter(subject: str = "はじめまして", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "そだて舎 <tayori@example.jp>"
    message["To"] = "佐藤 <sato@example.co.jp>"
    message["Subject"] = subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("続きはこちら\nhttp://127.0.0.1:8000/c/abc\n", cte="base64")
    message.add_alternative(
        '<html><head><title>x</title></head><body><a href="/c/abc">続き</a></body></html>',
        subtype="html",
        cte="base64",
    )
    return message


def file(maildir: Path, *messages: EmailMessage | bytes) -> list[str]:
    box = mailbox.Maildir(maildir, create=True)
    return [
        box.add(message if isinstance(message, bytes) else message.as_bytes())
        for message in messages
    ]


def test_an_inbox_nothing_came_to_says_how_to_get_a_mail(client: FlaskClient) -> None:
    answer = client.get("/inbox/")
    assert answer.status_code == 200
    assert "まだメールは届いていません" in answer.text


def test_mails_are_listed_newest_first(client: FlaskClient, maildir: Path) -> None:
    file(maildir, letter("一通目"), letter("二通目"), letter("三通目"))
    page = client.get("/inbox/").text
    assert page.index("三通目") < page.index("二通目") < page.index("一通目")
    assert "佐藤 &lt;sato@example.co.jp&gt;" in page
    assert ">そだて舎<" in page


def test_many_mails_are_listed_in_pages(client: FlaskClient, maildir: Path) -> None:
    file(maildir, *(letter(f"第{n}号") for n in range(PER_PAGE + 1)))
    first = client.get("/inbox/").text
    assert f"{PER_PAGE + 1}通" in first
    assert "第0号" not in first
    assert "?page=2" in first
    assert "第0号" in client.get("/inbox/?page=2").text


def test_mails_are_found_by_their_recipient(client: FlaskClient, maildir: Path) -> None:
    other = letter("別の人へ")
    other.replace_header("To", "suzuki@example.org")
    file(maildir, letter("佐藤さんへ"), other)
    page = client.get("/inbox/?q=SUZUKI@example").text
    assert "別の人へ" in page
    assert "佐藤さんへ" not in page


def test_a_live_list_refreshes_itself_and_can_be_stopped(client: FlaskClient) -> None:
    live = client.get("/inbox/?live=1").text
    assert '<meta http-equiv="refresh"' in live
    assert 'href="/inbox/"' in live
    assert '<meta http-equiv="refresh"' not in client.get("/inbox/").text


def test_a_mail_shows_both_parts_and_its_headers(client: FlaskClient, maildir: Path) -> None:
    (key,) = file(maildir, letter(Feedback_ID="intro:day3:step:sodate"))
    page = client.get(f"/inbox/{key}").text
    assert f'src="/inbox/{key}/html"' in page
    assert '<a href="http://127.0.0.1:8000/c/abc"' in page
    assert "intro:day3:step:sodate" in page
    assert "そだて舎 &lt;tayori@example.jp&gt;" in page


def test_the_html_part_runs_no_script_and_fetches_nothing_from_outside(
    client: FlaskClient, maildir: Path
) -> None:
    (key,) = file(maildir, letter())
    answer = client.get(f"/inbox/{key}/html")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy
    assert "http" not in policy
    assert '<head><base target="_top">' in answer.text
    assert '<a href="/c/abc">続き</a>' in answer.text


def test_every_page_has_a_policy_without_inline_script(client: FlaskClient, maildir: Path) -> None:
    (key,) = file(maildir, letter())
    for path in ("/inbox/", f"/inbox/{key}", f"/inbox/{key}/raw", "/inbox/static/inbox.css"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        answer.close()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no headers at all",
        b"Subject: =?utf-8?b?!!!?=\nFrom: =?x-nothing?q?=41?=\nTo: \xff\xfe\n\n\xff",
        b'Content-Type: text/html; charset="no-such"\nSubject: \xe3\x81\x82\n\n\xe3\x81\x82',
        b"Content-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain\n",
        b"Content-Type: multipart/mixed\nContent-Transfer-Encoding: base64\n\n!",
    ],
)
def test_a_broken_mail_is_shown_as_far_as_it_goes(
    client: FlaskClient, maildir: Path, content: bytes
) -> None:
    (key,) = file(maildir, content)
    assert client.get("/inbox/").status_code == 200
    assert client.get(f"/inbox/{key}").status_code == 200
    assert client.get(f"/inbox/{key}/html").status_code in (200, 404)


@pytest.mark.parametrize("key", ["nothing", "..", "%2e%2e%2fsecret-key", "..%2f..%2fetc"])
def test_an_unknown_key_is_not_found(client: FlaskClient, maildir: Path, key: str) -> None:
    file(maildir, letter())
    for path in (f"/inbox/{key}", f"/inbox/{key}/html", f"/inbox/{key}/raw"):
        assert client.get(path).status_code in (404, 308)


def test_markup_in_a_subject_stays_text(client: FlaskClient, maildir: Path) -> None:
    (key,) = file(maildir, letter("<script>alert(1)</script>"))
    for path in ("/inbox/", f"/inbox/{key}"):
        assert "<script" not in client.get(path).text


def unsubscribing(url: str) -> EmailMessage:
    return letter(
        List_Unsubscribe=f"<mailto:stop@example.jp>, <{url}>",
        List_Unsubscribe_Post="List-Unsubscribe=One-Click",
    )


@pytest.mark.parametrize("status", [200, 302, 404])
def test_the_one_click_header_is_tried_as_a_mail_program_would(
    client: FlaskClient, maildir: Path, door: ThreadingHTTPServer, status: int
) -> None:
    url = f"http://127.0.0.1:{door.server_port}/{status}/token?a=b"
    (key,) = file(maildir, unsubscribing(url))
    client.set_cookie("sodate_desk", "signed-in")
    assert "RFC 8058" in client.get(f"/inbox/{key}").text
    answer = client.post(f"/inbox/{key}/unsubscribe", follow_redirects=True)
    ((path, headers, body),) = door.noted  # type: ignore[attr-defined]
    assert path == f"/{status}/token?a=b"
    assert body == b"List-Unsubscribe=One-Click"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Cookie" not in headers
    assert f"配信停止のURLは {status} を返しました" in answer.text
    assert ("のとおりです" in answer.text) == (status == 200)


def test_an_unsubscribe_address_elsewhere_is_never_called(
    client: FlaskClient, maildir: Path
) -> None:
    (key,) = file(maildir, unsubscribing("https://192.0.2.1/unsubscribe/token"))
    assert client.post(f"/inbox/{key}/unsubscribe").status_code == 404


def test_another_sites_page_cannot_press_the_button(
    client: FlaskClient, maildir: Path, door: ThreadingHTTPServer
) -> None:
    (key,) = file(maildir, unsubscribing(f"http://127.0.0.1:{door.server_port}/200/"))
    answer = client.post(f"/inbox/{key}/unsubscribe", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert door.noted == []  # type: ignore[attr-defined]


def test_a_mail_without_the_header_has_no_button(client: FlaskClient, maildir: Path) -> None:
    (key,) = file(maildir, letter())
    assert "RFC 8058" not in client.get(f"/inbox/{key}").text
    assert client.post(f"/inbox/{key}/unsubscribe").status_code == 404
