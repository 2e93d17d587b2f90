"""What follows from what allauth does."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from users.identity.lifecycle import user_activate


@receiver(email_confirmed)
def on_email_confirmed(request: HttpRequest, email_address: EmailAddress, **_: Any) -> None:
    """A verified address makes a pending user an active one."""
    user_activate(
        user_id=email_address.user_id,
        at=timezone.now(),
        correlation_id=request.request_id,  # type: ignore[attr-defined]  # RequestIdMiddleware's
    )
