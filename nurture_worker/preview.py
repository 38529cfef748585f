"""What editors see before it is published: each step mail as it would go out, drafts, problems."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from nurture_worker import letters, template
from nurture_worker.diagram import entrance, svg
from nurture_worker.message import Envelope, as_bytes
from nurture_worker.template import Frame
from tracker.catalogue import Catalogue
from tracker.catalogue.diagnoses import Result
from tracker.catalogue.load import Reading
from tracker.catalogue.markdown import scan
from tracker.catalogue.problems import Problem
from tracker.catalogue.scenarios import Scenario, Step
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
class Example:
    """The reader that mails are shown for. ``result`` is that of the 3-minute diagnosis."""

    name: str = "山田 花子"
    company: str = "株式会社みほん"
    email: str = "hanako@example.com"
    result: Result | None = None


@dataclass(frozen=True)
class _View:
    name: str
    title: str
    message: EmailMessage

    @property
    def headers(self) -> list[tuple[str, str]]:
        shown = {"From": "差出人", "Reply-To": "返信先", "To": "宛先", "Subject": "件名"}
        return [(label, str(self.message[key])) for key, label in shown.items()]

    @property
    def html(self) -> str:
        return _body(self.message, "html")

    @property
    def text(self) -> str:
        return _body(self.message, "plain")


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
    scans = {s.path: scan(s.path, s.body) for one in catalogue.scenarios for s in one.steps}
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
    for scenario in catalogue.scenarios:
        for step in scenario.steps:
            target = folder / "mails" / scenario.id / step.id
            _write_mail(target, catalogue, scenario, step, site_url, now)


def step_mail(
    catalogue: Catalogue,
    scenario: Scenario,
    step: Step,
    example: Example,
    site_url: str,
    now: datetime,
) -> EmailMessage:
    """The message that ``example`` would get, by the same code that sends; its links lead straight
    to the pages. Raises ``KeyError`` for a link to a page that is not there."""
    firm = catalogue.firm
    made = template.template_of(
        letters.of_step(step, catalogue),
        Frame(firm, unsubscribe=True, preferences=True),
    )
    out = f"{site_url}/{FOLDER}/"
    fill = template.fill_of(
        made,
        example,
        lambda _place, target: target if "://" in target else f"{site_url}/{target}",
        template.diagnosis_of(catalogue, example.result),
        catalogue,
        **{template.UNSUBSCRIBE: out, template.PREFERENCES: out},
    )
    envelope = Envelope(
        recipient=example.email,
        message_id=f"<preview@{firm.sender_address.partition('@')[2]}>",
        list_name=f"step-{scenario.id}",
        feedback=f"{scenario.id}:{step.id}:step:sodate",
        at=now,
        unsubscribe=out,
    )
    content = as_bytes(template.written(made, fill), envelope, firm)
    return message_from_bytes(content, _class=EmailMessage, policy=policy.default)


def _write_mail(
    folder: Path,
    catalogue: Catalogue,
    scenario: Scenario,
    step: Step,
    site_url: str,
    now: datetime,
) -> None:
    views: list[_View] = []
    error = None
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for name, title, example in _examples(catalogue, step):
            message = step_mail(catalogue, scenario, step, example, site_url, now)
            views.append(_View(name, title, message))
    except KeyError as missing:
        error = f"ページ「{missing.args[0]}」がないので、メールを作れません"
    for view in views:
        (folder / f"{view.name}.html").write_text(view.html, encoding="utf-8")
    _write(
        folder / "index.html",
        "mail.html",
        base=f"{site_url}/{FOLDER}/",
        scenario=scenario,
        step=step,
        views=views,
        error=error,
    )


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
    return pages + steps


def _body(message: EmailMessage, subtype: str) -> str:
    for part in message.walk():
        if part.get_content_type() == f"text/{subtype}":
            assert isinstance(part, EmailMessage)
            return str(part.get_content()).replace("\r\n", "\n")
    return ""


def _write(path: Path, template: str, **values: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    html = _templates.get_template(template).render(css=CSS, **values)
    path.write_text(html, encoding="utf-8")
