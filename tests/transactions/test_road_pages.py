"""The road in the console of transactions."""

import pytest
from django.test import Client

from tests.common import road_pages
from tests.factories.transactions import StaffFactory


@pytest.fixture
def staff(db):
    client = Client()
    client.force_login(StaffFactory())
    return client


@pytest.fixture
def clerk(db):
    client = Client()
    client.force_login(StaffFactory(is_superuser=False))
    return client


class TestResolvePages(road_pages.ResolvePages):
    """Of transactions."""


class TestParkedStreams(road_pages.ParkedStreams):
    """Of transactions."""


class TestDeadLetterPages(road_pages.DeadLetterPages):
    """Of transactions."""


class TestRoadPages(road_pages.RoadPages):
    """Of transactions."""
