"""Sign-ins and their refresh tokens."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from common.ids import uuid7
from users.identity.models.user import User


class TokenFamily(models.Model):
    """
    One sign-in: an allauth session and every token that descends from it.

    The id is the `sid` of its access tokens. The key of the session is never in a token: it
    would work as a session token. `ip`, `user_agent` and `last_seen_at` are of the last time that
    tokens were given.
    """

    class EndReason(models.TextChoices):
        REUSE = "reuse", "A refresh token was used twice"
        NOT_ACTIVE = "not_active", "The user is not active any more"
        SIGNED_OUT = "signed_out", "The user signed out"
        REVOKED = "revoked", "The user ended it from elsewhere"
        PASSWORD = "password", "The password was changed or reset"
        MFA_RESET = "mfa_reset", "Staff removed the second factor"
        STAFF = "staff", "Staff ended it"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="token_families")
    session_key = models.CharField(max_length=40)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_seen_at = models.DateTimeField(default=timezone.now, editable=False)
    ip = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=200, blank=True, default="")
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=16, choices=EndReason.choices, blank=True, default="")

    class Meta:
        db_table = "token_family"
        verbose_name_plural = "token families"
        constraints: ClassVar = [
            models.UniqueConstraint(name="token_family_session_once", fields=["session_key"]),
        ]
        indexes: ClassVar = [models.Index(name="token_family_by_end", fields=["end_reason", "id"])]

    def __str__(self) -> str:
        return str(self.id)


class RefreshToken(models.Model):
    """A refresh token by its hash; it works once, and a second use ends its family."""

    jti = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    family = models.ForeignKey(TokenFamily, on_delete=models.CASCADE, related_name="tokens")
    token_hash = models.BinaryField(help_text="SHA-256 of the token.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "refresh_token"
        constraints: ClassVar = [
            models.UniqueConstraint(name="refresh_token_hash_once", fields=["token_hash"]),
        ]

    def __str__(self) -> str:
        return str(self.jti)
