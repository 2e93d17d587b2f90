import hashlib
from uuid import UUID

import pytest

from tests.factories.commands import (
    CaptureFactory,
    DepositFactory,
    ReverseFactory,
    VoidFactory,
    WithdrawalFactory,
)
from tests.factories.events import NOON
from tests.transactions.books import apply
from transactions.ledger.journal import FACTS_COLUMNS, Entry, Facts, entry_hash, hash_fits
from transactions.ledger.models import JournalEntry

pytestmark = pytest.mark.django_db

KNOWN = Entry(
    transaction_id=UUID(int=1),
    type="transaction_authorised",
    from_state="",
    to_state="authorised",
    code="",
    actor="user:1",
    cause=UUID(int=2),
    recorded_at=NOON,
    kind="transfer",
    amount=250,
    currency="EUR",
    legs=[(UUID(int=3), "debit", "pending", 250, 0)],
    facts=Facts(
        debit_account=UUID(int=3),
        credit_account=UUID(int=4),
        pending_id=None,
        reverses_id=None,
        hold_expires_at=NOON,
        stream=UUID(int=5),
        requested_by=UUID(int=5),
        rejection_code="",
        reference="order 7",
        effective_at=NOON,
        recorded_at=NOON,
        source_event_id=UUID(int=2),
        source_sequence=1,
        source_partition=2,
        source_offset=3,
    ),
)
ID = "00000000-0000-0000-0000-00000000000"
TIME = "2026-01-02T12:00:00.000000+00:00"
PLAIN = (
    f'"{ID}1","transaction_authorised","","authorised","","user:1","{ID}2","{TIME}",'
    f'"transfer",250,"EUR",[["{ID}3","debit","pending",250,0]]'
)
FACTS = (
    f'["{ID}3","{ID}4",null,null,"{TIME}","{ID}5","{ID}5","","order 7","{TIME}","{TIME}",'
    f'"{ID}2",1,2,3]'
)


def facts_of(header):
    return Facts(*(getattr(header, column) for column in FACTS_COLUMNS))


class TestJournal:
    def test_hashes_can_be_computed_again_from_what_is_stored(self):
        hold = WithdrawalFactory(held=True, amount=60)
        apply(
            DepositFactory(amount=100),
            WithdrawalFactory(amount=101),
            hold,
            CaptureFactory(transaction_id=hold.transaction_id, amount=50),
            ReverseFactory(transaction_id=hold.transaction_id),
            VoidFactory(),
        )

        for entry in JournalEntry.objects.select_related("transaction"):
            header = entry.transaction
            legs = [
                (leg.account_id, leg.direction, leg.layer, leg.amount, leg.balance_after)
                for leg in header.postings.order_by("id")
                if not entry.from_state  # the first entry tells of the postings
            ]
            content = Entry(
                transaction_id=header.id,
                type=entry.type,
                from_state=entry.from_state,
                to_state=entry.to_state,
                code=entry.code,
                actor=entry.actor,
                cause=entry.cause,
                recorded_at=entry.recorded_at,
                kind=header.kind,
                amount=header.amount,
                currency=header.currency,
                legs=legs,
                facts=None if entry.from_state else facts_of(header),
            )
            assert bytes(entry.hash) == entry_hash(content)
            assert bytes(entry.hash) != entry_hash(content._replace(amount=1))

    def test_hashes_from_before_facts_still_fit_and_nothing_else(self):
        earlier = KNOWN._replace(facts=None)

        assert hash_fits(earlier, hashlib.sha256(f"[1,{PLAIN}]".encode()).digest())
        assert not hash_fits(earlier, hashlib.sha256(f"[2,{PLAIN}]".encode()).digest())

    def test_hash_of_a_known_entry_never_changes(self):
        assert entry_hash(KNOWN) == hashlib.sha256(f"[2,{PLAIN},{FACTS}]".encode()).digest()
