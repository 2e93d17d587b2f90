"""
The second factor: who must have one, who has one, and codes that work once.

allauth keeps the authenticators and runs the flows; it remembers used codes in a cache, and for
less time than they are valid where it allows for clocks that differ. We keep the last time step
that was used beside the secret instead (RFC 6238, section 5.2).
"""

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest

from users.identity.models import User

_TYPES = (Authenticator.Type.TOTP,)


def second_factor_exists(user: User) -> bool:
    """Whether somebody has an authenticator; recovery codes alone are none."""
    return Authenticator.objects.filter(user_id=user.pk, type__in=_TYPES).exists()


def second_factor_missing(user: User) -> bool:
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
