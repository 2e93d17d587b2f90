"""Books that do not follow from their postings, each planted past every rule."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.factories.commands import (
    DEADLINE,
    CaptureFactory,
    DepositFactory,
    ExpireFactory,
    ReverseFactory,
    TransferFactory,
    VoidFactory,
)
from tests.factories.events import ALICE, BOB
from tests.transactions.books import apply, fund
from tests.transactions.tampering import tamper
from transactions.ledger.management.commands import verify_ledger
from transactions.ledger.models import Account, LedgerCheckResult, LedgerTransaction
from transactions.ledger.snapshot import rows_read, snapshot
from transactions.ledger.tasks import BooksDiffer, check_ledger
from transactions.ledger.verify_ledger import ledger_verify

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def connection_of_the_test(monkeypatch):
    monkeypatch.setattr(verify_ledger, "timeouts_use", lambda _: None)


@pytest.fixture(autouse=True)
def books():
    fund(ALICE, 1_000)
    apply(TransferFactory(amount=250), TransferFactory(amount=999_999))
    apply(DepositFactory(owner=BOB, amount=70, currency="JPY"))


def verify(capsys):
    try:
        call_command("verify_ledger")
    except CommandError as error:
        return f"{capsys.readouterr().out}{error}", error.returncode
    return capsys.readouterr().out, 0


def misfits():
    found = []
    ledger_verify(on_misfit=found.append)
    return found


class TestVerifyLedger:
    def test_computes_everything_again(self, capsys):
        said, code = verify(capsys)

        assert code == 0, said
        assert said == "5 accounts, 4 transactions and 2 currencies computed again\n"

    def test_counts_what_is_held_released_captured_and_reversed(self):
        held = [TransferFactory(amount=100, hold_expires_at=DEADLINE) for _ in range(4)]
        apply(*held)
        apply(
            CaptureFactory(transaction_id=held[0].transaction_id, amount=60),
            VoidFactory(transaction_id=held[1].transaction_id),
            ExpireFactory(transaction_id=held[2].transaction_id),
        )
        apply(ReverseFactory(transaction_id=held[0].transaction_id, amount=20))

        assert misfits() == []

        tamper("UPDATE ledger_account SET debits_pending = 101 WHERE owner = %s", [ALICE])
        tamper(
            "UPDATE ledger_transaction SET reversed_amount = 21 WHERE id = %s",
            [held[0].transaction_id],
        )

        assert [one.what for one in misfits()] == ["account", "transaction", "currency"]

    @pytest.mark.parametrize(
        ("edit", "says"),
        [
            (
                "UPDATE ledger_account SET credits_posted = 1001 WHERE owner = %s",
                "has totals 250/1001/0/0, its postings 250/1000/0/0",
            ),
            (
                "UPDATE ledger_account SET credits_pending = 1 WHERE owner = %s",
                "has totals 250/1000/0/1, its postings 250/1000/0/0",
            ),
            (
                """UPDATE ledger_posting SET balance_after = 999 FROM ledger_account AS account
                WHERE account.id = account_id AND direction = 'credit' AND owner = %s""",
                "has another balance after posting",
            ),
        ],
    )
    def test_names_accounts_that_differ(self, edit, says, capsys):
        assert tamper(edit, [ALICE]) == 1

        said, code = verify(capsys)

        account = Account.objects.get(owner=ALICE)
        assert code == 1
        assert f"account {account.id} {says}" in said

    @pytest.mark.parametrize(
        ("edit", "says"),
        [
            (
                "UPDATE ledger_transaction SET amount = 251, captured_amount = 251 WHERE id = %s",
                "is about 251 and its postings about 250",
            ),
            (
                """UPDATE ledger_posting SET amount = 251
                WHERE direction = 'debit' AND transaction_id = %s""",
                "debits and credits of its postings differ",
            ),
            ("DELETE FROM ledger_posting WHERE transaction_id = %s", "and its postings about 0"),
            (
                """UPDATE ledger_transaction
                SET state = 'rejected', rejection_code = 'x', captured_amount = 0 WHERE id = %s""",
                "was refused and has postings",
            ),
            (
                "DELETE FROM ledger_journal_entry WHERE transaction_id = %s",
                "is posted, and the journal says nothing",
            ),
        ],
    )
    def test_names_transactions_that_differ(self, edit, says, capsys):
        posted = LedgerTransaction.objects.get(kind="transfer", state="posted")
        assert tamper(edit, [posted.id])

        said, code = verify(capsys)

        assert code == 1
        assert f"transaction {posted.id} " in said
        assert says in said

    def test_names_currencies_that_are_out_of_balance(self, capsys):
        tamper("UPDATE ledger_account SET debits_posted = 71 WHERE role <> '' AND currency = 'JPY'")

        said, code = verify(capsys)

        assert (code, "currency JPY is out of balance by 1" in said) == (1, True)

    def test_finds_what_lies_beyond_the_first_page(self, monkeypatch):
        monkeypatch.setattr("transactions.ledger.verify_ledger._ACCOUNTS_A_PAGE", 2)
        monkeypatch.setattr("transactions.ledger.verify_ledger._TRANSACTIONS_A_PAGE", 1)
        tamper("UPDATE ledger_account SET credits_posted = credits_posted + 1")

        assert len([one for one in misfits() if one.what == "account"]) == 5


class TestSnapshot:
    @pytest.mark.django_db(transaction=True)
    def test_lasts_longer_than_a_transaction_of_the_role_may(self):
        with connection.cursor() as cursor:
            cursor.execute("SET transaction_timeout = '100ms'")
        try:
            with snapshot():
                assert rows_read("SELECT 1 FROM pg_sleep(0.3)") == [(1,)]
            with connection.cursor() as cursor:
                cursor.execute("SHOW transaction_timeout")
                assert cursor.fetchone() == ("100ms",)
        finally:
            connection.close()


class TestSchedule:
    def test_remembers_that_a_sample_was_right(self):
        assert check_ledger() == 5

        result = LedgerCheckResult.objects.get(name="ledger")
        assert (result.ok, result.details) == (True, "5 accounts and 4 transactions are right")

    def test_raises_the_alarm_when_a_total_is_not_the_sum_of_postings(self):
        tamper("UPDATE ledger_account SET credits_posted = 1001 WHERE owner = %s", [ALICE])

        with pytest.raises(BooksDiffer):
            check_ledger()

        result = LedgerCheckResult.objects.get(name="ledger")
        assert not result.ok
        assert str(Account.objects.get(owner=ALICE).id) in result.details

    def test_reads_a_sample_of_a_large_table(self):
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO ledger_account (id, owner, role, currency, normal_side, status,
                    debits_posted, credits_posted, debits_pending, credits_pending, opened_at)
                SELECT gen_random_uuid(), gen_random_uuid(), '', 'EUR', 'credit', 'open',
                    0, 0, 0, 0, now()
                FROM generate_series(1, 20000)
                """
            )
            cursor.execute("ANALYZE ledger_account")

        assert 0 < check_ledger() <= 200
