"""How good the pages are: Lighthouse and the Nu HTML checker over the running house.

Both are npm packages, the second for Java; they are installed below the data folder.
"""

import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from nurture_worker.benchmarks.site import BenchError
from nurture_worker.house.processes import free_port
from tracker.catalogue import Catalogue
from tracker.words import PageKind

PACKAGES = ("lighthouse@12.8.2", "vnu-jar@26.9.27")
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
WANTED = 95
MEASURED = ("", "articles/cta-placement/", "resources/cta-checklist/", "inquiry/")
# Material marks its two toggles so that Firefox forgets an open menu; the checker knows the mark
# for text fields only.
MATERIALS_OWN = re.compile(r'<input class="md-toggle"[^>]* autocomplete="off">')

Echo = Callable[[str], object]


def bench_quality(root: Path, tools: Path, chromium: str, runs: int, echo: Echo) -> bool:
    """Whether all that is checked is as it should be; ``echo`` is told each figure.

    Starts a house of its own over the content of ``root``. ``runs`` is how many times Lighthouse
    looks at a page; the median counts. Raises ``BenchError`` where something to measure with is
    missing.
    """
    browser = shutil.which(chromium)
    missing = [name for name in ("npm", "java") if shutil.which(name) is None]
    missing += [] if browser else [chromium]
    if browser is None or missing:
        raise BenchError(f"{'、'.join(missing)} がないため、ページの品質は測れません")
    modules = _install(tools.resolve())
    with tempfile.TemporaryDirectory() as folder:
        data, pages = Path(folder) / "data", Path(folder) / "html"
        with _house(root, data) as url:
            for name, html in _pages(url, data, echo):
                target = pages / f"{name}.html"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(html, encoding="utf-8")
            right = _valid(modules, pages, echo)
            for address in MEASURED:
                right &= _lighthouse(modules, browser, f"{url}/{address}", runs, echo)
    return right


@contextmanager
def _house(root: Path, data: Path) -> Iterator[str]:
    """The address of a running ``sodate up``, whose days last two seconds."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    env = {name: value for name, value in os.environ.items() if not name.startswith("SODATE_")}
    env |= {
        "SODATE_ROOT": str(root),
        "SODATE_DATA": str(data),
        "SODATE_PORT": str(port),
        "SODATE_DAY_SECONDS": "2",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "nurture_worker.cli", "up"],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        end = time.monotonic() + 90
        while not _answers(f"{url}/readyz"):
            if process.poll() is not None or time.monotonic() > end:
                raise BenchError("sodate up が起動しません。./run で起動できるか確かめてください")
            time.sleep(0.2)
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(80)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _install(folder: Path) -> Path:
    modules = folder / "node_modules"
    if not (modules / "vnu-jar").exists() or not (modules / "lighthouse").exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", *PACKAGES]
        _ran(command)
    return modules


def _ran(
    command: list[str], env: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[bytes]":
    ended = subprocess.run(command, capture_output=True, check=False, env=env)  # noqa: S603
    if ended.returncode:
        said = ended.stderr.decode(errors="replace").strip().splitlines()
        raise BenchError(f"{Path(command[0]).name}: {said[-1] if said else ended.returncode}")
    return ended


def _pages(url: str, data: Path, echo: Echo) -> Iterator[tuple[str, str]]:
    """Every page of the site, and those that the tracker shows readers, by name."""
    catalogue = Catalogue.read(data / "build" / "catalogue.json")
    for page in catalogue.pages:
        yield f"site/{page.url.strip('/') or 'index'}", _get(f"{url}/{page.url}")
    yield "site/404", _get(f"{url}/not-there/")
    gate = next(page.gate for page in catalogue.pages if page.gate)
    diagnosis = next(page.diagnosis for page in catalogue.pages if page.diagnosis)
    person = {"name": "山田", "company": "山田商店", "email": "yamada@example.jp"}
    consent = {"consent": "yes", "consent_hash": catalogue.firm.consent.hash}
    answers = {question.id: "0" for question in diagnosis.questions}
    yield "tracker/gate-again", _post(f"{url}/gates/{gate.id}", {"page": ""})
    yield "tracker/gate-thanks", _post(f"{url}/gates/{gate.id}", person | consent)
    yield "tracker/inquiry-again", _post(f"{url}/inquiries", {"page": ""})
    asking = person | {"email": "suzuki@example.jp", "message": "相談です"}  # ends a scenario
    yield "tracker/inquiry-thanks", _post(f"{url}/inquiries", asking)
    yield "tracker/diagnosis-again", _post(f"{url}/diagnoses/{diagnosis.id}", {"page": ""})
    yield "tracker/diagnosis-result", _post(f"{url}/diagnoses/{diagnosis.id}", answers)
    yield "tracker/refused", _get(f"{url}/c/not-a-token")
    if any(page.kind is PageKind.NEWSLETTER for page in catalogue.pages):
        yield "tracker/newsletter-again", _post(f"{url}/newsletter", {"page": ""})
    for door in ("confirm", "unsubscribe", "preferences"):
        if link := _mailed(data / "inbox", f"{url}/{door}/", echo):
            yield f"tracker/{door}", _get(link)
            yield f"tracker/{door}-done", _post(link, {"stop": "yes"})


def _get(url: str) -> str:
    return _open(Request(url))  # noqa: S310


def _post(url: str, fields: dict[str, str]) -> str:
    return _open(Request(url, urlencode(fields).encode()))  # noqa: S310


def _open(request: Request) -> str:
    try:
        with urlopen(request, timeout=20) as answer:  # noqa: S310
            return str(answer.read().decode())
    except HTTPError as error:  # what a mistaken form comes back with is a page too
        return error.read().decode()


def _mailed(inbox: Path, start: str, echo: Echo, seconds: float = 40) -> str | None:
    """The first link in a mail that begins with ``start``, once such a mail is there."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for path in [*inbox.glob("new/*"), *inbox.glob("cur/*")]:
            message = message_from_bytes(path.read_bytes(), policy=policy.default)
            assert isinstance(message, EmailMessage)
            text = message.get_body(("plain",))
            found = re.search(re.escape(start) + r"[^\s<>()]+", text.get_content() if text else "")
            if found:
                return found[0]
        time.sleep(0.5)
    echo(f"{start}… のメールが届かず、そのページは調べていません")
    return None


def _valid(tools: Path, pages: Path, echo: Echo) -> bool:
    files = sorted(pages.rglob("*.html"))
    jar = tools / "vnu-jar" / "build" / "dist" / "vnu.jar"
    command = ["java", "-Xss4m", "-jar", str(jar), "--format", "json", "--exit-zero-always"]
    ended = _ran([*command, *map(str, files)])
    wrong = [
        said
        for said in json.loads(ended.stderr)["messages"]
        if said["type"] == "error" and not MATERIALS_OWN.search(said.get("extract", ""))
    ]
    echo(f"Nu HTML checker: {len(files)} pages, {len(wrong)} errors")
    for said in wrong:
        page = said["url"].rpartition("/html/")[2]
        echo(f"  {page}:{said.get('lastLine')}: {said['message']}")
    return not wrong


def _lighthouse(tools: Path, chromium: str, url: str, runs: int, echo: Echo) -> bool:
    """Whether the median of every category is what is wanted, as on a telephone."""
    flags = (
        "--headless=new --no-sandbox --disable-gpu --disable-background-networking"
        " --disable-component-update --no-first-run"
    )
    command = [
        str(tools / ".bin" / "lighthouse"),
        url,
        "--quiet",
        "--output=json",
        f"--chrome-flags={flags}",
        f"--only-categories={','.join(CATEGORIES)}",
    ]
    reports = []
    for _ in range(runs):
        env = {**os.environ, "CHROME_PATH": chromium}
        ended = _ran(command, env)
        reports.append(json.loads(ended.stdout))
    medians = {
        name: round(
            100 * statistics.median(report["categories"][name]["score"] for report in reports)
        )
        for name in CATEGORIES
    }
    paint = statistics.median(
        report["audits"]["largest-contentful-paint"]["numericValue"] for report in reports
    )
    weight = reports[0]["audits"]["total-byte-weight"]["numericValue"] / 1024
    scores = "  ".join(f"{name} {score}" for name, score in medians.items())
    echo(f"Lighthouse {url}: {scores}  LCP {paint / 1000:.1f} s  {weight:.0f} KiB")
    return all(score >= WANTED for score in medians.values())
