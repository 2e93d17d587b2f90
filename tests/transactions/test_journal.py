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
from transactions.ledger.journal import Entry, entry_hash
from transactions.ledger.models import JournalEntry

pytestmark = pytest.mark.django_db


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
            )
            assert bytes(entry.hash) == entry_hash(content)
            assert bytes(entry.hash) != entry_hash(content._replace(amount=1))

    def test_hash_of_a_known_entry_never_changes(self):
        entry = Entry(
            transaction_id=UUID(int=1),
            type="transaction_posted",
            from_state="",
            to_state="posted",
            code="",
            actor="user:1",
            cause=UUID(int=2),
            recorded_at=NOON,
            kind="transfer",
            amount=250,
            currency="EUR",
            legs=[(UUID(int=3), "debit", "posted", 250, 0)],
        )

        content = (
            '[1,"00000000-0000-0000-0000-000000000001","transaction_posted","","posted","",'
            '"user:1","00000000-0000-0000-0000-000000000002","2026-01-02T12:00:00.000000+00:00",'
            '"transfer",250,"EUR",'
            '[["00000000-0000-0000-0000-000000000003","debit","posted",250,0]]]'
        )
        assert entry_hash(entry) == hashlib.sha256(content.encode()).digest()
