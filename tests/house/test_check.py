"""``sodate check`` and ``sodate new`` as an editor runs them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nurture_worker.cli import main
from tests.catalogue.small_site import FILES, changed, write_site
from tests.desk.story import Story
from tracker.store import rollups
from tracker.store.engine import open_store, writing

GOOD = "site/pages/articles/good.md"
STEP = "site/scenarios/interest/1-hello.md"


def sodate(root: Path, *words: str) -> Result:
    env = {"SODATE_ROOT": str(root), "SODATE_DATA": str(root / "var"), "SODATE_DATABASE_URL": ""}
    return CliRunner().invoke(main, list(words), env=env)


def test_a_problem_fails_and_a_hint_does_not(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"site/whitepapers/old.pdf": "%PDF"})
    right = sodate(root, "check")
    assert right.exit_code == 0
    assert "ヒント: site/whitepapers/old.pdf:1: この資料を渡すフォームがありません" in right.stdout
    assert "問題はありません（5ページ、1シナリオ、ヒント" in right.stdout
    write_site(root, changed(GOOD, "stage: awareness", "stage: trus"))
    wrong = sodate(root, "check")
    assert wrong.exit_code == 1
    assert f"{GOOD}:5:8: stage「trus」は使えません（もしかして: trust" in wrong.stderr
    assert "ヒント: site/whitepapers/old.pdf" in wrong.stdout


def test_a_program_gets_every_finding_with_its_place(tmp_path: Path) -> None:
    root = write_site(tmp_path, changed(GOOD, "stage: awareness", "stage: trus"))
    found = sodate(root, "check", "--json")
    assert found.exit_code == 1
    told = json.loads(found.stdout)
    assert (told["format"], told["ok"]) == ("sodate-check/1", False)
    first = told["problems"][0]
    assert (first["path"], first["line"], first["column"]) == (GOOD, 5, 8)
    write_site(root)
    told = json.loads(sodate(root, "check", "--json").stdout)
    assert (told["ok"], told["problems"]) == (True, [])


def test_it_tells_what_changed_in_the_scenarios_since_the_last_build(tmp_path: Path) -> None:
    root = write_site(tmp_path)
    assert "シナリオ interest" not in sodate(root, "check").stdout
    assert sodate(root, "build").exit_code == 0
    assert "シナリオ interest" not in sodate(root, "check").stdout
    write_site(root, changed(STEP, "subject: はじめまして", "subject: こんにちは"))
    lines = sodate(root, "check").stdout.splitlines()
    at = lines.index("シナリオ interest の変更:")
    assert lines[at + 1 : at + 3] == [
        f"  {STEP}: 文面を変更",
        "  途中の読者への影響は分かりません（データベースがまだありません）",
    ]
    assert sodate(root, "db", "upgrade").exit_code == 0
    lines = sodate(root, "check").stdout.splitlines()
    at = lines.index("シナリオ interest の変更（いま 0人が途中）:")
    assert lines[at + 1] == f"  {STEP}: 文面を変更。途中の読者への影響はありません"


def git(root: Path, *words: str) -> None:
    who = [f"GIT_{role}_{what}" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")]
    env = {**os.environ, **dict.fromkeys(who, "a@example.jp")}
    subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, env=env)


def test_it_compares_with_any_revision_of_git(tmp_path: Path) -> None:
    top = tmp_path / "top"
    root = write_site(top / "media")
    git(top, "init", "-q")
    git(top, "add", ".")
    git(top, "commit", "-qm", "first")
    (root / STEP).rename((root / STEP).with_name("2-hello.md"))
    write_site(
        root,
        {STEP: None, "site/scenarios/interest/2-hello.md": FILES[STEP].replace("day: 1", "day: 2")},
    )
    told = json.loads(sodate(root, "check", "--against", "HEAD", "--json").stdout)
    (step,) = told["scenarios"][0]["steps"]
    assert (step["step"], step["moved"], step["day_before"], step["day_after"]) == (
        "hello",
        True,
        1,
        2,
    )
    for unknown in ("no-such-branch", "--upload-pack=x"):
        refused = sodate(root, "check", f"--against={unknown}")
        assert refused.exit_code == 1
        assert f"「{unknown}」という版は git にありません" in refused.stderr
        assert "Traceback" not in refused.output


def test_a_page_that_readers_read_does_not_go_without_a_word(tmp_path: Path) -> None:
    root = write_site(tmp_path)
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    assert sodate(root, "build").exit_code == 0
    new = "site/pages/articles/better.md"
    (root / GOOD).rename(root / new)
    (root / STEP).write_text(FILES[STEP].replace("good.md", "better.md"))
    (root / "site/pages/index.md").write_text(FILES["site/pages/index.md"])
    for words in ((), ("--against", "HEAD")):
        told = sodate(root, "check", *words).stdout
        assert (
            f"ヒント: {GOOD}:1: ページがなくなりました。移したなら、移した先の aliases に"
            f" /articles/good/ と書きます（もしかして: {new}）"
        ) in told
    text = (root / new).read_text()
    (root / new).write_text(text.replace("stage:", "aliases: [/articles/good/]\nstage:", 1))
    assert "なくなりました" not in sodate(root, "check").stdout
    assert sodate(root, "build").exit_code == 0
    (root / new).write_text(text)
    told = sodate(root, "check").stdout
    assert f"{new}:1: 前のアドレス /articles/good/ が、どのページの aliases からも" in told


def test_only_what_was_read_is_told_of_where_the_store_knows(
    tmp_path: Path, empty_sqlite: Path
) -> None:
    root = write_site(tmp_path)
    assert sodate(root, "build").exit_code == 0
    (root / GOOD).unlink()
    (root / STEP).write_text(FILES[STEP].replace("[記事](/articles/good.md)", "記事"))
    shutil.copy(empty_sqlite, root / "var" / "sodate.db")
    assert "なくなりました" not in sodate(root, "check").stdout
    engine = open_store(f"sqlite:///{root / 'var' / 'sodate.db'}")
    with writing(engine) as connection:
        for view in ("a", "b"):
            Story(connection).view("articles/good/", view=view, visitor="v")
        rollups.take(connection)
    engine.dispose()
    assert "これまでに2回読まれたページがなくなりました" in sodate(root, "check").stdout


def test_scenarios_that_were_not_there_then_are_new(tmp_path: Path) -> None:
    root = write_site(tmp_path)
    git(root, "init", "-q")
    git(root, "add", "mkdocs.yml")
    git(root, "commit", "-qm", "first")
    told = json.loads(sodate(root, "check", "--against", "HEAD", "--json").stdout)
    assert [step["added"] for step in told["scenarios"][0]["steps"]] == [True]


def test_new_prints_the_path_alone_and_names_what_is_missing(tmp_path: Path) -> None:
    root = write_site(tmp_path)
    made = sodate(root, "new", "resource", "plan", "--title", "計画表", "--persona", "owner")
    assert made.exit_code == 0
    assert made.stdout == "site/pages/resources/plan.md\n"
    assert "資料「plan.pdf」が site/whitepapers にありません" in made.stderr
    assert "draft: true の行を消すと公開されます" in made.stderr
    assert sodate(root, "check").exit_code == 0
    again = sodate(root, "new", "resource", "plan")
    assert again.exit_code == 1
    assert "もうあります（上書きしません）" in again.stderr
    unknown = sodate(root, "new", "article", "x", "--stage", "trast")
    assert "stage「trast」は使えません（もしかして: trust。" in unknown.stderr


def test_checking_loads_no_database_while_the_scenarios_stand(tmp_path: Path) -> None:
    root = write_site(tmp_path)
    script = (
        "import sys; from nurture_worker.cli import main\n"
        "try: main(['check'])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "assert 'sqlalchemy' not in sys.modules and 'mkdocs' not in sys.modules"
    )
    env = {**os.environ, "SODATE_ROOT": str(root), "SODATE_DATA": str(root / "var")}
    done = subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", ["check", "new", "serve", "schema", "build", "bench"])
def test_every_command_of_editors_explains_itself(tmp_path: Path, command: str) -> None:
    shown = sodate(tmp_path, command, "--help")
    assert shown.exit_code == 0
    assert len(shown.stdout.splitlines()) > 3
