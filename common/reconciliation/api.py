"""Internal routes: how far this service has come in the streams of who asks."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.internal.authentication import InternalApi
from common.internal.contracts import builtins_of
from common.internal.parameters import ids_asked, page_asked
from common.reconciliation.standing import standings_of, standings_page


class StreamsApi(InternalApi):
    """All streams, by keyset pages."""

    def get(self, request: Request) -> Response:
        asked = page_asked(request)
        return Response(builtins_of(standings_page(after=asked.after, limit=asked.limit)))


class StreamsQueryApi(InternalApi):
    """The streams that the body names."""

    def post(self, request: Request) -> Response:
        return Response(builtins_of(standings_of(streams=ids_asked(request))))
