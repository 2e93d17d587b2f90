"""Step 1 of the road: the answer to what was accepted, at once or with its outcome."""

from collections.abc import Callable
from typing import Any

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from users.submissions.waiting import Row, outcome_await


def accepted_answer(
    request: Request,
    row: Row,
    *,
    location: str,
    replayed: bool,
    represent_accepted: Callable[[Row], dict[str, Any]],
    represent: Callable[[Row], dict[str, Any]],
) -> Response:
    """
    202 with what was accepted; 200 with what became of it for a client who prefers to wait.

    `Preference-Applied` says that the client's wait was kept, whether there was an outcome in
    time or not; without it there was no place to wait.
    """
    waited = outcome_await(request, row)
    headers = {"Location": location, "Vary": "Prefer"}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    if waited.applied_s is not None:
        headers["Preference-Applied"] = f"wait={waited.applied_s}"
    if waited.has_outcome:
        return Response(represent(waited.row), status=status.HTTP_200_OK, headers=headers)
    return Response(represent_accepted(row), status=status.HTTP_202_ACCEPTED, headers=headers)
