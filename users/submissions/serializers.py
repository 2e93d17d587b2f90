"""The shapes that the transactions API takes and gives."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.api.fields import (
    CodeField,
    CurrencyField,
    MetadataField,
    MinorUnitsField,
    StrictCharField,
    StrictSerializer,
    StrictUUIDField,
    TimestampField,
)
from users.submissions.models import TransactionCommand, TransactionRequest

_KIND = TransactionRequest.Kind


BATCH_ITEMS_MAX = 500
HOLD_S = (60, 30 * 86_400)
HOLD_DEFAULT_S = 7 * 86_400


@extend_schema_field({"type": "integer", "minimum": HOLD_S[0], "maximum": HOLD_S[1]})
class HoldField(serializers.Field[int, Any, int, Any]):
    """How long a hold lives: a JSON integer of seconds."""

    default_error_messages = {  # noqa: RUF012  DRF reads it from the class
        "not_an_integer": "Give seconds as a JSON integer.",
        "out_of_range": "A hold lives from {} seconds to {}.".format(*HOLD_S),
    }

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("not_an_integer")
        if not HOLD_S[0] <= data <= HOLD_S[1]:
            self.fail("out_of_range")
        return int(data)


class SubmitInput(StrictSerializer):
    """The body of a POST."""

    kind = CodeField(_KIND.values)
    amount = MinorUnitsField()
    currency = CurrencyField()
    counterparty = StrictUUIDField(
        required=False, allow_null=True, help_text="Who receives; transfer only."
    )
    user = StrictUUIDField(
        required=False, allow_null=True, help_text="Whose wallet it is; deposit only."
    )
    capture = CodeField(TransactionRequest.Capture.values, default="automatic")
    hold_expires_in_s = HoldField(
        required=False, help_text=f"With capture manual only; {HOLD_DEFAULT_S} if not given."
    )
    reference = StrictCharField(required=False, allow_null=True, max_length=100)
    description = StrictCharField(required=False, allow_null=True, max_length=500, prose=True)
    metadata = MetadataField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        needed = {_KIND.TRANSFER: "counterparty", _KIND.DEPOSIT: "user"}.get(attrs["kind"])
        for name in ("counterparty", "user"):
            if name == needed and attrs.get(name) is None:
                raise serializers.ValidationError(
                    {name: [f"A {attrs['kind']} needs it."]}, code="required"
                )
            if name != needed and attrs.get(name) is not None:
                raise serializers.ValidationError(
                    {name: [f"A {attrs['kind']} has none."]}, code="not_applicable"
                )
        if attrs["capture"] == TransactionRequest.Capture.MANUAL:
            return {"hold_expires_in_s": HOLD_DEFAULT_S, **attrs}
        if "hold_expires_in_s" in attrs:
            raise serializers.ValidationError(
                {"hold_expires_in_s": ["Only with capture manual."]}, code="not_applicable"
            )
        return attrs


class BatchItemInput(SubmitInput):
    """An item of a batch: the body of a POST, and its key."""

    idempotency_key = StrictCharField(
        max_length=255, help_text="1 to 255 printable ASCII characters, in the space of the header."
    )


@extend_schema_field(BatchItemInput)
class ItemField(serializers.Field[Any, Any, Any, Any]):
    """An item as it came: what is wrong with it is said in its own result."""

    def to_internal_value(self, data: Any) -> Any:
        return data


class BatchInput(StrictSerializer):
    """The body of a batch."""

    items = serializers.ListField(
        child=ItemField(allow_null=True),
        min_length=1,
        max_length=BATCH_ITEMS_MAX,
        error_messages={"not_a_list": "Give a list of items."},
    )


class CaptureInput(StrictSerializer):
    """The body of a capture. A null amount is refused: it might be meant for none."""

    amount = MinorUnitsField(required=False, help_text="Minor units; all of the hold if absent.")


class VoidInput(StrictSerializer):
    """The body of a void: an empty object."""


class ReverseInput(StrictSerializer):
    """The body of a reversal. A null amount is refused: it might be meant for none."""

    amount = MinorUnitsField(
        required=False, help_text="Minor units; all that was not reversed yet if absent."
    )
    reason = StrictCharField(required=False, allow_null=True, max_length=500, prose=True)


class FilterInput(StrictSerializer):
    """The query of a list; `cursor` and `limit` are read by the pages themselves."""

    status = CodeField(TransactionRequest.Status.values, required=False)
    kind = CodeField(_KIND.values, required=False)
    currency = CurrencyField(required=False)
    reference = StrictCharField(required=False, max_length=100)
    idempotency_key = StrictCharField(
        required=False, max_length=255, help_text="Of a request that you made yourself."
    )
    created_from = TimestampField(required=False, help_text="From this time on.")
    created_to = TimestampField(required=False, help_text="Before this time.")
    cursor = StrictCharField(required=False, help_text="`next_cursor` of the page before.")
    limit = serializers.RegexField(r"^[0-9]{1,3}$", required=False, help_text="1 to 100, 25.")


class TransactionOutput(serializers.Serializer[Any]):
    """A transaction; written by `transaction_represent`, described here."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=_KIND.values)
    status = serializers.ChoiceField(choices=TransactionRequest.Status.choices)
    amount = serializers.IntegerField(help_text="Minor units.")
    currency = serializers.CharField()
    user = serializers.UUIDField()
    counterparty = serializers.UUIDField(allow_null=True)
    capture = serializers.ChoiceField(choices=TransactionRequest.Capture.values)
    hold_expires_at = serializers.DateTimeField(allow_null=True)
    reference = serializers.CharField(allow_null=True)
    description = serializers.CharField(allow_null=True)
    metadata = serializers.DictField(child=serializers.CharField())
    captured_amount = serializers.IntegerField()
    reversed_amount = serializers.IntegerField()
    rejection_code = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)


class BatchResultOutput(serializers.Serializer[Any]):
    """What became of one item of a batch."""

    status = serializers.IntegerField(help_text="The status of a POST of this item by itself.")
    idempotent_replayed = serializers.BooleanField(
        required=False, help_text="There and true if the key had been used before."
    )
    body = serializers.DictField(help_text="The transaction of a 202, or the problem document.")


class BatchOutput(serializers.Serializer[Any]):
    """The results of a batch, in the order of its items."""

    results = BatchResultOutput(many=True)


class TransactionPage(serializers.Serializer[Any]):
    """One page of a list."""

    data = TransactionOutput(many=True)  # type: ignore[assignment]  # the contract's name
    has_more = serializers.BooleanField()
    next_cursor = serializers.CharField(allow_null=True)


class CommandOutput(serializers.Serializer[Any]):
    """A command; written by `command_represent`, described here."""

    id = serializers.UUIDField()
    transaction_id = serializers.UUIDField()
    type = serializers.ChoiceField(choices=TransactionCommand.Type.choices)
    amount = serializers.IntegerField(
        allow_null=True, help_text="Minor units; null for all that remains, until it is applied."
    )
    status = serializers.ChoiceField(choices=TransactionCommand.Status.choices)
    rejection_code = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    settled_at = serializers.DateTimeField(allow_null=True)
