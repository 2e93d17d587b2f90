"""What staff do to wallets in the console: freeze, unfreeze, close, and read their statements."""

import csv
import io

import pytest
from django.contrib.auth.models import Group
from django.contrib.messages import get_messages
from django.test import Client

from common.outbox.models import OutboxMessage
from common.staff.models import StaffAction
from common.staff.roles import Role
from tests.factories.commands import DepositFactory, TransferFactory, WithdrawalFactory
from tests.factories.events import ALICE, BOB
from tests.factories.transactions import StaffFactory
from tests.transactions.books import apply, fund
from transactions.ledger.models import Account, AccountChange

pytestmark = pytest.mark.django_db(transaction=True)

REASON = "A court's order."


def console_of(role: Role | None = None) -> Client:
    staff = StaffFactory(is_superuser=role is None)
    if role:
        staff.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def console():
    return console_of(Role.CONTROLLER)


@pytest.fixture
def wallet():
    fund(ALICE, 1_000)
    return Account.objects.get(owner=ALICE)


def page(account, name):
    return f"/admin/ledger/account/{account.pk}/{name}/"


def send(console, account, name, **members):
    return console.post(page(account, name), {"confirm": "yes", "reason": REASON, **members})


def told(answer) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


class TestStatus:
    def test_is_changed_with_its_event_and_its_records(self, console, wallet):
        send(console, wallet, "freeze")

        wallet.refresh_from_db()
        record, change = StaffAction.objects.get(), AccountChange.objects.get()
        assert wallet.status == "frozen"
        assert (record.action, record.target_type) == ("account.freeze", "ledger.account")
        assert (record.before, record.after) == ({"status": "open"}, {"status": "frozen"})
        assert (change.actor, change.reason) == (f"staff:{record.actor_id}", REASON)
        message = OutboxMessage.objects.get(type="account_frozen.v1")
        assert message.actor == f"staff:{record.actor_id}"

        send(console, wallet, "unfreeze")

        wallet.refresh_from_db()
        assert wallet.status == "open"

    def test_is_tried_without_changing_anything(self, console, wallet):
        answer = console.post(page(wallet, "freeze"), {"rehearse": "yes", "reason": REASON})

        wallet.refresh_from_db()
        assert "would work" in answer.content.decode()
        assert wallet.status == "open"
        assert not StaffAction.objects.exists()
        assert not AccountChange.objects.exists()
        assert not OutboxMessage.objects.filter(type="account_frozen.v1").exists()

    @pytest.mark.parametrize("role", [Role.SUPPORT, Role.OPERATOR, Role.AUDITOR])
    @pytest.mark.parametrize("name", ["freeze", "unfreeze", "close"])
    def test_is_not_for_other_roles(self, wallet, role, name):
        assert send(console_of(role), wallet, name).status_code == 403

    @pytest.mark.usefixtures("wallet")
    def test_of_the_house_is_refused_to_superusers_too(self):
        house = Account.objects.get(owner=None)

        answer = send(console_of(), house, "freeze")

        house.refresh_from_db()
        assert "stays open" in answer.content.decode()
        assert house.status == "open"

    @pytest.mark.usefixtures("wallet")
    def test_is_changed_for_chosen_wallets(self, console):
        fund(BOB, 1)
        chosen = [str(key) for key in Account.objects.values_list("pk", flat=True)]

        answer = console.post(
            "/admin/ledger/account/",
            {
                "action": "freeze",
                "_selected_action": chosen,
                "confirm": "yes",
                "reason": REASON,
            },
        )

        assert Account.objects.filter(status="frozen").count() == 2
        assert any("stays open" in text for text in told(answer))  # the account of the house


class TestClose:
    def test_ends_an_empty_wallet(self, console, wallet):
        apply(WithdrawalFactory(amount=1_000))

        send(console, wallet, "close")

        wallet.refresh_from_db()
        assert wallet.status == "closed"
        assert OutboxMessage.objects.filter(type="account_closed.v1").count() == 1

    def test_lets_nothing_in_afterwards(self, console, wallet):
        apply(WithdrawalFactory(amount=1_000))
        send(console, wallet, "close")

        apply(DepositFactory(amount=5))

        wallet.refresh_from_db()
        assert (wallet.posted, wallet.status) == (0, "closed")

    def test_is_refused_while_there_is_money(self, console, wallet):
        answer = send(console, wallet, "close")

        wallet.refresh_from_db()
        assert "There is money in the wallet" in answer.content.decode()
        assert wallet.status == "open"
        assert not StaffAction.objects.exists()

    def test_is_refused_while_a_hold_is_on_its_way(self, console):
        fund(ALICE, 1_000)
        apply(TransferFactory(held=True, amount=10))
        bob = Account.objects.get(owner=BOB)

        answer = send(console, bob, "close")

        bob.refresh_from_db()
        assert "There are holds" in answer.content.decode()
        assert bob.status == "open"


class TestStatement:
    @pytest.fixture
    def lines(self, wallet):
        apply(*[TransferFactory(amount=1, reference=f"=ref {number}") for number in range(59)])
        return wallet

    def test_has_pages_that_neither_shift_nor_overlap(self, console, lines):
        first = console.get(page(lines, "statement"))
        second = console.get(page(lines, "statement") + "?" + first.context["following"])

        counts = [len(one.context["table"]["rows"]) for one in (first, second)]
        assert counts == [50, 10]
        assert "10.00 EUR" in first.content.decode()
        assert first.context["closing"] == second.context["opening"]
        assert not second.context["following"]

    def test_of_days_without_lines_says_so(self, console, lines):
        answer = console.get(page(lines, "statement"), {"start": "2020-01-01", "end": "2020-01-02"})

        assert "Nothing moved in these days" in answer.content.decode()

    @pytest.mark.parametrize(
        "query",
        [
            {"start": "x"},
            {"end": "2020-02-30"},
            {"start": "2020-01-02", "end": "2020-01-01"},
            {"cursor": "x"},
            {"cursor": "x" * 65},
            {"end": "9999-12-31"},
            {"start": "0001-01-01"},
        ],
    )
    def test_takes_any_query(self, console, lines, query):
        assert console.get(page(lines, "statement"), query).status_code == 200

    def test_is_for_every_role_and_only_read(self, wallet):
        for role in Role:
            assert console_of(role).get(page(wallet, "statement")).status_code == 200

    def test_is_taken_along_by_auditors_on_the_record(self, lines):
        answer = console_of(Role.AUDITOR).post(
            page(lines, "statement"), {"reason": REASON, "start": "2020-01-01"}
        )

        text = b"".join(answer.streaming_content).decode()
        rows = list(csv.DictReader(io.StringIO(text)))
        assert len(rows) == 60
        assert rows[-1]["reference"].startswith("'=ref")
        assert rows[-1]["balance_after"] == str(1_000 - 59)
        record = StaffAction.objects.get()
        assert (record.action, record.target_id) == ("account.export_statement", str(lines.pk))
        assert record.after == {"from": "2020-01-01", "to": None}

    def test_is_not_taken_along_by_others_or_without_a_reason(self, console, lines):
        auditor = console_of(Role.AUDITOR)

        assert console.post(page(lines, "statement"), {"reason": REASON}).status_code == 403
        assert auditor.post(page(lines, "statement"), {"reason": ""}).status_code == 200
        assert not StaffAction.objects.exists()

    @pytest.mark.usefixtures("wallet")
    def test_of_the_house_there_is_none(self, console):
        house = Account.objects.get(owner=None)

        assert console.get(page(house, "statement")).status_code == 404
        change = console.get(page(house, "change")).content.decode()
        assert "statement/" not in change
