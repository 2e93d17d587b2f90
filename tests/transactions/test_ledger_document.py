"""docs/ledger.md: the story that it tells is what the ledger writes."""

import re

import pytest

from common.settings import ROOT
from tests.factories.commands import (
    CaptureFactory,
    DepositFactory,
    ExpireFactory,
    ReverseFactory,
    TransferFactory,
    VoidFactory,
    WithdrawalFactory,
)
from tests.factories.events import ALICE, BOB
from tests.transactions.books import apply, books_differ
from transactions.ledger.models import LedgerTransaction, Posting

NAMES = {ALICE: "Alice", BOB: "Bob", None: "house"}


def story():
    """The flows by their headings, in order, each with its commands."""
    transfer = TransferFactory(amount=2_500)
    whole, partly, voided, expired = (
        TransferFactory(amount=amount, held=True) for amount in (3_000, 2_000, 1_000, 700)
    )

    def about(factory, original, **members):
        return factory(transaction_id=original.transaction_id, **members)

    return {
        "Deposit": [DepositFactory(amount=10_000)],
        "Transfer": [transfer],
        "Withdrawal": [WithdrawalFactory(payer=BOB, amount=500)],
        "Refusal": [WithdrawalFactory(amount=900_000)],
        "Hold": [whole],
        "Capture": [about(CaptureFactory, whole)],
        "Partial capture": [partly, about(CaptureFactory, partly, amount=1_200)],
        "Void": [voided, about(VoidFactory, voided)],
        "Expiry": [expired, about(ExpireFactory, expired)],
        "Reversal": [about(ReverseFactory, whole, amount=1_000), about(ReverseFactory, whole)],
        "Refund refused": [
            WithdrawalFactory(payer=BOB, amount=3_000),
            about(ReverseFactory, transfer),
        ],
    }


def tables():
    """The tables of postings by the headings above them, a tuple of cells for each row."""
    text = (ROOT / "docs" / "ledger.md").read_text()
    _, *sections = re.split(r"^### ", text, flags=re.MULTILINE)
    return {
        section.partition("\n")[0]: [
            tuple(cell.strip() for cell in row.split("|"))
            for row in re.findall(r"^\| ((?:Alice|Bob|house) \|.*)\|$", section, re.MULTILINE)
        ]
        for section in sections
        if "| account | direction |" in section
    }


def written(commands):
    """The postings of these commands as the document shows them."""
    postings = Posting.objects.filter(transaction__in=[one.recorded_as for one in commands])
    return [
        (
            NAMES[posting.account.owner],
            posting.direction,
            posting.layer,
            str(posting.amount),
            "" if posting.balance_after is None else str(posting.balance_after),
        )
        for posting in postings.select_related("account").order_by("id")
    ]


@pytest.mark.django_db
class TestDocument:
    def test_tells_what_is_written(self):
        told, played = tables(), story()
        assert list(told) == list(played)

        for heading, commands in played.items():
            for command in commands:
                apply(command)

            assert (heading, written(commands)) == (heading, told[heading])

        states = LedgerTransaction.objects.in_bulk(
            [commands[0].recorded_as for commands in played.values()]
        )
        assert [states[commands[0].recorded_as].state for commands in played.values()] == [
            "posted",
            "posted",
            "posted",
            "rejected",
            "reversed",
            "posted",
            "posted",
            "voided",
            "expired",
            "posted",
            "posted",
        ]
        refund = LedgerTransaction.objects.get(pk=played["Refund refused"][1].recorded_as)
        assert (refund.state, refund.rejection_code) == ("rejected", "insufficient_funds")
        assert books_differ() == []
