"""Step 1 of the road: transactions over HTTP."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.catalogue import BY_STATUS
from common.api.errors import NotFound
from common.api.openapi import page_parameters, refusals
from common.api.pagination import keyset_page
from common.api.views import CallerApi
from common.outbox.errors import Backpressure, StreamNotAccepting
from users.submissions import examples
from users.submissions.answers import accepted_answer
from users.submissions.bodies import order_read
from users.submissions.callers import KEY_PARAMETER, caller_of
from users.submissions.errors import (
    CounterpartyUnavailable,
    IdempotencyKeyInvalid,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    ReferenceExists,
    RequestTooLarge,
    TreasuryOnly,
)
from users.submissions.models import TransactionRequest
from users.submissions.representation import (
    transaction_represent,
    transaction_represent_accepted,
)
from users.submissions.selectors import transactions_visible
from users.submissions.serializers import (
    FilterInput,
    SubmitInput,
    TransactionOutput,
    TransactionPage,
)
from users.submissions.services import transaction_submit
from users.submissions.waiting import PREFER_PARAMETER


class TransactionsApi(CallerApi):
    """`/api/v1/transactions`"""

    query_input = FilterInput

    @extend_schema(
        operation_id="transaction_submit",
        summary="Ask for a transaction",
        request=SubmitInput,
        responses={200: TransactionOutput, 202: TransactionOutput},
        parameters=[KEY_PARAMETER, PREFER_PARAMETER, *examples.HEADERS],
        examples=examples.SUBMIT,
    )
    @refusals(
        IdempotencyKeyRequired,
        IdempotencyKeyInvalid,
        IdempotencyKeyReused,
        ReferenceExists,
        CounterpartyUnavailable,
        TreasuryOnly,
        RequestTooLarge,
        StreamNotAccepting,
        Backpressure,
    )
    def post(self, request: Request) -> Response:
        """
        Ask for a transaction. 202: it is accepted, and will be posted or rejected.

        With `Prefer: wait=N` the answer is held for the outcome, or for the hold, and is 200
        with the transaction as it is then; 202 if there is none in time. `Preference-Applied`
        says whether that was done: when too many wait, the answer comes at once.
        """
        caller = caller_of(request, self.caller)
        order = order_read(request.data, self.caller)
        submission = transaction_submit(order=order, caller=caller)
        return accepted_answer(
            request,
            submission.request,
            location=f"/api/v1/transactions/{submission.request.id}",
            replayed=submission.replayed,
            represent_accepted=transaction_represent_accepted,
            represent=transaction_represent,
        )

    @extend_schema(
        operation_id="transaction_list",
        summary="List your transactions",
        parameters=[FilterInput, *page_parameters()],
        responses=TransactionPage,
        examples=examples.TRANSACTIONS,
    )
    def get(self, request: Request) -> Response:
        """Your transactions, newest first."""
        rows = _filtered(self.asked, self.caller.user_id)
        return Response(keyset_page(request=request, rows=rows, represent=transaction_represent))


class TransactionApi(CallerApi):
    """`/api/v1/transactions/{id}`"""

    @extend_schema(
        operation_id="transaction_get",
        summary="Read a transaction",
        responses=TransactionOutput,
        examples=examples.TRANSACTION,
    )
    @refusals(BY_STATUS[405])  # `batch` is no id, and takes POST only
    def get(self, request: Request, transaction_id: UUID) -> Response:  # noqa: ARG002  DRF's
        """One of your transactions as it is now."""
        found = transactions_visible(user_id=self.caller.user_id).filter(id=transaction_id)
        transaction = found.first()
        if transaction is None:
            raise NotFound
        return Response(transaction_represent(transaction))


def _filtered(wanted: dict[str, Any], user_id: UUID) -> QuerySet[TransactionRequest]:
    rows = transactions_visible(user_id=user_id)
    for name in ("status", "kind", "currency", "reference"):
        if name in wanted:
            rows = rows.filter(**{name: wanted[name]})
    if "idempotency_key" in wanted:
        # Keys belong to who asked: nobody learns another's by looking for it.
        rows = rows.filter(idempotency_key=wanted["idempotency_key"], requested_by_id=user_id)
    if "created_from" in wanted:
        rows = rows.filter(accepted_at__gte=wanted["created_from"])
    if "created_to" in wanted:
        rows = rows.filter(accepted_at__lt=wanted["created_to"])
    return rows
