import os
import re
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema

from nurture_worker.cli import main
from nurture_worker.house.processes import WORKER_GRACE, tracker_command
from tests import content
from tracker.settings import Settings, read_settings

REPOSITORY = Path(__file__).parent.parent
GIVEN = {
    "SODATE_BASE_URL": "https://www.example.jp",
    "SODATE_SECRET_KEYS": "a-key-of-some-length",
    "SODATE_SMTP_URL": "smtp://relay.example.jp:587",
    "POSTGRES_PASSWORD": "secret",
}
# What Compose replaces: ${NAME}, ${NAME:-default}, ${NAME:?message}; $$ is a dollar sign.
VARIABLE = re.compile(r"\$(?:\$|\{(\w+)(?::([-?])([^}]*))?\})")


@pytest.fixture(scope="module")
def written() -> Any:
    return yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def compose(written: Any) -> Any:
    """The file as Compose reads it with only what is required in ``.env``."""
    return with_values(written)


@pytest.fixture(scope="module")
def ours(compose: Any) -> dict[str, Any]:
    """The services that run our own image."""
    return {
        name: service
        for name, service in compose["services"].items()
        if service["image"] == "sodate"
    }


def with_values(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: with_values(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_values(inner) for inner in value]
    return VARIABLE.sub(_value, value) if isinstance(value, str) else value


def _value(found: re.Match[str]) -> str:
    name, kind, rest = found.groups()
    if name is None:
        return "$"
    if name in GIVEN:
        return GIVEN[name]
    assert kind == "-", f"{name} is neither required nor has a default"
    return rest or ""


def test_the_file_is_valid_by_the_compose_specification(written: Any) -> None:
    jsonschema.validate(written, get_builtin_schema("compose-spec"))


def test_no_dollar_sign_is_left_to_chance() -> None:
    text = (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")
    assert "$" not in VARIABLE.sub("", text)


def test_what_has_no_default_is_required_with_a_message() -> None:
    text = (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")
    required = {m[1]: m[3] for m in VARIABLE.finditer(text) if m[2] == "?"}
    assert set(required) == set(GIVEN)
    assert all(".env に書いてください" in message for message in required.values())


def test_every_setting_named_is_one(ours: dict[str, Any]) -> None:
    known = {f"SODATE_{name.upper()}" for name in Settings.model_fields}
    text = (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"\bSODATE_\w+", text)) <= known
    for service in ours.values():
        assert set(service["environment"]) <= known | {"MALLOC_ARENA_MAX"}


def test_the_settings_of_every_service_are_accepted_in_production(
    ours: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("SODATE_")]:
        monkeypatch.delenv(name)
    for service in ours.values():
        for name, value in service["environment"].items():
            monkeypatch.setenv(name, value)
        settings = read_settings()
        assert settings.production
        assert settings.keys == ["a-key-of-some-length"]
        assert settings.store_url == "postgresql://sodate:secret@postgres/sodate"


def test_every_command_of_sodate_exists(ours: dict[str, Any]) -> None:
    named = [s["command"][1:] for s in ours.values() if s["command"][0] == "sodate"]
    assert sorted(named) == [["build"], ["db", "upgrade"], ["tick"], ["work"]]
    for words in named:
        command: click.Command = main
        for word in words:
            assert isinstance(command, click.Group)
            command = command.commands[word]
        assert not any(parameter.required for parameter in command.params)


def test_the_tracker_is_started_as_run_starts_it(ours: dict[str, Any]) -> None:
    settings = Settings(host="0.0.0.0", port=8000, tracker_workers=2)
    assert ours["tracker"]["command"] == tracker_command(settings)


def test_the_worker_may_finish_the_mail_it_is_sending(ours: dict[str, Any]) -> None:
    assert int(ours["worker"]["stop_grace_period"].removesuffix("s")) > WORKER_GRACE


def test_only_the_web_server_can_be_reached_from_outside(compose: Any) -> None:
    assert [name for name, service in compose["services"].items() if "ports" in service] == [
        "caddy"
    ]


def test_every_service_waits_for_what_it_needs(compose: Any) -> None:
    services = compose["services"]
    waits = {
        name: {on: need["condition"] for on, need in service.get("depends_on", {}).items()}
        for name, service in services.items()
    }
    for name in ("tracker", "worker", "scheduler"):
        assert waits[name] == {
            "migrate": "service_completed_successfully",
            "build": "service_completed_successfully",
            "redis": "service_healthy",
        }
    assert waits["migrate"] == {"postgres": "service_healthy"}
    for needs in waits.values():
        for on, condition in needs.items():
            if condition == "service_healthy":
                assert "healthcheck" in services[on]
            else:
                assert services[on]["restart"] == "no"


def test_every_volume_used_is_declared(compose: Any) -> None:
    used = {
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
    }
    assert {name for name in used if not name.startswith("./")} == set(compose["volumes"])
    assert all((REPOSITORY / name).exists() for name in used if name.startswith("./"))


def test_the_image_gets_all_that_the_package_is_made_of(ours: dict[str, Any]) -> None:
    lines = ours["tracker"]["build"]["dockerfile_inline"].splitlines()
    copied = [name for line in lines if line.startswith("COPY") for name in line.split()[1:-1]]
    assert all((REPOSITORY / name).exists() for name in copied)
    assert {"pyproject.toml", "uv.lock", "README.md", "LICENSE"} < set(copied)
    assert {"tracker", "nurture_worker"} < set(copied)


@pytest.fixture(scope="module")
def proxied(compose: Any) -> list[str]:
    caddyfile = compose["configs"]["caddyfile"]["content"]
    assert caddyfile.startswith("https://www.example.jp {")
    (line,) = re.findall(r"@tracker path (.+)", caddyfile)
    return line.split()


@pytest.fixture(scope="module")
def posted(compose: Any) -> list[str]:
    """The paths that go to the tracker when a form is sent there; a GET shows a page."""
    (lines,) = re.findall(
        r"@forms \{\s+method POST\s+path (.+)\s+\}", compose["configs"]["caddyfile"]["content"]
    )
    return str(lines).split()


def test_every_door_is_reached_through_the_web_server(
    proxied: list[str], posted: list[str], tmp_path: Path
) -> None:
    from tracker.app import create_app

    settings = Settings(
        data=tmp_path,
        env="production",
        base_url="https://www.example.jp",
        secret_keys="a-key-of-some-length",
    )
    content.catalogue().write(settings.catalogue_path)
    rules = list(create_app(settings).url_map.iter_rules())
    assert "/c/<token>" in [str(rule) for rule in rules]
    hidden = set()
    for rule in rules:
        path = re.sub(r"<[^>]+>", "x", str(rule))
        doors = proxied if "GET" in (rule.methods or ()) else [*proxied, *posted]
        if not any(fnmatchcase(path, door) for door in doors):
            hidden.add(path)
    assert hidden <= {"/metrics"}


def test_no_door_hides_a_page_of_the_site(proxied: list[str]) -> None:
    pages = REPOSITORY / "site" / "pages"
    tops = {path.name.removesuffix(".md") for path in pages.iterdir()} | {"assets", "search"}
    assert not [top for top in tops if any(fnmatchcase(f"/{top}/", door) for door in proxied)]


def test_docker_itself_accepts_the_file() -> None:
    """Where the Compose command is at hand; it needs no running engine for this."""
    compose = ["docker", "compose"]
    try:
        subprocess.run([*compose, "version"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("the command docker compose is not here")
    path = str(REPOSITORY / "docker-compose.yml")
    ended = subprocess.run(
        [*compose, "--file", path, "config", "--quiet"],
        env={**os.environ, **GIVEN},
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr.decode()
