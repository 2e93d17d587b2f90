"""Staff of this console, to look at; a superuser changes their roles and locks them out."""

from dataclasses import replace
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from common.adminkit import display, time_shown
from common.staff.assigning import ASSIGN_ROLES, check_not_oneself
from common.staff.dialogs import Ask, Dialog, DialogAdmin, detail_dialog
from common.staff.errors import RolesOfTheOtherConsole
from common.staff.groups import roles_of
from transactions.sign_on.accounts import signs_on, with_sign_on

# Django's own pages edit: roles are what roles.py says, and who has them is on the record.
admin.site.unregister(Group)
admin.site.unregister(User)


def _active_set(user: User, ask: Ask, *, active: bool) -> None:
    check_not_oneself(user, ask)
    user.is_active = active
    user.save(update_fields=["is_active"])


def _lock(user: User, ask: Ask) -> str:
    _active_set(user, ask, active=False)
    return f"{user} is locked out."


def _unlock(user: User, ask: Ask) -> str:
    _active_set(user, ask, active=True)
    return f"{user} may sign in again."


def _active(user: User) -> dict[str, Any]:
    return {"active": user.is_active}


def _assign(user: User, ask: Ask) -> str:
    if signs_on(user):
        raise RolesOfTheOtherConsole
    return ASSIGN_ROLES.act(user, ask)


ASSIGN_LOCAL_ROLES = replace(
    ASSIGN_ROLES, act=_assign, fits=lambda user: user.is_staff and not signs_on(user)
)
LOCK = Dialog[User](
    action="staff.lock",
    label="Lock out",
    permission="staff.assign_roles",
    tells=lambda _: ("They are out of this console at once, and cannot sign in to it.",),
    act=_lock,
    state=_active,
    fits=lambda user: user.is_active,
    icon="block",
    dangerous=True,
)
UNLOCK = Dialog[User](
    action="staff.unlock",
    label="Let in again",
    permission="staff.assign_roles",
    tells=lambda _: ("They may sign in to this console again.",),
    act=_unlock,
    state=_active,
    fits=lambda user: not user.is_active,
    icon="undo",
)


@admin.register(User)
class StaffAdmin(DialogAdmin):
    list_display = ("username", "email", "is_active", "is_superuser", "shown_sign_in")
    list_filter = ("is_active", "is_superuser", "groups")
    search_fields = ("username__startswith", "email__startswith")
    ordering = ("-id",)
    fields = readonly_fields = (
        "username",
        "email",
        "shown_way_in",
        "is_active",
        "is_superuser",
        "shown_roles",
        "shown_joined",
        "shown_sign_in",
    )
    actions_detail = ("assign_roles", "lock", "unlock")
    assign_roles = detail_dialog(ASSIGN_LOCAL_ROLES)
    lock = detail_dialog(LOCK)
    unlock = detail_dialog(UNLOCK)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return with_sign_on(super().get_queryset(request))

    @display(description="Way in")
    def shown_way_in(self, user: Any) -> str:
        return "The users console" if user.from_users_console else "An account of this console"

    @display(description="Roles")
    def shown_roles(self, user: User) -> str:
        return ", ".join(roles_of(user))

    @display(description="Made")
    def shown_joined(self, user: User) -> SafeString:
        return time_shown(user.date_joined)

    @display(description="Last sign-in")
    def shown_sign_in(self, user: User) -> SafeString:
        return time_shown(user.last_login)
