"""The smallest valid commands to the ledger and accounts as its engine sees them. No database."""

import factory

from common.ids import uuid7
from tests.factories.events import ALICE, BOB, NOON
from transactions.ledger.engine import AccountKey, AccountState, Create, Source


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
    """2.50 EUR from Alice to Bob, unless told otherwise."""

    class Meta:
        model = Create

    class Params:
        payer = ALICE
        receiver = BOB

    transaction_id = factory.LazyFunction(uuid7)
    kind = "transfer"
    debit = factory.LazyAttribute(lambda one: AccountKey.wallet(one.payer, one.currency))
    credit = factory.LazyAttribute(lambda one: AccountKey.wallet(one.receiver, one.currency))
    amount = 250
    currency = "EUR"
    capture = "automatic"
    requested_by = factory.SelfAttribute("payer")
    accepted_at = NOON
    source = factory.SubFactory(SourceFactory, stream=factory.SelfAttribute("..payer"))


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
