"""The rules of the house, kept by machine."""

import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from tracker.settings import Settings, SettingsError, read_settings
from tracker.wake import Job

ROOT = Path(__file__).parents[1]


def test_imports_run_one_way() -> None:
    found = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("job", list(Job))
def test_every_job_name_is_a_function_without_parameters(job: Job) -> None:
    module, _, name = job.value.rpartition(".")
    function = getattr(importlib.import_module(module), name)
    assert inspect.signature(function).parameters == {}


SELDOM_NEEDED = frozenset(
    {
        *("alembic", "authlib", "joserfc", "linebot", "prometheus_client", "requests"),
        *("mkdocs", "numpy", "scipy", "css_inline", "nurture_worker"),
    }
)


def test_a_tracker_loads_only_what_it_needs_to_answer_readers() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import sys, tracker.app; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    loaded = {module.partition(".")[0] for module in told.split()}
    assert "tracker" in loaded
    assert loaded & SELDOM_NEEDED == set()


def test_every_setting_says_what_it_means() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name


def test_every_setting_stands_in_the_readme() -> None:
    readme = (ROOT / "README.ja.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert f"SODATE_{name.upper()}" in readme
        assert str(field.description) in readme


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SODATE_PORT", "eighty")
    monkeypatch.setenv("SODATE_TZ", "Mars/Olympus")
    with pytest.raises(SettingsError) as told:
        read_settings()
    assert "SODATE_PORT" in str(told.value)
    assert "Mars/Olympus" in str(told.value)


def test_production_needs_keys_and_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SODATE_ENV", "production")
    with pytest.raises(SettingsError, match="SODATE_BASE_URL"):
        read_settings()
    monkeypatch.setenv("SODATE_BASE_URL", "https://example.jp")
    with pytest.raises(SettingsError, match="SODATE_SECRET_KEYS"):
        _ = read_settings().keys


def test_the_kept_key_is_its_owners_alone(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    assert settings.keys == Settings(data=tmp_path).keys
    assert (tmp_path / "secret-key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("command", [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]])
def test_the_code_is_clean(command: list[str]) -> None:
    tool = Path(sys.executable).with_name(command[0])
    found = subprocess.run(
        [str(tool), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr
