"""
Each database is put back to a backup that is older than what happened since.

The steps are those of docs/restore.md. First the ledger forgets, then users does.
"""

import os

import pytest

from tests.e2e.client import sign_up, treasury
from tests.repair import operator

REQUESTS = "SELECT id::text, status, rejection_code, captured_amount, settled_at FROM {table}"
KEPT = REQUESTS.format(table="transaction_request")
LEDGER = "SELECT id::text, state FROM ledger_transaction"
FUNDS = 10_000


@pytest.fixture(scope="module")
def bank():
    return treasury()


def funded(bank):
    person = sign_up()
    deposit = bank.submit(kind="deposit", amount=FUNDS, user=person.id).json()["id"]
    assert bank.outcome(deposit)["status"] == "posted"
    return person


def pay_around(people, rounds):
    """Everybody pays the next one and withdraws, the last time too much; what was accepted."""
    made = []
    for _ in range(rounds):
        for payer, payee in zip(people, [*people[1:], people[0]], strict=True):
            orders = (
                {"kind": "transfer", "amount": 7, "counterparty": payee.id},
                {"kind": "withdrawal", "amount": 3},
                {"kind": "withdrawal", "amount": 10 * FUNDS},
            )
            for order in orders:
                accepted = payer.submit(**order)
                assert accepted.status_code == 202, accepted.text
                made.append((payer, accepted.json()["id"]))
    return made


def settle(made):
    for payer, transaction_id in made:
        payer.outcome(transaction_id)
    return {transaction_id for _, transaction_id in made}


def dead_letters():
    statement = "SELECT count(*) FROM inbox_waiting WHERE state IN ('dead', 'waiting')"
    return {
        service: operator.query(service, statement)[0][0] for service in ("users", "transactions")
    }


def forked():
    statement = "SELECT count(*) FROM inbox_cursor WHERE forked_at IS NOT NULL"
    return {
        service: operator.query(service, statement)[0][0] for service in ("users", "transactions")
    }


NONE = {"users": 0, "transactions": 0}


@pytest.mark.timeout(600)
class TestLedgerRestored:
    def test_decides_again_what_it_forgot_and_users_agrees(self, bank, tmp_path):
        assert os.environ["GATEWAY_URL"]
        people = [funded(bank) for _ in range(3)]
        settle(pay_around(people, 2))
        backup = operator.back_up("transactions", tmp_path)
        late = funded(bank)
        after_backup = settle(pay_around([*people, late], 3))
        before = {row[0]: row[1:] for row in operator.query("users", KEPT)}
        balances = [person.balance() for person in (*people, late)]

        operator.stop("transactions")
        operator.restore("transactions", backup)
        forgotten = before.keys() - dict(operator.query("transactions", LEDGER)).keys()
        meanwhile = pay_around(people, 1)
        operator.resume("transactions")
        operator.start("transactions")
        operator.reconcile_until_proven("users")

        assert after_backup < forgotten
        ledger = dict(operator.query("transactions", LEDGER))
        kept = {row[0]: row[1:] for row in operator.query("users", KEPT)}
        assert {id_: row[0] for id_, row in kept.items()} == ledger
        assert {id_: kept[id_] for id_ in before} == before
        assert settle(meanwhile) < ledger.keys()
        assert (dead_letters(), forked()) == (NONE, NONE)
        # Everybody paid and was paid 7 in the last round, and took 3 out.
        assert [person.balance() for person in people] == [b - 3 for b in balances[:3]]
        assert late.balance() == balances[3]


@pytest.mark.timeout(600)
class TestUsersRestored:
    def test_goes_on_without_a_fork_and_names_exactly_what_it_lost(self, bank, tmp_path):
        people = [funded(bank) for _ in range(3)]
        settle(pay_around(people, 2))
        waiting = pay_around(people, 1)
        backup = operator.back_up("users", tmp_path)
        settle(waiting)
        newcomer = sign_up()
        deposit = bank.submit(kind="deposit", amount=FUNDS, user=newcomer.id).json()["id"]
        lost = {deposit} | settle(pay_around([*people, newcomer], 3))
        bank.outcome(deposit)

        operator.stop("users")
        operator.restore("users", backup)
        resumed = operator.resume("users")
        operator.start("users")
        proof = operator.reconcile_until_proven("transactions", returncode=1)

        assert f"{newcomer.id} not there, goes on after" in resumed
        assert operator.unknown_to_users(proof) == lost
        unclaimed = operator.query("users", "SELECT transaction_id::text FROM unclaimed_outcome")
        assert {row[0] for row in unclaimed} == lost
        assert (dead_letters(), forked()) == (NONE, NONE)
        settle(waiting)
        settle(pay_around(people, 2))
        again = operator.manage("users", "prove_effects")
        assert operator.unknown_to_users(again.stdout) == lost
        assert f"{len(lost)} of" in again.stderr
        assert (dead_letters(), forked()) == (NONE, NONE)
