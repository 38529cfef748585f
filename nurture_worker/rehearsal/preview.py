"""What editors see before it is published: each mail as it would go out, drafts, problems."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from nurture_worker.letters.specimen import (
    Example,
    Stand,
    body_of,
    issue_mail,
    line_texts,
    step_mail,
)
from tracker.catalogue import Catalogue
from tracker.catalogue.issues import Issue
from tracker.catalogue.load import Reading
from tracker.catalogue.markdown import scan
from tracker.catalogue.problems import Problem
from tracker.catalogue.scenarios import Scenario, Step
from tracker.diagram import entrance, svg
from tracker.publishing.coverage_page import CSS, coverage_page

FOLDER = "_preview"
"""Where the pages stand below the served site: no page of the site can be called so."""

_templates = Environment(
    loader=PackageLoader("nurture_worker", "templates/preview"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class _View:
    name: str
    title: str
    message: EmailMessage
    in_line: Sequence[str]

    @property
    def headers(self) -> list[tuple[str, str]]:
        shown = {"From": "差出人", "Reply-To": "返信先", "To": "宛先", "Subject": "件名"}
        return [(label, str(self.message[key])) for key, label in shown.items()]

    @property
    def html(self) -> str:
        return body_of(self.message, "html")

    @property
    def text(self) -> str:
        return body_of(self.message, "plain")


def write_preview(
    folder: Path,
    root: Path,
    reading: Reading,
    hints: Sequence[Problem],
    site_url: str,
    now: datetime,
) -> None:
    """Write the pages below ``folder``, for a site served at ``site_url`` (no final slash).

    ``reading`` is of what stands below ``root``, with drafts. ``now`` dates the mails.
    """
    catalogue = reading.catalogue
    base = f"{site_url}/{FOLDER}/"
    if catalogue is None:
        _write(
            folder / "index.html",
            "index.html",
            site=f"{site_url}/",
            base=base,
            problems=[*reading.problems, *reading.draft_problems],
        )
        return
    mails: list[Step | Issue] = [
        *(step for one in catalogue.scenarios for step in one.steps),
        *catalogue.issues,
    ]
    scans = {mail.path: scan(mail.path, mail.body) for mail in mails}
    _write(
        folder / "index.html",
        "index.html",
        site=f"{site_url}/",
        base=base,
        problems=reading.problems,
        hints=[hint for hint in hints if hint.path not in reading.drafts],
        drafts=[
            (title, url, file, [p for p in reading.draft_problems if p.path == file])
            for title, url, file in _drafts(catalogue, site_url, base)
        ],
        scenarios=sorted(catalogue.scenarios, key=lambda scenario: scenario.rank),
        ways={one.id: Markup(svg(one)) for one in catalogue.scenarios},  # noqa: S704 - escaped there
        entrances={one.id: entrance(one) for one in catalogue.scenarios},
        issues=list(reversed(catalogue.issues)),
        window=catalogue.firm.sending,
        links={path: len(found.links) for path, found in scans.items()},
        characters={path: found.characters for path, found in scans.items()},
    )
    page = folder / "coverage" / "index.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(
        coverage_page(
            root,
            catalogue,
            now.date(),
            link=lambda found: f"{site_url}/{found.url}",
            home=base,
        ),
        encoding="utf-8",
    )
    stand = Stand(catalogue, site_url, base, now)
    for scenario in catalogue.scenarios:
        for step in scenario.steps:
            _write_step(folder / "mails" / scenario.id / step.id, stand, scenario, step)
    for issue in catalogue.issues:
        _write_issue(folder / "newsletters" / issue.id, stand, issue)


def _write_step(folder: Path, stand: Stand, scenario: Scenario, step: Step) -> None:
    _write_mail(
        folder,
        stand,
        lambda example: (
            step_mail(stand, scenario, step, example),
            line_texts(stand, step, example),
        ),
        _examples(stand.catalogue, step),
        mail=step,
        about=f"{scenario.label}のシナリオ、{step.day}日目。",
        others=[
            (f"{one.day}日目", None if one is step else f"mails/{scenario.id}/{one.id}/")
            for one in scenario.steps
        ],
    )


def _write_issue(folder: Path, stand: Stand, issue: Issue) -> None:
    _write_mail(
        folder,
        stand,
        lambda example: (issue_mail(stand, issue, example), []),
        [("mail", "届くメール", Example())],
        mail=issue,
        about=f"メールマガジン、{issue.send_at:%Y-%m-%d %H:%M} から。{issue.audience.label}に。",
        others=[],
    )


def _write_mail(
    folder: Path,
    stand: Stand,
    made_for: Callable[[Example], tuple[EmailMessage, Sequence[str]]],
    examples: Sequence[tuple[str, str, Example]],
    **told: object,
) -> None:
    views: list[_View] = []
    error = None
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for name, title, example in examples:
            views.append(_View(name, title, *made_for(example)))
    except KeyError as missing:
        error = f"ページ「{missing.args[0]}」がないので、メールを作れません"
    for view in views:
        (folder / f"{view.name}.html").write_text(view.html, encoding="utf-8")
    _write(folder / "index.html", "mail.html", base=stand.out, views=views, error=error, **told)


def _examples(catalogue: Catalogue, step: Step) -> list[tuple[str, str, Example]]:
    """A reader who took no diagnosis; where the step shows it, one who did too."""
    found = [("mail", "届くメール", Example())]
    page = catalogue.diagnosis_page()
    shows = any(p.name == "diagnosis" for p in scan(step.path, step.body).placeholders)
    if shows and page and page.diagnosis:
        # Every other answer the first, so that some themes come out weak.
        answers = {
            question.id: 0 if n % 2 else len(question.options) // 2
            for n, question in enumerate(page.diagnosis.questions)
        }
        result = page.diagnosis.result(answers)
        found[0] = ("mail", "3分診断をまだ受けていない人に届くメール", Example())
        found.append(("mail-diagnosis", "3分診断を受けた人に届くメール", Example(result=result)))
    return found


def _drafts(catalogue: Catalogue, site_url: str, base: str) -> list[tuple[str, str, str]]:
    pages = [
        (page.title, f"{site_url}/{page.url}", f"site/pages/{page.path}")
        for page in catalogue.pages
        if page.draft
    ]
    steps = [
        (step.subject, f"{base}mails/{scenario.id}/{step.id}/", step.path)
        for scenario in catalogue.scenarios
        for step in scenario.steps
        if step.draft
    ]
    issues = [
        (issue.title, f"{base}newsletters/{issue.id}/", issue.path)
        for issue in catalogue.issues
        if issue.draft
    ]
    return pages + steps + issues


def _write(path: Path, template: str, **values: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    html = _templates.get_template(template).render(css=CSS, **values)
    path.write_text(html, encoding="utf-8")
