"""The smallest valid events, envelopes and records."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from common.events.codec import event_encode
from common.events.contracts import Event, SystemAccount, TransactionCreatedV1, Wallet
from common.events.envelope import Envelope, headers_encode
from common.events.topics import USERS_EVENTS, USERS_SOURCE
from common.ids import uuid7
from common.kafka.broker import OutgoingRecord, Record

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
ALICE = UUID("01900000-0000-7000-8000-00000000a11c")
BOB = UUID("01900000-0000-7000-8000-000000000b0b")


def transaction_created(**members: Any) -> TransactionCreatedV1:
    """A transfer of 2.50 EUR from Alice to Bob, unless told otherwise."""
    return TransactionCreatedV1(
        **{
            "transaction_id": uuid7(),
            "kind": "transfer",
            "requested_by": ALICE,
            "debit_party": Wallet(user_id=ALICE),
            "credit_party": Wallet(user_id=BOB),
            "amount": 250,
            "currency": "EUR",
            "capture": "automatic",
            "accepted_at": NOON,
            **members,
        }
    )


def deposit_created(*, owner: UUID, amount: int, **members: Any) -> TransactionCreatedV1:
    """Money that comes in from outside, into the owner's wallet."""
    return transaction_created(
        kind="deposit",
        debit_party=SystemAccount(role="cash_clearing"),
        credit_party=Wallet(user_id=owner),
        amount=amount,
        **members,
    )


def envelope(**members: Any) -> Envelope:
    """The envelope of the first event of Alice's stream, unless told otherwise."""
    return Envelope(
        **{
            "id": uuid7(),
            "source": USERS_SOURCE,
            "type": TransactionCreatedV1.TYPE,
            "subject": str(uuid7()),
            "time": NOON,
            "stream": ALICE,
            "sequence": 1,
            "correlation_id": "a-request",
            "causation_id": None,
            "actor": f"user:{ALICE}",
            "traceparent": None,
            **members,
        }
    )


def outgoing(event: Event | None = None, **members: Any) -> OutgoingRecord:
    """A record to send: an event with its envelope."""
    event = event or transaction_created()
    known = envelope(**{"type": event.TYPE, "subject": str(event.subject), **members})
    return OutgoingRecord(
        topic=USERS_EVENTS,
        key=str(known.stream).encode(),
        value=event_encode(event),
        headers=headers_encode(known),
    )


def record(event: Event | None = None, *, offset: int = 0, **members: Any) -> Record:
    """A record as it would be read from partition 0 of users.events."""
    sent = outgoing(event, **members)
    return Record(
        topic=sent.topic,
        partition=0,
        offset=offset,
        timestamp_ms=1_767_355_200_000,
        key=sent.key,
        value=sent.value,
        headers=list(sent.headers),
    )
