"""Step 1 of the road: commands about a transaction over HTTP."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.errors import NotFound
from common.api.fields import StrictSerializer
from common.api.openapi import refusals
from common.api.views import CallerApi
from common.outbox.errors import Backpressure, StreamNotAccepting
from users.submissions import examples
from users.submissions.answers import accepted_answer
from users.submissions.callers import KEY_PARAMETER, caller_of
from users.submissions.commands import command_submit
from users.submissions.errors import (
    IdempotencyKeyInvalid,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
)
from users.submissions.models import TransactionCommand
from users.submissions.order import CommandOrder
from users.submissions.representation import command_represent, command_represent_accepted
from users.submissions.selectors import commands_visible
from users.submissions.serializers import (
    CaptureInput,
    CommandOutput,
    ReverseInput,
    VoidInput,
)
from users.submissions.waiting import PREFER_PARAMETER

_TYPE = TransactionCommand.Type
_REFUSALS = (
    IdempotencyKeyRequired,
    IdempotencyKeyInvalid,
    IdempotencyKeyReused,
    StreamNotAccepting,
    Backpressure,
)


class CommandingApi(CallerApi):
    """Base of the routes that command a transaction."""

    def answer(
        self, request: Request, transaction_id: UUID, command_type: str, body: StrictSerializer
    ) -> Response:
        """Accept the command that a body orders; `Prefer: wait=N` as with a transaction."""
        caller = caller_of(request, self.caller)
        body.is_valid(raise_exception=True)
        members: dict[str, Any] = dict(body.validated_data)
        commanding = command_submit(
            transaction_id=transaction_id,
            order=CommandOrder(type=command_type, **members),
            caller=caller,
        )
        return accepted_answer(
            request,
            commanding.command,
            location=(f"/api/v1/transactions/{transaction_id}/commands/{commanding.command.id}"),
            replayed=commanding.replayed,
            represent_accepted=command_represent_accepted,
            represent=command_represent,
        )


class CaptureApi(CommandingApi):
    """`/api/v1/transactions/{id}/capture`"""

    @extend_schema(
        operation_id="transaction_capture",
        summary="Capture a hold",
        request=CaptureInput,
        responses={200: CommandOutput, 202: CommandOutput},
        parameters=[KEY_PARAMETER, PREFER_PARAMETER, *examples.HEADERS],
        examples=examples.CAPTURE,
    )
    @refusals(*_REFUSALS)
    def post(self, request: Request, transaction_id: UUID) -> Response:
        """Take what you held, or a part of it; the rest is released."""
        return self.answer(request, transaction_id, _TYPE.CAPTURE, CaptureInput(data=request.data))


class VoidApi(CommandingApi):
    """`/api/v1/transactions/{id}/void`"""

    @extend_schema(
        operation_id="transaction_void",
        summary="Void a hold",
        request=VoidInput,
        responses={200: CommandOutput, 202: CommandOutput},
        parameters=[KEY_PARAMETER, PREFER_PARAMETER, *examples.HEADERS],
        examples=examples.VOID,
    )
    @refusals(*_REFUSALS)
    def post(self, request: Request, transaction_id: UUID) -> Response:
        """Release what you held."""
        return self.answer(request, transaction_id, _TYPE.VOID, VoidInput(data=request.data))


class ReverseApi(CommandingApi):
    """`/api/v1/transactions/{id}/reverse`"""

    @extend_schema(
        operation_id="transaction_reverse",
        summary="Reverse a transaction",
        request=ReverseInput,
        responses={200: CommandOutput, 202: CommandOutput},
        parameters=[KEY_PARAMETER, PREFER_PARAMETER, *examples.HEADERS],
        examples=examples.REVERSE,
    )
    @refusals(*_REFUSALS)
    def post(self, request: Request, transaction_id: UUID) -> Response:
        """Give back what you received, or a part of it."""
        return self.answer(request, transaction_id, _TYPE.REVERSE, ReverseInput(data=request.data))


class CommandApi(CallerApi):
    """`/api/v1/transactions/{id}/commands/{command_id}`"""

    @extend_schema(
        operation_id="transaction_command_get",
        summary="Read a command",
        responses=CommandOutput,
        examples=examples.COMMAND,
    )
    def get(self, request: Request, transaction_id: UUID, command_id: UUID) -> Response:  # noqa: ARG002  DRF's
        """One of your commands as it is now."""
        found = commands_visible(user_id=self.caller.user_id).filter(
            id=command_id, transaction_id=transaction_id
        )
        command = found.first()
        if command is None:
            raise NotFound
        return Response(command_represent(command))
