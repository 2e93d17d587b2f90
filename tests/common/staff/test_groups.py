"""The groups of the roles are what roles.py says, after every migrate."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from common.staff.roles import ROLES, Role

pytestmark = pytest.mark.django_db

# Django's own model of people, which the transactions console has in the place of ours.
SWAPPED = "auth.view_user"


def held() -> dict[str, set[str]]:
    return {
        group.name: {
            f"{permission.content_type.app_label}.{permission.codename}"
            for permission in group.permissions.select_related("content_type")
        }
        for group in Group.objects.all()
    }


def of_this_service() -> dict[str, set[str]]:
    labels = {app.label for app in apps.get_app_configs()}
    return {
        role: {name for name in names if name.partition(".")[0] in labels} - {SWAPPED}
        for role, names in ROLES.items()
    }


def test_groups_have_exactly_what_their_roles_have():
    assert held() == of_this_service()


def test_migrate_takes_and_gives_back():
    support = Group.objects.get(name=Role.SUPPORT)
    support.permissions.add(Permission.objects.get(codename="suspend_user"))
    support.permissions.remove(Permission.objects.get(codename="view_user"))
    Group.objects.get(name=Role.AUDITOR).delete()

    call_command("migrate", verbosity=0)

    assert held() == of_this_service()


def test_migrate_writes_nothing_where_all_is_right(django_assert_max_num_queries):
    with django_assert_max_num_queries(1000) as asked:
        call_command("migrate", verbosity=0)

    changes = [query["sql"] for query in asked if "auth_group" in query["sql"]]
    assert changes
    assert all(statement.startswith("SELECT") for statement in changes)
