"""Who may what: every page and button has its role, and shows readers as far as the role goes."""

import re
from collections.abc import Callable, Iterator

import pytest
from werkzeug.routing import Rule

from tests.conftest import NOW, House
from tests.desk.conftest import Browser, token_in, words_of
from tests.desk.story import Story
from tracker.desk import roles
from tracker.store.engine import writing
from tracker.words import DeliveryState, Role, Stage

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

RANKS = list(Role)
VALUES = {"reader_id": "taro", "page": "articles/why/", "handoff_id": "task"}


def desk_rules(house: House) -> list[Rule]:
    return [r for r in house.app.url_map.iter_rules() if r.endpoint.startswith("desk.")]


def requests(house: House) -> Iterator[tuple[str, str, str]]:
    """Endpoint, method and path of everything that can be asked of the desk."""
    for rule in desk_rules(house):
        path = re.sub(r"<(?:path:)?(\w+)>", lambda m: VALUES.get(m[1], "made-up"), rule.rule)
        assert "<" not in path
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            yield rule.endpoint, method, path


def test_every_page_and_button_of_the_desk_has_its_role_in_the_table(house: House) -> None:
    endpoints = {rule.endpoint for rule in desk_rules(house)}
    assert endpoints == roles.OPEN | roles.DEMANDED.keys()
    assert not roles.OPEN & roles.DEMANDED.keys()


def test_all_paths_below_the_desk_are_the_desks(house: House) -> None:
    for rule in house.app.url_map.iter_rules():
        assert rule.rule.startswith("/desk") == rule.endpoint.startswith("desk."), rule


def test_without_a_sign_in_every_page_and_button_leads_to_it(
    house: House, stranger: Browser
) -> None:
    guarded = [asked for asked in requests(house) if asked[0] not in roles.OPEN]
    assert len(guarded) >= 25
    for _endpoint, method, path in guarded:
        answer = stranger.client.open(path, method=method)
        assert answer.status_code == 303, (method, path)
        assert answer.location.startswith("/desk/signin"), (method, path)


@pytest.mark.parametrize("role", RANKS)
def test_a_role_gets_what_the_table_gives_it_and_else_is_told_whom_to_ask(
    house: House, browser_of: Callable[[Role], Browser], role: Role
) -> None:
    browser_of(Role.ADMIN)
    with writing(house.context.engine) as connection:
        Story(connection).reader("taro", name="山田 太郎", stage=Stage.INTEREST)
    own = browser_of(role)
    token = token_in(own.get("/desk/account").text)
    seen = set()
    for endpoint, method, path in requests(house):
        if endpoint in roles.OPEN or "signout" in path:
            continue
        data = {"csrf_token": token} if method == "POST" else None
        answer = own.client.open(path, method=method, data=data)
        refused = answer.status_code == 403
        assert refused is not role.covers(roles.DEMANDED[endpoint]), (method, path)
        if refused and method != "HEAD":
            seen.add(endpoint)
            page = words_of(answer.text)
            assert f"「{roles.DEMANDED[endpoint].label}」の権限が要ります" in page
            assert "admin@example.jp" in page
            assert "太郎" not in page
    assert bool(seen) is (role is not Role.ADMIN)


@pytest.mark.parametrize("role", RANKS)
def test_every_button_wants_the_token_of_its_form(
    house: House, browser_of: Callable[[Role], Browser], role: Role
) -> None:
    own = browser_of(role)
    posts = [asked for asked in requests(house) if asked[1] == "POST"]
    assert len(posts) >= 12
    for endpoint, _method, path in posts:
        if endpoint not in roles.OPEN and not role.covers(roles.DEMANDED[endpoint]):
            continue
        for data in ({}, {"csrf_token": "made-up"}):
            answer = own.client.post(path, data={**data, "role": "viewer"})
            assert answer.status_code == 400, path
            assert "読み込み直して" in answer.text, path
    assert own.get("/desk/").status_code == 200


@pytest.mark.parametrize(
    ("role", "shown", "hidden"),
    [
        (
            Role.VIEWER,
            ["診断"],
            ["管理", "CSVで書き出す", "いま作り直す", "書き出す", "消去"],
        ),
        (Role.MARKETER, ["CSVで書き出す", "いま作り直す", "すべて書き出す"], ["管理", "消去"]),
        (Role.ADMIN, ["管理", "CSVで書き出す", "この読者を消去する"], []),
    ],
)
def test_a_page_offers_what_its_reader_may_do(
    house: House,
    browser_of: Callable[[Role], Browser],
    role: Role,
    shown: list[str],
    hidden: list[str],
) -> None:
    with writing(house.context.engine) as connection:
        Story(connection).reader("taro", name="山田 太郎")
    own = browser_of(role)
    pages = ("/desk/readers", "/desk/readers/taro", "/desk/diagnosis")
    texts = [own.get(path).text.partition("<body>")[2] for path in pages]
    texts[2] = texts[2].partition('<p class="panel empty">')[0]  # explains the button in words
    offered = "".join(texts)
    assert [word for word in shown if word not in offered] == []
    assert [word for word in hidden if word in offered] == []


def test_a_viewer_reads_reports_and_never_a_name_or_an_address(
    house: House, browser_of: Callable[[Role], Browser]
) -> None:
    with writing(house.context.engine) as connection:
        story = Story(connection)
        story.reader(
            "r1",
            name="山田 太郎",
            company="見本製作所",
            email="taro.yamada@example.jp",
            email_normalised="taro.yamada@example.jp",
            stage=Stage.INTEREST,
        )
        story.reader("r2", email="hana@example.jp", email_normalised="hana@example.jp")
        story.inquiry("r1", "03-0000-0000 の山田です。図面を見てください。")
        story.move("r1", Stage.INTEREST)
        answer = "550 <taro.yamada@example.jp>: no such user"
        story.mail("m1", "r1", DeliveryState.FAILED, reason=answer)
        story.mail("m2", "r1", DeliveryState.UNCERTAIN)
        story.mail("m3", None, DeliveryState.UNCERTAIN, recipient="staff@example.jp")
        story.mail("m4", "r1", DeliveryState.PLANNED, step="case", reason=answer, at=NOW)
    viewer, marketer = browser_of(Role.VIEWER), browser_of(Role.MARKETER)
    for path in ("/desk/", "/desk/readers", "/desk/readers/r1", "/desk/readers/r2"):
        page = viewer.get(path).text
        for secret in ("太郎", "taro.yamada", "hana@", "03-0000", "図面を", "staff@"):
            assert secret not in page, (path, secret)
    page = viewer.get("/desk/readers/r1").text
    assert "山●●" in page
    assert "見本製作所" in page
    assert "t●●@example.jp" in page
    page = marketer.get("/desk/readers/r1").text
    assert "山田 太郎" in page
    assert "taro.yamada@example.jp" in page
    assert "図面を見てください" in page


def test_who_may_not_see_an_address_cannot_look_for_one_either(
    house: House, browser_of: Callable[[Role], Browser]
) -> None:
    with writing(house.context.engine) as connection:
        Story(connection).reader("taro", name="山田 太郎")
        Story(connection).reader("hana", name="鈴木 花")
    viewer = browser_of(Role.VIEWER)
    assert 'name="q"' not in viewer.get("/desk/readers").text
    assert "鈴●●" in viewer.get("/desk/readers?q=taro").text
    assert "鈴木" not in browser_of(Role.MARKETER).get("/desk/readers?q=taro").text


def test_a_role_holds_from_the_next_request_on(
    house: House, browser_of: Callable[[Role], Browser]
) -> None:
    admin, other = browser_of(Role.ADMIN), browser_of(Role.MARKETER)
    assert other.get("/desk/readers.csv").status_code == 200
    page = admin.get("/desk/accounts").text
    path = next(
        part.partition('"')[0]
        for part in page.partition("marketer@example.jp")[2].split('action="')[1:]
    )
    answer = admin.client.post(path, data={"csrf_token": token_in(page), "role": "viewer"})
    assert answer.status_code == 303
    assert other.get("/desk/readers.csv").status_code == 403


def test_pages_under_one_word_are_offered_as_tabs_to_who_may_open_them(
    house: House, browser_of: Callable[[Role], Browser]
) -> None:
    def tabs(role: Role, path: str) -> list[str]:
        page = browser_of(role).get(path).text
        within = page.partition('<nav class="spans within"')[2].partition("</nav>")[0]
        return re.findall(r">([^<]+)</a>", within)

    assert tabs(Role.ADMIN, "/desk/audit") == ["利用者", "操作の記録"]
    assert tabs(Role.MARKETER, "/desk/mails") == ["送るメール", "クリックの見分け", "不明のメール"]
    assert tabs(Role.VIEWER, "/desk/clicks") == ["送るメール", "クリックの見分け"]
    assert tabs(Role.VIEWER, "/desk/readers") == []
