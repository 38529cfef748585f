"""How good the mails are: SpamAssassin, and what a mail of ours promises to be.

Every step and every issue of the working tree is composed as it would go out, with links of their
full length, and each that shows a diagnosis once more with one.
"""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from nurture_worker.benchmarks.site import BenchError
from nurture_worker.letters.specimen import Example, Stand, body_of, issue_mail, step_mail
from tracker.catalogue import Catalogue
from tracker.catalogue.load import load
from tracker.links import Click, Links, Unsubscription

MOST_POINTS = 1.0
CLIPPED_AT = 102 * 1024
"""Bytes of HTML from which on Gmail shows a part of it only."""

_SCORE = re.compile(r"^X-Spam-Status: \w+, score=(-?[\d.]+) .*?tests=([^=]*?)\s+\w+=", re.S | re.M)
_FETCHED = re.compile(r"<(?:img|link|script|iframe|video|audio|source)\b|url\(|@import", re.I)
_SECONDS = 120

Echo = Callable[[str], object]


def bench_mails(root: Path, echo: Echo, trap: bool = False) -> bool:
    """Whether all mails are as they should be (with ``SODATE_TRAP_LINK``: ``trap``); ``echo`` is
    told of each. Raises ``BenchError`` where SpamAssassin is missing or the content has a mistake."""
    if shutil.which("spamassassin") is None:
        raise BenchError(
            "spamassassin がないため、メールは測れません（Debian: apt install spamassassin）"
        )
    catalogue, problems = load(root)
    if catalogue is None or problems:
        raise BenchError(str(problems[0]))
    right = True
    echo("点数は spamassassin -L -t。1.0 未満が目標です")
    for name, message in mails(catalogue, trap):
        points, rules = spam_points(message.as_bytes())
        found = faults(message)
        size = len(body_of(message, "html").encode())
        told = "、".join(rules) if rules else "なし"
        echo(f"{points:+.1f}点 {size / 1024:5.1f} kB  {name}  規則: {told}")
        for fault in found:
            echo(f"    {fault}")
        right = right and points < MOST_POINTS and not found
    return right


def mails(catalogue: Catalogue, trap: bool = False) -> Iterator[tuple[str, EmailMessage]]:
    """Each mail with its name, for a site at ``www.`` of the sender's domain."""
    site = f"https://www.{catalogue.firm.sender_address.partition('@')[2]}"
    links = Links(["a-key-for-the-bench-only"])
    now = datetime.now(UTC)

    def link(place: int, target: str) -> str:
        return f"{site}/c/{links.sign(Click('AAAAAAAAAAAA', place, target), now)}"

    out = f"{site}/unsubscribe/{links.sign(Unsubscription('AAAAAAAAAAAA'), now)}"
    stand = Stand(catalogue, site, out, now, link, trap)
    reader = Example()
    page = catalogue.diagnosis_page()
    diagnosis = page.diagnosis if page else None
    for scenario in catalogue.scenarios:
        for step in scenario.steps:
            yield f"{scenario.id}/{step.id}", step_mail(stand, scenario, step, reader)
            if diagnosis and "{{ diagnosis }}" in step.body:
                answers = {  # some themes come out well, others do not
                    question.id: (len(question.options) - 1) * (n % 3 > 0)
                    for n, question in enumerate(diagnosis.questions)
                }
                result = diagnosis.result(answers)
                own = replace(reader, result=result)
                name = f"{scenario.id}/{step.id}（診断の結果つき）"
                yield name, step_mail(stand, scenario, step, own)
    for issue in catalogue.issues:
        yield f"newsletters/{issue.id}", issue_mail(stand, issue, reader)


def spam_points(content: bytes) -> tuple[float, list[str]]:
    """What SpamAssassin gives one mail without the network, and for which rules."""
    done = subprocess.run(
        ["spamassassin", "-L", "-t"],  # noqa: S607 - wherever it is installed
        input=content,
        capture_output=True,
        timeout=_SECONDS,
        check=False,
    )
    found = _SCORE.search(done.stdout.decode("utf-8", "replace"))
    if found is None:
        raise BenchError(f"spamassassin の答えを読めません: {done.stderr.decode()[-200:]}")
    rules = [rule.strip() for rule in found[2].split(",") if rule.strip() != "none"]
    return float(found[1]), rules


def faults(message: EmailMessage) -> list[str]:
    """What a mail of ours promises and this one does not keep, in words."""
    html, text = body_of(message, "html"), body_of(message, "plain")
    parts = [part for part in message.walk() if not part.is_multipart()]
    wanted = {
        "multipart/alternative のテキストと HTML": (
            message.get_content_type() == "multipart/alternative"
            and [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
        ),
        "UTF-8 の base64": all(
            part.get_content_charset() == "utf-8" and part["Content-Transfer-Encoding"] == "base64"
            for part in parts
        ),
        "ASCII だけのヘッダーと本文": message.as_bytes().isascii(),
        "停止のヘッダー（RFC 8058）": (
            str(message["List-Unsubscribe"]).startswith("<https://")
            and message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        ),
        "List-Id": bool(message["List-Id"]),
        "Auto-Submitted": message["Auto-Submitted"] == "auto-generated",
        "人の読む Reply-To": bool(message["Reply-To"]),
        "件名の次に見える一文": 'class="preview"' in html,
        "住所と停止の道": all("〒" in body and "配信を停止する" in body for body in (html, text)),
        "暗い画面の色": "prefers-color-scheme: dark" in html,
        "よそから何も読まない HTML": not _FETCHED.search(html),
        "102 kB 未満の HTML": len(html.encode()) < CLIPPED_AT,
        "1行998文字まで": max(map(len, message.as_bytes().splitlines())) <= 998,
    }
    return [f"ありません: {name}" for name, kept in wanted.items() if not kept]
