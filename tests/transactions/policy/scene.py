"""Everybody who may call the transactions service, and what one of them has in the books."""

import json
from typing import Any

from django.conf import settings
from django.test import Client

from common.ids import uuid7
from common.outbox.models import OutboxMessage
from tests.factories.commands import (
    DepositFactory,
    ReverseFactory,
    TransferFactory,
    WithdrawalFactory,
)
from tests.factories.events import ALICE, BOB
from tests.factories.transactions import StaffFactory
from tests.policy.callers import Rule
from tests.policy.forged_tokens import Mint
from tests.transactions.books import apply
from transactions.ledger.models import (
    Account,
    JournalEntry,
    LedgerTransaction,
    Posting,
    UserReplica,
)

KEPT = (Account, LedgerTransaction, Posting, JournalEntry, UserReplica, OutboxMessage)
TREASURY = uuid7()


class TransactionsScene:
    """Alice is the owner: a deposit, a payment to Bob, a refund of it, a hold and a refusal."""

    def __init__(self, mint: Mint) -> None:
        self._mint = mint
        suspended = uuid7()
        UserReplica.objects.create(id=suspended, status="suspended")
        people = {
            "owner": ALICE,
            "receiver": BOB,
            "other": uuid7(),
            "suspended": suspended,
            # To this service the people of the other's console are people like any other.
            "staff": uuid7(),
            "superuser": uuid7(),
        }
        self.headers = {name: self.bearer(sub=str(person)) for name, person in people.items()}
        self.headers |= {
            "treasury": self.bearer(sub=str(TREASURY), role="treasury"),
            "expired": self.bearer(iat=1_700_000_000, exp=1_700_000_300),
            "other audience": self.bearer(aud="other-api"),
            "peer": {"Authorization": f"Bearer {settings.PEER['SECRET_EXPECTED']}"},
        }
        self._console = Client()
        self._console.force_login(StaffFactory())
        self._objects = _objects()

    def bearer(self, **claims: object) -> dict[str, str]:
        """The header with a token of Alice's, but for these claims."""
        return {"Authorization": f"Bearer {self._mint.sign(**claims)}"}

    def ask(self, caller: str, method: str, path: str, rule: Rule | None = None) -> Any:
        """Send a request as somebody, with what the rule says belongs to it."""
        client = Client(raise_request_exception=False)
        if caller == "console session":
            client.cookies = self._console.cookies
        raw, kind = b"", "application/octet-stream"
        if rule and rule.body is not None:
            raw, kind = json.dumps(rule.body).encode(), "application/json"
        return client.generic(method, path, raw, kind, headers=self.headers.get(caller, {}))

    def ids(self, of: str) -> dict[str, object]:
        return self._objects.get(of, {})

    def state(self) -> object:
        return [list(model.objects.order_by("pk").values()) for model in KEPT]


def _objects() -> dict[str, dict[str, object]]:
    deposit = DepositFactory(owner=ALICE, amount=1_000, requested_by=TREASURY)
    paid = TransferFactory(amount=250)
    refund = ReverseFactory(transaction_id=paid.transaction_id, amount=50)
    held, refused = TransferFactory(held=True, amount=100), WithdrawalFactory(amount=9_999)
    apply(deposit, paid, refund, held, refused)
    rows = {"deposit": deposit, "paid": paid, "refund": refund, "held": held, "refused": refused}
    ids: dict[str, dict[str, object]] = {
        name: {"transaction_id": row.recorded_as} for name, row in rows.items()
    }
    ids["wallet"] = {"account_id": Account.objects.get(owner=ALICE).id}
    ids["system account"] = {"account_id": Account.objects.get(owner=None, currency="EUR").id}
    return ids
