"""A person's own profile over HTTP."""

from typing import Any

from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.errors import InvalidRequest, NotFound
from common.api.fields import StrictCharField, StrictSerializer
from common.api.views import CallerApi
from users.identity.models import User
from users.identity.profile import profile_etag, profile_represent
from users.identity.selectors import user_get
from users.identity.services import profile_change

_IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="Change only this version (ETag)."
)


class ProfileApi(CallerApi):
    """`/api/v1/users/me`"""

    class InputSerializer(StrictSerializer):
        display_name = StrictCharField(max_length=100, allow_blank=True)

    class OutputSerializer(serializers.Serializer[Any]):
        id = serializers.UUIDField()
        email = serializers.EmailField()
        display_name = serializers.CharField()
        status = serializers.ChoiceField(choices=User.Status.choices)
        created_at = serializers.DateTimeField()

    @extend_schema(operation_id="profile_get", responses=OutputSerializer)
    def get(self, request: Request) -> Response:  # noqa: ARG002  DRF's signature
        """Your profile; its ETag names the version."""
        user = user_get(user_id=self.caller.user_id)
        if user is None:
            raise NotFound
        return _answer(user)

    @extend_schema(
        operation_id="profile_change",
        request=InputSerializer,
        responses=OutputSerializer,
        parameters=[_IF_MATCH],
    )
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


def _if_match(request: Request) -> list[str] | None:
    header = request.headers.get("If-Match")
    if header is None:
        return None
    tags = parse_etags(header)
    if not tags:
        raise InvalidRequest("Give entity tags, or *.", field="If-Match")
    return tags


def _answer(user: User) -> Response:
    return Response(profile_represent(user), headers={"ETag": profile_etag(user)})
