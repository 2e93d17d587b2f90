"""People, and what became of them."""

from collections.abc import Iterator
from typing import ClassVar

import pgtrigger
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from common.ids import uuid7
from users.identity.emails import email_canonical
from users.identity.hourly import TALLY_OF_MOVED, TALLY_OF_SIGNED_UP


class UserManager(BaseUserManager["User"]):
    """Finds people by e-mail; making one is `user_register`, because its event must be told."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=email_canonical(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    """
    Somebody with an account.

    `email` is canonical (see `email_canonical`) and therefore unique as it stands. Only an
    active user signs in, refreshes and makes transactions.
    """

    class Status(models.TextChoices):
        PENDING_VERIFICATION = "pending_verification", "Pending verification"
        ACTIVE = "active", "Active"
        SUSPENDED = "suspended", "Suspended"
        CLOSING = "closing", "Closing"
        CLOSED = "closed", "Closed"

    class Role(models.TextChoices):
        USER = "user", "User"
        TREASURY = "treasury", "Treasury"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(help_text="Canonical; mail goes to exactly this address.")
    status = models.CharField(
        max_length=20, choices=Status.choices, default=Status.PENDING_VERIFICATION
    )
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.USER)
    display_name = models.CharField(max_length=100, blank=True, default="")
    is_staff = models.BooleanField(default=False, help_text="May sign in to this console.")
    sessions_epoch = models.PositiveIntegerField(
        default=0, editable=False, help_text="Raised to end every session at once."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        db_table = "user_account"
        verbose_name = "user"
        permissions: ClassVar = [
            ("suspend_user", "Can suspend users"),
            ("reinstate_user", "Can reinstate users"),
            ("close_user", "Can have users closed"),
            ("end_user_sessions", "Can end every session of a user"),
            ("reset_user_mfa", "Can remove the second factor of a user"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(name="user_email_once", fields=["email"]),
            models.CheckConstraint(name="user_email_canonical", condition=Q(email=Lower("email"))),
            models.CheckConstraint(
                name="user_status_known",
                condition=Q(
                    status__in=["pending_verification", "active", "suspended", "closing", "closed"]
                ),
            ),
            models.CheckConstraint(
                name="user_role_known", condition=Q(role__in=["user", "treasury"])
            ),
        ]
        # For the lists of staff: beginnings, and what few people are.
        indexes: ClassVar = [
            models.Index(name="user_by_email", fields=["email"], opclasses=["varchar_pattern_ops"]),
            models.Index(
                name="user_by_name", fields=["display_name"], opclasses=["varchar_pattern_ops"]
            ),
            models.Index(
                name="user_by_status", fields=["status", "id"], condition=~Q(status="active")
            ),
            models.Index(name="user_by_role", fields=["role", "id"], condition=~Q(role="user")),
            models.Index(name="user_staff", fields=["id"], condition=Q(is_staff=True)),
        ]
        triggers: ClassVar = [
            pgtrigger.FSM(
                name="user_status_arrows",
                field="status",
                condition=pgtrigger.AnyChange("status"),
                transitions=[
                    ("pending_verification", "active"),
                    ("pending_verification", "closing"),
                    ("active", "suspended"),
                    ("active", "closing"),
                    ("suspended", "active"),
                    ("suspended", "closing"),
                    ("closing", "closed"),
                    ("closing", "pending_verification"),
                    ("closing", "active"),
                    ("closing", "suspended"),
                ],
            ),
            pgtrigger.Trigger(
                name="user_tally_signed_up",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                func=TALLY_OF_SIGNED_UP,
            ),
            pgtrigger.Trigger(
                name="user_tally_moved",
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("status"),
                func=TALLY_OF_MOVED,
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_active(self) -> bool:  # type: ignore[override]  # nobody sets it
        """Whether Django and allauth may let this person in."""
        return self.status == self.Status.ACTIVE

    def get_session_auth_hash(self) -> str:
        """What a session must hold to be this user's; it changes with `sessions_epoch`, too."""
        return self._of_this_epoch(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """The same under earlier secret keys."""
        for known in super().get_session_auth_fallback_hash():
            yield self._of_this_epoch(known)

    def _of_this_epoch(self, known: str) -> str:
        return f"{known}.{self.sessions_epoch}"


class UserStatusChange(models.Model):
    """
    One change of a user's status since sign-up; written once, never changed.

    `actor` is `user:<id>`, `staff:<id>` or `system:<name>`. `code` is why the ledger refused to
    close them, `event_id` the event that told of the change: the ledger's answer names it.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="status_changes")
    from_status = models.CharField(max_length=20, choices=User.Status.choices)
    to_status = models.CharField(max_length=20, choices=User.Status.choices)
    actor = models.CharField(max_length=100)
    reason = models.TextField(blank=True, default="")
    code = models.CharField(max_length=64, blank=True, default="")
    event_id = models.UUIDField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "user_status_change"
        verbose_name = "status change"
        constraints: ClassVar = [
            models.CheckConstraint(name="user_status_change_has_actor", condition=~Q(actor="")),
            models.CheckConstraint(
                name="user_status_change_changes", condition=~Q(from_status=F("to_status"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_status} → {self.to_status} by {self.actor}"
