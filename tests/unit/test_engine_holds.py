from datetime import timedelta

import pytest

from tests.factories.commands import (
    DEADLINE,
    CaptureFactory,
    ExpireFactory,
    HouseStateFactory,
    TransferFactory,
    VoidFactory,
    WalletStateFactory,
    WithdrawalFactory,
)
from tests.factories.events import BOB
from tests.unit.engine_books import (
    ALICES,
    BOBS,
    HOLD,
    HOUSE,
    books,
    by_key,
    decided,
    hold,
    holding,
    of_hold,
    only,
    told,
    totals,
)
from transactions.ledger.engine import Change
from transactions.ledger.engine.accounts import TOTAL_MAX

IN_TIME = DEADLINE - timedelta(microseconds=1)


class TestHold:
    def test_sets_the_money_aside_and_moves_none(self):
        decisions = decided(TransferFactory(held=True))

        (outcome,) = decisions.outcomes
        assert (outcome.state, outcome.code) == ("authorised", "")
        assert told(outcome) == [("debit", "pending", 250, 250), ("credit", "pending", 250, 0)]
        assert totals(decisions, ALICES) == (0, 1_000, 250, 0)
        assert totals(decisions, BOBS) == (0, 0, 0, 250)

    def test_takes_all_that_is_available_and_not_one_unit_more(self):
        first, second = decided(
            TransferFactory(held=True, amount=1_000), WithdrawalFactory(held=True, amount=1)
        ).outcomes

        assert (first.state, second.code) == ("authorised", "insufficient_funds")

    def test_tells_what_the_holds_of_a_wallet_come_to_and_nothing_of_the_house(self):
        first, second = decided(
            WithdrawalFactory(held=True), WithdrawalFactory(held=True, amount=100)
        ).outcomes

        assert [leg.balance_after for leg in (*first.legs, *second.legs)] == [250, None, 350, None]

    @pytest.mark.parametrize(
        ("members", "code"),
        [
            ({"status": "frozen"}, "account_frozen"),
            ({"status": "closed"}, "account_closed"),
            ({"bob_status": "closed"}, "account_closed"),
            ({"bob_status": "frozen"}, ""),
        ],
    )
    def test_is_refused_where_the_money_could_not_move(self, members, code):
        assert only(TransferFactory(held=True), accounts=books(**members)).code == code

    def test_is_refused_when_a_total_cannot_take_it(self):
        accounts = by_key(
            WalletStateFactory(posted=1_000),
            WalletStateFactory(owner=BOB, credits_pending=TOTAL_MAX - 249),
        )

        assert only(TransferFactory(held=True), accounts=accounts).code == "balance_limit_exceeded"


class TestCapture:
    def test_moves_the_money_and_releases_the_hold(self):
        command = of_hold(CaptureFactory)

        decisions = decided(command, accounts=holding(), transactions=[hold()])

        (outcome,) = decisions.outcomes
        assert (outcome.state, outcome.code) == ("posted", "")
        assert told(outcome) == [
            ("credit", "pending", 250, 0),
            ("debit", "pending", 250, 0),
            ("debit", "posted", 250, 750),
            ("credit", "posted", 250, 250),
        ]
        assert outcome.change == Change(HOLD, "authorised", "posted", 250, 0)
        assert totals(decisions, ALICES) == (250, 1_000, 0, 0)
        assert totals(decisions, BOBS) == (0, 250, 0, 0)

    def test_leaves_a_child_with_what_was_captured(self):
        outcome = only(
            of_hold(CaptureFactory, amount=100), accounts=holding(), transactions=[hold()]
        )

        child = outcome.child
        assert (child.kind, child.amount, child.currency) == ("capture", 100, "EUR")
        assert (child.debit, child.credit) == (ALICES, BOBS)
        assert (child.pending_id, child.reverses_id, child.original_state) == (HOLD, None, "posted")

    def test_releases_what_it_does_not_take(self):
        decisions = decided(
            of_hold(CaptureFactory, amount=100), accounts=holding(), transactions=[hold()]
        )

        assert totals(decisions, ALICES) == (100, 1_000, 0, 0)
        assert [state.captured_amount for state in decisions.transactions] == [100]

    def test_takes_back_what_the_house_was_told_though_its_totals_were_not_read(self):
        accounts = by_key(WalletStateFactory(posted=1_000, debits_pending=250), HouseStateFactory())
        withdrawal = hold(kind="withdrawal", credit=HOUSE)

        decisions = decided(of_hold(CaptureFactory), accounts=accounts, transactions=[withdrawal])

        assert totals(decisions, HOUSE) == (0, 250, 0, -250)

    def test_more_than_held_is_refused_and_the_hold_stays(self):
        decisions = decided(
            of_hold(CaptureFactory, amount=251),
            of_hold(CaptureFactory, amount=250),
            accounts=holding(),
            transactions=[hold()],
        )

        first, second = decisions.outcomes
        assert (first.state, first.code, first.legs, first.change) == (
            "rejected",
            "exceeds_hold",
            (),
            None,
        )
        assert (first.child.amount, first.child.original_state) == (251, "authorised")
        assert second.code == ""

    def test_from_a_frozen_wallet_is_refused_and_the_hold_stays(self):
        decisions = decided(
            of_hold(CaptureFactory), accounts=holding(status="frozen"), transactions=[hold()]
        )

        assert decisions.outcomes[0].code == "account_frozen"
        assert (decisions.transactions, decisions.accounts) == ([], [])

    def test_into_a_closed_wallet_is_refused(self):
        accounts = by_key(
            WalletStateFactory(posted=1_000, debits_pending=250),
            WalletStateFactory(owner=BOB, credits_pending=250, status="closed"),
        )

        outcome = only(of_hold(CaptureFactory), accounts=accounts, transactions=[hold()])

        assert outcome.code == "account_closed"

    def test_into_a_total_that_cannot_take_it_is_refused(self):
        accounts = by_key(
            WalletStateFactory(posted=1_000, debits_pending=250),
            WalletStateFactory(owner=BOB, credits_pending=250, posted=TOTAL_MAX - 249),
        )

        outcome = only(of_hold(CaptureFactory), accounts=accounts, transactions=[hold()])

        assert outcome.code == "balance_limit_exceeded"


@pytest.mark.parametrize(
    ("factory", "kind", "state", "late_s"),
    [(VoidFactory, "void", "voided", -1), (ExpireFactory, "expiry", "expired", 0)],
)
class TestRelease:
    def test_gives_back_all_that_was_held(self, factory, kind, state, late_s):
        command = of_hold(factory, accepted_at=DEADLINE + timedelta(seconds=late_s))

        decisions = decided(command, accounts=holding(), transactions=[hold()])

        (outcome,) = decisions.outcomes
        assert told(outcome) == [("credit", "pending", 250, 0), ("debit", "pending", 250, 0)]
        assert outcome.change == Change(HOLD, "authorised", state, 0, 0)
        assert (outcome.child.kind, outcome.child.amount, outcome.child.original_state) == (
            kind,
            250,
            state,
        )
        assert totals(decisions, ALICES) == (0, 1_000, 0, 0)


@pytest.mark.parametrize("status", ["frozen", "closed"])
@pytest.mark.parametrize(
    "command", [of_hold(VoidFactory), of_hold(ExpireFactory)], ids=["void", "expiry"]
)
def test_a_release_asks_for_no_open_wallet(command, status):
    assert only(command, accounts=holding(status=status), transactions=[hold()]).code == ""


class TestDeadline:
    @pytest.mark.parametrize("factory", [CaptureFactory, VoidFactory])
    @pytest.mark.parametrize(
        ("accepted_at", "code"), [(IN_TIME, ""), (DEADLINE, "hold_expired")], ids=["before", "at"]
    )
    def test_counts_by_when_the_command_was_accepted(self, factory, accepted_at, code):
        command = of_hold(factory, accepted_at=accepted_at)

        outcome = only(command, accounts=holding(), transactions=[hold()])

        assert outcome.code == code

    def test_a_late_capture_finds_the_hold_open_if_the_sweep_is_late_too_and_leaves_it(self):
        decisions = decided(
            of_hold(CaptureFactory, accepted_at=DEADLINE),
            of_hold(ExpireFactory),
            of_hold(CaptureFactory, accepted_at=DEADLINE),
            accounts=holding(),
            transactions=[hold()],
        )

        assert [outcome.code for outcome in decisions.outcomes] == [
            "hold_expired",
            "",
            "hold_expired",
        ]
        assert [outcome.child.original_state for outcome in decisions.outcomes] == [
            "authorised",
            "expired",
            "expired",
        ]
        assert totals(decisions, ALICES) == (0, 1_000, 0, 0)

    def test_a_capture_accepted_in_time_counts_though_it_comes_after_its_deadline(self):
        decisions = decided(
            of_hold(CaptureFactory, accepted_at=IN_TIME),
            of_hold(ExpireFactory),
            accounts=holding(),
            transactions=[hold()],
        )

        assert [outcome.code for outcome in decisions.outcomes] == ["", "already_captured"]

    def test_an_expiry_before_its_time_is_refused(self):
        outcome = only(
            of_hold(ExpireFactory, accepted_at=IN_TIME), accounts=holding(), transactions=[hold()]
        )

        assert outcome.code == "hold_not_expired"
