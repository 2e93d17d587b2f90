"""What the database itself refuses, whoever asks and however."""

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction

from common.db.refusing import constraint_name
from common.ids import uuid7
from common.settings import env
from tests.factories.commands import TransferFactory
from tests.factories.events import ALICE, BOB, NOON
from tests.factories.transactions import WalletFactory
from tests.transactions.books import apply, balance, books_differ, fund
from transactions.ledger.models import Account, JournalEntry, LedgerTransaction, Posting

APPEND_ONLY = ["ledger_posting", "ledger_journal_entry", "ledger_transaction"]
REFUSED = "42501"


def execute(statement, parameters=()):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


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
            "stream": ALICE,
            "requested_by": ALICE,
            "effective_at": NOON,
            "recorded_at": NOON,
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
            "recorded_at": NOON,
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


def broken_constraint(raised):
    return constraint_name(raised.value)


@pytest.mark.django_db(transaction=True)
class TestPostingsBalance:
    def test_accepts_what_balances(self, wallets):
        with transaction.atomic():
            Posting.objects.bulk_create(legs_of(header(*wallets)))

        assert Posting.objects.count() == 2

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

        assert broken_constraint(raised) == "ledger_transaction_balances"

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

    def test_refuses_to_add_to_a_transaction_that_is_committed(self, wallets):
        with transaction.atomic():
            one = header(*wallets)
            Posting.objects.bulk_create(legs_of(one))

        with pytest.raises(IntegrityError) as raised:
            Posting.objects.bulk_create(legs_of(one))

        assert broken_constraint(raised) == "posting_belongs_to_new_transaction"

    def test_refuses_to_add_after_the_check_was_brought_forward(self, wallets):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            one = header(*wallets)
            Posting.objects.bulk_create(legs_of(one))
            execute("SET CONSTRAINTS ALL IMMEDIATE")
            execute("SET CONSTRAINTS ALL DEFERRED")
            leg(one.id, one.credit_account, "credit").save()

        assert broken_constraint(raised) == "posting_statement_balances"

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

    @pytest.mark.parametrize("statement", ["DELETE FROM ledger_account", "TRUNCATE ledger_account"])
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


@pytest.mark.django_db
class TestAccountRules:
    @pytest.mark.parametrize(
        "change",
        [
            "credits_posted = credits_posted - 1",
            "debits_posted = -1",
            "owner = gen_random_uuid()",
            "currency = 'JPY'",
            "normal_side = 'debit'",
            "id = gen_random_uuid()",
            "opened_at = now()",
            "last_recorded_at = last_recorded_at - interval '1 second'",
            "last_recorded_at = NULL",
            "debits_posted = credits_posted + 1",
            "debits_pending = credits_posted - debits_posted + 1",
            "status = 'lost'",
        ],
    )
    def test_refuses_what_no_posting_would_do(self, change):
        fund(ALICE, 100)

        with pytest.raises(IntegrityError), transaction.atomic():
            execute(f"UPDATE ledger_account SET {change} WHERE owner = %s", [ALICE])  # noqa: S608

    def test_refuses_to_open_a_wallet_that_has_money(self):
        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            WalletFactory(credits_posted=1)

        assert broken_constraint(raised) == "ledger_account_begins_empty"

    def test_leaves_a_closed_wallet_closed(self):
        fund(ALICE, 100)
        Account.objects.filter(owner=ALICE).update(status="closed")

        for change in ({"status": "open"}, {"credits_posted": 200}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Account.objects.filter(owner=ALICE).update(**change)

    def test_has_one_wallet_for_each_owner_and_currency(self):
        WalletFactory()

        with pytest.raises(IntegrityError) as raised, transaction.atomic():
            WalletFactory()

        assert broken_constraint(raised) == "account_once_per_owner_and_currency"


@pytest.fixture
def application(django_db_setup):
    """A connection as the role that web and consumer run as."""
    known = env.db_url("TRANSACTIONS_DATABASE_URL")
    with psycopg.connect(
        host=known["HOST"],
        port=known["PORT"],
        user=known["USER"],
        password=known["PASSWORD"],
        dbname=connection.settings_dict["NAME"],
        autocommit=True,
    ) as session:
        yield session


@pytest.mark.django_db
class TestApplicationRole:
    @pytest.mark.parametrize("table", APPEND_ONLY)
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE {table} SET recorded_at = now()",
            "DELETE FROM {table}",
            "TRUNCATE {table}",
            "ALTER TABLE {table} DISABLE TRIGGER ALL",
            "DROP TABLE {table}",
            "CREATE INDEX ON {table} (recorded_at)",
        ],
    )
    def test_may_only_add(self, application, table, statement):
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as raised:
            application.execute(statement.format(table=table))

        assert "append-only" not in str(raised.value)

    def test_may_not_remove_accounts_or_the_rules(self, application):
        for statement in (
            "DELETE FROM ledger_account",
            "TRUNCATE ledger_account",
            "DROP FUNCTION ledger_postings_check() CASCADE",
            "SET session_replication_role = replica",
            "ALTER FUNCTION ledger_refuse_change() RENAME TO harmless",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                application.execute(statement)

    def test_may_do_what_a_batch_does(self, application):
        granted = application.execute(
            "SELECT privilege_type FROM information_schema.role_table_grants"
            " WHERE grantee = current_user AND table_name = 'ledger_posting' ORDER BY 1"
        ).fetchall()

        assert [name for (name,) in granted] == ["INSERT", "SELECT"]


@pytest.mark.django_db(transaction=True)
class TestHalfWay:
    @pytest.mark.parametrize(
        "table", ["ledger_posting", "ledger_journal_entry", "ledger_account", "outbox_message"]
    )
    def test_leaves_nothing_when_a_statement_fails(self, table):
        fund(ALICE, 1_000)
        event = "UPDATE" if table == "ledger_account" else "INSERT"
        execute(
            f"""
            CREATE FUNCTION fail_half_way() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN RAISE EXCEPTION 'half way'; END $$;
            CREATE TRIGGER zz_fail AFTER {event} ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION fail_half_way();
            """
        )
        try:
            with pytest.raises(DatabaseError, match="half way"):
                apply(TransferFactory())
        finally:
            execute("DROP FUNCTION fail_half_way() CASCADE")

        assert balance(ALICE) == 1_000
        assert not Account.objects.filter(owner=BOB).exists()
        assert LedgerTransaction.objects.count() == JournalEntry.objects.count() == 1
        assert books_differ() == []
