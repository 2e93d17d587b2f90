"""The ledger as clients see it: what is recorded about a transaction."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.errors import NotFound
from common.api.views import CallerApi
from transactions.ledger import examples, selectors
from transactions.ledger.models import LedgerTransaction, Posting


class PostingSerializer(serializers.Serializer[Posting]):
    account = serializers.UUIDField(source="account_id")
    direction = serializers.ChoiceField(choices=Posting.Direction.choices)
    amount = serializers.IntegerField(help_text="Minor units, always positive.")
    layer = serializers.ChoiceField(choices=Posting.Layer.choices)
    balance_after = serializers.SerializerMethodField(help_text="Of your own wallets only.")

    def get_balance_after(self, posting: Posting) -> int | None:
        # The other party may see that the money moved, not how much there is.
        own = posting.account.owner == self.context["viewer"]
        return posting.balance_after if own else None


class JournalEntrySerializer(serializers.Serializer[Any]):
    sequence = serializers.IntegerField()
    type = serializers.CharField()
    from_state = serializers.CharField()
    to_state = serializers.CharField()
    code = serializers.CharField()
    actor = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    hash = serializers.SerializerMethodField(help_text="SHA-256 of the entry, in hexadecimal.")

    def get_hash(self, entry: Any) -> str:
        return bytes(entry.hash).hex()


class SourceSerializer(serializers.Serializer[LedgerTransaction]):
    event_id = serializers.UUIDField(source="source_event_id")
    sequence = serializers.IntegerField(source="source_sequence")
    partition = serializers.IntegerField(source="source_partition")
    offset = serializers.IntegerField(source="source_offset")


class CommandSerializer(serializers.Serializer[LedgerTransaction]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=LedgerTransaction.Kind.choices)
    state = serializers.ChoiceField(choices=LedgerTransaction.State.choices)
    amount = serializers.IntegerField(allow_null=True, help_text="Minor units.")
    code = serializers.CharField(source="rejection_code")
    recorded_at = serializers.DateTimeField()


class LedgerTransactionSerializer(serializers.Serializer[LedgerTransaction]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=LedgerTransaction.Kind.choices, allow_null=True)
    state = serializers.ChoiceField(choices=LedgerTransaction.State.choices)
    amount = serializers.IntegerField(
        allow_null=True, help_text="Minor units; null if staff discarded an illegible event."
    )
    currency = serializers.CharField(allow_null=True)
    pending_id = serializers.UUIDField(allow_null=True, help_text="The hold that it resolves.")
    reverses_id = serializers.UUIDField(allow_null=True, help_text="What it reverses.")
    hold_expires_at = serializers.DateTimeField(allow_null=True, help_text="Deadline of a hold.")
    captured_amount = serializers.IntegerField(help_text="Minor units that moved.")
    reversed_amount = serializers.IntegerField(help_text="Minor units that went back.")
    postings = PostingSerializer(many=True)
    journal = JournalEntrySerializer(many=True)
    commands = serializers.SerializerMethodField(help_text="Captures, voids, reversals of it.")
    source = SourceSerializer(source="*")  # type: ignore[assignment]  # the contract's name

    @extend_schema_field(CommandSerializer(many=True))
    def get_commands(self, transaction: LedgerTransaction) -> list[Any]:
        commands = selectors.ledger_commands_of(transaction_id=transaction.id)
        return [CommandSerializer(command).data for command in commands]


class LedgerTransactionApi(CallerApi):
    """A transaction of the caller's; for everybody else there is none."""

    @extend_schema(
        operation_id="ledger_transactions_read",
        summary="Read a transaction's books",
        responses=LedgerTransactionSerializer,
        examples=examples.LEDGER_TRANSACTION,
    )
    def get(self, request: Request, transaction_id: UUID) -> Response:  # noqa: ARG002  as above
        """What was decided about a transaction or command: its postings and its log."""
        viewer = self.caller.user_id
        found = selectors.ledger_transaction_get(transaction_id=transaction_id, viewer=viewer)
        if found is None:
            raise NotFound
        shown = LedgerTransactionSerializer(found, context={"viewer": viewer})
        return Response(shown.data)
