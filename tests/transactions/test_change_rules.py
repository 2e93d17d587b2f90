"""How transactions may change: only as commands make them, whoever asks and however."""

import psycopg
import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from tests.factories.commands import CaptureFactory, ReverseFactory, VoidFactory
from tests.transactions.books import apply, execute, standing
from tests.transactions.test_application_role import application  # noqa: F401  a fixture
from tests.transactions.test_rules import broken_constraint

CHANGE = "UPDATE ledger_transaction SET {} WHERE id = %s"
LEGALLY = "ledger_transaction_changes_legally"
STATE_FITS = "ledger_transaction_state_fits_kind"
REVERSED_FITS = "ledger_transaction_reversed_fits_state"


@pytest.fixture
def amount():
    return 100


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
