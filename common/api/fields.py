"""Serializer fields and a base that accept exactly what the contract says, and nothing near it."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request

from common.api.errors import InvalidRequest
from common.money import AMOUNT_MAX, EXPONENTS

# What nobody sees: control characters, lone surrogates, marks that reorder what staff read
# (Unicode Technical Report 36, section 2.6), characters without width, and tags.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
# Joiners have no width either, but words of some languages and many emoji are spelt with them.
_JOINERS = re.compile("[\u200c\u200d]")

# RFC 3339 with a time zone; what Python's own parser takes beyond that is refused.
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_CANONICAL_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def is_plain_text(text: str, *, prose: bool) -> bool:
    """
    Whether a text has no control, bidirectional or invisible characters.

    `prose` is for people only, and may have joiners; of what is compared, nothing is unseen.
    """
    return not _HIDDEN.search(text) and (prose or not _JOINERS.search(text))


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses members that it does not know, instead of dropping them silently."""

    default_error_messages = {"invalid": "Send a JSON object."}  # noqa: RUF012  DRF reads it from the class

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(set(data) - {n for n, f in self.fields.items() if not f.read_only})
            if unknown:
                raise serializers.ValidationError(
                    {name[:100]: ["This member is not known."] for name in unknown[:10]},
                    code="unknown_field",
                )
        return super().to_internal_value(data)


class MinorUnitsField(serializers.Field[int, Any, int, Any]):
    """A JSON integer of minor units: 0 < amount <= 2**53 - 1; no float, string or boolean."""

    default_error_messages = {  # noqa: RUF012  DRF reads it from the class
        "not_an_integer": "Give minor units as a JSON integer.",
        "out_of_range": f"The amount must be from 1 to {AMOUNT_MAX}.",
    }

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("not_an_integer")
        if not 0 < data <= AMOUNT_MAX:
            self.fail("out_of_range")
        return int(data)

    def to_representation(self, value: int) -> int:
        return value


class StrictCharField(serializers.CharField):
    """
    Text: a JSON string (not a number) without control, bidirectional or invisible characters.

    See `is_plain_text` for `prose`.
    """

    default_error_messages = {  # noqa: RUF012  DRF reads it from the class
        "not_a_string": "Give a string.",
        "control_character": "Control and invisible characters are not allowed.",
    }

    def __init__(self, *, prose: bool = False, **options: Any) -> None:
        options.setdefault("trim_whitespace", False)
        super().__init__(**options)
        self.prose = prose

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("not_a_string")
        if not is_plain_text(data, prose=self.prose):
            self.fail("control_character")
        return super().to_internal_value(data)


class CurrencyField(StrictCharField):
    """An ISO 4217 code in capitals that we have an exponent for."""

    default_error_messages = {"unknown_currency": "Not a known ISO 4217 code."}  # noqa: RUF012

    def __init__(self, **options: Any) -> None:
        super().__init__(min_length=3, max_length=3, **options)

    def to_internal_value(self, data: Any) -> str:
        currency = super().to_internal_value(data)
        if currency not in EXPONENTS:
            self.fail("unknown_currency")
        return currency


class MetadataField(serializers.DictField):
    """A flat object of at most 20 keys, string to string, 500 characters each."""

    default_error_messages = {"too_many": "At most 20 keys."}  # noqa: RUF012

    def __init__(self, **options: Any) -> None:
        super().__init__(
            child=StrictCharField(max_length=500, allow_blank=True, prose=True), **options
        )
        self.key = StrictCharField(max_length=500)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if isinstance(data, dict) and len(data) > 20:  # noqa: PLR2004  the contract's number
            self.fail("too_many")
        if isinstance(data, dict):
            for key in data:
                self.key.run_validation(key)
        return super().to_internal_value(data)


class StrictUUIDField(serializers.UUIDField):
    """A UUID as a hyphenated string; no number, braces or URN."""

    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str) or not _CANONICAL_UUID.fullmatch(data):
            self.fail("invalid", value="")
        return UUID(data)


class CodeField(serializers.ChoiceField):
    """One of a few codes, as a string; the answer to another lists them and quotes nothing."""

    def __init__(self, choices: list[str], **options: Any) -> None:
        message = f"Give one of: {', '.join(choices)}."
        options.setdefault("error_messages", {"invalid_choice": message})
        super().__init__(choices=choices, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid_choice", input="")
        return str(super().to_internal_value(data))


class TimestampField(serializers.DateTimeField):
    """A point in time as RFC 3339 writes it, with its time zone."""

    default_error_messages = {"invalid": "Give a time as RFC 3339 has it, with its zone."}  # noqa: RUF012

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str) or not _TIMESTAMP.fullmatch(value):
            self.fail("invalid", format="")
        try:
            return _utc(datetime.fromisoformat(value))
        except ValueError:
            self.fail("invalid", format="")


def _utc(moment: datetime) -> datetime:
    """That moment in UTC: PostgreSQL knows no offset of sixteen hours or more."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        # Beyond the calendar of Python, where nothing has happened.
        ends = datetime.min if moment.year == datetime.min.year else datetime.max  # noqa: DTZ901
        return ends.replace(tzinfo=UTC)


def query_read(request: Request, serializer: type[StrictSerializer]) -> dict[str, Any]:
    """
    The query parameters of a request, each of them known and given once.

    Raises `InvalidRequest` or `ValidationError` naming the one that is not.
    """
    if serializer is StrictSerializer and not request.query_params:
        return {}  # nothing may be given, and nothing was
    for name, values in request.query_params.lists():
        if len(values) > 1:
            raise InvalidRequest("Give it once.", field=name[:100])
    query = serializer(data=request.query_params.dict())
    query.is_valid(raise_exception=True)
    found: dict[str, Any] = query.validated_data
    return found
