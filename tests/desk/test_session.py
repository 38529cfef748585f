"""Where a sign-in may lead."""

import pytest

from tracker.desk.session import own_path


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/desk/",
        "/\\evil.example",
        "/desk/\\evil",
        "https:evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "/inbox/",
        "/desk/\r\nSet-Cookie: a=b",
        " /desk/readers",
        "",
        None,
    ],
)
def test_only_a_page_of_the_desk_is_gone_to_after_the_sign_in(wanted: str | None) -> None:
    assert own_path(wanted) == "/desk/"


@pytest.mark.parametrize(
    "wanted", ["/desk/", "/desk/readers?stage=trust&q=%E5%B1%B1", "/desk/diagnosis/articles/why/"]
)
def test_a_page_of_the_desk_is_kept(wanted: str) -> None:
    assert own_path(wanted) == wanted
