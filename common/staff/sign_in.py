"""
The way into a console: a name, a password and, for whoever has or must have one, a code.

allauth's own pages do not exist here, so the console's form takes the code.
"""

from typing import Any, ClassVar

from allauth.account.adapter import get_adapter
from django import forms
from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from common.adminkit import AuthenticationForm, TextInput
from common.staff.second_factor import CodeForm, second_factor_exists, second_factor_passed


class ConsoleSignInForm(AuthenticationForm):
    """
    Signs staff in, under the rate limits of allauth.

    A code is asked for where there is an authenticator, required or not: otherwise the console
    would be the way around it. A service says how its people are named (`credentials`), and what
    to do without an authenticator where one is required (`without_one`).
    """

    without_one: ClassVar[str]

    code = forms.CharField(
        required=False,
        label="Code of your authenticator, or a recovery code",
        widget=TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def credentials(self, name: str) -> dict[str, str]:
        """What allauth looks somebody up by, of the name that they wrote."""
        raise NotImplementedError

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
                f"Staff sign in here with a second factor. {self.without_one}",
                code="second_factor_missing",
            )
        self.user_cache = user
        return self.cleaned_data

    def _password_check(self) -> Any:
        user = get_adapter().authenticate(
            self.request,
            **self.credentials(self.cleaned_data.get("username", "")),
            password=self.cleaned_data.get("password", ""),
        )
        if user is None:
            raise self.get_invalid_login_error()
        return user

    def _code_check(self, user: Any) -> None:
        step = CodeForm({"code": self.cleaned_data.get("code", "")}, user=user)
        if not step.is_valid():
            raise ValidationError(step.errors["code"].as_data())
        step.save()


def console_allows(request: HttpRequest) -> bool:
    """
    Whether somebody may be in the console: active staff, with a second factor where required.

    Judged at every request: a session that was signed in elsewhere is none of the console's
    without a code.
    """
    user = request.user
    if not (user.is_active and user.is_staff):
        return False
    return not settings.STAFF_MFA_REQUIRED or second_factor_passed(request)
