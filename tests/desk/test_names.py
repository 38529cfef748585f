"""What a role covers, and how a reader is shown to who may not know them."""

from tracker.desk import roles
from tracker.desk.devices import device
from tracker.desk.names import Names
from tracker.words import Role

RANKS = list(Role)


def test_what_is_not_in_the_table_is_open_to_nobody() -> None:
    assert not roles.may(Role.ADMIN, "desk.forgotten.page")


def test_a_later_role_may_all_that_an_earlier_one_may() -> None:
    for n, role in enumerate(RANKS):
        assert [role.covers(other) for other in RANKS] == [m <= n for m in range(len(RANKS))]


def test_masking_leaves_no_address_in_a_sentence() -> None:
    names = Names(whole=False)
    told = names.told('550 <a.b+c@example.jp>: "x@y.example" no such user; ab@例え.jp')
    for secret in ("a.b", "+c", "x@y", "ab@"):
        assert secret not in told
    assert Names(whole=True).told("550 <a@example.jp>") == "550 <a@example.jp>"


def test_a_browser_is_named_so_that_its_owner_knows_it() -> None:
    windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    assert device(f"{windows} Chrome/142.0.0.0 Safari/537.36 Edg/142.0") == "Edge・Windows"
    iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Safari/604.1"
    assert device(iphone) == "Safari・iPhone"
    assert device("<script>") == "不明なブラウザー"
