"""The page of a transaction in the console of the ledger: its road up to the announcement."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common.ids import uuid7
from common.inbox.models import InboxWaiting
from common.outbox.models import OutboxMessage
from tests.factories.commands import (
    DEADLINE,
    CaptureFactory,
    ExpireFactory,
    ReverseFactory,
    SourceFactory,
    TransferFactory,
    VoidFactory,
)
from tests.factories.events import ALICE, NOON
from tests.factories.transactions import StaffFactory
from tests.transactions.books import apply, fund
from tests.transactions.sealing import seal
from transactions.ledger.models import JournalSeal, LedgerTransaction

pytestmark = pytest.mark.django_db

QUERIES_MAX = 12
ROAD = ["Accepted", "Published", "Consumed by the ledger", "Decided", "Announced"]


@pytest.fixture
def console():
    client = Client()
    client.force_login(StaffFactory())
    return client


def address(transaction_id) -> str:
    return reverse("admin:ledger_ledgertransaction_change", args=[transaction_id])


@pytest.fixture
def page(console):
    def get(transaction_id) -> str:
        answer = console.get(address(transaction_id))
        assert answer.status_code == 200
        return answer.content.decode()

    return get


def steps(content: str) -> list[str]:
    return re.findall(r'<span class="timeline-title">(.*?)</span>', content)


def awaited(content: str) -> list[str]:
    return re.findall(r'timeline-awaited.*?timeline-title">(.*?)</span>', content, re.DOTALL)


def words(content: str) -> str:
    """What is read, without markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", content)).split())


def announced() -> None:
    """What the publisher leaves behind."""
    OutboxMessage.objects.filter(published_at__isnull=True).update(
        published_at=timezone.now(), partition=5, offset=17
    )


def letter_make(**members) -> InboxWaiting:
    return InboxWaiting.objects.create(
        **{
            "consumer": "transactions",
            "fingerprint": str(uuid7()),
            "state": "dead",
            "error_class": "bug",
            "error": "a <b>bug</b>",
            "attempts": 1,
            "source": "/users",
            "stream": ALICE,
            "sequence": 1,
            "event_id": uuid7(),
            "type": "transaction_created.v1",
            "topic": "users.events",
            "partition": 1,
            "offset": 2,
            "timestamp_ms": 0,
            "value": b'{"text": "\xe2\x80\xaeevil<script>"}',
            "headers": b"[]",
            "received_at": NOON,
            **members,
        }
    )


class TestRoad:
    def test_is_told_in_order_with_places_and_gaps(self, page):
        fund(ALICE, 1_000)
        source = SourceFactory(
            partition=3,
            offset=70,
            published_at=NOON + timedelta(milliseconds=20),
            consumed_at=NOON + timedelta(milliseconds=45),
        )
        command = TransferFactory(source=source)
        apply(command)
        announced()

        content = page(command.transaction_id)

        assert steps(content) == ROAD
        read = words(content)
        assert "+20 ms" in read
        assert "+25 ms" in read
        assert "partition 3, offset 70" in read
        assert "partition 5, offset 17" in read
        assert str(source.event_id) in read
        assert not awaited(content)

    def test_waits_for_the_publisher(self, page, paid):
        content = page(paid.transaction_id)

        assert awaited(content) == ["Announced"]
        assert "The publisher has not sent the outcome" in words(content)

    def test_is_told_as_far_as_it_is_kept(self, page, paid, settings):
        settings.OUTBOX_KEEP_DAYS = 30
        OutboxMessage.objects.all().delete()

        content = page(paid.transaction_id)

        assert steps(content) == ROAD
        read = words(content)
        assert "The outcome is not kept any more: events go after 30 days." in read
        assert "None is kept any more" in read

    def test_of_a_refusal_says_why_and_has_no_postings(self, page):
        fund(ALICE, 1)
        command = TransferFactory(amount=2)
        apply(command)

        read = words(page(command.transaction_id))

        assert "insufficient_funds: Less was available on the debited wallet" in read
        assert "There are none: what is refused moves nothing." in read

    def test_tells_of_a_letter_that_was_replayed(self, page, paid):
        row = LedgerTransaction.objects.get(pk=paid.transaction_id)
        letter = letter_make(event_id=row.source_event_id, state="replayed")
        letter.actions.create(
            consumer="transactions",
            action="replay",
            actor="staff:carol",
            reason="mended",
            result="replayed",
            outcome="applied",
        )

        content = page(paid.transaction_id)

        assert steps(content)[3:5] == [f"Became dead letter {letter.pk}", "Replay by staff:carol"]
        assert "\u202e" not in content
        assert "evil<script>" not in content

    def test_tells_what_later_events_of_the_user_wait_behind(self, page, paid):
        letter = letter_make(sequence=99)

        content = page(paid.transaction_id)

        assert f"Blocked behind dead letter {letter.pk}" in words(content)
        assert reverse("admin:inbox_inboxwaiting_change", args=[letter.pk]) in content
        assert "a &lt;b&gt;bug&lt;/b&gt;" in content


class TestCommands:
    def test_a_hold_waits_for_its_end(self, page, hold):
        announced()

        content = page(hold.transaction_id)

        assert awaited(content) == ["Captured, voided or expired"]
        assert f"The hold ends at {DEADLINE:%Y-%m-%d %H:%M:%S} UTC." in words(content)
        assert "Postings in EUR, pending" in words(content)

    @pytest.mark.parametrize(
        ("factory", "members", "says"),
        [
            (CaptureFactory, {}, "2.50 EUR captured."),
            (CaptureFactory, {"amount": 100}, "1.00 EUR captured."),
            (VoidFactory, {}, "2.50 EUR released."),
            (ExpireFactory, {}, "2.50 EUR released."),
        ],
    )
    def test_end_it_in_a_chapter_of_their_own(self, page, hold, factory, members, says):
        command = factory(transaction_id=hold.transaction_id, **members)
        apply(command)
        announced()

        content = page(hold.transaction_id)

        assert steps(content) == ROAD * 2
        assert says in words(content)
        assert address(command.command_id) in content
        assert "does not balance" not in words(content)

    def test_reverse_twice(self, page, paid):
        for amount in (100, 150):
            apply(ReverseFactory(transaction_id=paid.transaction_id, amount=amount))

        content = page(paid.transaction_id)

        read = words(content)
        assert steps(content) == ROAD * 3
        assert read.index("1.00 EUR given back.") < read.index("1.50 EUR given back.")

    def test_that_were_refused_say_why(self, page, hold):
        apply(CaptureFactory(transaction_id=hold.transaction_id, amount=900))

        assert "exceeds_hold: A capture asks for more" in words(page(hold.transaction_id))

    def test_have_a_page_that_leads_back(self, page, hold, settings):
        settings.TWIN_CONSOLE_URL = "https://users.example.com"
        command = CaptureFactory(transaction_id=hold.transaction_id)
        apply(command)

        content = page(command.command_id)

        assert steps(content) == ROAD
        assert address(hold.transaction_id) in content
        twin = f"/admin/submissions/transactionrequest/{hold.transaction_id}/change/"
        assert f'href="https://users.example.com{twin}"' in content

    def test_of_what_the_ledger_does_not_know_have_a_page(self, page):
        command = CaptureFactory()
        apply(command)

        assert "transaction_unknown" in words(page(command.command_id))

    def test_are_shown_up_to_a_bound_and_the_latest_of_them(self, page, hold):
        commands = [
            CaptureFactory(transaction_id=hold.transaction_id, amount=900) for _ in range(25)
        ]
        for command in commands:
            apply(command)

        content = page(hold.transaction_id)

        assert "Only the latest are shown." in words(content)
        shown = [address(command.command_id) in content for command in commands]
        assert shown == [False] * 5 + [True] * 20


class TestBooks:
    def test_show_both_sides_with_totals(self, page, paid):
        content = page(paid.transaction_id)

        read = words(content)
        assert "Postings in EUR, posted balances" in read
        assert re.search(r"Total 2\.50 EUR 2\.50 EUR", read)
        assert "7.50 EUR" in read

    def test_show_layers_apart(self, page, hold):
        apply(CaptureFactory(transaction_id=hold.transaction_id, amount=100))

        read = words(page(hold.transaction_id))

        assert re.search(r"EUR, pending balances .* Total 5\.00 EUR 5\.00 EUR", read)
        assert re.search(r"EUR, posted balances .* Total 1\.00 EUR 1\.00 EUR", read)

    @pytest.mark.django_db(transaction=True)
    def test_name_the_seal_of_every_entry(self, page):
        fund(ALICE, 1_000)
        first = TransferFactory(held=True)
        apply(first)
        seal()
        apply(CaptureFactory(transaction_id=first.transaction_id))
        sealed = words(page(first.transaction_id))
        seal()
        again = page(first.transaction_id)

        assert "not sealed yet" in sealed
        assert "not sealed yet" not in words(again)
        assert JournalSeal.objects.count() == 2
        for number in (1, 2):
            assert reverse("admin:ledger_journalseal_change", args=[number]) in again


class TestPage:
    def test_asks_few_questions_however_much_has_happened(
        self, hold, django_assert_max_num_queries
    ):
        # Of a superuser no permission is asked; a role's are two questions more.
        client, person = Client(), StaffFactory(is_superuser=False)
        person.groups.add(Group.objects.get(name="controller"))
        client.force_login(person)
        for _ in range(15):
            apply(CaptureFactory(transaction_id=hold.transaction_id, amount=900))
        row = LedgerTransaction.objects.get(pk=hold.transaction_id)
        letter_make(event_id=row.source_event_id, state="replayed").actions.create(
            consumer="transactions",
            action="replay",
            actor="staff:carol",
            reason="mended",
            result="replayed",
            outcome="applied",
        )
        for number in range(10):
            letter_make(sequence=100 + number)

        client.get(address(hold.transaction_id))  # what a process asks once
        with django_assert_max_num_queries(QUERIES_MAX):
            assert client.get(address(hold.transaction_id)).status_code == 200

    @pytest.mark.parametrize("key", [uuid7(), "nothing", "%00", "1'--"])
    def test_of_what_is_not_there_is_404(self, console, key):
        assert console.get(f"/admin/ledger/ledgertransaction/{key}/change/").status_code == 404

    @pytest.mark.parametrize("text", ["<script>alert(1)</script>", "\u202eevil", '"><img src=x>'])
    def test_shows_hostile_text_as_text(self, page, text):
        fund(ALICE, 1_000)
        command = TransferFactory(reference=text)
        apply(command)
        OutboxMessage.objects.update(data=f'{{"broken": "{text}'.encode() + b"\xff")

        content = page(command.transaction_id)

        assert "<script>alert" not in content
        assert "<img src=x>" not in content
        assert "\u202e" not in re.sub(r'data-copy="[^"]*"', "", content)
