"""Internal routes: the seals that are kept here, for the ledger to compare its own with."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.internal.authentication import InternalApi
from common.internal.contracts import builtins_of
from common.internal.parameters import numbers_asked
from users.ledger_seals.selectors import kept_seals_page


class KeptSealsApi(InternalApi):
    """All kept seals, by keyset pages."""

    def get(self, request: Request) -> Response:
        asked = numbers_asked(request)
        return Response(builtins_of(kept_seals_page(after=asked.after, limit=asked.limit)))
