"""A house in which every door is open."""

import pytest

from tests.conftest import House
from tests.more_content import NEWSLETTER_PAGE, VIDEO_PAGE, publish, seminar_page


@pytest.fixture
def open_house(house: House) -> House:
    publish(house, seminar_page(), NEWSLETTER_PAGE, VIDEO_PAGE)
    return house
