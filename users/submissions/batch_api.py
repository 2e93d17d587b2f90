"""Step 1 of the road: many transactions at once over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.openapi import refusals
from common.api.parsers import StrictJSONParser
from common.api.problems import exception_handler
from common.api.views import CallerApi
from common.errors import ServiceError
from common.outbox.errors import Backpressure
from users.submissions import examples
from users.submissions.batch import Item, batch_submit
from users.submissions.bodies import order_read
from users.submissions.callers import caller_with
from users.submissions.representation import transaction_represent_accepted
from users.submissions.serializers import BatchInput, BatchOutput
from users.submissions.services import Submission

_KEY = "idempotency_key"


class BatchParser(StrictJSONParser):
    """Strict JSON of at most 1 MiB, as the gateway has it for this route."""

    size_max = 1024 * 1024


class BatchApi(CallerApi):
    """`/api/v1/transactions/batch`"""

    parser_classes = (BatchParser,)

    @extend_schema(
        operation_id="transaction_submit_batch",
        summary="Ask for many transactions",
        request=BatchInput,
        responses=BatchOutput,
        examples=examples.BATCH,
    )
    @refusals(Backpressure)
    def post(self, request: Request) -> Response:
        """
        Ask for up to 500 transactions at once, each under a key of its own.

        The results are in the order of the items. An item that is refused has the status and the
        problem document that it would have had by itself, and stops no other. 503 is about all of
        them: then nothing was accepted, and the same batch may be sent again.
        """
        body = BatchInput(data=request.data)
        body.is_valid(raise_exception=True)
        items = [self._read(request, item) for item in body.validated_data["items"]]
        answers = iter(batch_submit(items=[item for item in items if isinstance(item, Item)]))
        results = [
            self._result(next(answers) if isinstance(item, Item) else item) for item in items
        ]
        return Response({"results": results})

    def _read(self, request: Request, body: Any) -> Item | Exception:
        """An item of the batch, or why it is none."""
        try:
            if not isinstance(body, dict):
                raise ValidationError("Send a JSON object.")
            caller = caller_with(request, self.caller, key=body.get(_KEY), field=_KEY)
            members = {name: value for name, value in body.items() if name != _KEY}
            return Item(order_read(members, self.caller), caller)
        except (ServiceError, APIException) as refusal:
            return refusal

    def _result(self, answer: Submission | Exception) -> dict[str, Any]:
        if isinstance(answer, Exception):
            problem = exception_handler(answer, self.get_exception_handler_context())
            if problem is None:
                raise answer
            return {"status": problem.status_code, "body": problem.data}
        body = transaction_represent_accepted(answer.request)
        if answer.replayed:
            return {"status": 202, "idempotent_replayed": True, "body": body}
        return {"status": 202, "body": body}
