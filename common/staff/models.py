"""The record of what staff did in a console."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.ids import uuid7

REASON_MIN = 3
REASON_MAX = 500


class StaffAction(models.Model):
    """
    One thing that somebody of staff did, and why; written once, in the transaction that did it.

    Who acted is kept as text: the record outlives accounts. `action` is what was done
    (`user.suspend`), `target_type` a model (`identity.user`) or another name of what it was done
    to. `before` and `after` are what the target was and became, None where there is nothing to
    compare.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(db_default=Now())
    actor_id = models.CharField("actor", max_length=64)
    actor_email = models.CharField(max_length=254)
    action = models.CharField(max_length=64)
    target_type = models.CharField(max_length=100)
    target_id = models.CharField("target", max_length=100, blank=True, default="")
    reason = models.CharField(max_length=REASON_MAX)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    request_id = models.CharField(max_length=64, blank=True, default="")
    ip = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        db_table = "staff_action"
        verbose_name = "staff action"
        permissions: ClassVar = [
            ("assign_roles", "Can say which roles staff have"),
            ("export_lists", "Can export lists"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="staff_action_has_actor_action_and_target",
                condition=~Q(actor_id="") & ~Q(action="") & ~Q(target_type=""),
            ),
            models.CheckConstraint(
                # Three characters or more, without spaces around them.
                name="staff_action_has_reason",
                condition=Q(reason__regex=r"^\S.+\S$"),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="staff_action_of_target", fields=["target_id", "-id"]),
            models.Index(name="staff_action_by_actor", fields=["actor_email", "-id"]),
            models.Index(name="staff_action_by_action", fields=["action", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target_id} by {self.actor_email or self.actor_id}"


class SavedView(models.Model):
    """A filtered list that somebody keeps under a name, for themselves or for a role."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    listed = models.CharField(max_length=100, help_text="The model of the list.")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000, help_text="The query string of the list.")
    shared_with = models.ForeignKey(
        "auth.Group", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        db_table = "staff_saved_view"
        verbose_name = "saved view"
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="saved_view_once_per_name", fields=["owner", "listed", "name"]
            ),
        ]

    def __str__(self) -> str:
        return self.name
