"""The road in the console of users."""

import pytest
from django.test import Client

from tests.common import road_pages
from tests.factories.users import UserFactory


@pytest.fixture
def staff(db):
    client = Client()
    client.force_login(UserFactory(staff=True))
    return client


@pytest.fixture
def clerk(db):
    client = Client()
    client.force_login(UserFactory(is_staff=True))
    return client


class TestResolvePages(road_pages.ResolvePages):
    """Of users."""


class TestParkedStreams(road_pages.ParkedStreams):
    """Of users."""


class TestDeadLetterPages(road_pages.DeadLetterPages):
    """Of users."""


class TestRoadPages(road_pages.RoadPages):
    """Of users."""
