"""What the database itself refuses about holds and commands."""

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from common.ids import uuid7
from tests.factories.commands import CaptureFactory, ReverseFactory, VoidFactory
from tests.factories.events import ALICE, BOB, NOON
from tests.factories.transactions import WalletFactory
from tests.transactions.books import (
    apply,
    execute,
    standing,
    totals_follow,
    transaction_of,
)
from tests.transactions.test_application_role import application  # noqa: F401  a fixture
from tests.transactions.test_change_rules import change
from tests.transactions.test_rules import broken_constraint, header, leg
from transactions.ledger.models import Account, LedgerTransaction, Posting

VOIDED = "state = 'voided'"


@pytest.fixture
def amount():
    return 100


def wallets():
    return Account.objects.get(owner=ALICE), Account.objects.get(owner=BOB)


def child(original, kind, **members):
    """A row of a command to an original, with the accounts that its kind asks for."""
    debit, credit = wallets()
    if kind == "reversal":
        debit, credit = credit, debit
    link = "reverses_id" if kind == "reversal" else "pending_id"
    return header(
        debit,
        credit,
        **{"kind": kind, "captured_amount": 0, link: original.transaction_id, **members},
    )


def released(one, amount=100):
    return [
        leg(one.id, one.debit_account, "credit", layer="pending", amount=amount),
        leg(one.id, one.credit_account, "debit", layer="pending", amount=amount),
    ]


def moved(one, amount=100):
    return [
        leg(one.id, one.debit_account, "debit", amount=amount),
        leg(one.id, one.credit_account, "credit", amount=amount),
    ]


@pytest.mark.django_db(transaction=True)
class TestCommands:
    """At COMMIT a command agrees with its postings and its original."""

    def test_accepts_a_void_that_is_whole(self, hold):
        with transaction.atomic():
            void = child(hold, "void")
            Posting.objects.bulk_create(released(void))
            totals_follow(void)
            change(hold, "state = 'voided'")

        assert standing(hold) == ("voided", 0, 0)

    def test_accepts_a_capture_that_is_whole(self, hold):
        with transaction.atomic():
            capture = child(hold, "capture", amount=60)
            Posting.objects.bulk_create([*released(capture), *moved(capture, 60)])
            totals_follow(capture)
            change(hold, "state = 'posted', captured_amount = 60")

        assert standing(hold) == ("posted", 60, 0)

    def test_accepts_a_reversal_that_is_whole(self, paid):
        with transaction.atomic():
            reversal = child(paid, "reversal", amount=60)
            Posting.objects.bulk_create(moved(reversal, 60))
            totals_follow(reversal)
            change(paid, "state = 'partially_reversed', reversed_amount = 60")

        assert standing(paid) == ("partially_reversed", 100, 60)

    @pytest.mark.parametrize(
        ("kind", "members", "legs", "state"),
        [
            pytest.param("void", {}, lambda _: [], "voided", id="void without legs"),
            pytest.param("void", {}, moved, "voided", id="void that moves"),
            pytest.param("void", {}, lambda c: released(c, 99), "voided", id="void of less"),
            pytest.param("void", {"amount": 99}, released, "voided", id="void said of less"),
            pytest.param("void", {}, released, "expired", id="void told as expiry"),
            pytest.param("void", {}, released, "posted", id="void told as capture"),
            pytest.param("void", {"stream": BOB}, released, "voided", id="void of another stream"),
            pytest.param("expiry", {}, released, "voided", id="expiry told as void"),
            pytest.param("capture", {}, moved, "posted", id="capture without release"),
            pytest.param("capture", {}, released, "posted", id="capture that moves nothing"),
            pytest.param(
                "capture",
                {"amount": 60},
                lambda c: [*released(c, 60), *moved(c, 60)],
                "posted",
                id="capture that keeps the rest held",
            ),
            pytest.param(
                "capture",
                {"amount": 60},
                lambda c: [*released(c), *moved(c, 60)],
                "posted",
                id="capture of less than is told",
            ),
            pytest.param("reversal", {}, moved, "posted", id="reversal of a hold"),
        ],
    )
    def test_refuses_what_does_not_fit(self, hold, kind, members, legs, state):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            one = child(hold, kind, **members)
            Posting.objects.bulk_create(legs(one))
            captured = ", captured_amount = 100" if state == "posted" else ""
            change(hold, f"state = '{state}'{captured}")

        assert broken_constraint(raised) == "ledger_transaction_balances"
        assert standing(hold) == ("authorised", 0, 0)

    @pytest.mark.parametrize(
        ("kind", "state", "pays"),
        [("capture", "state = 'posted', captured_amount = 100", moved), ("void", VOIDED, None)],
    )
    @pytest.mark.parametrize("side", ["debit_account", "credit_account"])
    def test_refuses_to_resolve_a_hold_for_somebody_else(self, hold, kind, state, pays, side):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            somebody = WalletFactory(owner=uuid7())
            one = child(hold, kind, **{side: somebody})
            release = released(transaction_of(hold))
            for posting in release:
                posting.transaction_id = one.id
            Posting.objects.bulk_create([*release, *(pays(one) if pays else [])])
            change(hold, state)

        assert broken_constraint(raised) == "ledger_transaction_balances"

    def test_refuses_a_command_that_leaves_its_original_as_it_is(self, hold, paid):
        for original, kind, legs in ((hold, "void", released), (paid, "reversal", moved)):
            with pytest.raises(IntegrityError) as raised, transaction.atomic():
                Posting.objects.bulk_create(legs(child(original, kind)))

            assert broken_constraint(raised) == "ledger_transaction_balances"

    @pytest.mark.parametrize(
        "legs",
        [
            pytest.param(lambda _: [], id="none"),
            pytest.param(lambda c: moved(c, 59), id="of less"),
            pytest.param(lambda c: [*moved(c, 60), *released(c)], id="and more"),
        ],
    )
    def test_refuses_a_reversal_whose_postings_do_not_fit(self, paid, legs):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            Posting.objects.bulk_create(legs(child(paid, "reversal", amount=60)))
            change(paid, "state = 'partially_reversed', reversed_amount = 60")

        assert broken_constraint(raised) == "ledger_transaction_balances"

    def test_refuses_a_reversal_towards_the_receiver(self, paid):
        debit, credit = wallets()

        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            one = child(paid, "reversal", debit_account=debit, credit_account=credit)
            Posting.objects.bulk_create(moved(one))
            change(paid, "state = 'reversed', reversed_amount = 100")

        assert broken_constraint(raised) == "ledger_transaction_balances"

    def test_refuses_to_resolve_a_hold_twice(self, hold):
        apply(VoidFactory(transaction_id=hold.transaction_id))

        with pytest.raises(IntegrityError) as raised:
            child(hold, "capture")

        assert broken_constraint(raised) == "ledger_transaction_resolved_once"

    def test_refuses_to_resolve_what_is_no_hold(self, paid):
        with pytest.raises(IntegrityError), transaction.atomic():
            Posting.objects.bulk_create(released(child(paid, "void")))

    def test_refuses_a_command_to_a_command(self, paid):
        reversal = ReverseFactory(transaction_id=paid.transaction_id)
        apply(reversal)

        with pytest.raises(IntegrityError), transaction.atomic():
            debit, credit = wallets()
            again = header(
                debit,
                credit,
                kind="reversal",
                captured_amount=0,
                reverses_id=reversal.command_id,
            )
            Posting.objects.bulk_create(moved(again))

    def test_refuses_a_refusal_with_postings_or_of_another_stream(self, hold):
        for members, legs in (({}, released), ({"stream": BOB}, lambda _: [])):
            with pytest.raises(IntegrityError), transaction.atomic():
                refused = child(hold, "void", state="rejected", rejection_code="a_code", **members)
                Posting.objects.bulk_create(legs(refused))

    def test_refuses_a_command_to_nothing(self, hold):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            child(hold, "void", pending_id=uuid7(), state="rejected", rejection_code="a_code")

        assert broken_constraint(raised) == "ledger_transaction_balances"


@pytest.mark.django_db
class TestRows:
    """What a command's row may say."""

    @pytest.mark.parametrize(
        ("kind", "members"),
        [
            ("void", {"pending_id": None}),
            ("reversal", {"reverses_id": None}),
            ("void", {"hold_expires_at": NOON}),
            ("void", {"captured_amount": 1}),
            ("void", {"state": "voided"}),
            ("void", {"amount": None}),
            ("capture", {"requested_by": None}),
            ("transfer", {}),
        ],
    )
    def test_refuses_a_row_that_cannot_be(self, hold, kind, members):
        with pytest.raises(IntegrityError), transaction.atomic():
            child(hold, kind, **members)


@pytest.mark.django_db(transaction=True)
class TestHolds:
    @pytest.mark.usefixtures("hold")
    def test_refuses_a_hold_whose_money_moved(self):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            one = header(*wallets(), state="authorised", captured_amount=0, hold_expires_at=NOON)
            Posting.objects.bulk_create(moved(one))

        assert broken_constraint(raised) == "ledger_transaction_balances"

    @pytest.mark.usefixtures("hold")
    def test_refuses_a_hold_that_begins_resolved(self):
        debit, credit = wallets()
        for members in (
            {"state": "posted"},
            {"state": "voided", "captured_amount": 0},
            {"state": "reversed", "reversed_amount": 100},
        ):
            with pytest.raises(IntegrityError) as raised, transaction.atomic():
                one = header(debit, credit, hold_expires_at=NOON, **members)
                Posting.objects.bulk_create(
                    [
                        leg(one.id, debit, "debit", layer="pending"),
                        leg(one.id, credit, "credit", layer="pending"),
                    ]
                )

            assert broken_constraint(raised) == "ledger_transaction_balances"

    @pytest.mark.usefixtures("hold")
    def test_refuses_what_moved_less_than_it_says(self):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            Posting.objects.bulk_create(moved(header(*wallets()), 99))

        assert broken_constraint(raised) == "ledger_transaction_balances"

    @pytest.mark.usefixtures("hold")
    def test_refuses_an_automatic_one_that_captured_less(self):
        with pytest.raises(IntegrityError) as raised:
            header(*wallets(), captured_amount=99)

        assert broken_constraint(raised) == "ledger_transaction_state_fits_kind"


@pytest.mark.django_db(transaction=True)
class TestPostings:
    @pytest.mark.usefixtures("hold")
    def test_are_written_by_one_statement(self):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            one = header(*wallets())
            Posting.objects.bulk_create(moved(one))
            execute("SET CONSTRAINTS ledger_transaction_balances IMMEDIATE")
            Posting.objects.bulk_create(moved(one))

        assert broken_constraint(raised) == "posting_written_at_once"


@pytest.mark.django_db(transaction=True)
class TestShadows:
    """A session may put tables of its own before those of the ledger."""

    @pytest.mark.usefixtures("hold")
    def test_do_not_fool_the_rules(self):
        debit, credit = wallets()

        with pytest.raises(DatabaseError), transaction.atomic():
            execute("CREATE TEMP TABLE ledger_posting ON COMMIT DROP AS TABLE ledger_posting")
            one = header(debit, credit)
            Posting.objects.bulk_create(moved(one))  # into the table of the session

    def test_find_every_trigger_with_a_path_of_its_own(self, application):  # noqa: F811  the fixture
        found = application.execute(
            """
            SELECT proname FROM pg_proc JOIN pg_trigger ON tgfoid = pg_proc.oid
            WHERE proname LIKE 'ledger%' AND NOT coalesce(
                'search_path=pg_catalog, public, pg_temp' = ANY(proconfig), false)
            """
        ).fetchall()

        assert found == []


@pytest.mark.django_db(transaction=True)
def test_the_rules_leave_what_the_ledger_wrote(hold):
    apply(CaptureFactory(transaction_id=hold.transaction_id, amount=60))

    assert transaction_of(hold).state == "posted"
    assert LedgerTransaction.objects.count() == 3
