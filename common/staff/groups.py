"""The groups of the roles, as `common.staff.roles` describes them, and who is in them."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed_apps
from django.apps.registry import Apps

from common.staff.roles import ROLES, Role


def groups_follow_roles(
    *, sender: AppConfig, using: str, apps: Apps = installed_apps, **_: Any
) -> None:
    """
    Give the group of each role exactly the permissions that it has in one app.

    After each `migrate`, app by app: an app's permissions are made at its end, so no migration
    could give them to anybody. Nothing is written where it is right already.
    """
    wanted = {role: _codenames(sender.label, role) for role in ROLES}
    if not any(wanted.values()):
        return
    try:
        groups = apps.get_model("auth", "Group").objects.using(using)
        permissions = apps.get_model("auth", "Permission").objects.using(using)
    except LookupError:  # migrated back to before there were any
        return
    rows = permissions.filter(content_type__app_label=sender.label)
    known = {permission.codename: permission for permission in rows}
    held = _held(groups, sender.label)
    for role, codenames in wanted.items():
        given, had = codenames & known.keys(), held[role]
        if given != had:
            group, _made = groups.get_or_create(name=role)
            group.permissions.add(*(known[name] for name in given - had))
            group.permissions.remove(*(known[name] for name in had - given))


def roles_set(user: Any, *, roles: Collection[str]) -> None:
    """Give somebody of staff exactly these roles; other groups of theirs stay."""
    groups = installed_apps.get_model("auth", "Group").objects
    user.groups.set([*user.groups.exclude(name__in=list(Role)), *groups.filter(name__in=roles)])


def roles_of(user: Any) -> list[str]:
    """The roles of somebody, in order."""
    groups = user.groups.filter(name__in=list(Role)).order_by("name")
    return list(groups.values_list("name", flat=True))


def _codenames(label: str, role: Role) -> set[str]:
    split = (name.split(".") for name in ROLES[role])
    return {codename for app, codename in split if app == label}


def _held(groups: Any, label: str) -> dict[str, set[str]]:
    """What the group of each role has of an app."""
    held: dict[str, set[str]] = defaultdict(set)
    rows = groups.filter(name__in=list(ROLES), permissions__content_type__app_label=label)
    for name, codename in rows.values_list("name", "permissions__codename"):
        held[name].add(codename)
    return held
