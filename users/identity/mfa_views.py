"""allauth's steps with an authenticator, where a code works once and staff keep theirs."""

from http import HTTPStatus
from typing import Any

from allauth.account.stages import LoginStageController
from allauth.headless.base.response import BaseAuthenticationResponse
from allauth.headless.internal.restkit.response import ErrorResponse
from allauth.headless.mfa import views
from allauth.headless.mfa.inputs import ActivateTOTPInput, AuthenticateInput, ReauthenticateInput
from allauth.mfa.adapter import get_adapter
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from common.staff.second_factor import code_used_up, totp_step_of, totp_step_use


class CodeInput(AuthenticateInput):
    """A code in the second step of signing in."""

    def clean_code(self) -> str:
        return code_used_up(self, super().clean_code())


class CodeAgainInput(ReauthenticateInput):
    """A code shown again by who is signed in."""

    def clean_code(self) -> str:
        return code_used_up(self, super().clean_code())


class FirstCodeInput(ActivateTOTPInput):
    """The code that shows that an authenticator has been set up."""

    def clean_code(self) -> str:
        code: str = super().clean_code()
        self.step = totp_step_of(secret=self.secret, code=code)
        return code


class AuthenticateView(views.AuthenticateView):
    """`/auth/2fa/authenticate`"""

    input_class = CodeInput

    def handle(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if LoginStageController.enter(request, self.stage_class.key) is None:
            # allauth would say that it is null whether somebody is signed in.
            return BaseAuthenticationResponse(request, user=AnonymousUser())
        response: HttpResponse = super().handle(request, *args, **kwargs)
        return response


class ReauthenticateView(views.ReauthenticateView):
    """`/auth/2fa/reauthenticate`"""

    input_class = CodeAgainInput


class TotpView(views.ManageTOTPView):
    """`/account/authenticators/totp`"""

    input_class = {"POST": FirstCodeInput}  # noqa: RUF012  allauth's way

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post(request, *args, **kwargs)
        if (authenticator := self._get_authenticator()) and self.input.step is not None:
            totp_step_use(authenticator_id=authenticator.pk, step=self.input.step)
        return response

    def delete(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        authenticator = self._get_authenticator()
        adapter = get_adapter()
        if authenticator and not adapter.can_delete_authenticator(authenticator):
            refusal = adapter.validation_error("cannot_delete_authenticator")
            return ErrorResponse(request, exception=refusal, status=HTTPStatus.CONFLICT)
        response: HttpResponse = super().delete(request, *args, **kwargs)
        return response
