"""Whether sign-ons still hold, for the console that lives by them."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.internal.authentication import InternalApi
from common.internal.contracts import StaffPage, builtins_of
from common.internal.parameters import ids_asked
from users.sign_on.standing import staff_told_of


class StaffQueryApi(InternalApi):
    """POST: what is to be said of these people of staff now; nobody else is in the answer."""

    def post(self, request: Request) -> Response:
        return Response(builtins_of(StaffPage(data=staff_told_of(ids=ids_asked(request)))))
