import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.factories.commands import CaptureFactory, TransferFactory, VoidFactory
from tests.factories.events import ALICE, BOB
from tests.transactions.books import apply, fund, totals
from transactions.celery import app
from transactions.ledger.models import Account
from transactions.ledger.tasks import BalancesDiffer, balances_check


@pytest.mark.django_db
class TestBalancesCheck:
    def test_agrees_with_books_that_are_right(self):
        fund(ALICE, 1_000)
        apply(TransferFactory())

        assert balances_check() == 3

    def test_raises_the_alarm_when_a_total_is_not_the_sum_of_postings(self):
        fund(ALICE, 1_000)
        Account.objects.filter(owner=ALICE).update(credits_posted=1_001)

        with pytest.raises(BalancesDiffer, match="1 of 2"):
            balances_check()

    def test_agrees_with_holds_that_are_open_and_resolved(self):
        fund(ALICE, 1_000)
        holds = [TransferFactory(held=True, amount=amount) for amount in (100, 200, 300)]
        apply(*holds, TransferFactory(payer=BOB, receiver=ALICE, held=True))
        apply(
            CaptureFactory(transaction_id=holds[0].transaction_id, amount=60),
            VoidFactory(transaction_id=holds[1].transaction_id),
        )

        assert totals(ALICE) == (940, 300, 0)
        assert balances_check() == 3

    @pytest.mark.parametrize(
        ("owner", "total"), [(ALICE, "debits_pending"), (BOB, "credits_pending")]
    )
    def test_raises_the_alarm_when_a_hold_is_not_in_the_postings(self, owner, total):
        fund(ALICE, 1_000)
        apply(TransferFactory(held=True, amount=100))
        Account.objects.filter(owner=owner).update(**{total: 99})

        with pytest.raises(BalancesDiffer, match="1 of 3"):
            balances_check()

    def test_reads_a_sample_of_a_large_table(self):
        fund(ALICE, 1_000)
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

        assert 0 < balances_check() <= 200


class TestSchedule:
    def test_lets_no_message_outlive_its_interval(self):
        for entry in app.conf.beat_schedule.values():
            assert entry["options"]["expires"] == entry["schedule"].total_seconds()

    def test_names_tasks_that_exist(self):
        app.loader.import_default_modules()

        assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)


@pytest.mark.django_db
class TestSeedDemo:
    def test_makes_staff_that_can_log_in_and_does_it_once(self, monkeypatch, django_user_model):
        monkeypatch.setenv("DEMO_ADMIN_PASSWORD", "a password of tests")
        call_command("seed_demo", verbosity=0)
        call_command("seed_demo", verbosity=0)

        (staff,) = django_user_model.objects.all()
        assert (staff.username, staff.email) == ("admin@example.com", "admin@example.com")
        assert staff.is_staff
        assert staff.is_superuser
        assert staff.check_password("a password of tests")

    def test_says_what_is_missing(self, monkeypatch):
        monkeypatch.delenv("DEMO_ADMIN_PASSWORD", raising=False)

        with pytest.raises(CommandError, match="DEMO_ADMIN_PASSWORD"):
            call_command("seed_demo")
