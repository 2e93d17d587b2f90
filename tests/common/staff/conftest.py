"""What the tests of staff share."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from common.staff.roles import Role
from tests.factories.users import UserFactory


@pytest.fixture
def staff_with(db):
    """Somebody of staff with a role, or with none."""

    def make(*roles: Role):
        user = UserFactory(is_staff=True)
        user.groups.set(Group.objects.filter(name__in=roles))
        return user

    return make


@pytest.fixture
def console_of():
    """The console as somebody sees it."""

    def make(user):
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def controller(staff_with):
    return staff_with(Role.CONTROLLER)


@pytest.fixture
def console(console_of, controller):
    return console_of(controller)
