"""Which roles staff have: superusers say so, on the record, and never of themselves."""

import pytest
from django.urls import reverse

from common.staff.groups import roles_of
from common.staff.models import StaffAction
from common.staff.roles import Role
from tests.factories.users import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss():
    return UserFactory(staff=True)


def send(console, user, roles):
    return console.post(
        reverse("admin:identity_user_assign_roles", args=[user.pk]),
        {"confirm": "yes", "reason": "They changed teams.", "roles": roles},
    )


def test_are_exactly_what_was_chosen(console_of, boss, staff_with):
    user = staff_with(Role.SUPPORT, Role.AUDITOR)

    send(console_of(boss), user, ["controller", "auditor"])

    record = StaffAction.objects.get()
    assert roles_of(user) == ["auditor", "controller"]
    assert (record.action, record.target_id) == ("staff.assign_roles", str(user.pk))
    assert record.before == {"roles": ["auditor", "support"]}
    assert record.after == {"roles": ["auditor", "controller"]}


@pytest.mark.parametrize("roles", [["superuser"], ["controller", "x"], ["%s"]])
def test_are_roles_that_there_are(console_of, boss, staff_with, roles):
    user = staff_with(Role.SUPPORT)

    answer = send(console_of(boss), user, roles)

    assert answer.context["form"].errors["roles"]
    assert roles_of(user) == ["support"]


def test_are_not_given_to_oneself(console_of, boss):
    answer = send(console_of(boss), boss, ["controller"])

    assert "Nobody changes their own roles" in answer.content.decode()
    assert roles_of(boss) == []


@pytest.mark.parametrize("role", list(Role))
def test_are_not_given_by_anybody_else(console_of, staff_with, role):
    somebody = staff_with(role)

    assert send(console_of(somebody), staff_with(), ["controller"]).status_code == 403
    assert send(console_of(somebody), somebody, ["controller"]).status_code == 403


def test_are_of_staff_only(console_of, boss):
    customer = UserFactory()

    answer = send(console_of(boss), customer, ["controller"])

    assert "Only staff have roles" in answer.content.decode()
    assert roles_of(customer) == []
    assert not StaffAction.objects.exists()
