"""Who may call a view: nobody, unless the view says otherwise."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from common.api.authentication import Principal


class DenyAll(BasePermission):
    """The default of every view, so that one without a policy answers nobody."""

    def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002
        return False


class IsCaller(BasePermission):
    """Anybody with a valid access token."""

    def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002
        return isinstance(request.user, Principal)
