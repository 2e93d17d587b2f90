"""Statements over HTTP: pages of JSON, or a period as CSV."""

from collections.abc import Iterator
from itertools import chain
from typing import Any
from uuid import UUID

from django.db import connection
from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.errors import InvalidRequest, NotFound
from common.api.fields import StrictCharField, StrictSerializer, TimestampField
from common.api.openapi import page_parameters
from common.api.pagination import limit_asked
from common.api.renderers import FastJSONRenderer
from common.api.views import CallerApi
from transactions.ledger import examples
from transactions.ledger.balances import wallet_get
from transactions.ledger.models import Account
from transactions.ledger.statement_csv import statement_csv
from transactions.ledger.statement_places import TICK, place_read, place_write
from transactions.ledger.statements import (
    Line,
    Period,
    Place,
    StatementPage,
    statement_lines,
    statement_page,
)

_Fields = dict[str, serializers.Field[Any, Any, Any, Any]]


class CsvRenderer(FastJSONRenderer):
    """Makes CSV acceptable. It is streamed past renderers, so what comes here is a problem."""

    media_type = "text/csv"
    format = "csv"


class StatementInput(StrictSerializer):
    """The query of a statement; `cursor` and `limit` are for JSON only."""

    to = TimestampField(required=False, help_text="Before this moment, which is not before `from`.")
    cursor = StrictCharField(required=False, help_text="`next_cursor` of the page before.")
    limit = serializers.RegexField(r"^[0-9]{1,3}$", required=False, help_text="1 to 100, 25.")

    def get_fields(self) -> _Fields:
        # A field cannot be declared under this name, which is a word of Python's.
        start = TimestampField(required=False, help_text="From this moment of recorded time on.")
        return {"from": start, **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "from" in attrs and "to" in attrs and attrs["from"] > attrs["to"]:
            raise serializers.ValidationError({"from": ["It is later than `to`."]}, code="invalid")
        return attrs


class LineSerializer(serializers.Serializer[Line]):
    transaction_id = serializers.UUIDField()
    kind = serializers.CharField()
    amount = serializers.IntegerField(help_text="Minor units, negative when money went out.")
    balance_after = serializers.IntegerField(help_text="Minor units.")
    reference = serializers.CharField(allow_null=True)
    recorded_at = serializers.DateTimeField(help_text="Lines ascend by it.")
    effective_at = serializers.DateTimeField(help_text="When the request was accepted.")


class StatementSerializer(serializers.Serializer[Any]):
    account = serializers.UUIDField()
    currency = serializers.CharField()
    to = serializers.DateTimeField(allow_null=True, help_text="As asked for.")
    opening_balance = serializers.IntegerField(help_text="Before the first line of the page.")
    closing_balance = serializers.IntegerField(help_text="After the last line of the page.")
    lines = LineSerializer(many=True)
    has_more = serializers.BooleanField()
    next_cursor = serializers.CharField(allow_null=True)

    def get_fields(self) -> _Fields:
        start = serializers.DateTimeField(allow_null=True, help_text="As asked for.")
        rest = super().get_fields()
        head = {name: rest.pop(name) for name in ("account", "currency")}
        return {**head, "from": start, **rest}


class StatementApi(CallerApi):
    query_input = StatementInput
    renderer_classes = (FastJSONRenderer, CsvRenderer)

    @extend_schema(
        operation_id="accounts_statement",
        summary="Read a wallet's statement",
        parameters=[StatementInput, *page_parameters()],
        examples=examples.STATEMENT,
        responses={
            (200, "application/json"): StatementSerializer,
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request, account_id: UUID) -> HttpResponseBase:
        """
        What moved the posted balance of a wallet of yours, oldest first.

        With `Accept: text/csv` all lines of the period come as one table, without pages.
        """
        account = wallet_get(account_id=account_id, owner=self.caller.user_id)
        if account is None:
            raise NotFound
        period = Period(self.asked.get("from"), self.asked.get("to"))
        if request.accepted_renderer.format == CsvRenderer.format:
            return self._table(account, period)
        page = statement_page(
            account_id=account.id,
            period=period,
            after=_place(self.asked.get("cursor")),
            limit=limit_asked(request),
        )
        return Response(StatementSerializer(_statement(account, period, page)).data)

    def _table(self, account: Account, period: Period) -> StreamingHttpResponse:
        for name in ("cursor", "limit"):
            if name in self.asked:
                raise InvalidRequest("A CSV has no pages.", field=name)
        pages = statement_whole(account, period)
        name = f"statement-{account.currency}-{account.id}.csv"
        return StreamingHttpResponse(
            statement_csv(pages, currency=account.currency),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


def statement_whole(account: Account, period: Period) -> Iterator[list[Line]]:
    """Every line of a period up to now, to be sent to somebody who may be slow."""
    # What is posted while it is sent does not make it longer.
    recorded = account.last_recorded_at or account.opened_at
    end = min(period.end or recorded + TICK, recorded + TICK)
    pages = _releasing(statement_lines(account_id=account.id, period=Period(period.start, end)))
    # The first lines are read now: trouble with the database can still be told.
    return chain([next(pages)], pages)


def _releasing(pages: Iterator[list[Line]]) -> Iterator[list[Line]]:
    """Give the connection back after each page: a slow reader keeps it from nobody."""
    for page in pages:
        if not connection.in_atomic_block:  # else it is the caller's to close
            connection.close()
        yield page


def _statement(account: Account, period: Period, page: StatementPage) -> dict[str, Any]:
    return {
        "account": account.id,
        "currency": account.currency,
        "from": period.start,
        "to": period.end,
        **page._asdict(),
        "next_cursor": place_write(page.lines[-1].place) if page.has_more else None,
    }


def _place(cursor: str | None) -> Place | None:
    try:
        return None if cursor is None else place_read(cursor)
    except ValueError as error:
        raise InvalidRequest(str(error), field="cursor") from None
