"""Freezing a wallet and ending it: by staff, for a reason, kept and announced."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from common.events.codec import event_decode
from common.ids import uuid7
from common.outbox.models import OutboxMessage
from tests.factories.commands import DepositFactory, TransferFactory, WithdrawalFactory
from tests.factories.events import ALICE, BOB
from tests.transactions.books import apply, balance, fund
from transactions.ledger.account_status import account_freeze, account_unfreeze
from transactions.ledger.errors import AccountOfTheHouse, AccountStatusUnfit, AccountUnknown
from transactions.ledger.models import Account, AccountChange, LedgerTransaction

pytestmark = pytest.mark.django_db(transaction=True)

BY = {"actor": "staff:carol", "reason": "a court's order"}


@pytest.fixture
def wallet():
    fund(ALICE, 100)
    return Account.objects.get(owner=ALICE)


def state(command):
    known = LedgerTransaction.objects.get(pk=command.transaction_id)
    return known.state, known.rejection_code


def last_told():
    message = OutboxMessage.objects.filter(stream=ALICE).latest("sequence")
    return message, event_decode(message.type, bytes(message.data))


class TestFreeze:
    def test_lets_nothing_leave_and_everything_in(self, wallet):
        out, money_in, received = (
            WithdrawalFactory(),
            DepositFactory(amount=5),
            TransferFactory(payer=BOB, receiver=ALICE, amount=1),
        )
        fund(BOB, 1)

        account_freeze(account_id=wallet.pk, **BY)
        apply(out, money_in, received)

        assert state(out) == ("rejected", "account_frozen")
        assert state(money_in) == state(received) == ("posted", "")
        assert balance(ALICE) == 106

    def test_is_kept_and_announced_on_the_owners_stream(self, wallet):
        returned = account_freeze(account_id=wallet.pk, **BY)

        wallet.refresh_from_db()
        assert returned.status == wallet.status == "frozen"
        change = AccountChange.objects.get()
        assert (change.account_id, change.from_status, change.to_status) == (
            *(wallet.pk, "open", "frozen"),
        )
        assert (change.actor, change.reason, change.cause) == (*BY.values(), None)
        message, event = last_told()
        assert (message.type, message.actor) == ("account_frozen.v1", "staff:carol")
        assert message.causation_id is None
        assert (event.account_id, event.owner, event.currency) == (wallet.pk, ALICE, "EUR")
        assert event.frozen_at == change.recorded_at

    def test_ends(self, wallet):
        account_freeze(account_id=wallet.pk, **BY)
        spent = WithdrawalFactory(amount=100)

        account_unfreeze(account_id=wallet.pk, actor="staff:dave", reason="it was lifted")
        apply(spent)

        assert state(spent) == ("posted", "")
        assert [c.to_status for c in AccountChange.objects.order_by("id")] == ["frozen", "open"]
        message = OutboxMessage.objects.filter(type="account_unfrozen.v1").get()
        event = event_decode(message.type, bytes(message.data))
        assert (message.actor, event.account_id) == ("staff:dave", wallet.pk)

    @pytest.mark.parametrize(
        ("status", "act"),
        [
            ("frozen", account_freeze),
            ("closed", account_freeze),
            ("open", account_unfreeze),
            ("closed", account_unfreeze),
        ],
    )
    def test_needs_the_status_before(self, wallet, status, act):
        apply(WithdrawalFactory(amount=100))
        Account.objects.filter(pk=wallet.pk).exclude(status=status).update(status=status)
        before = OutboxMessage.objects.count()

        with pytest.raises(AccountStatusUnfit, match=status):
            act(account_id=wallet.pk, **BY)

        assert OutboxMessage.objects.count() == before
        assert not AccountChange.objects.exists()

    def test_is_refused_for_the_house_and_for_nothing(self, wallet):
        house = Account.objects.get(owner=None)

        with pytest.raises(AccountOfTheHouse):
            account_freeze(account_id=house.pk, **BY)
        with pytest.raises(AccountUnknown):
            account_freeze(account_id=uuid7(), **BY)

        assert house.status == wallet.status == "open"


@pytest.fixture
def run(monkeypatch):
    # The connection of the test is that of the command.
    monkeypatch.setattr(
        "transactions.ledger.management.commands.account_status.timeouts_use", lambda _: None
    )

    def call(*words):
        out = StringIO()
        call_command("account_status", *map(str, words), stdout=out)
        return out.getvalue()

    return call


class TestCommand:
    def test_freezes_unfreezes_and_shows_by_whom(self, run, wallet):
        run("freeze", wallet.pk, "--reason", "a court's order", "--actor", "carol")
        run("unfreeze", wallet.pk, "--reason", "lifted")

        shown = run("show", wallet.pk)

        assert f"{wallet.pk} {ALICE} EUR open" in shown
        assert "open → frozen by staff:carol: a court's order" in shown
        assert "frozen → open by system:" in shown

    def test_needs_a_reason(self, run, wallet):
        with pytest.raises(CommandError, match="--reason"):
            run("freeze", wallet.pk)

        wallet.refresh_from_db()
        assert wallet.status == "open"

    def test_says_why_not(self, run, wallet):
        with pytest.raises(CommandError, match="open and not frozen"):
            run("unfreeze", wallet.pk, "--reason", "x")
        with pytest.raises(CommandError, match="no account"):
            run("show", uuid7())
