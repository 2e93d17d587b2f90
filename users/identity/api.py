"""A person's own profile over HTTP, and its end."""

from typing import Any

from django.utils import timezone
from django.utils.http import parse_etags
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.errors import InvalidRequest, NotFound
from common.api.fields import StrictCharField, StrictSerializer
from common.api.openapi import refusals
from common.api.views import CallerApi
from users.identity import examples
from users.identity.errors import (
    AccountNotActive,
    InvalidStateTransition,
    ProfileChanged,
    UserUnknown,
)
from users.identity.lifecycle import By, user_close_request
from users.identity.models import User
from users.identity.profile import profile_etag, profile_represent
from users.identity.selectors import user_get
from users.identity.services import profile_change


class ProfileApi(CallerApi):
    """`/api/v1/users/me`"""

    @extend_schema_serializer(component_name="ProfileChange")
    class InputSerializer(StrictSerializer):
        display_name = StrictCharField(max_length=100, allow_blank=True, prose=True)

    @extend_schema_serializer(component_name="Profile")
    class OutputSerializer(serializers.Serializer[Any]):
        id = serializers.UUIDField()
        email = serializers.EmailField()
        display_name = serializers.CharField()
        status = serializers.ChoiceField(choices=User.Status.choices)
        created_at = serializers.DateTimeField()

    @extend_schema(
        operation_id="profile_get",
        summary="Read your profile",
        responses=OutputSerializer,
        parameters=[examples.ETAG],
        examples=examples.PROFILE,
    )
    @refusals(NotFound)
    def get(self, request: Request) -> Response:  # noqa: ARG002  DRF's signature
        """Your profile; its ETag names the version."""
        user = user_get(user_id=self.caller.user_id)
        if user is None:
            raise NotFound
        return _answer(user)

    @extend_schema(
        operation_id="profile_change",
        summary="Change your profile",
        request=InputSerializer,
        responses=OutputSerializer,
        parameters=[examples.IF_MATCH, examples.ETAG],
        examples=examples.PROFILE_CHANGE,
    )
    @refusals(AccountNotActive, NotFound, ProfileChanged)
    def patch(self, request: Request) -> Response:
        """Change your profile. With If-Match, 412 when somebody changed it before you."""
        body = self.InputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        if user_get(user_id=self.caller.user_id) is None:
            raise NotFound
        user = profile_change(
            user_id=self.caller.user_id,
            display_name=body.validated_data["display_name"],
            if_match=_if_match(request),
        )
        return _answer(user)


class CloseApi(CallerApi):
    """`/api/v1/users/me/close`"""

    @extend_schema_serializer(component_name="ProfileClose")
    class InputSerializer(StrictSerializer):
        """It has no members yet."""

    @extend_schema(
        operation_id="profile_close",
        summary="Close your account",
        request=InputSerializer,
        responses={202: ProfileApi.OutputSerializer},
        parameters=[examples.ETAG],
        examples=examples.PROFILE_CLOSE,
    )
    @refusals(InvalidStateTransition, UserUnknown)
    def post(self, request: Request) -> Response:
        """
        Ask for your account to be closed; you are signed out everywhere, and cannot sign in.

        202: your status is `closing` until the ledger has closed your wallets, which must be
        empty and free of holds, or refused: then it is what it was before. Asking again
        meanwhile is the same request, and 202 too. 409 when it is closed.
        """
        self.InputSerializer(data=request.data).is_valid(raise_exception=True)
        by = By(
            actor=f"user:{self.caller.user_id}",
            at=timezone.now(),
            correlation_id=request.request_id,  # type: ignore[attr-defined]  # RequestIdMiddleware's
            traceparent=request.traceparent,  # type: ignore[attr-defined]  # RequestIdMiddleware's
        )
        user = user_close_request(user_id=self.caller.user_id, by=by)
        return _answer(user, status=status.HTTP_202_ACCEPTED)


def _if_match(request: Request) -> list[str] | None:
    header = request.headers.get("If-Match")
    if header is None:
        return None
    tags = parse_etags(header)
    if not tags:
        raise InvalidRequest("Give entity tags, or *.", field="If-Match")
    return tags


def _answer(user: User, *, status: int = status.HTTP_200_OK) -> Response:
    headers = {"ETag": profile_etag(user)}
    return Response(profile_represent(user), status=status, headers=headers)
