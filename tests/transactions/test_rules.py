"""What the database itself refuses, whoever asks and however."""

import contextlib
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import (
    DatabaseError,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)

from common.db.refusing import constraint_name
from common.ids import uuid7
from tests.factories.commands import TransferFactory
from tests.factories.events import ALICE, BOB, NOON
from tests.factories.transactions import WalletFactory
from tests.transactions.books import apply, books_differ, execute, fund, totals_follow
from tests.transactions.test_application_role import application  # noqa: F401  a fixture
from transactions.ledger.models import Account, JournalEntry, LedgerTransaction, Posting
from transactions.ledger.services import ledger_apply

APPEND_ONLY = ["ledger_posting", "ledger_journal_entry", "ledger_transaction"]
REFUSED = "42501"
LATER = datetime(2100, 1, 1, tzinfo=UTC)
"""Later than anything recorded on any wallet."""


def header(debit, credit, **members):
    return LedgerTransaction.objects.create(
        **{
            "id": uuid7(),
            "kind": "transfer",
            "state": "posted",
            "amount": 100,
            "currency": "EUR",
            "debit_account": debit,
            "credit_account": credit,
            "captured_amount": 0 if members.get("state") == "rejected" else 100,
            "stream": ALICE,
            "requested_by": ALICE,
            "effective_at": NOON,
            "recorded_at": LATER,
            "source_event_id": uuid7(),
            "source_sequence": 1,
            "source_partition": 0,
            "source_offset": 0,
            **members,
        }
    )


def leg(transaction_id, account, direction, **members):
    return Posting(
        **{
            "transaction_id": transaction_id,
            "account": account,
            "direction": direction,
            "layer": "posted",
            "amount": 100,
            "recorded_at": LATER,
            **members,
        }
    )


def legs_of(one, **credit_members):
    return [
        leg(one.id, one.debit_account, "debit"),
        leg(one.id, one.credit_account, **{"direction": "credit", **credit_members}),
    ]


@pytest.fixture
def wallets():
    return WalletFactory(), WalletFactory(owner=BOB)


@pytest.fixture
def deposit():
    """Where a deposit comes from, and where it goes."""
    return WalletFactory(owner=None, role="cash_clearing", normal_side="debit"), WalletFactory()


def broken_constraint(raised):
    return constraint_name(raised.value)


@pytest.mark.django_db(transaction=True)
class TestPostingsBalance:
    def test_accepts_what_balances(self, deposit):
        with transaction.atomic():
            one = header(*deposit)
            Posting.objects.bulk_create(legs_of(one))
            totals_follow(one)

        assert Posting.objects.count() == 2

    def test_refuses_postings_that_totals_do_not_follow(self, deposit):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            Posting.objects.bulk_create(legs_of(header(*deposit)))

        assert broken_constraint(raised) == "ledger_transaction_in_totals"

    @pytest.mark.parametrize("days", [-1, 1])
    def test_refuses_postings_of_another_time_than_their_transaction(self, deposit, days):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            one = header(*deposit, recorded_at=LATER + timedelta(days=days))
            Posting.objects.bulk_create(legs_of(one))

        assert broken_constraint(raised) == "posting_belongs_to_new_transaction"

    def test_refuses_postings_that_the_totals_are_past(self, deposit):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            one = header(*deposit)
            Account.objects.update(last_recorded_at=LATER)
            Posting.objects.bulk_create(legs_of(one))

        assert broken_constraint(raised) == "posting_belongs_to_new_transaction"

    def test_refuses_a_transaction_without_postings_at_commit(self, wallets):
        written = []
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            written.append(header(*wallets))

        assert written
        assert broken_constraint(raised) == "ledger_transaction_balances"
        assert not LedgerTransaction.objects.exists()

    def test_refuses_unequal_sides_at_commit_even_without_the_rule_on_statements(self, wallets):
        execute("ALTER TABLE ledger_posting DISABLE TRIGGER ledger_posting_check")
        try:
            with pytest.raises(IntegrityError) as raised, transaction.atomic():
                Posting.objects.bulk_create(legs_of(header(*wallets), amount=99))
        finally:
            execute("ALTER TABLE ledger_posting ENABLE TRIGGER ledger_posting_check")

        assert broken_constraint(raised) == "ledger_transaction_balances"
        assert not Posting.objects.exists()

    @pytest.mark.parametrize(
        "change", [{"amount": 99}, {"direction": "debit"}, {"layer": "pending"}]
    )
    def test_refuses_a_statement_whose_sides_differ(self, wallets, change):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            Posting.objects.bulk_create(legs_of(header(*wallets), **change))

        assert broken_constraint(raised) == "posting_statement_balances"

    def test_refuses_postings_of_a_refused_transaction(self, wallets):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            one = header(*wallets, state="rejected", rejection_code="insufficient_funds")
            Posting.objects.bulk_create(legs_of(one))

        assert broken_constraint(raised) == "posting_belongs_to_new_transaction"

    def test_refuses_postings_on_other_accounts_than_the_transaction_names(self, wallets):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            one = header(*wallets)
            other = WalletFactory(owner=uuid7())
            Posting.objects.bulk_create(
                [leg(one.id, other, "debit"), leg(one.id, one.credit_account, "credit")]
            )

        assert broken_constraint(raised) == "ledger_transaction_balances"

    def test_refuses_postings_in_another_currency(self, wallets):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            one = header(wallets[0], WalletFactory(owner=BOB, currency="JPY"))
            Posting.objects.bulk_create(legs_of(one))

        assert broken_constraint(raised) == "posting_belongs_to_new_transaction"

    def test_refuses_to_add_to_a_transaction_that_is_committed(self, deposit):
        with transaction.atomic():
            one = header(*deposit)
            Posting.objects.bulk_create(legs_of(one))
            totals_follow(one)

        with pytest.raises(IntegrityError) as raised:
            Posting.objects.bulk_create(legs_of(one))

        assert broken_constraint(raised) == "posting_belongs_to_new_transaction"

    def test_refuses_to_add_after_the_check_was_brought_forward(self, wallets):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            one = header(*wallets)
            Posting.objects.bulk_create(legs_of(one))
            execute("SET CONSTRAINTS ledger_transaction_balances IMMEDIATE")
            leg(one.id, one.credit_account, "credit").save()

        assert broken_constraint(raised) == "posting_statement_balances"

    def test_checks_what_was_written_after_another_check_was_brought_forward(self, wallets):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            one = header(*wallets)
            Account.objects.update(last_recorded_at=one.recorded_at)
            with transaction.atomic():
                execute("SET CONSTRAINTS ledger_transaction_in_totals IMMEDIATE")

        assert broken_constraint(raised) == "ledger_transaction_balances"

    def test_checks_what_was_written_after_its_own_check_was_brought_forward(self, deposit):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            one = header(*deposit)
            Posting.objects.bulk_create(legs_of(one))
            totals_follow(one)
            execute("SET CONSTRAINTS ledger_transaction_balances IMMEDIATE")
            execute("SET CONSTRAINTS ledger_transaction_balances DEFERRED")
            header(*deposit)

        assert broken_constraint(raised) == "ledger_transaction_balances"

    @pytest.mark.parametrize("rule", ["balances", "in_totals"])
    def test_checks_what_was_checked_in_a_savepoint_that_is_gone(self, wallets, rule):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            Account.objects.update(last_recorded_at=LATER)
            with contextlib.suppress(IntegrityError), transaction.atomic():
                header(*wallets)
                execute(f"SET CONSTRAINTS ledger_transaction_{rule} IMMEDIATE")
                raise IntegrityError
            header(*wallets)
            with contextlib.suppress(IntegrityError), transaction.atomic():
                execute(f"SET CONSTRAINTS ledger_transaction_{rule} IMMEDIATE")
                raise IntegrityError

        assert broken_constraint(raised) == "ledger_transaction_balances"

    def test_checks_at_once_what_is_written_after_all_checks_were_brought_forward(self, wallets):
        with transaction.atomic():
            execute("SET CONSTRAINTS ALL IMMEDIATE")
            with pytest.raises(IntegrityError) as raised, transaction.atomic():
                header(*wallets)

        assert broken_constraint(raised) == "ledger_transaction_balances"

    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO ledger_transaction ({columns}) SELECT {values}",
            "INSERT INTO ledger_transaction ({columns}) SELECT {values} ON CONFLICT DO NOTHING",
            (
                "INSERT INTO ledger_transaction ({columns}) SELECT {values}"
                " ON CONFLICT (id) DO UPDATE SET state = 'reversed'"
            ),
            (
                "MERGE INTO ledger_transaction AS kept USING (SELECT {values}) AS new"
                " ON kept.id = new.id WHEN NOT MATCHED THEN INSERT ({columns}) VALUES (new.*)"
            ),
            (
                "WITH one AS (INSERT INTO ledger_transaction ({columns}) SELECT {values}"
                " RETURNING id)"
                " SELECT FROM one"
            ),
            (
                "DO $do$ BEGIN INSERT INTO ledger_transaction ({columns}) SELECT {values};"
                " EXCEPTION WHEN division_by_zero THEN NULL; END $do$"
            ),
            (
                "CREATE TEMPORARY VIEW ledger_transactions_written AS"
                " SELECT {columns} FROM ledger_transaction;"
                "INSERT INTO pg_temp.ledger_transactions_written ({columns}) SELECT {values}"
            ),
            (
                "CREATE TEMPORARY TABLE ledger_transactions_written (number bigint, ids uuid[])"
                " ON COMMIT DROP; SET LOCAL search_path = pg_temp, public;"
                "INSERT INTO ledger_transaction ({columns}) SELECT {values}"
            ),
        ],
    )
    def test_refuses_a_transaction_without_postings_however_it_is_written(self, wallets, statement):
        kept = header(*wallets, state="rejected", rejection_code="a_code")
        columns = [field.column for field in LedgerTransaction._meta.concrete_fields]
        new = {"id": f"'{uuid7()}'::uuid", "state": "'posted'", "rejection_code": "''"}
        new |= {"captured_amount": "amount"}
        values = ", ".join(f"{new.get(name, name)} AS {name}" for name in columns)
        row = f"{values} FROM public.ledger_transaction WHERE id = '{kept.id}'"

        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            execute(statement.format(columns=", ".join(columns), values=row))

        assert broken_constraint(raised) == "ledger_transaction_balances"
        assert LedgerTransaction.objects.count() == 1

    def test_leaves_nothing_of_what_was_to_be_checked(self, deposit):
        with transaction.atomic():
            one = header(*deposit)
            Posting.objects.bulk_create(legs_of(one))
            totals_follow(one)

        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM ledger_transactions_written")
            assert cursor.fetchone() == (0,)

    def test_refuses_a_transaction_that_claims_to_be_written_by_another(self):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            execute(
                """
                INSERT INTO ledger_transaction (id, kind, state, amount, currency, stream,
                    requested_by, rejection_code, effective_at, recorded_at, source_event_id,
                    source_sequence, source_partition, source_offset, written_by)
                VALUES (%s, 'transfer', 'rejected', 1, 'EUR', %s, %s, 'a_code', now(), now(), %s,
                    1, 0, 0, '999999999')
                """,
                [uuid7(), ALICE, ALICE, uuid7()],
            )

        assert broken_constraint(raised) == "ledger_transaction_balances"

    def test_refuses_postings_and_journal_entries_of_nothing(self, wallets):
        with pytest.raises(IntegrityError):
            Posting.objects.bulk_create(
                [leg(uuid7(), wallets[0], "debit"), leg(uuid7(), wallets[1], "credit")]
            )
        with pytest.raises(IntegrityError) as raised:
            JournalEntry.objects.create(
                transaction_id=uuid7(),
                type="transaction_posted",
                to_state="posted",
                actor="user:1",
                cause=uuid7(),
                recorded_at=NOON,
                hash=bytes(32),
            )

        assert broken_constraint(raised) == "journal_entry_belongs_to_transaction"


@pytest.mark.django_db
class TestAppendOnly:
    @pytest.mark.parametrize("table", APPEND_ONLY)
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE {table} SET recorded_at = now()",
            "DELETE FROM {table}",
            "DELETE FROM {table} WHERE false",
            "TRUNCATE {table}",
            "TRUNCATE {table} CASCADE",
        ],
    )
    def test_refuses_even_the_owner(self, table, statement):
        fund(ALICE, 100)
        execute("SET CONSTRAINTS ALL IMMEDIATE")

        with pytest.raises(ProgrammingError) as raised, transaction.atomic():
            execute(statement.format(table=table))

        assert raised.value.__cause__.sqlstate == REFUSED
        assert "append-only" in str(raised.value)

    @pytest.mark.parametrize(
        "statement", ["DELETE FROM ledger_account", "TRUNCATE ledger_account CASCADE"]
    )
    def test_keeps_every_account(self, statement):
        with pytest.raises(ProgrammingError) as raised, transaction.atomic():
            execute(statement)

        assert raised.value.__cause__.sqlstate == REFUSED

    def test_refuses_the_object_mapper_too(self):
        fund(ALICE, 100)

        for change in (
            lambda: Posting.objects.update(amount=1),
            lambda: Posting.objects.first().delete(),
            lambda: JournalEntry.objects.all().delete(),
            lambda: LedgerTransaction.objects.update(state="rejected"),
            lambda: Account.objects.first().delete(),
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                change()


@pytest.mark.django_db(transaction=True)
def test_postings_wait_for_nobody_else_to_bring_the_totals_time_forward(application):  # noqa: F811  the fixture
    fund(ALICE, 100)
    apply(TransferFactory(amount=10))
    paid = LedgerTransaction.objects.get(kind="transfer")

    with pytest.raises(psycopg.errors.CheckViolation) as raised, application.transaction():
        application.execute(
            """
            INSERT INTO ledger_transaction (id, kind, state, amount, currency, debit_account_id,
                credit_account_id, captured_amount, stream, requested_by, rejection_code,
                effective_at, recorded_at, source_event_id, source_sequence, source_partition,
                source_offset)
            SELECT %s, kind, state, amount, currency, debit_account_id, credit_account_id,
                captured_amount, stream, requested_by, '', effective_at, clock_timestamp(),
                source_event_id, 9, 0, 0
            FROM ledger_transaction WHERE id = %s
            """,
            [new := uuid7(), paid.id],
        )
        application.execute(
            """
            INSERT INTO ledger_posting (transaction_id, account_id, direction, layer, amount,
                recorded_at)
            SELECT header.id, leg.account_id, direction, layer, leg.amount, header.recorded_at
            FROM ledger_posting AS leg, ledger_transaction AS header
            WHERE leg.transaction_id = %s AND header.id = %s
            """,
            [paid.id, new],
        )
        with pytest.raises(OperationalError), transaction.atomic():
            execute("SET LOCAL lock_timeout = '200ms'")
            ledger_apply(commands=[TransferFactory(amount=10)])

    assert raised.value.diag.constraint_name == "ledger_transaction_in_totals"
    assert books_differ() == []
