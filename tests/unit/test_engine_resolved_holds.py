"""Commands to a hold that is resolved, unknown, or new in the same batch."""

import pytest

from tests.factories.commands import (
    CaptureFactory,
    DepositFactory,
    ExpireFactory,
    HouseStateFactory,
    TransactionStateFactory,
    TransferFactory,
    VoidFactory,
    WalletStateFactory,
    WithdrawalFactory,
)
from tests.factories.events import ALICE, BOB
from tests.unit.engine_books import (
    ALICES,
    BOBS,
    HOLD,
    by_key,
    decided,
    hold,
    holding,
    of_hold,
    only,
    totals,
)
from transactions.ledger.engine import AccountKey

RESOLVED = {
    "posted": "already_captured",
    "partially_reversed": "already_captured",
    "reversed": "already_captured",
    "voided": "already_voided",
    "expired": "hold_expired",
    "rejected": "not_authorised",
}


class TestResolvedHold:
    @pytest.mark.parametrize("factory", [CaptureFactory, VoidFactory, ExpireFactory])
    @pytest.mark.parametrize(("state", "code"), RESOLVED.items())
    def test_resolves_no_second_time(self, factory, state, code):
        outcome = only(of_hold(factory), transactions=[hold(state=state)])

        assert (outcome.state, outcome.code, outcome.legs) == ("rejected", code, ())
        assert (outcome.child.pending_id, outcome.child.original_state) == (HOLD, state)

    @pytest.mark.parametrize("factory", [CaptureFactory, VoidFactory, ExpireFactory])
    def test_an_automatic_transaction_counts_as_captured(self, factory):
        payment = TransferFactory()

        outcome = only(payment, factory(transaction_id=payment.transaction_id))

        assert outcome.code == "already_captured"

    @pytest.mark.parametrize("factory", [CaptureFactory, VoidFactory, ExpireFactory])
    @pytest.mark.parametrize("kind", ["capture", "void", "expiry", "reversal"])
    def test_a_child_is_no_hold(self, factory, kind):
        child = TransactionStateFactory(id=HOLD, kind=kind, captured_amount=0)

        assert only(of_hold(factory), transactions=[child]).code == "not_authorised"

    def test_void_twice(self):
        commands = [of_hold(VoidFactory), of_hold(VoidFactory)]

        decisions = decided(*commands, accounts=holding(), transactions=[hold()])

        assert [outcome.code for outcome in decisions.outcomes] == ["", "already_voided"]
        assert totals(decisions, ALICES) == (0, 1_000, 0, 0)

    def test_capture_after_void(self):
        commands = [of_hold(VoidFactory), of_hold(CaptureFactory)]

        decisions = decided(*commands, accounts=holding(), transactions=[hold()])

        assert [outcome.code for outcome in decisions.outcomes] == ["", "already_voided"]
        assert totals(decisions, BOBS) == (0, 0, 0, 0)

    def test_rejected_hold_captured(self):
        refused = TransferFactory(held=True, amount=1_001)

        outcome = only(refused, CaptureFactory(transaction_id=refused.transaction_id))

        assert (outcome.code, outcome.child.original_state) == ("not_authorised", "rejected")
        assert (outcome.child.pending_id, outcome.child.amount) == (refused.transaction_id, 1_001)

    def test_a_discarded_request_of_which_nothing_is_legible(self):
        discarded = TransactionStateFactory(
            id=HOLD,
            kind=None,
            state="rejected",
            debit=None,
            credit=None,
            amount=None,
            currency=None,
        )

        outcome = only(of_hold(CaptureFactory), transactions=[discarded])

        assert (outcome.code, outcome.child.amount) == ("not_authorised", None)


class TestUnknownTransaction:
    @pytest.mark.parametrize("factory", [CaptureFactory, VoidFactory, ExpireFactory])
    def test_is_refused_with_nothing_to_hang_on(self, factory):
        outcome = only(of_hold(factory))

        assert (outcome.state, outcome.code, outcome.change) == (
            "rejected",
            "transaction_unknown",
            None,
        )
        assert (outcome.child.pending_id, outcome.child.original_state) == (None, "unknown")
        assert (outcome.child.currency, outcome.child.debit) == (None, None)

    def test_is_what_a_stream_sees_of_another_streams(self):
        outcome = only(of_hold(VoidFactory, stream=BOB), accounts=holding(), transactions=[hold()])

        assert (outcome.code, outcome.child.pending_id) == ("transaction_unknown", None)

    def test_is_one_that_is_created_only_afterwards(self):
        create = TransferFactory(held=True)

        early, _ = decided(CaptureFactory(transaction_id=create.transaction_id), create).outcomes

        assert early.code == "transaction_unknown"


class TestSameBatch:
    def test_resolves_a_hold_that_is_new_in_it(self):
        create = TransferFactory(held=True)
        capture = CaptureFactory(transaction_id=create.transaction_id, amount=200)

        decisions = decided(create, capture)

        first, second = decisions.outcomes
        assert (first.state, second.change.from_state) == ("authorised", "authorised")
        final = decisions.created[create.transaction_id]
        assert (final.state, final.captured_amount) == ("posted", 200)
        assert decisions.transactions == []
        assert totals(decisions, ALICES) == (200, 1_000, 0, 0)

    def test_spends_what_a_void_gave_back(self):
        create = TransferFactory(held=True, amount=1_000)
        void = VoidFactory(transaction_id=create.transaction_id)

        *_, spend = decided(create, void, WithdrawalFactory(amount=1_000)).outcomes

        assert spend.code == ""

    def test_leaves_what_it_was_given_as_it_is(self):
        given, accounts = hold(), holding()
        before = given.copy(), {key: state.copy() for key, state in accounts.items()}

        decided(of_hold(CaptureFactory), accounts=accounts, transactions=[given])

        assert (given, accounts) == before


@pytest.mark.parametrize("currency", ["JPY", "EUR", "KWD"])
def test_holds_in_one_currency_leave_the_wallets_of_others_alone(currency):
    accounts = by_key(
        *(WalletStateFactory(currency=code, posted=10) for code in ("JPY", "EUR", "KWD")),
        *(HouseStateFactory(currency=code) for code in ("JPY", "EUR", "KWD")),
    )
    deposit = DepositFactory(currency=currency, amount=5)
    create = WithdrawalFactory(currency=currency, amount=15, held=True)
    capture = CaptureFactory(transaction_id=create.transaction_id, amount=12)

    decisions = decided(deposit, create, capture, accounts=accounts)

    assert [outcome.code for outcome in decisions.outcomes] == ["", "", ""]
    assert {state.key.currency for state in decisions.accounts} == {currency}
    assert totals(decisions, AccountKey.wallet(ALICE, currency)) == (12, 15, 0, 0)
