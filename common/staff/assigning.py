"""Which roles somebody of staff has: a superuser says so, on the record."""

from typing import Any

from django import forms

from common.adminkit import CheckboxSelectMultiple
from common.staff.dialogs import Ask, Dialog, DialogForm
from common.staff.errors import RolesOfStaffOnly, RolesOfYourOwn
from common.staff.groups import roles_of, roles_set
from common.staff.roles import Role


def check_not_oneself(user: Any, ask: Ask) -> None:
    """Raise `RolesOfYourOwn` for whoever would change their own way in."""
    if str(user.pk) == ask.staff.id:
        raise RolesOfYourOwn


class RolesForm(DialogForm):
    """Asks which roles somebody is to have."""

    roles = forms.MultipleChoiceField(
        choices=[(role.value, role.value.capitalize()) for role in Role],
        required=False,
        widget=CheckboxSelectMultiple,
        help_text="Without any, they may sign in and see nothing.",
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["roles"].initial = roles_of(self.rows[0])


def _assign(user: Any, ask: Ask) -> str:
    check_not_oneself(user, ask)
    if not user.is_staff:
        raise RolesOfStaffOnly
    roles_set(user, roles=ask.fields["roles"])
    return f"{user} has these roles now: {', '.join(ask.fields['roles']) or 'none'}."


ASSIGN_ROLES = Dialog[Any](
    action="staff.assign_roles",
    label="Roles",
    permission="staff.assign_roles",
    tells=lambda _: (
        "What a role may do is in docs/staff.md.",
        "It holds from their next request.",
    ),
    act=_assign,
    state=lambda user: {"roles": roles_of(user)},
    fits=lambda user: bool(user.is_staff),
    form=RolesForm,
    icon="badge",
)
