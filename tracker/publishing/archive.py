"""The newsletter on the site: a page for each issue, and the list of those that went out.

An issue's page is there from the build on, so that the link in the mail leads to it from the first
minute; the list has it once its day has come. Search engines are asked to leave the issues out:
they repeat what articles say better.
"""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import date

from tracker.catalogue.catalogue import Catalogue
from tracker.catalogue.issues import FOLDER, Issue

LIST = f"{FOLDER}/index.md"
NOINDEX = '<meta name="robots" content="noindex">'

_BUTTON = re.compile(r"\{\s*\.button\s*\}")


def sources(catalogue: Catalogue, today: date) -> Iterator[tuple[str, str]]:
    """The Markdown of each page, by its path below the pages of the site."""
    if not catalogue.issues:
        return
    for issue in catalogue.issues:
        yield f"{FOLDER}/{issue.id}.md", _issue(catalogue, issue)
    yield LIST, _list(catalogue, gone_out(catalogue.issues, today))


def gone_out(issues: Sequence[Issue], today: date) -> list[Issue]:
    """Those whose day has come, the newest first."""
    return sorted(
        (issue for issue in issues if issue.day <= today and not issue.draft),
        key=lambda issue: (issue.send_at, issue.id),
        reverse=True,
    )


def is_issue(path: str) -> bool:
    """Whether the page at that path is an issue's."""
    return path.startswith(f"{FOLDER}/") and path != LIST


def _issue(catalogue: Catalogue, issue: Issue) -> str:
    body = _BUTTON.sub("{ .md-button .md-button--primary }", issue.public)
    return _page(
        issue.title,
        issue.preview,
        f"# {issue.title}\n\n"
        f'<p class="sodate-head">メールマガジン {_day(issue)}の号</p>\n\n'
        f"{body.strip()}\n\n---\n\n{_sign_up(catalogue)}[これまでの号](/{LIST})\n",
    )


def _list(catalogue: Catalogue, issues: Sequence[Issue]) -> str:
    page = catalogue.newsletter_page
    title = f"{page.title}：これまでの号" if page else "メールマガジンのこれまでの号"
    rows = [
        f"- [{issue.title}](/{FOLDER}/{issue.id}.md)<br>{_day(issue)}　{issue.preview}"
        for issue in issues
    ]
    listed = "\n".join(rows) if rows else "まだありません。最初の号をお送りすると、ここに並びます。"
    return _page(title, "", f"# {title}\n\n{listed}\n\n{_sign_up(catalogue)}\n")


def _sign_up(catalogue: Catalogue) -> str:
    page = catalogue.newsletter_page
    return f"[{page.title}を受け取る](/{page.path}){{ .md-button }}\n\n" if page else ""


def _day(issue: Issue) -> str:
    return f"{issue.day.year}年{issue.day.month}月{issue.day.day}日"


def _page(title: str, description: str, body: str) -> str:
    # JSON is YAML on one line, whatever an editor wrote.
    front = {"title": title, "hide": ["navigation", "toc"], "search": {"exclude": True}}
    if description:
        front["description"] = description
    lines = "".join(
        f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in front.items()
    )
    return f"---\n{lines}---\n\n{body}"
