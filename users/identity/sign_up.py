"""Signing up with an address that somebody has: the same work as with a new one."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.headless.account.inputs import SignupInput
from allauth.headless.account.views import SignupView
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from users.identity.account_adapter import first_status
from users.identity.models import LoginEvent, User
from users.identity.selectors import sign_in_candidate
from users.identity.services import user_register_in_vain
from users.identity.trail import login_event_add, origin_of


class EvenSignupInput(SignupInput):
    """Signs up in vain where the address is taken, and tells the trail."""

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        if self.account_already_exists:
            self._work_in_vain(request)
        result: tuple[User | None, HttpResponse | None] = super().try_save(request)
        return result

    def save(self, request: HttpRequest) -> User:
        """As allauth's, which would add the address that is kept with the account already."""
        user: User = get_adapter().save_user(request, User(), self)
        return user

    def _work_in_vain(self, request: HttpRequest) -> None:
        at = timezone.now()
        user_register_in_vain(
            password=self.cleaned_data["password"],
            status=first_status(),
            at=at,
            correlation_id=request.request_id,  # type: ignore[attr-defined]  # RequestIdMiddleware's
            traceparent=request.traceparent,  # type: ignore[attr-defined]  # RequestIdMiddleware's
        )
        owner = sign_in_candidate(address=self.cleaned_data["email"])
        login_event_add(
            type=LoginEvent.Type.SIGN_UP_REPEATED,
            user_id=owner.pk if owner else None,
            origin=origin_of(request),
            at=at,
            address=self.cleaned_data["email"],
        )


class EvenSignupView(SignupView):
    """`/auth/signup`"""

    input_class: Any = {"POST": EvenSignupInput}  # noqa: RUF012  allauth's way
