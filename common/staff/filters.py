"""Filters of lists that indexes answer, and that never look through a table for their choices."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal, DecimalException
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db import connection
from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest
from psycopg import sql

from common.events.contracts import EVENT_TYPES
from common.money import AMOUNT_MAX, EXPONENTS

_VALUES_MAX = 100


class ValuesFilter(admin.FieldListFilter):
    """The values that a column has; it must be the first of an index."""

    def __init__(
        self,
        field: Any,
        request: HttpRequest,
        params: Any,
        model: type[Model],
        model_admin: Any,
        field_path: str,
    ) -> None:
        self.lookup_kwarg = field_path
        super().__init__(field, request, params, model, model_admin, field_path)
        self.lookup_val: Any = self.used_parameters.get(self.lookup_kwarg)
        self._values = values_present(model, field)

    def expected_parameters(self) -> list[str | None]:
        return [self.lookup_kwarg]

    def has_output(self) -> bool:
        return bool(self._values) or self.lookup_val is not None

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        chosen = self.lookup_val[-1] if self.lookup_val else None
        yield {
            "selected": chosen is None,
            "query_string": changelist.get_query_string(remove=[self.lookup_kwarg]),
            "display": "All",
        }
        for value in self._values:
            yield {
                "selected": chosen == value,
                "query_string": changelist.get_query_string({self.lookup_kwarg: value}),
                "display": value,
            }


def values_present(model: type[Model], field: "Field[Any, Any]") -> list[str]:
    """
    The values of a column in order, `_VALUES_MAX` at most.

    The index is asked for the next one after each, so it takes as long as there are values. It is
    told each time that the empty one is not wanted: an index that leaves it out is of no use else.
    """
    names = {
        "table": sql.Identifier(model._meta.db_table),  # noqa: SLF001  Django's API
        "column": sql.Identifier(str(field.column)),
    }
    statement = sql.SQL(
        """
        WITH RECURSIVE known (value) AS (
            (SELECT {column} FROM {table} WHERE {column} > '' ORDER BY {column} LIMIT 1)
            UNION ALL
            SELECT (SELECT {column} FROM {table} WHERE {column} > '' AND {column} > known.value
                ORDER BY {column} LIMIT 1)
            FROM known WHERE known.value IS NOT NULL
        )
        SELECT value FROM known WHERE value IS NOT NULL LIMIT %s
        """
    )
    with connection.cursor() as cursor:
        cursor.execute(statement.format(**names), [_VALUES_MAX])
        return [value for (value,) in cursor.fetchall()]


class EventTypeFilter(admin.SimpleListFilter):
    """By the type of an event; every one that there is a contract for."""

    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [(name, name) for name in sorted(EVENT_TYPES)]

    def queryset(
        self,
        request: HttpRequest,  # noqa: ARG002  Django's signature
        queryset: QuerySet[Any],
    ) -> QuerySet[Any]:
        return queryset if self.value() is None else queryset.filter(type=self.value())


class RangeFilter(admin.ListFilter):
    """Two fields to fill in; a subclass says what they mean. Nonsense finds nothing."""

    template = "staff/lists/range_filter.html"
    names: tuple[str, str]
    input_type = "text"
    hint = ""

    def __init__(
        self, request: HttpRequest, params: Any, model: type[Model], model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        for name in self.names:
            if name in params:
                self.used_parameters[name] = params.pop(name)[-1].strip()
        self._request = request

    def expected_parameters(self) -> list[str | None]:
        return list(self.names)

    def has_output(self) -> bool:
        return True

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """One choice: the form, with whatever else is filtered by."""
        others = {
            name: values
            for name, values in changelist.get_filters_params().items()
            if name not in self.names
        }
        yield {
            "selected": bool(self.used_parameters),
            "query_string": changelist.get_query_string(remove=list(self.names)),
            "display": self.title,
            "fields": [
                {"name": name, "label": label, "value": self.used_parameters.get(name, "")}
                for name, label in zip(self.names, ("From", "To"), strict=True)
            ],
            "others": [(name, value) for name, values in others.items() for value in values],
            "query": changelist.query,
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        bounds = []
        for name in self.names:
            text = self.used_parameters.get(name)
            try:
                bounds.append(self.value_of(str(text)) if text else None)
            except ValueError as error:
                messages.error(request, f"{self.title}: {error}")
                return queryset.none()
        return self.limited(queryset, *bounds)

    def value_of(self, text: str) -> Any:
        """What was written; raises `ValueError` that says what is wrong."""
        raise NotImplementedError

    def limited(self, queryset: QuerySet[Any], lowest: Any, highest: Any) -> QuerySet[Any]:
        """The rows between two values, either of which may be None."""
        raise NotImplementedError


class TimeFilter(RangeFilter):
    """From one time to before another, in UTC, by a column that has an index."""

    title = "time (UTC)"
    names = ("time_from", "time_to")
    input_type = "datetime-local"
    column = "at"

    def value_of(self, text: str) -> datetime:
        try:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValueError("write a time such as 2026-01-31T09:30") from None

    def limited(self, queryset: QuerySet[Any], lowest: Any, highest: Any) -> QuerySet[Any]:
        bounds = {f"{self.column}__gte": lowest, f"{self.column}__lt": highest}
        return queryset.filter(**{k: v for k, v in bounds.items() if v is not None})


class IdTimeFilter(TimeFilter):
    """By the time that is in the key, a UUID of version 7: the key's own index answers."""

    title = "time of acceptance (UTC)"

    def limited(self, queryset: QuerySet[Any], lowest: Any, highest: Any) -> QuerySet[Any]:
        bounds = {"pk__gte": lowest, "pk__lt": highest}
        return queryset.filter(**{k: first_id_at(v) for k, v in bounds.items() if v is not None})


def first_id_at(moment: datetime) -> UUID:
    """The least UUID of version 7 of a moment."""
    since = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return UUID(int=min(max(since, 0), 2**48 - 1) << 80)


class AmountFilter(RangeFilter):
    """Amounts of one currency, which has to be chosen: without one they compare nothing."""

    title = "amount"
    names = ("amount_from", "amount_to")
    hint = "Choose a currency first; 12.50 is twelve and a half of it."

    def value_of(self, text: str) -> int:
        currency = self._request.GET.get("currency", "")
        if not currency:
            raise ValueError("choose a currency first")
        try:
            amount = Decimal(text).scaleb(EXPONENTS.get(currency, 0))
        except DecimalException:
            raise ValueError("write an amount such as 12.50") from None
        if not amount.is_finite() or not 0 <= amount <= AMOUNT_MAX or amount != int(amount):
            raise ValueError(f"that is no amount of {currency}")
        return int(amount)

    def limited(self, queryset: QuerySet[Any], lowest: Any, highest: Any) -> QuerySet[Any]:
        bounds = {"amount__gte": lowest, "amount__lte": highest}
        return queryset.filter(**{k: v for k, v in bounds.items() if v is not None})
