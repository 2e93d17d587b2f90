"""The ledger holds against every attempt, and the attack notices where it would not."""

from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg import sql

from common.settings import env
from tests.factories.commands import TransferFactory
from tests.factories.events import ALICE
from tests.transactions.books import apply, execute, fund
from tests.transactions.sealing import seal
from transactions.ledger.attack.attempt import Way, attempt_make
from transactions.ledger.attack.scene import committed_find
from transactions.ledger.management.commands import attack_ledger
from transactions.ledger.management.commands.attack_ledger import ATTEMPTS
from transactions.ledger.models import Account, LedgerTransaction

pytestmark = pytest.mark.django_db(transaction=True)

APPLICATION = env.db_url("TRANSACTIONS_DATABASE_URL")


@pytest.fixture(autouse=True)
def connection_of_the_test(monkeypatch):
    monkeypatch.setattr(attack_ledger, "timeouts_use", lambda _: None)


@pytest.fixture
def books():
    fund(ALICE, 1_000)
    apply(TransferFactory())
    seal()


@contextmanager
def as_application():
    """The connection of the test belongs to the role that web and consumer run as."""
    owner = {name: connection.settings_dict[name] for name in ("USER", "PASSWORD")}
    connection.close()
    connection.settings_dict.update(USER=APPLICATION["USER"], PASSWORD=APPLICATION["PASSWORD"])
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(owner)


@pytest.fixture
def application(books):
    with as_application():
        yield


@contextmanager
def weakened(weakness, remedy):
    """What the owner of the tables may do to them, for a moment."""
    role = sql.Identifier(APPLICATION["USER"]).as_string(None)
    for statement in weakness:
        execute(statement.format(role=role))
    try:
        yield
    finally:
        for statement in remedy:
            execute(statement.format(role=role))


def attack(capsys):
    try:
        call_command("attack_ledger")
    except CommandError as error:
        return f"{capsys.readouterr().out}{error}", error.returncode
    return capsys.readouterr().out, 0


@pytest.mark.usefixtures("application")
class TestAttackLedger:
    def test_is_refused_everything_and_leaves_nothing(self, capsys):
        before = list(Account.objects.order_by("pk").values())

        said, code = attack(capsys)

        assert code == 0, said
        assert f"{len(ATTEMPTS)} of {len(ATTEMPTS)} attempts refused" in said
        assert list(Account.objects.order_by("pk").values()) == before
        assert LedgerTransaction.objects.count() == 2

    def test_tries_many_ways(self):
        names = [(attempt.way, attempt.name) for attempt in ATTEMPTS]

        assert len(names) == len(set(names)) >= 30
        assert {attempt.way for attempt in ATTEMPTS} == set(Way)

    @pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda one: f"{one.way}: {one.name}")
    def test_each_attempt_is_refused(self, attempt):
        committed = committed_find()
        assert committed is not None

        outcome = attempt_make(attempt, committed=committed)

        assert outcome.refused, outcome.says


CHECKED = "ledger_transactions_written"

WEAKNESSES = {
    "rights and a trigger": (
        [
            "GRANT UPDATE ON ledger_journal_entry TO {role}",
            "ALTER TABLE ledger_journal_entry DISABLE TRIGGER ledger_journal_entry_append_only",
        ],
        [
            "REVOKE UPDATE ON ledger_journal_entry FROM {role}",
            "ALTER TABLE ledger_journal_entry ENABLE TRIGGER ledger_journal_entry_append_only",
        ],
        {"change hashes", "every trigger is on", "seals can only be added"},
    ),
    "totals": (
        ["ALTER TABLE ledger_account DISABLE TRIGGER ledger_account_totals_check"],
        ["ALTER TABLE ledger_account ENABLE TRIGGER ledger_account_totals_check"],
        {"raise a wallet's money without a posting", "every trigger is on"},
    ),
    "postings past the totals": (
        [f"ALTER TABLE {CHECKED} DISABLE TRIGGER ledger_transaction_in_totals"],
        [f"ALTER TABLE {CHECKED} ENABLE TRIGGER ledger_transaction_in_totals"],
        {"post and leave the totals", "post and let one total follow", "every trigger is on"},
    ),
    "a frozen wallet": (
        ["ALTER TABLE ledger_account DISABLE TRIGGER ledger_account_frozen_keeps"],
        ["ALTER TABLE ledger_account ENABLE TRIGGER ledger_account_frozen_keeps"],
        {"spend from a frozen wallet", "every trigger is on"},
    ),
    "search path": (
        ["ALTER FUNCTION ledger_postings_check() RESET search_path"],
        ["ALTER FUNCTION ledger_postings_check() SET search_path = pg_catalog, public, pg_temp"],
        {"fix where they look", "shadow a table"},
    ),
}
"""What is done, what mends it, and what the attack must say then."""


@pytest.mark.usefixtures("books")
class TestWeakness:
    """What the attack says when a rule is gone, so that its silence means something."""

    @pytest.mark.parametrize("name", WEAKNESSES)
    def test_shows(self, name, capsys):
        weakness, remedy, shows = WEAKNESSES[name]

        with weakened(weakness, remedy), as_application():
            said, code = attack(capsys)

        bad = [line for line in said.splitlines() if "GOT THROUGH" in line or "WRONG" in line]
        assert code == len(bad)
        for words in shows:
            assert any(words in line for line in bad), said


class TestTarget:
    @pytest.mark.usefixtures("books")
    def test_is_never_attacked_as_the_owner(self):
        with pytest.raises(CommandError, match="who may do anything"):
            call_command("attack_ledger")

    def test_must_have_books(self):
        with as_application(), pytest.raises(CommandError, match="post something first"):
            call_command("attack_ledger")
