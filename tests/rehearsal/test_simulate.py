"""The time machine: another site/ held against what was really sent, before it goes live."""

from datetime import timedelta
from pathlib import Path

import pytest

from nurture_worker.rehearsal.simulating import lines, simulate
from tests.conftest import NOW, House
from tests.content import FIRM, catalogue
from tests.scenarios.test_trusted_scenarios import BRANCH, arrivals, interest, occasion, publish
from tests.walking import become_a_reader, path_in
from tracker.catalogue import Catalogue
from tracker.catalogue.sendings import Sending
from tracker.store.engine import reading
from tracker.words import Entry, Stage

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def told(house: House, days: int, **changes: object) -> list[str]:
    """What it says of the last days, with ``changes`` to the catalogue of the working tree."""
    return told_of(house, days, catalogue(**changes))


def told_of(house: House, days: int, tree: Catalogue) -> list[str]:
    with reading(house.tools.engine) as connection:
        found = simulate(house.tools, connection, tree, days)
    return list(lines(found, house.tools, days))


@pytest.fixture
def lived(house: House) -> House:
    """A reader who got all four steps and followed the link of the second one."""
    publish(house)
    become_a_reader(house)
    arrivals(house, 3 * 24)
    house.click(path_in(house.postbox.mails[-1], "c"))
    house.work()
    arrivals(house, 6 * 24)
    assert len(house.postbox.mails) == 5
    return house


def scenarios(*changed: object) -> dict[str, object]:
    kept = [s for s in catalogue().scenarios if s.stage is not Stage.INTEREST]
    return {"scenarios": (*kept, *changed)}


def test_the_same_scenarios_would_have_sent_the_same(lived: House) -> None:
    assert told(lived, 20) == [
        "過去20日に、いまの site/ なら届いたはずの数（と、実際に送った数）:",
        "  interest / case: 1通（1通）",
        "  interest / consult: 1通（1通）",
        "  interest / detail: 1通（1通）",
        "  interest / thanks: 1通（1通）",
        "だれにとっても、何も変わりません",
    ]


def test_only_the_days_asked_for_are_told_and_who_was_under_way_goes_on(lived: House) -> None:
    found = told(lived, 5)  # from the evening of the fourth day
    assert found[1:] == [
        "  interest / consult: 1通（1通）",
        "  interest / detail: 1通（1通）",
        "だれにとっても、何も変わりません",
    ]


def test_a_branch_is_taken_by_what_readers_really_clicked(lived: House) -> None:
    found = told(lived, 20, **scenarios(BRANCH))
    assert "  interest / detail: 1通（1通）" in found
    assert not [line for line in found if "short" in line]


def test_another_day_and_a_step_taken_away_are_told_reader_by_reader(lived: House) -> None:
    later = interest(case={"day": 4})
    without = later.model_copy(update={"steps": tuple(s for s in later.steps if s.id != "consult")})
    found = told(lived, 20, **scenarios(without))
    assert found[-3:] == [
        "taro@example.jp:",
        "  11月06日 10:00 interest / case（実際は 11月05日 10:00）",
        "  interest / consult は届かない（実際は 11月09日 10:00 に送った）",
    ]


def test_the_firms_hours_are_tried_before_they_go_live(lived: House) -> None:
    office = FIRM.model_copy(update={"sending": Sending.model_validate({})})
    found = told(lived, 20, firm=office)
    assert "  11月04日 09:00 interest / thanks（実際は 11月03日 10:00）" in found


def test_a_page_that_is_gone_has_still_been_read(lived: House) -> None:
    known = catalogue()
    assert known.page_at("resources/guide/") is not None
    fewer = tuple(page for page in known.pages if page.url != "resources/guide/")
    assert told(lived, 20, pages=fewer)[-1] == "だれにとっても、何も変わりません"


def test_a_new_scenario_is_told_with_nothing_to_compare(lived: House) -> None:
    lived.clock.now = NOW + timedelta(days=100)
    dormant = occasion(Entry.DORMANT, 1, hold_out=0)
    both = {"scenarios": (*catalogue().scenarios, dormant)}
    found = told(lived, 99, **both)
    assert found[-1].endswith("dormant / on-1（実際には送っていない）")


def test_who_went_out_would_have_got_nothing_more(house: House) -> None:
    publish(house)
    become_a_reader(house)
    arrivals(house, 25)
    house.browser().post(path_in(house.postbox.mails[-1], "unsubscribe"), data={"stop": "yes"})
    house.work()
    house.clock.advance(days=10)
    assert told(house, 20)[1:] == [
        "  interest / thanks: 1通（1通）",
        "だれにとっても、何も変わりません",
    ]


def test_it_changes_nothing(lived: House, tmp_path: Path) -> None:
    before = (len(lived.postbox.mails), lived.clock.now)
    told(lived, 20, **scenarios(interest(case={"day": 2})))
    lived.work()
    assert (len(lived.postbox.mails), lived.clock.now) == before
