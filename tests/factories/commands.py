"""The smallest valid commands to the ledger and accounts as its engine sees them. No database."""

from datetime import timedelta

import factory

from common.ids import uuid7
from tests.factories.events import ALICE, BOB, NOON
from transactions.ledger.engine import (
    AccountKey,
    AccountState,
    Capture,
    Create,
    Expire,
    Reverse,
    Source,
    TransactionState,
    Void,
)

DEADLINE = NOON + timedelta(days=7)
"""When the holds of these factories end; commands to them are of noon, unless told otherwise."""


class SourceFactory(factory.Factory):
    class Meta:
        model = Source

    event_id = factory.LazyFunction(uuid7)
    stream = ALICE
    sequence = factory.Sequence(lambda n: n + 1)
    partition = 0
    offset = factory.Sequence(lambda n: n)
    published_at = NOON
    consumed_at = NOON
    actor = factory.LazyAttribute(lambda source: f"user:{source.stream}")
    correlation_id = "a-request"
    traceparent = None


class TransferFactory(factory.Factory):
    """2.50 EUR from Alice to Bob, unless told otherwise; `held` until the deadline if wanted."""

    class Meta:
        model = Create

    class Params:
        payer = ALICE
        receiver = BOB
        held = factory.Trait(hold_expires_at=DEADLINE)

    transaction_id = factory.LazyFunction(uuid7)
    kind = "transfer"
    debit = factory.LazyAttribute(lambda one: AccountKey.wallet(one.payer, one.currency))
    credit = factory.LazyAttribute(lambda one: AccountKey.wallet(one.receiver, one.currency))
    amount = 250
    currency = "EUR"
    requested_by = factory.SelfAttribute("payer")
    accepted_at = NOON
    source = factory.SubFactory(SourceFactory, stream=factory.SelfAttribute("..payer"))
    hold_expires_at = None


class WithdrawalFactory(TransferFactory):
    """2.50 EUR that Alice takes out."""

    kind = "withdrawal"
    credit = factory.LazyAttribute(lambda one: AccountKey.system("cash_clearing", one.currency))


class DepositFactory(TransferFactory):
    """2.50 EUR that come in for Alice."""

    class Params:
        owner = ALICE

    kind = "deposit"
    debit = factory.LazyAttribute(lambda one: AccountKey.system("cash_clearing", one.currency))
    credit = factory.LazyAttribute(lambda one: AccountKey.wallet(one.owner, one.currency))
    requested_by = factory.LazyFunction(uuid7)
    source = factory.SubFactory(SourceFactory, stream=factory.SelfAttribute("..owner"))


class VoidFactory(factory.Factory):
    """Alice voids a transaction of hers; `transaction_id` says which."""

    class Meta:
        model = Void

    class Params:
        stream = ALICE

    command_id = factory.LazyFunction(uuid7)
    transaction_id = factory.LazyFunction(uuid7)
    requested_by = factory.SelfAttribute("stream")
    accepted_at = NOON
    source = factory.SubFactory(SourceFactory, stream=factory.SelfAttribute("..stream"))


class CaptureFactory(VoidFactory):
    """Alice captures a hold of hers, all of it unless `amount` says how much."""

    class Meta:
        model = Capture

    amount = None


class ReverseFactory(CaptureFactory):
    """A transaction of Alice is reversed, all that is left of it unless `amount` says less."""

    class Meta:
        model = Reverse


class ExpireFactory(factory.Factory):
    """The deadline of a hold of Alice is over."""

    class Meta:
        model = Expire

    class Params:
        stream = ALICE

    command_id = factory.LazyFunction(uuid7)
    transaction_id = factory.LazyFunction(uuid7)
    accepted_at = DEADLINE
    source = factory.SubFactory(
        SourceFactory, stream=factory.SelfAttribute("..stream"), actor="system:sweep"
    )


class TransactionStateFactory(factory.Factory):
    """Alice's transfer of 2.50 EUR to Bob as the engine sees it, posted; `held` if wanted."""

    class Meta:
        model = TransactionState

    class Params:
        held = factory.Trait(state="authorised", hold_expires_at=DEADLINE, captured_amount=0)

    id = factory.LazyFunction(uuid7)
    kind = "transfer"
    state = "posted"
    stream = ALICE
    debit = AccountKey.wallet(ALICE, "EUR")
    credit = AccountKey.wallet(BOB, "EUR")
    amount = 250
    currency = "EUR"
    captured_amount = factory.SelfAttribute("amount")


class WalletStateFactory(factory.Factory):
    """Alice's empty EUR wallet as the engine sees it; `posted` puts money into it."""

    class Meta:
        model = AccountState

    class Params:
        owner = ALICE
        currency = "EUR"
        posted = 0

    id = factory.LazyFunction(uuid7)
    key = factory.LazyAttribute(lambda one: AccountKey.wallet(one.owner, one.currency))
    credits_posted = factory.SelfAttribute("posted")


class HouseStateFactory(WalletStateFactory):
    """The house's EUR account as the engine sees it, totals unread."""

    key = factory.LazyAttribute(lambda one: AccountKey.system("cash_clearing", one.currency))
