"""A workspace where somebody bakes and others decide, and servers look at it."""

import pytest

from tests.approvals.live.houses import APPLICATION, new_house


@pytest.fixture(scope="module")
def application():
    return APPLICATION


@pytest.fixture
def house(live_database):
    return new_house(live_database)
