"""The API's client through the gateway, all the way to the ledger."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from common.client import (
    ApiClient,
    Deposit,
    Filters,
    RequestRefused,
    Session,
    SignedOut,
    Transfer,
    Withdrawal,
)
from common.ids import uuid7
from tests.e2e.client import PASSWORD, gateway

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = re.compile(r"<!-- example -->\n```python\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def api():
    with gateway() as client:
        yield client


@pytest.fixture(scope="module")
def vault(api) -> Session:
    return api.sign_in("treasury@example.com", os.environ["DEMO_TREASURY_PASSWORD"])


def person(api: ApiClient) -> Session:
    return api.sign_up(f"person-{uuid7()}@example.com", PASSWORD)


@pytest.fixture
def payer(api, vault) -> Session:
    """Somebody with 10.00 EUR."""
    made = person(api)
    order = Deposit(amount=1_000, currency="EUR", user=made.user_id)
    assert vault.wait_for_outcome(vault.submit(order)).status == "posted"
    return made


@pytest.fixture
def payee(api) -> Session:
    return person(api)


def lunch(payee: Session, amount: int = 400, **more) -> Transfer:
    return Transfer(amount=amount, currency="EUR", counterparty=payee.user_id, **more)


class TestTransactions:
    def test_are_asked_for_and_read_in_every_way(self, payer, payee):
        order = lunch(payee, reference="lunch", description="At noon", metadata={"table": "7"})
        asked = payer.submit(order, wait_s=5)
        found = payer.wait_for_outcome(asked)

        assert (found.status, found.captured_amount, found.metadata) == (
            "posted",
            400,
            {"table": "7"},
        )
        assert found == payer.transaction(asked.id)
        assert found.settled_at is not None
        assert found.settled_at >= found.created_at
        assert [each.id for each in payer.transactions(Filters(reference="lunch"))] == [asked.id]
        assert list(payer.transactions(Filters(created_to=found.created_at, kind="transfer"))) == []
        (account,) = payer.accounts()
        assert (payer.balance("EUR").available, payer.balance("JPY").posted) == (600, 0)
        assert payer.account(account.id, as_of=account.as_of) == account
        (page,) = payer.statement(account.id)
        assert [(line.transaction_id, line.amount) for line in page.lines][1:] == [(asked.id, -400)]
        books = payer.ledger_transaction(asked.id)
        assert (books.state, len(books.postings), books.journal[0].to_state) == (
            "posted",
            2,
            "posted",
        )

    def test_are_done_once_under_one_key(self, payer, payee):
        first = payer.submit(lunch(payee), idempotency_key="lunch")
        again = payer.submit(lunch(payee), idempotency_key="lunch")

        with pytest.raises(RequestRefused) as raised:
            payer.submit(lunch(payee, 401), idempotency_key="lunch")

        assert again.id == first.id
        assert (raised.value.code, raised.value.field) == ("idempotency_key_reused", "amount")

    def test_are_asked_for_in_one_request_and_refused_one_by_one(self, payer, payee):
        orders = [lunch(payee, 600), lunch(payee, 0), lunch(payee, 500), lunch(payee, 400)]
        keys = [str(uuid7()) for _ in orders]

        results = payer.submit_batch(orders, idempotency_keys=keys)
        again = payer.submit_batch(orders, idempotency_keys=keys)

        assert [result.status for result in results] == [202, 400, 202, 202]
        assert [result.is_replay for result in again] == [True, False, True, True]
        assert results[1].problem.code == "invalid"
        assert [each.transaction for each in again] == [each.transaction for each in results]
        accepted = [result.transaction for result in results if result.transaction]
        outcomes = [payer.wait_for_outcome(each).status for each in accepted]
        assert outcomes == ["posted", "rejected", "posted"]
        assert payer.balance("EUR").available == 0

    def test_are_held_captured_and_given_back(self, payer, payee):
        hold = payer.submit(lunch(payee, capture="manual", hold_expires_in_s=600))
        assert payer.wait_for_outcome(hold).status == "authorised"
        assert payer.balance("EUR").pending == 400

        capture = payer.wait_for_outcome(payer.capture(hold.id, amount=300))
        refund = payee.wait_for_outcome(payee.reverse(hold.id, amount=100, reason="Cold"))
        late = payer.wait_for_outcome(payer.void(hold.id))

        assert (capture.status, refund.status) == ("applied", "applied")
        assert (late.status, late.rejection_code) == ("rejected", "already_captured")
        assert payer.transaction(hold.id).reversed_amount == 100
        assert payer.command(hold.id, capture.id) == capture
        assert payer.balance("EUR").available == 800

    def test_that_the_ledger_refuses_are_outcomes_and_no_errors(self, payer):
        order = Withdrawal(amount=1_001, currency="EUR")

        found = payer.wait_for_outcome(payer.submit(order))

        assert (found.status, found.rejection_code) == ("rejected", "insufficient_funds")

    def test_that_are_wrong_are_refused_with_what_is_wrong(self, payer, payee):
        with pytest.raises(RequestRefused) as raised:
            payer.submit(lunch(payee, amount=0))
        with pytest.raises(RequestRefused) as missing:
            payer.transaction(uuid7())

        assert (raised.value.status, raised.value.field) == (400, "amount")
        assert raised.value.request_id
        assert (missing.value.status, missing.value.code) == (404, "not_found")


class TestSession:
    def test_goes_on_when_its_access_token_is_over(self, payer):
        payer._caller.tokens._access = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjF9.nonsense"

        assert payer.profile().status == "active"
        assert payer.balance("EUR").posted == 1_000

    def test_can_be_renewed_and_ends(self, payee):
        first = payee.access_token
        assert payee.renew() not in {first, ""}

        payee.sign_out()

        with pytest.raises(SignedOut):
            payee.renew()

    def test_changes_one_version_of_the_profile(self, payee):
        before = payee.profile()
        after = payee.profile_change(display_name="Carol", etag=before.etag)

        with pytest.raises(RequestRefused) as raised:
            payee.profile_change(display_name="Dave", etag=before.etag)

        assert (after.display_name, after.id) == ("Carol", payee.user_id)
        assert after == payee.profile() != before
        assert raised.value.status == 412

    def test_is_refused_with_another_password(self, api, payee):
        with pytest.raises(RequestRefused) as raised:
            api.sign_in(payee.profile().email, "not the password")

        assert (raised.value.status, raised.value.code) == (400, "email_password_mismatch")


def test_the_example_of_the_docs_does_what_it_says():
    (example,) = EXAMPLE.findall((ROOT / "docs" / "client.md").read_text())

    done = subprocess.run(
        [sys.executable, "-c", example],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "deposit: posted",
        "hold: authorised",
        "capture: applied",
        "refund: applied",
        "yacht: insufficient_funds",
        "refused: 400 invalid amount",
        "balance: 8000",
        "posted: [10000]",
        "statement: [10000, -2500, 500]",
    ]
