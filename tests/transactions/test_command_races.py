"""Commands that arrive at once, on real connections with real commits."""

import os
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import transaction

from common.ids import uuid7
from tests.factories.commands import (
    DEADLINE,
    CaptureFactory,
    ExpireFactory,
    ReverseFactory,
    TransferFactory,
    VoidFactory,
    WithdrawalFactory,
)
from tests.factories.events import ALICE, BOB
from tests.transactions.books import apply, balance, books_differ, code_of, fund, standing, totals
from tests.transactions.test_parallel import (
    apply_and_leave,
    apply_with_retry,
    in_parallel,
    wait_until_somebody_waits,
)
from transactions.ledger.models import Account, LedgerTransaction

pytestmark = pytest.mark.django_db(transaction=True)

TRANSFERS = int(os.environ.get("RANDOM_TRANSFERS", "1000"))
"""The full run is `RANDOM_TRANSFERS=10000 ./manage_all.sh test transactions -- -k random`."""

_CONSUMERS = 4
_OWNERS = 50
_BATCH = 25


def at_once(*commands):
    """Each command in a batch of its own, on a connection of its own."""
    in_parallel(*[lambda one=command: apply_with_retry([one]) for command in commands])


class TestRaces:
    def test_of_spends_that_cover_ten_give_exactly_ten(self):
        fund(ALICE, 10)
        spends = [WithdrawalFactory(amount=1) for _ in range(50)]

        at_once(*spends)

        assert [code_of(one) for one in spends].count("") == 10
        assert {code_of(one) for one in spends} == {"", "insufficient_funds"}
        assert balance(ALICE) == 0
        assert books_differ() == []

    def test_of_holds_that_cover_three_give_exactly_three(self):
        fund(ALICE, 10)
        holds = [TransferFactory(held=True, amount=3) for _ in range(12)]

        at_once(*holds)

        assert [standing(one)[0] for one in holds].count("authorised") == 3
        assert totals(ALICE) == (10, 9, 0)

    def test_of_two_reversals_give_back_no_more_than_moved(self):
        fund(ALICE, 1_000)
        paid = TransferFactory(amount=100)
        apply(paid)
        fund(BOB, 1_000)
        reversals = [ReverseFactory(transaction_id=paid.transaction_id, amount=60) for _ in "ab"]

        at_once(*reversals)

        assert sorted(code_of(one) for one in reversals) == ["", "exceeds_original"]
        assert standing(paid) == ("partially_reversed", 100, 60)
        assert (balance(ALICE), balance(BOB)) == (960, 1_040)
        assert books_differ() == []

    def test_of_whole_reversals_reverse_once(self):
        fund(ALICE, 1_000)
        paid = TransferFactory(amount=100)
        apply(paid)
        fund(BOB, 1_000)
        reversals = [ReverseFactory(transaction_id=paid.transaction_id) for _ in range(6)]

        at_once(*reversals)

        assert [code_of(one) for one in reversals].count("") == 1
        assert standing(paid) == ("reversed", 100, 100)

    def test_of_everything_that_resolves_a_hold_do_one_thing(self):
        fund(ALICE, 1_000)
        hold = TransferFactory(held=True, amount=100)
        apply(hold)
        commands = [
            *[CaptureFactory(transaction_id=hold.transaction_id, amount=70) for _ in range(2)],
            *[VoidFactory(transaction_id=hold.transaction_id) for _ in range(2)],
            ExpireFactory(transaction_id=hold.transaction_id, accepted_at=DEADLINE),
        ]

        at_once(*commands)

        done = [one for one in commands if code_of(one) == ""]
        assert len(done) == 1
        assert (standing(hold)[0], balance(ALICE), balance(BOB)) in [
            ("posted", 930, 70),
            ("voided", 1_000, 0),
            ("expired", 1_000, 0),
        ]
        assert totals(ALICE)[1:] == (0, 0)
        assert books_differ() == []


class TestLocks:
    def test_take_originals_sorted_by_id_and_before_any_wallet(self):
        fund(ALICE, 1_000)
        holds = sorted(TransferFactory(held=True, amount=1) for _ in range(5))
        apply(*holds)
        voids = [VoidFactory(transaction_id=one.transaction_id) for one in reversed(holds)]
        originals = LedgerTransaction.objects.select_for_update(no_key=True, skip_locked=True)
        wallets = Account.objects.select_for_update(no_key=True, skip_locked=True)

        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                middle = holds[2].transaction_id
                assert len(originals.filter(pk=middle)) == 1
                batch = pool.submit(apply_and_leave, voids)
                wait_until_somebody_waits()
                free = originals.filter(pk__in=[one.transaction_id for one in holds])
                assert {one.pk for one in free} == {one.transaction_id for one in holds[2:]}
                assert len(wallets.filter(owner=ALICE)) == 1
            batch.result(timeout=10)

        assert {standing(one)[0] for one in holds} == {"voided"}


class TestRandomTransfers:
    def test_random_transfers_among_many_keep_the_sums(self):
        owners = [uuid7() for _ in range(_OWNERS)]
        for owner in owners:
            fund(owner, 1_000)

        def consume(seed):
            choices = random.Random(seed)  # noqa: S311  a test's dice
            for _ in range(TRANSFERS // _CONSUMERS // _BATCH):
                pairs = [choices.sample(owners, 2) for _ in range(_BATCH)]
                apply_with_retry(
                    [
                        TransferFactory(payer=a, receiver=b, amount=choices.randint(1, 400))
                        for a, b in pairs
                    ]
                )

        in_parallel(*[lambda seed=seed: consume(seed) for seed in range(_CONSUMERS)])

        decided = LedgerTransaction.objects.filter(kind="transfer")
        assert decided.count() == TRANSFERS // _CONSUMERS // _BATCH * _BATCH * _CONSUMERS
        assert {one.state for one in decided} == {"posted", "rejected"}
        assert sum(balance(owner) for owner in owners) == 1_000 * _OWNERS
        assert min(account.available for account in Account.objects.exclude(owner=None)) >= 0
        assert books_differ() == []

    def test_random_holds_and_commands_keep_the_sums(self):
        owners = [uuid7() for _ in range(_OWNERS)]
        for owner in owners:
            fund(owner, 1_000)
        known, guard = [], threading.Lock()

        def step(choices):
            payer, receiver = choices.sample(owners, 2)
            amount = choices.randint(1, 300)
            with guard:
                original = choices.choice(known) if known and choices.random() < 0.6 else None
            if original is None:
                held = choices.random() < 0.7
                return TransferFactory(payer=payer, receiver=receiver, amount=amount, held=held)
            about = {"transaction_id": original.transaction_id, "stream": original.source.stream}
            factory = choices.choice([CaptureFactory, VoidFactory, ReverseFactory, ReverseFactory])
            part = {"amount": amount} if factory is not VoidFactory and amount % 2 else {}
            return factory(**about, **part)

        def consume(seed):
            choices = random.Random(seed)  # noqa: S311  a test's dice
            for _ in range(TRANSFERS // _CONSUMERS // _BATCH):
                batch = [step(choices) for _ in range(_BATCH)]
                apply_with_retry(batch)
                with guard:
                    known.extend(one for one in batch if hasattr(one, "debit"))

        in_parallel(*[lambda seed=seed: consume(seed) for seed in range(_CONSUMERS)])

        states = set(LedgerTransaction.objects.values_list("kind", "state"))
        assert {
            ("transfer", "reversed"),
            ("transfer", "voided"),
            ("capture", "posted"),
            ("reversal", "posted"),
        } <= states
        wallets = Account.objects.exclude(owner=None)
        assert sum(one.posted for one in wallets) == 1_000 * _OWNERS
        assert min(one.available for one in wallets) >= 0
        assert books_differ() == []
