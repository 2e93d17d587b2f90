"""Wallets as their owners see them, now and as of any moment."""

from datetime import datetime
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.errors import InvalidRequest, NotFound
from common.api.fields import StrictCharField, StrictSerializer, TimestampField
from common.api.openapi import page_parameters
from common.api.pagination import keyset_page
from common.api.views import CallerApi
from transactions.ledger import balances, examples
from transactions.ledger.balances import Reading
from transactions.ledger.models import Account


class AccountInput(StrictSerializer):
    """The query of a wallet."""

    as_of = TimestampField(
        required=False,
        help_text="A moment of recorded time, not in the future. Wallets opened later do not show.",
    )


class AccountListInput(AccountInput):
    """The query of the list; `cursor` and `limit` are read by the pages themselves."""

    cursor = StrictCharField(required=False, help_text="`next_cursor` of the page before.")
    limit = serializers.RegexField(r"^[0-9]{1,3}$", required=False, help_text="1 to 100, 25.")


class BalanceSerializer(serializers.Serializer[Reading]):
    posted = serializers.IntegerField(help_text="Minor units.")
    pending = serializers.IntegerField(help_text="Minor units that open holds would take.")
    available = serializers.IntegerField(help_text="Minor units that can be spent.")


class AccountSerializer(serializers.Serializer[Reading]):
    id = serializers.UUIDField(source="account.id")
    owner = serializers.UUIDField(source="account.owner")
    currency = serializers.CharField(source="account.currency")
    status = serializers.ChoiceField(
        source="account.status", choices=Account.Status.choices, help_text="Always today's."
    )
    balance = BalanceSerializer(source="*")
    as_of = serializers.DateTimeField(
        help_text="The moment asked for, else that of the last change. The balance has everything"
        " recorded up to it and nothing later; asked for again, it is the same."
    )


class AccountPageSerializer(serializers.Serializer[Any]):
    data = AccountSerializer(many=True)  # type: ignore[assignment]  # the contract's name for rows
    has_more = serializers.BooleanField()
    next_cursor = serializers.CharField(allow_null=True)


class BalancesApi(CallerApi):
    """Base of the routes that take a moment."""

    def moment_asked(self) -> datetime | None:
        """The moment of `?as_of=`, if any. Raises `InvalidRequest` for one that is to come."""
        as_of: datetime | None = self.asked.get("as_of")
        if as_of is not None and as_of > balances.present_for(owner=self.caller.user_id):
            raise InvalidRequest("Nothing is recorded in the future.", field="as_of")
        return as_of


class AccountListApi(BalancesApi):
    query_input = AccountListInput

    @extend_schema(
        operation_id="accounts_list",
        summary="List your wallets",
        parameters=[AccountListInput, *page_parameters()],
        responses=AccountPageSerializer,
        examples=examples.ACCOUNTS,
    )
    def get(self, request: Request) -> Response:
        """One wallet for each currency you have used, newest first."""
        as_of = self.moment_asked()

        def represent(wallet: Account) -> dict[str, Any]:
            return dict(AccountSerializer(balances.reading_of(wallet, as_of=as_of)).data)

        rows = balances.wallets_of(owner=self.caller.user_id, as_of=as_of)
        return Response(keyset_page(request=request, rows=rows, represent=represent))


class AccountApi(BalancesApi):
    query_input = AccountInput

    @extend_schema(
        operation_id="accounts_read",
        summary="Read a wallet",
        parameters=[AccountInput],
        responses=AccountSerializer,
        examples=examples.ACCOUNT,
    )
    def get(self, request: Request, account_id: UUID) -> Response:  # noqa: ARG002  DRF's signature
        """A wallet of yours with its balance, as of now or of a moment."""
        reading = balances.wallet_read(
            account_id=account_id, owner=self.caller.user_id, as_of=self.moment_asked()
        )
        if reading is None:
            raise NotFound
        return Response(AccountSerializer(reading).data)
