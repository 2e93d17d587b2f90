"""Somebody who is signed in, and everything that they may do."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, overload
from uuid import UUID

import httpx
import msgspec

from common.client.batches import BatchAnswer, batch_body, batch_results
from common.client.caller import Caller
from common.client.orders import Filters, Order, members_of
from common.client.outcomes import outcome_polled, outcome_streamed
from common.client.reading import read
from common.client.representations import (
    Account,
    Balance,
    BatchResult,
    Command,
    LedgerTransaction,
    Page,
    Profile,
    SignedIn,
    Statement,
    Transaction,
)
from common.client.retrying import Deadline
from common.client.transport import Call, Transport
from common.ids import uuid7

OUTCOME_WITHIN_S = 30.0
_ME = "/users/me"
_TRANSACTIONS = "/transactions"


class Session:
    """
    One sign-in; several threads may share it.

    What moves money goes under an idempotency key, a new one unless you give yours, which all
    tries keep: it is done once, whatever happens to answers. With `wait_s`, 1 to 10, the server may
    hold its answer back for so many seconds until there is an outcome (`Prefer: wait`); it need
    not. Every method raises:

    - `RequestRefused`: the API said no; sending the same again cannot help.
    - `ServiceUnavailable`, `NoAnswer`: not before the deadline. The error's `idempotency_key` is
      what to ask again under.
    - `SignedOut`: the sign-in is over.
    - `AnswerUnreadable`: whoever answered is not this API.
    """

    def __init__(self, transport: Transport, signed_in: SignedIn) -> None:
        self._caller = Caller(transport, signed_in)
        self.user_id = signed_in.user_id

    @property
    def access_token(self) -> str:
        """The newest access token, which may be over; `renew` makes another."""
        return self._caller.tokens.access

    def renew(self) -> str:
        """Exchange the tokens for new ones before they are over; returns the access token."""
        return self._caller.tokens.renew(stale=self.access_token)

    def sign_out(self) -> None:
        """End the sign-in. Its last access token is good until it expires, for minutes."""
        self._caller.tokens.end()

    def profile(self) -> Profile:
        """Your own profile."""
        return _profile_of(self._caller.send(Call("GET", _ME)))

    def profile_change(self, *, display_name: str, etag: str | None = None) -> Profile:
        """Change your profile; with `etag` only that version of it, else 412 is raised."""
        headers = {"If-Match": etag} if etag else {}
        body = {"display_name": display_name}
        # After a lost answer it is another version, and a second try would be refused.
        call = Call("PATCH", _ME, json=body, headers=headers, may_repeat=etag is None)
        return _profile_of(self._caller.send(call))

    def close(self) -> Profile:
        """
        Ask for your account to be closed, which ends every sign-in.

        The status is `closing` until the ledger has agreed, or refused.
        """
        return _profile_of(self._caller.send(Call("POST", f"{_ME}/close", json={})))

    def submit(
        self, order: Order, *, idempotency_key: str | None = None, wait_s: int = 0
    ) -> Transaction:
        """Ask for a transaction; it is pending, unless its outcome was waited for."""
        return self._caller.order(
            _TRANSACTIONS, members_of(order), Transaction, key=idempotency_key, wait_s=wait_s
        )

    def submit_batch(
        self, orders: Sequence[Order], *, idempotency_keys: Sequence[str] | None = None
    ) -> list[BatchResult]:
        """
        Ask for up to 500 transactions in one request; the results are in the order of `orders`.

        One that is refused does not stop the others. Each has its own key.
        """
        keys = idempotency_keys or [str(uuid7()) for _ in orders]
        call = Call("POST", f"{_TRANSACTIONS}/batch", json=batch_body(orders, keys))
        return batch_results(read(self._caller.send(call), BatchAnswer))

    def capture(
        self,
        transaction_id: UUID,
        *,
        amount: int | None = None,
        idempotency_key: str | None = None,
        wait_s: int = 0,
    ) -> Command:
        """Take what you held, or a part of it; the rest is released."""
        path = f"{_TRANSACTIONS}/{transaction_id}/capture"
        return self._caller.order(
            path, {"amount": amount}, Command, key=idempotency_key, wait_s=wait_s
        )

    def void(
        self, transaction_id: UUID, *, idempotency_key: str | None = None, wait_s: int = 0
    ) -> Command:
        """Release what you held."""
        path = f"{_TRANSACTIONS}/{transaction_id}/void"
        return self._caller.order(path, {}, Command, key=idempotency_key, wait_s=wait_s)

    def reverse(
        self,
        transaction_id: UUID,
        *,
        amount: int | None = None,
        reason: str | None = None,
        idempotency_key: str | None = None,
        wait_s: int = 0,
    ) -> Command:
        """Give back what you received, or a part of it."""
        path = f"{_TRANSACTIONS}/{transaction_id}/reverse"
        body = {"amount": amount, "reason": reason}
        return self._caller.order(path, body, Command, key=idempotency_key, wait_s=wait_s)

    def transaction(self, transaction_id: UUID) -> Transaction:
        """One of your transactions as it is now."""
        return self._caller.get(f"{_TRANSACTIONS}/{transaction_id}", Transaction)

    def transactions(self, filters: Filters | None = None) -> Iterator[Transaction]:
        """Your transactions, newest first; all of them, or those that fit."""
        query = members_of(filters) if filters else {}
        return self._caller.rows(_TRANSACTIONS, query, Page[Transaction])

    def command(self, transaction_id: UUID, command_id: UUID) -> Command:
        """One of your commands as it is now."""
        return self._caller.get(f"{_TRANSACTIONS}/{transaction_id}/commands/{command_id}", Command)

    @overload
    def wait_for_outcome(self, asked: Transaction, *, within_s: float = ...) -> Transaction: ...

    @overload
    def wait_for_outcome(self, asked: Command, *, within_s: float = ...) -> Command: ...

    def wait_for_outcome(
        self, asked: Transaction | Command, *, within_s: float = OUTCOME_WITHIN_S
    ) -> Transaction | Command:
        """
        Wait until the ledger has decided, and return what was asked for as it is then.

        It listens where the server streams, and looks again and again where it does not.

        Raises:
            StillPending: there is no outcome after so many seconds.
        """
        if isinstance(asked, Command):
            path = f"{_TRANSACTIONS}/{asked.transaction_id}/commands/{asked.id}"
            return outcome_polled(asked, look=self._look(path, Command), within_s=within_s)
        deadline = Deadline(within_s)
        if not asked.is_decided:
            asked = outcome_streamed(self._caller, asked, within_s=within_s)
        look = self._look(f"{_TRANSACTIONS}/{asked.id}", Transaction)
        return outcome_polled(asked, look=look, within_s=deadline.left_s)

    def accounts(self, *, as_of: datetime | None = None) -> Iterator[Account]:
        """Your wallets, now or as of a moment of recorded time."""
        return self._caller.rows("/accounts", {"as_of": as_of}, Page[Account])

    def account(self, account_id: UUID, *, as_of: datetime | None = None) -> Account:
        """One of your wallets, now or as of a moment of recorded time."""
        return self._caller.get(f"/accounts/{account_id}", Account, {"as_of": as_of})

    def balance(self, currency: str) -> Balance:
        """What is in your wallet of a currency; nothing where there is no wallet yet."""
        found = (each.balance for each in self.accounts() if each.currency == currency)
        return next(found, Balance())

    def statement(
        self, account_id: UUID, *, start: datetime | None = None, end: datetime | None = None
    ) -> Iterator[Statement]:
        """Pages of a wallet's statement, oldest first; from `start` on, and before `end`."""
        path, query = f"/accounts/{account_id}/statement", {"from": start, "to": end}
        return self._caller.pages(path, query, Statement)

    def ledger_transaction(self, transaction_id: UUID) -> LedgerTransaction:
        """What the books have of a transaction, or of a command by its own id."""
        return self._caller.get(f"/ledger/transactions/{transaction_id}", LedgerTransaction)

    def _look(self, path: str, kind: type[Any]) -> Callable[[float], Any]:
        return lambda within_s: self._caller.get(path, kind, within_s=within_s)


def _profile_of(answer: httpx.Response) -> Profile:
    return msgspec.structs.replace(read(answer, Profile), etag=answer.headers.get("ETag", ""))
