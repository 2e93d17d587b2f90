"""Who may ask: the other service, which shows the secret of its direction."""

import hmac
from typing import Any

from django.conf import settings
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

_PARTS = 2


class PeerService:
    """The other service. It stands where REST framework expects a user."""

    is_authenticated = True
    is_active = True
    pk = None


class PeerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <secret>`, compared in constant time; anything else is 401."""

    def authenticate(self, request: Request) -> tuple[PeerService, None]:
        parts = get_authorization_header(request).split()
        expected = settings.PEER["SECRET_EXPECTED"].encode()
        if len(parts) != _PARTS or parts[0].lower() != b"bearer":
            raise AuthenticationFailed
        if not hmac.compare_digest(parts[1], expected):
            raise AuthenticationFailed
        return PeerService(), None

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002  DRF's signature
        return "Bearer"


class IsPeer(BasePermission):
    """The other service and nobody else."""

    def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002
        return isinstance(request.user, PeerService)


class InternalApi(APIView):
    """The base of every internal route; none of them is in the public description."""

    authentication_classes = (PeerAuthentication,)
    permission_classes = (IsPeer,)
    schema = None
