"""What the database itself refuses about holds, commands and changes of transactions."""

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, transaction

from common.ids import uuid7
from tests.factories.commands import CaptureFactory, ReverseFactory, TransferFactory, VoidFactory
from tests.factories.events import ALICE, BOB, NOON
from tests.transactions.books import apply, execute, fund, standing, transaction_of
from tests.transactions.test_application_role import application  # noqa: F401  a fixture
from tests.transactions.test_rules import broken_constraint, header, leg
from transactions.ledger.models import Account, LedgerTransaction, Posting

CHANGE = "UPDATE ledger_transaction SET {} WHERE id = %s"
LEGALLY = "ledger_transaction_changes_legally"
STATE_FITS = "ledger_transaction_state_fits_kind"
REVERSED_FITS = "ledger_transaction_reversed_fits_state"


@pytest.fixture
def hold():
    fund(ALICE, 1_000)
    command = TransferFactory(held=True, amount=100)
    apply(command)
    return command


@pytest.fixture
def paid():
    fund(ALICE, 1_000)
    command = TransferFactory(amount=100)
    apply(command)
    return command


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


def change(command, assignments):
    with transaction.atomic():
        execute(CHANGE.format(assignments), [command.transaction_id])


@pytest.mark.django_db
class TestChanges:
    """Of the state and the two amounts, and of nothing else."""

    @pytest.mark.parametrize(
        "assignments",
        [
            "amount = 101",
            "currency = 'JPY'",
            "kind = 'withdrawal'",
            "stream = gen_random_uuid()",
            "credit_account_id = debit_account_id",
            "hold_expires_at = now()",
            "pending_id = id",
            "recorded_at = now()",
            "rejection_code = 'a_code'",
            "written_by = '1'",
            "state = 'voided', amount = 101",
        ],
    )
    def test_refuses_to_change_anything_else(self, hold, assignments):
        with pytest.raises(ProgrammingError, match="append-only"):
            change(hold, assignments)

    @pytest.mark.parametrize(
        ("assignments", "rule"),
        [
            ("state = state", LEGALLY),
            ("state = 'rejected'", LEGALLY),
            ("state = 'lost'", LEGALLY),
            ("captured_amount = 100", LEGALLY),
            ("state = 'posted'", STATE_FITS),
            ("state = 'posted', captured_amount = 101", "ledger_transaction_captured_in_range"),
            ("state = 'posted', captured_amount = 100, reversed_amount = 1", REVERSED_FITS),
            ("state = 'voided', captured_amount = 100", STATE_FITS),
        ],
    )
    def test_refuses_illegal_changes_of_a_hold(self, hold, assignments, rule):
        with pytest.raises(IntegrityError) as raised:
            change(hold, assignments)

        assert broken_constraint(raised) == rule
        assert standing(hold) == ("authorised", 0, 0)

    @pytest.mark.parametrize(
        ("assignments", "rule"),
        [
            ("state = 'authorised'", LEGALLY),
            ("state = 'voided'", LEGALLY),
            ("state = 'rejected'", LEGALLY),
            ("captured_amount = 99", LEGALLY),
            ("reversed_amount = 1", LEGALLY),
            ("state = 'partially_reversed'", LEGALLY),
            ("state = 'partially_reversed', reversed_amount = -1", LEGALLY),
            ("state = 'reversed', reversed_amount = 50, captured_amount = 50", LEGALLY),
            ("state = 'reversed', reversed_amount = 99", REVERSED_FITS),
            ("state = 'partially_reversed', reversed_amount = 100", REVERSED_FITS),
            ("state = 'reversed', reversed_amount = 101", REVERSED_FITS),
        ],
    )
    def test_refuses_illegal_changes_of_what_was_posted(self, paid, assignments, rule):
        with pytest.raises(IntegrityError) as raised:
            change(paid, assignments)

        assert broken_constraint(raised) == rule
        assert standing(paid) == ("posted", 100, 0)

    @pytest.mark.parametrize(
        "assignments",
        [
            "state = 'authorised'",
            "state = 'posted', captured_amount = 100",
            "state = 'partially_reversed', reversed_amount = 1",
        ],
    )
    def test_refuses_to_raise_the_dead(self, hold, assignments):
        apply(VoidFactory(transaction_id=hold.transaction_id))

        with pytest.raises(IntegrityError) as raised:
            change(hold, assignments)

        assert broken_constraint(raised) == LEGALLY

    @pytest.mark.parametrize(
        "assignments",
        [
            "state = 'posted', reversed_amount = 0",
            "reversed_amount = 59",
            "state = 'reversed', reversed_amount = 60",
        ],
    )
    def test_refuses_to_take_a_reversal_back(self, paid, assignments):
        apply(ReverseFactory(transaction_id=paid.transaction_id, amount=60))

        with pytest.raises(IntegrityError) as raised:
            change(paid, assignments)

        assert broken_constraint(raised) == LEGALLY

    def test_refuses_to_change_a_command(self, hold):
        capture = CaptureFactory(transaction_id=hold.transaction_id)
        reversal = ReverseFactory(transaction_id=hold.transaction_id)
        apply(capture, reversal)

        for command in (capture, reversal):
            for assignments in ("state = 'reversed', reversed_amount = 1", "captured_amount = 1"):
                with pytest.raises(IntegrityError), transaction.atomic():
                    execute(CHANGE.format(assignments), [command.command_id])


@pytest.mark.django_db(transaction=True)
class TestChangesAtCommit:
    """The state and the amounts of an original follow from its commands."""

    @pytest.mark.parametrize(
        "assignments",
        [
            "state = 'voided'",
            "state = 'expired'",
            "state = 'posted', captured_amount = 100",
        ],
    )
    def test_refuses_at_commit_a_state_that_no_command_led_to(self, hold, assignments):
        with pytest.raises(IntegrityError) as raised:
            change(hold, assignments)

        assert broken_constraint(raised) == "ledger_transaction_agrees"

    def test_refuses_at_commit_a_reversed_amount_that_no_reversal_led_to(self, paid):
        with pytest.raises(IntegrityError) as raised:
            change(paid, "state = 'reversed', reversed_amount = 100")

        assert broken_constraint(raised) == "ledger_transaction_agrees"

    def test_refuses_the_application_too(self, hold, application):  # noqa: F811  the fixture
        with pytest.raises(psycopg.errors.CheckViolation) as raised:
            application.execute(CHANGE.format("state = 'voided'"), [hold.transaction_id])

        assert raised.value.diag.constraint_name == "ledger_transaction_agrees"


@pytest.mark.django_db(transaction=True)
class TestCommands:
    """At COMMIT a command agrees with its postings and its original."""

    def test_accepts_a_void_that_is_whole(self, hold):
        with transaction.atomic():
            void = child(hold, "void")
            Posting.objects.bulk_create(released(void))
            change(hold, "state = 'voided'")

        assert standing(hold) == ("voided", 0, 0)

    def test_accepts_a_capture_that_is_whole(self, hold):
        with transaction.atomic():
            capture = child(hold, "capture", amount=60)
            Posting.objects.bulk_create([*released(capture), *moved(capture, 60)])
            change(hold, "state = 'posted', captured_amount = 60")

        assert standing(hold) == ("posted", 60, 0)

    def test_accepts_a_reversal_that_is_whole(self, paid):
        with transaction.atomic():
            reversal = child(paid, "reversal", amount=60)
            Posting.objects.bulk_create(moved(reversal, 60))
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
        with pytest.raises(IntegrityError), transaction.atomic():
            one = child(hold, kind, **members)
            Posting.objects.bulk_create(legs(one))
            captured = ", captured_amount = 100" if state == "posted" else ""
            change(hold, f"state = '{state}'{captured}")

        assert standing(hold) == ("authorised", 0, 0)

    def test_refuses_a_command_that_leaves_its_original_as_it_is(self, hold, paid):
        for original, kind, legs in ((hold, "void", released), (paid, "reversal", moved)):
            with pytest.raises(IntegrityError) as raised, transaction.atomic():
                Posting.objects.bulk_create(legs(child(original, kind)))

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
            execute("SET CONSTRAINTS ALL IMMEDIATE")
            execute("SET CONSTRAINTS ALL DEFERRED")
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
