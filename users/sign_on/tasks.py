"""Housekeeping that may run twice, late or not at all."""

from allauth.idp.oidc.models import Token
from celery import shared_task


@shared_task
def sign_on_tokens_purge() -> int:
    """Delete what allauth kept of sign-ons: tokens that nothing takes, and that have expired."""
    return int(Token.objects.expired().delete()[0])
