"""Step 1 of the road: why a request is not accepted."""

from collections.abc import Collection, Container, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from common.errors import ServiceError
from common.outbox.errors import StreamNotAccepting
from users.identity.models import User
from users.identity.selectors import user_is_treasury, user_statuses
from users.submissions.errors import CounterpartyUnavailable, ReferenceExists, TreasuryOnly
from users.submissions.models import TransactionRequest
from users.submissions.order import Order
from users.submissions.selectors import transactions_by_reference

_DEPOSIT = TransactionRequest.Kind.DEPOSIT
_GONE = frozenset({User.Status.CLOSING, User.Status.CLOSED})


class Facts(NamedTuple):
    """
    What decides about the orders of one caller, as it was read.

    `references` says whose each of the caller's references is; `accepting` has the streams that
    take requests.
    """

    is_treasury: bool
    statuses: Mapping[UUID, str]
    references: dict[str, UUID]
    accepting: Container[UUID]


def facts_read(
    *, orders: Sequence[Order], requested_by: UUID, accepting: Collection[UUID]
) -> Facts:
    """Read what decides about these orders, in a few questions however many they are."""
    parties = {party_of(order) for order in orders} - {requested_by}
    deposits = any(order.kind == _DEPOSIT for order in orders)
    references = [order.reference for order in orders if order.reference is not None]
    return Facts(
        # The role in a token is minutes old; money is made by who has it now.
        is_treasury=deposits and user_is_treasury(user_id=requested_by),
        statuses=user_statuses(user_ids={*parties, requested_by}) if parties else {},
        references=transactions_by_reference(requested_by=requested_by, references=references),
        accepting=accepting,
    )


def party_of(order: Order) -> UUID:
    """Whose wallet is the other one; a withdrawal's is the caller's own."""
    return order.counterparty or order.user


def refusal_of(*, order: Order, requested_by: UUID, facts: Facts) -> ServiceError | None:
    """Why an order is refused whose key is free; None if nothing stands against it."""
    if order.reference in facts.references:
        existing = facts.references[order.reference]
        return ReferenceExists(field="reference", transaction_id=str(existing))
    if order.kind == _DEPOSIT and not facts.is_treasury:
        return TreasuryOnly()
    return _party_refusal(order, requested_by, facts) or _stream_refusal(order, facts)


def _party_refusal(order: Order, requested_by: UUID, facts: Facts) -> ServiceError | None:
    """Refuse parties that cannot take part; a payer's own stream speaks for the payer."""
    party = party_of(order)
    if party == requested_by:
        return None
    if facts.statuses.get(requested_by) != User.Status.ACTIVE:
        return StreamNotAccepting()
    if facts.statuses.get(party, User.Status.CLOSED) in _GONE:
        return CounterpartyUnavailable(
            field="user" if order.counterparty is None else "counterparty"
        )
    return None


def _stream_refusal(order: Order, facts: Facts) -> ServiceError | None:
    return None if order.user in facts.accepting else StreamNotAccepting()
