"""Housekeeping that may run twice, late or not at all."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from users.identity import key_rotation, tokens, trail


@shared_task
def refresh_tokens_purge() -> int:
    """Delete refresh tokens that expired longer ago than they lived."""
    lifetime = timedelta(seconds=settings.REFRESH_TOKEN_LIFETIME_S)
    return tokens.refresh_tokens_purge(before=timezone.now() - lifetime)


@shared_task
def login_events_prune() -> int:
    """Delete what the trail of sign-ins has kept for long enough."""
    kept = timedelta(days=settings.LOGIN_EVENTS_KEEP_DAYS)
    return trail.login_events_prune(before=timezone.now() - kept)


@shared_task
def signing_key_retire() -> bool:
    """Remove a signing key whose last token has expired, after `rotate_signing_key`."""
    return key_rotation.signing_key_retire(at=timezone.now()) is not None
