"""The base of every view that answers somebody with an access token."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.views import APIView

from common.api.authentication import Principal
from common.api.fields import StrictSerializer, query_read
from common.api.permissions import IsCaller


class CallerApi(APIView):
    """
    Open to any caller; `caller` says who it is.

    `asked` has the query parameters that `query_input` knows; others are refused. Only reads
    have any.
    """

    permission_classes = (IsCaller,)
    query_input: type[StrictSerializer] = StrictSerializer
    asked: dict[str, Any]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        reads = request.method in SAFE_METHODS
        self.asked = query_read(request, self.query_input if reads else StrictSerializer)

    @property
    def caller(self) -> Principal:
        principal: Principal = self.request.user  # type: ignore[assignment]  # IsCaller checked
        return principal
