"""The base of every view that answers somebody with an access token."""

from rest_framework.views import APIView

from common.api.authentication import Principal
from common.api.permissions import IsCaller


class CallerApi(APIView):
    """Open to any caller; `caller` says who it is."""

    permission_classes = (IsCaller,)

    @property
    def caller(self) -> Principal:
        principal: Principal = self.request.user  # type: ignore[assignment]  # IsCaller checked
        return principal
