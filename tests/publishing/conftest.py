"""The shipped site, built once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.chromium import launch
from tracker.publishing.build import build_site
from tracker.settings import Settings

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Where the shipped site is built to; ``site_url`` has the port the browser tests serve at."""
    return Settings(root=REPOSITORY, data=tmp_path_factory.mktemp("var"), port=_free_port())


@pytest.fixture(scope="session")
def built(settings: Settings) -> Path:
    """The folder of the built site."""
    problems = build_site(settings)
    assert not problems, "\n".join(str(problem) for problem in problems)
    return settings.built_site


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with launch() as browser:
        yield browser


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
