"""The audit log: what it keeps, what it does not, and that nobody can change it."""

import getpass
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, update
from sqlalchemy.exc import DatabaseError

from nurture_worker.cli import main
from nurture_worker.tools import tools
from tests.conftest import NOW, House
from tests.desk.conftest import EMAIL, PASSWORD, Browser, token_in, words_of
from tests.desk.story import Story
from tracker.store import audit, tables
from tracker.store.audit import Entry
from tracker.store.engine import open_store, reading, writing
from tracker.words import Act, Role

only_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def kept(house: House, **wanted: object) -> list[Entry]:
    with reading(house.context.engine) as connection:
        return audit.entries(connection, **wanted)[0]  # type: ignore[arg-type]


def test_the_database_itself_lets_nobody_change_or_remove_a_line(store_url: str) -> None:
    engine = open_store(store_url)
    with writing(engine) as connection:
        audit.record(connection, NOW, "a@example.jp", Act.SIGN_IN, network="203.0.113.0/24")
    for change in (update(tables.audit).values(actor="b"), delete(tables.audit)):
        with pytest.raises(DatabaseError, match="append-only"), writing(engine) as connection:
            connection.execute(change)
    with reading(engine) as connection:
        ((entry,), more) = audit.entries(connection)
    assert (entry.actor, entry.act, entry.at, more) == ("a@example.jp", Act.SIGN_IN, NOW, None)
    engine.dispose()


@only_sqlite
def test_sign_ins_are_kept_with_a_network_that_names_no_one(
    house: House, stranger: Browser, browser: Browser
) -> None:
    stranger.sign_in(password="not-the-password")
    stranger.sign_in(email="taro-the-reader@example.jp", password="x")
    stranger.sign_in(email="my-secret-password", password="x")
    browser.post("/desk/signout", seen="/desk/")
    lines = kept(house)
    assert [(e.act, e.actor, e.about) for e in reversed(lines)] == [
        (Act.SIGN_IN, EMAIL, ""),
        (Act.SIGN_IN_FAILED, audit.NOBODY, f"account:{EMAIL}"),
        (Act.SIGN_IN_FAILED, audit.NOBODY, ""),
        (Act.SIGN_IN_FAILED, audit.NOBODY, ""),
        (Act.SIGN_OUT, EMAIL, ""),
    ]
    assert {e.network for e in lines} == {"127.0.0.0/24"}
    for secret in ("not-the-password", "taro-the-reader", "my-secret", PASSWORD):
        assert secret not in str(lines)


@only_sqlite
def test_exports_and_changes_are_kept_and_shown_to_admins(
    house: House, browser: Browser, browser_of: Callable[[Role], Browser]
) -> None:
    with writing(house.context.engine) as connection:
        Story(connection).reader("taro", name="山田 太郎")
        Story(connection).reader("jiro")
    marketer = browser_of(Role.MARKETER)
    marketer.get("/desk/readers.csv?q=taro@example.jp")
    marketer.client.head("/desk/readers.csv")
    marketer.post("/desk/readers/taro/record.zip", seen="/desk/readers/taro")
    browser.post("/desk/readers/taro/erasure", address="taro@example.jp")
    acts = [(e.actor, e.act, e.about, e.details) for e in reversed(kept(house))][1:]
    assert acts == [
        ("marketer@example.jp", Act.READERS_EXPORTED, "",
         {"rows": 1, "stage": None, "searched": True}),
        ("marketer@example.jp", Act.READER_EXPORTED, "reader:taro", {}),
        (EMAIL, Act.READER_ERASED, "reader:taro", {}),
    ]  # fmt: skip
    assert "taro@" not in str(acts), "what was looked for may name a reader"
    page = words_of(browser.get("/desk/audit").text)
    for told in ("読者一覧の書き出し", "1人、検索で絞り込み", "読者 taro", "読者の消去"):
        assert told in page, told
    assert "太郎" not in page


@only_sqlite
def test_the_log_is_filtered_by_who_and_what_and_turned(house: House, browser: Browser) -> None:
    with writing(house.context.engine) as connection:
        for n in range(230):
            actor = "shell:root" if n % 2 else "taro@example.jp"
            audit.record(connection, NOW, actor, Act.SESSIONS_ENDED, sessions=n)
    first = browser.get("/desk/audit").text
    assert "229台" in first
    assert "コマンド（root）" in first
    assert "100台" not in first
    following = first.partition('href="/desk/audit?before=')[2].partition('"')[0]
    assert "100台" not in browser.get(f"/desk/audit?before={following}").text.partition("229")[2]
    assert ">50台<" not in first
    mine = browser.get(f"/desk/audit?actor={EMAIL}").text
    assert "229台" not in mine
    assert words_of(mine).count("サインイン ") >= 1
    assert "229台" not in browser.get("/desk/audit?act=sign_in").text
    assert "あてはまる記録はありません" in browser.get("/desk/audit?act=account_removed").text


@only_sqlite
def test_a_filter_that_is_not_on_the_list_filters_nothing(browser: Browser) -> None:
    for query in (
        "act=nothing", "actor=%27%20OR%201=1--", "before=x", "before=-1", "before=9" * 30,
        "before=%EF%BC%91", "order=actor;drop%20table%20audit", "act[]=x",
    ):  # fmt: skip
        answer = browser.get(f"/desk/audit?{query}")
        assert answer.status_code == 200, query
        assert "サインイン" in answer.text, query


def run(house: House, monkeypatch: pytest.MonkeyPatch, *words: str, typed: str = "") -> Result:
    settings = house.context.settings
    told = {
        "DATA": settings.data,
        "ROOT": settings.root,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "BASE_URL": settings.base_url,
        "SECRET_KEYS": settings.secret_keys,
    }
    for name, value in told.items():
        monkeypatch.setenv(f"SODATE_{name}", str(value))
    tools.cache_clear()
    try:
        return CliRunner().invoke(main, list(words), input=typed)
    finally:
        tools.cache_clear()


@only_sqlite
def test_what_is_done_from_a_shell_is_kept_too(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    jiro = "jiro@example.jp"
    secret = f"{PASSWORD}\n{PASSWORD}\n"
    for words, typed in (
        (("user", "add", "Jiro@Example.jp", "--role", "admin"), secret),
        (("user", "invite", "--role", "viewer", "--email", "saburo@example.jp"), ""),
        (("user", "add", "shiro@example.jp"), secret),
        (("user", "role", "shiro@example.jp", "viewer"), ""),
        (("user", "password", jiro), "a-new-password-x\na-new-password-x\n"),
        (("user", "signout", jiro), ""),
        (("user", "remove", "shiro@example.jp"), "y\n"),
    ):
        done = run(house, monkeypatch, *words, typed=typed)
        assert done.exit_code == 0, (words, done.output)
    lines = list(reversed(kept(house)))
    assert [(e.act, e.about) for e in lines] == [
        (Act.ACCOUNT_MADE, f"account:{jiro}"),
        (Act.ACCOUNT_INVITED, "account:saburo@example.jp"),
        (Act.ACCOUNT_MADE, "account:shiro@example.jp"),
        (Act.ROLE_CHANGED, "account:shiro@example.jp"),
        (Act.PASSWORD_CHANGED, f"account:{jiro}"),
        (Act.SESSIONS_ENDED, f"account:{jiro}"),
        (Act.ACCOUNT_REMOVED, "account:shiro@example.jp"),
    ]
    assert {e.actor for e in lines} == {f"shell:{getpass.getuser()}"}
    listed = run(house, monkeypatch, "user", "list").output
    assert listed.splitlines() == [
        f"{jiro}\t管理者\tサインイン中 0台",
        "saburo@example.jp\t閲覧者\t招待中",
    ]


@only_sqlite
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("user", "role", "nobody@example.jp", "viewer"), "というアカウントはありません"),
        (("user", "remove", EMAIL, "--yes"), "最後の管理者は外せません"),
        (("user", "invite", "--email", "nonsense"), "@"),
        (("user", "add", EMAIL, "--password", PASSWORD), "もうあります"),
        (("user", "add", "a@example.jp", "--password", "short"), "12文字以上"),
        (("reader", "export", "nobody@example.jp", "out"), "という読者はいません"),
        (("reader", "erase", "nobody@example.jp", "--yes"), "という読者はいません"),
    ],
)
def test_what_cannot_be_done_from_a_shell_is_one_sentence(
    house: House,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    told: str,
) -> None:
    before = len(kept(house))
    done = run(house, monkeypatch, *words)
    assert done.exit_code == 1
    assert told in done.output
    assert "Traceback" not in done.output
    assert len(kept(house)) == before


@only_sqlite
def test_a_readers_export_and_erasure_from_a_shell_keep_the_id_alone(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with writing(house.context.engine) as connection:
        Story(connection).reader("taro", name="山田 太郎")
    out = str(tmp_path / "out")
    assert run(house, monkeypatch, "reader", "export", "taro@example.jp", out).exit_code == 0
    assert run(house, monkeypatch, "reader", "erase", "taro@example.jp", "--yes").exit_code == 0
    lines = kept(house)
    assert [(e.act, e.about) for e in lines] == [
        (Act.READER_ERASED, "reader:taro"),
        (Act.READER_EXPORTED, "reader:taro"),
    ]
    assert "example" not in str(lines)


@only_sqlite
def test_a_change_that_fails_leaves_no_line(house: House, browser: Browser) -> None:
    token = token_in(browser.get("/desk/accounts").text)
    data = {"csrf_token": token, "role": "viewer"}
    with reading(house.context.engine) as connection:
        own = connection.execute(tables.accounts.select()).one().id
    answer = browser.client.post(f"/desk/accounts/{own}/role", data=data)
    assert answer.status_code == 422
    assert [e.act for e in kept(house)] == [Act.SIGN_IN]
