"""
The way into the console: e-mail, password and, for whoever has or must have one, a code.

allauth's own pages do not exist here (`HEADLESS_ONLY`), so the console's form takes the code.
Authenticators are set up through the API: docs/identity.md.
"""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows import password_change
from allauth.core import context
from django import forms
from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from common.adminkit import AdminOwnPasswordChangeForm, AuthenticationForm, TextInput
from users.identity.emails import AddressInvalid, email_canonical
from users.identity.mfa_views import CodeInput
from users.identity.models import User
from users.identity.second_factor import second_factor_exists, second_factor_passed


class ConsoleSignInForm(AuthenticationForm):
    """
    Signs staff in, under the rate limits of the API.

    A code is asked for where there is an authenticator, required or not: otherwise the console
    would be the way around it.
    """

    code = forms.CharField(
        required=False,
        label="Code of your authenticator, or a recovery code",
        widget=TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def clean(self) -> dict[str, Any]:
        user = self._password_check()
        self.confirm_login_allowed(user)
        if self.request.user.is_authenticated:
            # Signing in over somebody else would throw away that a code was shown.
            logout(self.request)
        if second_factor_exists(user):
            self._code_check(user)
        elif settings.STAFF_MFA_REQUIRED:
            raise ValidationError(
                "Staff sign in here with a second factor. Set one up through the API first.",
                code="second_factor_missing",
            )
        self.user_cache = user
        return self.cleaned_data

    def _password_check(self) -> User:
        user = get_adapter().authenticate(
            self.request,
            email=_address(self.cleaned_data.get("username", "")),
            password=self.cleaned_data.get("password", ""),
        )
        if user is None:
            raise self.get_invalid_login_error()
        return user

    def _code_check(self, user: User) -> None:
        step = CodeInput({"code": self.cleaned_data.get("code", "")}, user=user)
        if not step.is_valid():
            raise ValidationError(step.errors["code"].as_data())
        step.save()


class ConsolePasswordForm(AdminOwnPasswordChangeForm):
    """Changes one's own password as the API does: told by mail and trail, other sign-ins over."""

    def save(self, commit: bool = True) -> User:  # noqa: ARG002, FBT001, FBT002  Django's signature
        password_change.change_password(self.user, self.cleaned_data["new_password1"])
        password_change.finalize_password_change(context.request, self.user)
        user: User = self.user
        return user


def console_allows(request: HttpRequest) -> bool:
    """
    Whether somebody may be in the console: active staff, with a second factor where required.

    Judged at every request: a session of the API is none of the console without a code.
    """
    user = request.user
    if not (user.is_active and user.is_staff):
        return False
    return not settings.STAFF_MFA_REQUIRED or second_factor_passed(request)


def _address(written: str) -> str:
    try:
        return email_canonical(written)
    except AddressInvalid:
        return written
