"""Where allauth's sign-up and sign-in meet our services."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.headless.base.response import AuthenticationResponse
from allauth.headless.internal.restkit.response import ErrorResponse
from django.conf import settings
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from users.identity.errors import EmailTaken
from users.identity.lifecycle import user_activate
from users.identity.models import TokenFamily, User
from users.identity.services import user_register
from users.identity.token_strategy import family_of
from users.identity.tokens import user_families_end

_BEGAN_AS = "sign_in_began_as"
"""What a session keeps of the user until they are in: another password or epoch ends it."""


class AccountAdapter(DefaultAccountAdapter):
    """Signing up is `user_register`; only active people get through signing in."""

    def save_user(
        self,
        request: HttpRequest,
        user: User,  # noqa: ARG002  an empty one that allauth made; the service makes its own
        form: BaseForm,
        commit: bool = True,  # noqa: ARG002, FBT001, FBT002  allauth's signature
    ) -> User:
        try:
            return user_register(
                email=form.cleaned_data["email"],
                password=form.cleaned_data["password"],
                status=first_status(),
                at=timezone.now(),
                correlation_id=request.request_id,  # type: ignore[attr-defined]  # RequestIdMiddleware's
                traceparent=request.traceparent,  # type: ignore[attr-defined]  # RequestIdMiddleware's
            )
        except EmailTaken:
            # A twin was faster than the form's own look; look again, and answer as it does.
            raise ImmediateHttpResponse(_answer_taken(request, form)) from None

    def set_password(self, user: User, password: str) -> None:
        # allauth saves every column, and would take back a status that changed meanwhile.
        user.set_password(password)
        user.save(update_fields=["password"])

    def logout(self, request: HttpRequest) -> None:
        if (family := family_of(request)) and isinstance(request.user, User):
            user_families_end(
                user_id=request.user.pk,
                reason=TokenFamily.EndReason.SIGNED_OUT,
                at=timezone.now(),
                only=[family],
            )
        super().logout(request)

    def login(self, request: HttpRequest, user: User) -> None:
        # Minutes may have passed since the password: for a code, for a mail.
        began_as = request.session.pop(_BEGAN_AS, "")
        if not (user.is_active and constant_time_compare(began_as, user.get_session_auth_hash())):
            clear_login(request)
            raise ImmediateHttpResponse(AuthenticationResponse(request))
        super().login(request, user)

    def pre_login(self, request: HttpRequest, user: User, **options: Any) -> HttpResponse | None:
        request.session[_BEGAN_AS] = user.get_session_auth_hash()
        if user.status == User.Status.PENDING_VERIFICATION:
            if not EmailAddress.objects.filter(user=user, verified=True).exists():
                # The stage after this one keeps them out until the address is verified.
                return (
                    None
                    if _verification_mandatory()
                    else super().pre_login(request, user, **options)
                )
            user_activate(
                user_id=user.id,
                at=timezone.now(),
                correlation_id=request.request_id,  # type: ignore[attr-defined]  # RequestIdMiddleware's
            )
            user.refresh_from_db()
        response: HttpResponse | None = super().pre_login(request, user, **options)
        return response


def _verification_mandatory() -> bool:
    return bool(settings.ACCOUNT_EMAIL_VERIFICATION == "mandatory")


def first_status() -> User.Status:
    """What somebody who signs up is at first."""
    return User.Status.PENDING_VERIFICATION if _verification_mandatory() else User.Status.ACTIVE


def _answer_taken(request: HttpRequest, form: BaseForm) -> HttpResponse:
    again: Any = type(form)(data=form.data)
    if not again.is_valid():
        return ErrorResponse(request, input=again)
    _, response = again.try_save(request)
    return AuthenticationResponse.from_response(request, response)
