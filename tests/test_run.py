import ast
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent

# What stands in for the real uv: it makes the environment in no time and notes how it was called.
UV = """
import os, sys
from pathlib import Path
if sys.argv[1:] == ["--version"]:
    print("uv 0.13.9"); sys.exit()
with open(__file__ + ".calls", "a") as calls:
    print(*sys.argv[1:], file=calls)
if os.environ.get("UV_FAILS"):
    print("error: no route to host", file=sys.stderr); sys.exit(2)
bin = Path(os.environ["UV_PROJECT_ENVIRONMENT"], "bin")
bin.mkdir(parents=True, exist_ok=True)
for name in ["sodate", "python"] + ["pytest"] * ("--no-dev" not in sys.argv):
    (bin / name).write_text(Path(__file__).with_name("tool").read_text())
    (bin / name).chmod(0o755)
"""
# Stands in for each program of the environment.
TOOL = """
import os, sys
if sys.argv[1:2] == ["-c"]:
    sys.exit()
print(os.path.basename(sys.argv[0]), *sys.argv[1:], sep="|")
print("in", os.getcwd())
for name in ("SODATE_ROOT", "SODATE_DATA"):
    print(name, os.environ.get(name))
sys.exit(3)
"""


class Tree:
    """A copy of what ``./run`` needs, in a folder whose name is no easy one."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "育て の copy"
        self.root.mkdir(parents=True)
        for name in ("run", "pyproject.toml", "uv.lock"):
            shutil.copy(REPOSITORY / name, self.root / name)
        self.bin = folder / "bin"
        self.bin.mkdir(exist_ok=True)

    def program(self, name: str, code: str) -> None:
        path = self.bin / name
        path.write_text(f"#!{sys.executable} -IS\n{textwrap.dedent(code)}", encoding="utf-8")
        path.chmod(0o755)

    def run(self, *words: str, start: str = "", **env: str) -> "subprocess.CompletedProcess[str]":
        """``./run`` in an almost empty environment; ``start`` is run first in its Python."""
        script = str(self.root / "run")
        command = [script]
        if start:
            run = f"__file__ = {script!r}; exec(compile(open({script!r}, encoding='utf-8').read(), 'run', 'exec'))"
            command = ["-c", f"import sys; sys.argv[0] = {script!r}; {start}; {run}"]
        return subprocess.run(
            [sys.executable, "-I", *command, *words],
            env={"PATH": str(self.bin), **env},
            cwd=self.root.parent,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )

    def syncs(self) -> list[str]:
        calls = self.bin / "uv.calls"
        return calls.read_text().splitlines() if calls.exists() else []


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    made = Tree(tmp_path)
    made.program("uv", UV)
    made.program("tool", TOOL)
    made.program("initdb", "")
    return made


def test_even_a_python_of_2014_can_read_the_script() -> None:
    ast.parse((REPOSITORY / "run").read_text(encoding="utf-8"), feature_version=(3, 4))


def test_an_old_python_is_told_what_is_needed(tree: Tree) -> None:
    ended = tree.run("setup", start="sys.version_info = (3, 8, 0)")
    assert ended.returncode == 1
    (sentence,) = ended.stderr.splitlines()
    assert "Python 3.11 以上が必要です（いまは 3.8）" in sentence


def test_a_newer_python_on_the_path_is_used(tree: Tree) -> None:
    tree.program("python3.14", "raise SystemExit(1)")  # a shim without its version
    tree.program("python3.12", TOOL)
    ended = tree.run("check", "a b", start="sys.version_info = (3, 8, 0)")
    assert ended.stdout.splitlines()[0] == f"python3.12|{tree.root / 'run'}|check|a b"


def test_without_uv_venv_and_pip_one_sentence_tells_what_to_install(tree: Tree) -> None:
    (tree.bin / "uv").unlink()
    tree.program("no-python", "raise SystemExit(1)")
    ended = tree.run("setup", start=f"sys.executable = {str(tree.bin / 'no-python')!r}")
    assert ended.returncode == 1
    assert "uv も venv も pip もない" in ended.stderr.splitlines()[-1]
    assert "python3-venv" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


def test_a_uv_too_old_for_the_lock_file_is_not_used(tree: Tree) -> None:
    tree.program("uv", UV.replace("0.13.9", "0.4.30"))
    tree.program("no-python", "raise SystemExit(1)")
    ended = tree.run("setup", start=f"sys.executable = {str(tree.bin / 'no-python')!r}")
    assert ended.returncode == 1
    assert tree.syncs() == []


def test_setup_prepares_once(tree: Tree) -> None:
    assert tree.run("setup").returncode == 0
    assert tree.run("setup").returncode == 0
    (sync,) = tree.syncs()
    assert sync.startswith("sync --frozen --inexact --project")
    assert "--no-dev" in sync


@pytest.mark.parametrize("name", ["uv.lock", "pyproject.toml"])
def test_changed_requirements_are_prepared_again(tree: Tree, name: str) -> None:
    tree.run("setup")
    with (tree.root / name).open("a") as file:
        file.write("# changed\n")
    tree.run("setup")
    assert len(tree.syncs()) == 2


def test_a_failed_preparation_is_told_and_tried_again(tree: Tree) -> None:
    ended = tree.run("setup", UV_FAILS="yes")
    assert ended.returncode == 1
    assert "no route to host" in ended.stderr
    assert "ネットワーク" in ended.stderr.splitlines()[-1]
    assert tree.run("setup").returncode == 0
    assert len(tree.syncs()) == 2


def test_a_removed_environment_is_made_again(tree: Tree) -> None:
    tree.run("setup")
    (tree.root / ".venv" / "bin" / "python").unlink()
    tree.run("setup")
    assert len(tree.syncs()) == 2


def test_a_moved_tree_gets_a_new_environment(tree: Tree) -> None:
    tree.run("setup")
    (tree.root / ".venv" / "old").touch()
    tree.root = tree.root.rename(tree.root.with_name("elsewhere"))
    assert tree.run("setup").returncode == 0
    assert not (tree.root / ".venv" / "old").exists()
    assert len(tree.syncs()) == 2


def test_the_tests_bring_their_tools_and_keep_them(tree: Tree) -> None:
    tree.program("chromium", "")
    tree.run("setup")
    tree.run("test")
    tree.run("setup")
    without, with_tools = tree.syncs()
    assert "--no-dev" in without
    assert "--no-dev" not in with_tools


def test_any_other_word_is_given_to_sodate_as_it_is(tree: Tree) -> None:
    ended = tree.run("diagnose", "--json", "some file.json")
    assert ended.returncode == 3
    assert ended.stdout.splitlines() == [
        "sodate|diagnose|--json|some file.json",
        f"in {tree.root.parent}",
        f"SODATE_ROOT {tree.root}",
        f"SODATE_DATA {tree.root / 'var'}",
    ]


def test_run_alone_starts_everything(tree: Tree) -> None:
    assert tree.run().stdout.splitlines()[0] == "sodate|up"


def test_a_data_folder_of_ones_own_is_kept(tree: Tree) -> None:
    assert "SODATE_DATA /srv/sodate" in tree.run(SODATE_DATA="/srv/sodate").stdout


def test_the_tests_run_in_the_root_with_the_arguments_given(tree: Tree) -> None:
    tree.program("chromium", "")
    ended = tree.run("test", "-k", "a or b", "tests/doors")
    assert ended.returncode == 3
    lines = ended.stdout.splitlines()
    assert lines[0] == "python|-m|pytest|-k|a or b|tests/doors"
    assert f"in {tree.root}" in lines


def test_the_storms_run_in_the_root_and_need_no_browser(tree: Tree) -> None:
    ended = tree.run("faults", "--only", "clock", start="import os; os.geteuid = lambda: 1000")
    assert ended.returncode == 3
    assert ended.stdout.splitlines()[0] == "python|-m|tests.faults|--only|clock"
    assert f"in {tree.root}" in ended.stdout
    assert "Chromium" not in ended.stderr


def test_a_missing_browser_is_told_and_in_ci_stops_the_tests(tree: Tree) -> None:
    alone = tree.run("test", start="import os; os.geteuid = lambda: 1000")
    assert alone.returncode == 3
    assert "Chromium がないので、ブラウザーを使うテストは飛ばします" in alone.stderr
    in_ci = tree.run("test", start="import os; os.geteuid = lambda: 1000", CI="true")
    assert in_ci.returncode == 1
    assert "Chromium がないので、テストを始められません" in in_ci.stderr
    assert in_ci.stdout == ""


def test_root_installs_a_missing_browser(tree: Tree) -> None:
    tree.program(
        "apt-get",
        """
        import sys
        from pathlib import Path
        with open(__file__ + ".calls", "a") as calls:
            print(*sys.argv[1:], file=calls)
        if "chromium" in sys.argv:
            browser = Path(__file__).with_name("chromium")
            browser.touch()
            browser.chmod(0o755)
        """,
    )
    ended = tree.run("test", start="import os; os.geteuid = lambda: 0", CI="true")
    assert ended.stdout.splitlines()[0] == "python|-m|pytest"
    update, install = (tree.bin / "apt-get.calls").read_text().splitlines()[:2]
    assert update.split()[0] == "update"
    assert install.split()[-2:] == ["chromium", "fonts-noto-cjk"]


def test_help_says_what_can_be_done_without_preparing(tree: Tree) -> None:
    ended = tree.run("--help", PYTHONIOENCODING="utf-8")
    assert ended.returncode == 0
    assert "./run test" in ended.stdout
    assert tree.syncs() == []


def test_the_script_of_continuous_integration_calls_the_tests(tree: Tree) -> None:
    shutil.copytree(REPOSITORY / ".ci", tree.root / ".ci")
    tree.program("chromium", "")
    for name in ("bash", "dirname", "env"):
        found = shutil.which(name)
        assert found
        (tree.bin / name).symlink_to(found)
    (tree.bin / "python3").symlink_to(sys.executable)
    ended = subprocess.run(
        [tree.root / ".ci" / "run", "-x"],
        env={"PATH": str(tree.bin)},
        cwd="/",
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert ended.returncode == 3
    assert ended.stdout.splitlines()[0] == "python|-m|pytest|-x"


def test_the_scripts_can_be_executed() -> None:
    for name in ("run", ".ci/run"):
        assert os.access(REPOSITORY / name, os.X_OK)
