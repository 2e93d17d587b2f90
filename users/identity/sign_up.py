"""Signing up with an address that somebody has: the same work as with a new one."""

from typing import Any

from allauth.headless.account.inputs import SignupInput
from allauth.headless.account.views import SignupView
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from users.identity.models import LoginEvent, User
from users.identity.selectors import sign_in_candidate
from users.identity.trail import login_event_add, origin_of


class EvenSignupInput(SignupInput):
    """Hashes the password also when there is nobody to give it to, and tells the trail."""

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        if self.account_already_exists:
            self._work_in_vain(request)
        result: tuple[User | None, HttpResponse | None] = super().try_save(request)
        return result

    def _work_in_vain(self, request: HttpRequest) -> None:
        make_password(self.cleaned_data["password"])
        owner = sign_in_candidate(address=self.cleaned_data["email"])
        login_event_add(
            type=LoginEvent.Type.SIGN_UP_REPEATED,
            user_id=owner.pk if owner else None,
            origin=origin_of(request),
            at=timezone.now(),
            address=self.cleaned_data["email"],
        )


class EvenSignupView(SignupView):
    """`/auth/signup`"""

    input_class: Any = {"POST": EvenSignupInput}  # noqa: RUF012  allauth's way
