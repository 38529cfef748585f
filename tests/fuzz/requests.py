"""Requests as nobody's browser makes them: for every route there is, whatever fits into a WSGI
environment."""

import io
import json
import re
from collections.abc import Sequence
from typing import Any

from flask import Flask
from hypothesis import strategies as st
from werkzeug.test import create_environ, run_wsgi_app

from tests.content import FIRM

METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND")
LONGEST_ANSWER = 1_000_000

_PART = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")
_IDS = ("guide", "exits", "site-diagnosis", "monthly", "1", "0", "-1", "99999999999999999999", "..")
_AWKWARD = (
    "",
    ".",
    "..%2f..%2fetc%2fpasswd",
    "%00",
    "\ud800",
    "é",
    "ﷺ" * 50,
    "{{7*7}}",
    "<script>alert(1)</script>",
    "'; DROP TABLE events; --",
    "=cmd|' /C calc'!A0",
    "a" * 5000,
    "\r\nSet-Cookie: x=1",
    "//evil.example",
    "javascript:alert(1)",
    "１２３",
    "NaN",
    "1e999",
    "\u202etxt.exe",
    "\x1b[31m",
    "٣",
    "²",
)
_FIELDS = (
    *("name", "company", "email", "message", "consent", "consent_hash", "website", "took", "shown"),
    *("do", "want", "stop", "List-Unsubscribe", "q", "q1", "q2", "stage", "order", "after", "next"),
    *("from", "to", "page", "act", "actor", "before", "ticket", "missed", "period", "days"),
    *("password", "again", "current", "role", "address", "code", "state", "error", "all", "week"),
    *("scenario", "step", "mode", "sort", "format", "token", "csrf_token", "month", "kind"),
)
_HEADERS = (
    *("User-Agent", "Accept", "Accept-Language", "Accept-Encoding", "Origin", "Referer", "Range"),
    *("If-None-Match", "If-Modified-Since", "If-Range", "Host", "X-Forwarded-For", "Forwarded"),
    *("X-Forwarded-Host", "X-Forwarded-Proto", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-GPC"),
    *("DNT", "Purpose", "Sec-Purpose", "Authorization", "Cookie", "Content-Encoding", "Expect"),
    *("X-Line-Signature", "X-Twilio-Email-Event-Webhook-Signature", "Transfer-Encoding"),
    *("X-Twilio-Email-Event-Webhook-Timestamp", "X-Amz-Sns-Message-Type", "X-Sodate-Signature"),
)
TYPES = (
    *("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"),
    *(
        "application/json",
        "application/json; charset=utf-7",
        "multipart/form-data",
        "",
        "\xff/\xfe",
    ),
    *("application/x-www-form-urlencoded; charset=shift_jis", "message/rfc822"),
    "multipart/form-data; boundary=" + "x" * 300,
)

texts = st.one_of(st.sampled_from(_AWKWARD), st.text(max_size=60))
raw = st.one_of(
    st.binary(max_size=200), texts.map(lambda text: text.encode("utf-8", "surrogatepass"))
)


def _form(pairs: Sequence[tuple[str, bytes]]) -> bytes:
    from urllib.parse import quote_from_bytes

    return "&".join(f"{name}={quote_from_bytes(value)}" for name, value in pairs).encode()


_email = st.sampled_from(
    ("taro@example.jp", "a@b", "taro＠example.jp", "a@b.jp,c@d.jp", "x" * 65 + "@example.jp")
).map(str.encode)
_forms = st.lists(st.tuples(st.sampled_from(_FIELDS), raw), max_size=12).map(_form)
_full = st.tuples(raw, raw, _email, raw, st.booleans()).map(
    lambda told: _form(
        [
            ("name", told[0]),
            ("company", told[1]),
            ("email", told[2]),
            ("message", told[3]),
            *([("consent", b"yes"), ("consent_hash", FIRM.consent.hash.encode())] * told[4]),
        ]
    )
)
_leaf = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), texts, st.sampled_from([2**63, -1, 1e308])
)
_json = st.recursive(
    _leaf,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(
                st.sampled_from(["pv", "page", "events", "e", "n", "cta", "id", "data", "Type"]),
                texts,
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode())
_beacons = st.tuples(
    st.sampled_from(
        ["page_view", "section", "cta_seen", "page_end", "gate_field", "video_progress"]
    ),
    st.dictionaries(
        st.sampled_from(["n", "id", "cta", "gate", "field", "active_ms", "dwell_ms", "percent"]),
        _leaf,
        max_size=6,
    ),
    texts,
).map(
    lambda told: json.dumps(
        {"pv": "a" * 32, "page": told[2], "events": [{"n": 0, **told[1], "e": told[0]}]}
    ).encode()
)
_notice = st.fixed_dictionaries(
    {
        "id": texts,
        "kind": st.sampled_from(["bounce", "complaint", "delivered"]),
        "recipient": texts,
        "RecordType": st.sampled_from(["Bounce", "SpamComplaint", "Delivery", "Open"]),
        "ID": st.integers(),
        "Type": st.sampled_from(["HardBounce", "SoftBounce", "Nonsense"]),
        "MessageID": texts,
        "Email": texts,
        "Recipient": texts,
    },
    optional={
        "message_id": texts,
        "diagnostic": texts,
        "status": texts,
        "permanent": st.booleans(),
        "at": texts,
        "BouncedAt": texts,
        "Details": texts,
        "Metadata": st.dictionaries(st.just("delivery"), texts),
    },
)
_event = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["follow", "unfollow", "message", "x"]),
        "webhookEventId": texts,
        "timestamp": st.integers(),
        "source": st.fixed_dictionaries(
            {"type": texts, "userId": st.one_of(texts, st.just("U" + "a" * 32))}
        ),
    }
)
notices = st.one_of(
    _notice,
    st.lists(_notice, max_size=3),
    st.fixed_dictionaries({"destination": texts, "events": st.lists(_event, max_size=3)}),
).map(lambda value: json.dumps(value).encode())
"""What providers tell, in their own words."""
_deep = st.sampled_from([b"[" * 30_000, b'{"a":' * 10_000, b"[" * 20_000 + b"]" * 20_000])
_parts = raw.map(
    lambda value: (
        b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\n' + value + b"\r\n--x--\r\n"
    )
)
_lone = st.sampled_from([b'{"pv":"\\ud800","page":"\\ud800","events":[]}', b"\xff\xfe", b"+ADw-"])
bodies = st.one_of(
    raw, _forms, _full, _json, _beacons, _deep, _parts, _lone, st.just(b"x" * 70_000)
)


def paths(app: Flask, tokens: Sequence[str], under: str = "/") -> st.SearchStrategy[str]:
    """A path of a route of ``app`` below ``under``, its parts filled with a word that fits, with a
    signed token of another purpose, or with nonsense; sometimes no route's at all."""
    rules = sorted({rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith(under)})
    part = st.one_of(st.sampled_from(_IDS), st.sampled_from(tokens), texts)

    @st.composite
    def filled(draw: Any) -> str:
        path = str(draw(st.sampled_from(rules)))
        while found := _PART.search(path):
            path = path[: found.start()] + str(draw(part)).replace("<", "(") + path[found.end() :]
        return path

    return st.one_of(filled(), filled(), filled(), texts.map(lambda text: under + text))


headers = st.lists(
    st.tuples(
        st.sampled_from(_HEADERS),
        st.one_of(
            texts.map(lambda text: text.encode("utf-8", "replace").decode("latin-1")),
            st.sampled_from(["bytes=0-", "bytes=" + ",".join(["0-1"] * 500), "same-origin", "1"]),
            st.sampled_from(["none", "cross-site", "http://localhost", 'W/"x"', "gzip, br;q=x"]),
        ),
    ),
    max_size=6,
)


def ask(
    app: Flask,
    method: str,
    path: str,
    query: bytes,
    given: Sequence[tuple[str, str]],
    content_type: str,
    body: bytes,
    peer: str,
    cookie: str = "",
) -> tuple[int, dict[str, str], bytes]:
    """Send it, past every client that would put it right. The status, headers and body."""
    environ = create_environ("/", "http://localhost", method="GET")
    environ.update(
        {
            "REQUEST_METHOD": method,
            "PATH_INFO": path.encode("utf-8", "surrogatepass").decode("latin-1"),
            "QUERY_STRING": query.decode("latin-1"),
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_ADDR": peer,
            "wsgi.input": io.BytesIO(body),
        }
    )
    for name, value in given:
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    if cookie:
        environ["HTTP_COOKIE"] = cookie
    found, status, answered = run_wsgi_app(app.wsgi_app, environ, buffered=True)
    return int(status.split()[0]), dict(answered.items()), b"".join(found)
