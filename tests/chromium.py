"""Chromium for tests that need a real browser."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def executable() -> str | None:
    """The Chromium of this machine, if it has one."""
    given = os.environ.get("CHROMIUM", "")
    found = next((path for name in (given, *_NAMES) if name and (path := shutil.which(name))), None)
    return found or (_MAC if Path(_MAC).exists() else None)


_running: list[Browser] = []


@contextmanager
def launch() -> Iterator[Browser]:
    """A headless browser that asks nothing of the network by itself: the one that is open in this
    process already, or a new one.

    Without Chromium the test is skipped, and fails where ``CI`` is set.
    """
    path = executable()
    if path is None:
        told = f"no Chromium found ({', '.join(_NAMES)}): the journeys in a browser were NOT tested"
        if os.environ.get("CI"):
            pytest.fail(told)
        pytest.skip(told)
    if _running:  # Playwright runs once in a process
        yield _running[0]
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
            ],
        )
        _running.append(browser)
        try:
            yield browser
        finally:
            _running.clear()
            browser.close()
