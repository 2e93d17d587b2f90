"""The page of an account: what it has, and what became of it."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common.outbox.models import OutboxMessage
from common.staff.roles import Role
from tests.factories.commands import TransferFactory, WithdrawalFactory
from tests.factories.events import ALICE
from tests.factories.transactions import StaffFactory
from tests.transactions.books import apply, fund
from tests.transactions.test_closing import close_requested, consume
from transactions.ledger.account_status import account_freeze, account_unfreeze
from transactions.ledger.account_timeline import CHANGES_MAX
from transactions.ledger.models import Account

pytestmark = pytest.mark.django_db(transaction=True)

QUERIES_MAX = 12
REASON = "A <b>court's</b> order."


@pytest.fixture
def console():
    staff = StaffFactory(is_superuser=False)
    staff.groups.add(Group.objects.get(name=Role.CONTROLLER))
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def wallet():
    fund(ALICE, 1_000)
    return Account.objects.get(owner=ALICE)


def address(account) -> str:
    return reverse("admin:ledger_account_change", args=[account.pk])


def page(console, account) -> str:
    answer = console.get(address(account))
    assert answer.status_code == 200
    return answer.content.decode()


def steps(content: str) -> list[str]:
    return re.findall(r'<span class="timeline-title">(.*?)</span>', content)


def words(content: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", content)).split())


def change(console, account, name) -> None:
    body = {"confirm": "yes", "reason": REASON}
    assert console.post(f"{address(account)[: -len('change/')]}{name}/", body).status_code == 302


def test_says_what_is_in_it_and_what_is_held(console, wallet):
    apply(TransferFactory(held=True, amount=250))

    shown = words(page(console, wallet))

    assert "10.00 EUR Wallet open 7.50 EUR available, 2.50 EUR held." in shown


def test_tells_its_life_with_who_and_why(console, wallet):
    for name in ("freeze", "unfreeze"):
        change(console, wallet, name)
    apply(WithdrawalFactory(amount=1_000))
    change(console, wallet, "close")

    content = page(console, wallet)

    assert steps(content)[:4] == ["Opened", "Frozen", "Open again", "Closed"]
    assert steps(content)[4:] == ["account.freeze", "account.unfreeze", "account.close"]
    assert "A &lt;b&gt;court" in content
    assert "By staff:" in words(content)
    for event in ("account_opened.v1", "account_frozen.v1", "account_closed.v1"):
        assert f"Sent: {event}" in words(content)


def test_says_where_in_kafka_each_change_is(console, wallet):
    account_freeze(account_id=wallet.pk, actor="staff:carol", reason=REASON)
    OutboxMessage.objects.filter(type="account_frozen.v1").update(
        published_at=timezone.now(), partition=5, offset=17
    )

    assert "Frozen frozen" in (shown := words(page(console, wallet)))
    assert "partition 5, offset 17" in shown


def test_says_why_its_owner_could_not_be_closed(console, wallet):
    consume(close_requested())

    content = page(console, wallet)

    assert steps(content) == ["Opened", "Closing of its owner refused"]
    assert "balance_not_zero: " in words(content)


def test_says_when_its_owner_was_closed(console, wallet):
    apply(WithdrawalFactory(amount=1_000))
    consume(close_requested())

    content = page(console, wallet)

    assert steps(content) == ["Opened", "Closed"]
    assert "The user asked to be closed." in content
    assert "Because of event" in content


def test_shows_the_latest_changes_of_many(console, wallet):
    for number in range(CHANGES_MAX // 2 + 1):
        account_freeze(account_id=wallet.pk, actor="staff:carol", reason=f"no. {number}")
        account_unfreeze(account_id=wallet.pk, actor="staff:carol", reason="y")

    content = page(console, wallet)

    assert len(steps(content)) == CHANGES_MAX + 1
    assert "Only the latest are shown." in words(content)
    assert "no. 0" not in words(content)


def test_leads_to_its_owner_in_the_other_console(console, wallet, settings):
    settings.TWIN_CONSOLE_URL = "https://users.example.com"

    content = page(console, wallet)

    assert f'href="https://users.example.com/admin/identity/user/{ALICE}/change/"' in content


@pytest.mark.usefixtures("wallet")
def test_of_the_house_has_no_owner(console, settings):
    settings.TWIN_CONSOLE_URL = "https://users.example.com"
    house = Account.objects.get(owner=None)

    content = page(console, house)

    assert steps(content) == ["Opened"]
    assert "An account of the house" in words(content)
    assert "users.example.com/admin/identity" not in content


def test_asks_few_questions(console, wallet, django_assert_max_num_queries):
    change(console, wallet, "freeze")
    consume(close_requested())
    page(console, wallet)

    with django_assert_max_num_queries(QUERIES_MAX):
        page(console, wallet)


def test_of_an_account_that_is_not_there_is_none(console):
    missing = reverse("admin:ledger_account_change", args=[ALICE])

    assert console.get(missing).status_code == 404
