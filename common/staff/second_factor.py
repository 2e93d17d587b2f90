"""
The second factor: who must have one, who has one, and codes that work once.

allauth keeps the authenticators and runs the flows; it remembers used codes in a cache, and for
less time than they are valid where it allows for clocks that differ. We keep the last time step
that was used beside the secret instead (RFC 6238, section 5.2).
"""

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest

_TYPES = (Authenticator.Type.TOTP,)


def second_factor_exists(user: Any) -> bool:
    """Whether somebody has an authenticator; recovery codes alone are none."""
    return Authenticator.objects.filter(user_id=user.pk, type__in=_TYPES).exists()


def second_factor_missing(user: Any) -> bool:
    """Whether somebody must have an authenticator, and has none: staff, where it is required."""
    return bool(settings.STAFF_MFA_REQUIRED and user.is_staff and not second_factor_exists(user))


def second_factor_passed(request: HttpRequest) -> bool:
    """Whether who is signed in has shown a code in this very session."""
    user = request.user
    if isinstance(user, AnonymousUser):
        return False
    return any(record["method"] == "mfa" for record in get_authentication_records(request, user))


def totp_step_of(*, secret: str, code: str) -> int | None:
    """The time step that a code belongs to, among those that are accepted now; None for none."""
    for step in totp.yield_hotp_counters_from_time():
        expected = totp.format_hotp_value(totp.hotp_value(secret, step))
        if totp.compare_user_code(actual=code, expected=expected):
            return step
    return None


def totp_step_use(*, authenticator_id: int, step: int) -> bool:
    """
    Consume a time step, and every one before it; False when it was consumed before.

    One UPDATE decides, so of any number of uses at the same moment one is the first.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mfa_authenticator"
            " SET data = jsonb_set(data, '{last_step}', to_jsonb(%s::bigint))"
            " WHERE id = %s AND coalesce((data ->> 'last_step')::bigint, -1) < %s",
            [step, authenticator_id, step],
        )
        return cursor.rowcount == 1


def code_used_up(form: Any, code: str) -> str:
    """Use a code up that a form of allauth has found right; one that was used is wrong."""
    if not _code_use(form.authenticator, code):
        form._emit_authentication_failed(form.authenticator)  # noqa: SLF001  allauth's own forms call it
        raise get_adapter().validation_error("incorrect_code")
    return code


def _code_use(authenticator: Authenticator, code: str) -> bool:
    if authenticator.type != Authenticator.Type.TOTP:
        return True  # recovery codes are struck out as they are found right
    step = totp_step_of(secret=decrypt(authenticator.data["secret"]), code=code)
    return step is not None and totp_step_use(authenticator_id=authenticator.pk, step=step)


class CodeForm(AuthenticateForm):
    """A code in the second step of signing in to a console."""

    def clean_code(self) -> str:
        return code_used_up(self, super().clean_code())
