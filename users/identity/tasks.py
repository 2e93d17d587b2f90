"""Housekeeping that may run twice, late or not at all."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from users.identity import tokens


@shared_task
def refresh_tokens_purge() -> int:
    """Delete refresh tokens that expired longer ago than they lived."""
    lifetime = timedelta(seconds=settings.REFRESH_TOKEN_LIFETIME_S)
    return tokens.refresh_tokens_purge(before=timezone.now() - lifetime)
