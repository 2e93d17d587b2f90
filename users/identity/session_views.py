"""`/auth/sessions`, in the shapes that allauth documents for it, over our families of tokens."""

from typing import Any
from uuid import UUID

from allauth.account.internal import flows
from allauth.core.internal.httpkit import authenticated_user
from allauth.headless.base.response import APIResponse, AuthenticationResponse
from allauth.headless.base.views import AuthenticatedAPIView
from allauth.headless.internal.restkit import inputs
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from users.identity.models import TokenFamily
from users.identity.sessions import SHOWN_MAX, sessions_end, sessions_list
from users.identity.token_strategy import family_of
from users.identity.trail import origin_of


class SessionIdsField(inputs.Field):
    """A list of ids of sign-ins."""

    def clean(self, value: Any) -> list[UUID] | None:
        if value is None:
            return None
        if not isinstance(value, list) or not 0 < len(value) <= SHOWN_MAX:
            raise ValidationError(f"Give a list of 1 to {SHOWN_MAX} ids.", code="invalid")
        try:
            return [UUID(one) for one in value]
        except (ValueError, TypeError, AttributeError):
            raise ValidationError("An id is a UUID.", code="invalid") from None


class EndSessionsInput(inputs.Input):
    """Which sign-ins to end: `sessions`, or `all`."""

    sessions = SessionIdsField(required=False)
    all = inputs.Field(required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        everything = self.data.get("all")
        if everything is not None and everything is not True:
            self.add_error("all", ValidationError("Give true, or leave it out.", code="invalid"))
        elif not self.errors and (cleaned.get("sessions") is None) == (everything is None):
            raise ValidationError('Give either "sessions" or "all".', code="invalid")
        return cleaned


class SessionsView(AuthenticatedAPIView):
    """Shows a person's sign-ins, and ends some or all of them."""

    input_class = {"DELETE": EndSessionsInput}  # noqa: RUF012  allauth's way

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ARG002
        return self._shown(request)

    def delete(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ARG002
        ids = self.input.cleaned_data["sessions"]
        sessions_end(
            user_id=authenticated_user(request).pk,
            ids=ids,
            origin=origin_of(request),
            at=timezone.now(),
        )
        if ids is None or family_of(request) in ids:
            # Its row is gone; what this request still holds of it must not be saved again.
            flows.logout.logout(request)
            return AuthenticationResponse(request)
        return self._shown(request)

    def _shown(self, request: HttpRequest) -> HttpResponse:
        found = sessions_list(user_id=authenticated_user(request).pk, at=timezone.now())
        return APIResponse(request, data=[_represent(one, family_of(request)) for one in found])


def _represent(family: TokenFamily, current: UUID | None) -> dict[str, Any]:
    return {
        "id": str(family.id),
        "created_at": family.created_at.timestamp(),
        "last_seen_at": family.last_seen_at.timestamp(),
        "ip": family.ip,
        "user_agent": family.user_agent,
        "is_current": family.id == current,
    }
