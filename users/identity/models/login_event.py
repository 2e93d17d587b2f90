"""The trail of sign-ins, and of what protects them."""

from typing import ClassVar

import pgtrigger
from django.contrib.postgres.indexes import HashIndex
from django.db import models
from django.db.models import Q

from users.identity.models.user import User

KEPT_DAYS_MIN = 90
"""The database lets nobody delete an event younger than this."""


class LoginEvent(models.Model):
    """
    Something that happened to somebody's sign-in; written once, and pruned when it is old.

    `user` is None when nobody has the address that was tried; `address_hash` tells then which
    attempts were about the same one, to whoever has the service's secret key. `detail` says
    more in one word (`totp`, `reauthentication`); `actor` and `reason` are of staff, and empty
    when it was the person themselves, or whoever pretended to be.
    """

    class Type(models.TextChoices):
        SIGNED_IN = "signed_in", "Signed in"
        SIGNED_ON = "signed_on", "Signed in to another console"
        SIGN_IN_FAILED = "sign_in_failed", "Sign-in failed"
        SIGNED_OUT = "signed_out", "Signed out"
        SIGN_UP_REPEATED = "sign_up_repeated", "Somebody signed up with this address again"
        MFA_PASSED = "mfa_passed", "Second factor accepted"
        MFA_FAILED = "mfa_failed", "Second factor refused"
        MFA_ADDED = "mfa_added", "Second factor set up"
        MFA_REMOVED = "mfa_removed", "Second factor removed"
        MFA_RESET = "mfa_reset", "Second factor removed by staff"
        RECOVERY_CODES_MADE = "recovery_codes_made", "Recovery codes made anew"
        PASSWORD_CHANGED = "password_changed", "Password changed"
        PASSWORD_RESET = "password_reset", "Password reset"
        REFRESH_REUSED = "refresh_reused", "A refresh token was used twice"
        SESSIONS_ENDED = "sessions_ended", "Sign-ins ended from elsewhere"

    # No constraint in the database: checking it would take longer where there is a user, and tell
    # addresses that somebody has from those that nobody has. The trail outlives whom it is about.
    user = models.ForeignKey(
        User,
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="login_events",
        db_constraint=False,
    )
    type = models.CharField(max_length=24, choices=Type.choices)
    detail = models.CharField(max_length=64, blank=True, default="")
    address_hash = models.BinaryField(null=True, blank=True, help_text="HMAC of the address.")
    ip = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=200, blank=True, default="")
    request_id = models.CharField(max_length=128, blank=True, default="")
    actor = models.CharField(max_length=100, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    happened_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "login_event"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="login_event_of_staff_has_actor",
                condition=~Q(type="mfa_reset") | (~Q(actor="") & ~Q(reason="")),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="login_event_of_user", fields=["user", "-id"]),
            # For the lists of staff.
            models.Index(name="login_event_by_type", fields=["type", "-happened_at", "-id"]),
            models.Index(name="login_event_by_address", fields=["ip"]),
            HashIndex(name="login_event_by_request", fields=["request_id"]),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="login_event_stays_as_it_is", operation=pgtrigger.Update),
            pgtrigger.Protect(
                name="login_event_stays_while_young",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Condition(
                    f"OLD.happened_at > clock_timestamp() - interval '{KEPT_DAYS_MIN} days'"
                ),
            ),
            pgtrigger.Trigger(
                name="login_event_is_not_truncated",
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                level=pgtrigger.Statement,
                func="RAISE EXCEPTION 'login_event is append-only';",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.happened_at.isoformat()}"
