"""The page of a transaction in the console of users: its whole road, in every state."""

import json
import re
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from common.events.contracts import Cause
from common.ids import uuid7
from common.inbox.models import DeadLetterAction, InboxWaiting
from common.outbox.models import OutboxMessage, OutboxStream
from common.reconciliation.models import PeerCursor
from tests.factories.users import (
    NOON,
    TransactionCommandFactory,
    TransactionRequestFactory,
    UserFactory,
)
from tests.users.submissions.test_command_outcomes import (
    authorised,
    captured,
    expired,
    hold,
    refused,
    reversal,
    voided,
)
from tests.users.submissions.test_outcomes import consume, posted, rejected
from users.submissions.models import StaffOutcome, TransactionRequest

pytestmark = pytest.mark.django_db

SENT_AT = NOON + timedelta(milliseconds=20)
TIMES = {
    "cause": Cause(event_id=uuid7(), partition=3, offset=70, published_at=SENT_AT),
    "consumed_at": NOON + timedelta(milliseconds=45),
    "decided_at": NOON + timedelta(milliseconds=60),
}
QUERIES_MAX = 12


@pytest.fixture
def staff(client):
    client.force_login(UserFactory(staff=True))
    return client


def address(row) -> str:
    return reverse(f"admin:submissions_{row._meta.model_name}_change", args=[row.pk])


@pytest.fixture
def page(staff):
    def get(row) -> str:
        answer = staff.get(address(row))
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


def announce(row, *, published: bool = True, data: str = "") -> OutboxMessage:
    """The event of a request or command, as accepting leaves it in the outbox."""
    is_request = isinstance(row, TransactionRequest)
    request = row if is_request else row.transaction
    stream = OutboxStream.objects.get(pk=request.user_id)
    stream.last_sequence += 1
    stream.save()
    return OutboxMessage.objects.create(
        topic="users.events",
        stream=stream.pk,
        sequence=stream.last_sequence,
        type="transaction_created.v1" if is_request else f"transaction_{row.type}_requested.v1",
        subject=str(request.pk),
        occurred_at=NOON,
        correlation_id="a-request",
        actor="user:somebody",
        data=(data or json.dumps({"transaction_id": str(request.pk), "id": str(row.pk)})).encode(),
        published_at=SENT_AT if published else None,
        partition=3 if published else None,
        offset=70 if published else None,
    )


ROAD = ["Accepted", "Stored", "Published", "Consumed by the ledger", "Decided", "Announced"]


class TestSettled:
    def test_tells_every_step_in_order_with_times_and_gaps(self, page):
        row = TransactionRequestFactory(transfer=True)
        announce(row)
        consume(posted(row, **TIMES))

        content = page(row)

        assert steps(content) == [*ROAD, "Settled"]
        read = words(content)
        assert "partition 3, offset 70" in read
        assert "2026-01-02 12:00:00.060 UTC" in read
        for gap in ("+20 ms", "+25 ms", "+15 ms"):
            assert gap in read
        assert "2.50 EUR moved." in read
        assert not awaited(content)

    def test_does_so_after_its_event_has_left_the_outbox(self, page):
        row = TransactionRequestFactory()
        consume(posted(row, **TIMES))

        content = page(row)

        assert steps(content) == [*ROAD, "Settled"]
        assert "partition 3, offset 70" in words(content)
        assert "None is kept any more" in words(content)

    def test_says_that_times_of_old_outcomes_were_not_kept(self, page):
        content = page(TransactionRequestFactory(posted=True))

        assert steps(content) == [*ROAD, "Settled"]
        assert words(content).count("time not kept") == 4

    def test_says_why_the_ledger_refused(self, page):
        row = TransactionRequestFactory()
        consume(rejected(row))

        read = words(page(row))

        assert "insufficient_funds: Less was available on the debited wallet" in read

    def test_says_that_clocks_differ_rather_than_to_sort_by_them(self, page):
        row = TransactionRequestFactory()
        early = TIMES | {"consumed_at": NOON + timedelta(milliseconds=10)}
        consume(posted(row, **early))

        content = page(row)

        assert steps(content) == [*ROAD, "Settled"]
        assert "-10 ms: the clocks differ" in words(content)

    def test_shows_what_a_dead_letter_has_cost_it(self, page):
        row = TransactionRequestFactory()
        consume(posted(row, **TIMES))
        row.refresh_from_db()
        letter = letter_make(row, event_id=row.outcome_event_id, state="replayed", attempts=1)
        DeadLetterAction.objects.create(
            consumer="users",
            letter=letter,
            action="replay",
            actor="staff:carol",
            reason="the <b>cause</b> is mended",
            result="replayed",
            outcome="applied",
        )

        content = page(row)

        assert steps(content)[-3:] == [
            f"Became dead letter {letter.pk}",
            "Replay by staff:carol",
            "Settled",
        ]
        assert "the &lt;b&gt;cause&lt;/b&gt; is mended" in content


def letter_make(row, **members) -> InboxWaiting:
    return InboxWaiting.objects.create(
        **{
            "consumer": "users",
            "fingerprint": str(uuid7()),
            "state": "dead",
            "error_class": "poison",
            "error": "it is <i>illegible</i>",
            "source": "/transactions",
            "stream": row.user_id,
            "sequence": 7,
            "event_id": uuid7(),
            "type": "transaction_posted.v1",
            "topic": "transactions.events",
            "partition": 1,
            "offset": 2,
            "timestamp_ms": 0,
            "value": b'{"bad": "<script>"}',
            "headers": b"[]",
            "received_at": NOON,
            **members,
        }
    )


class TestWaiting:
    def test_for_the_publisher(self, page):
        row = TransactionRequestFactory()
        announce(row, published=False)

        content = page(row)

        assert awaited(content) == ["Published"]
        assert "The publisher has not sent it" in words(content)

    def test_for_a_stream_that_the_broker_refuses(self, page):
        row = TransactionRequestFactory()
        announce(row, published=False)
        OutboxStream.objects.filter(pk=row.user_id).update(blocked_reason="too <large>")

        content = page(row)

        assert "Kafka refuses an event" in words(content)
        assert "too &lt;large&gt;" in content

    def test_for_the_ledger_and_since_when(self, page):
        row = TransactionRequestFactory()
        message = announce(row)
        at = timezone.now() - timedelta(minutes=3)
        OutboxMessage.objects.filter(pk=message.pk).update(published_at=at)

        content = page(row)

        assert awaited(content) == ["Consumed by the ledger"]
        assert "Published, and not known to be consumed yet." in words(content)
        assert "for 3 min" in words(content)

    def test_for_the_outcome_of_what_the_ledger_had_applied(self, page):
        row = TransactionRequestFactory()
        message = announce(row)
        PeerCursor.objects.create(
            stream=row.user_id, sequence=message.sequence, verdict="agrees", seen_at=NOON
        )

        assert awaited(page(row)) == ["Announced"]

    def test_behind_a_dead_letter_in_the_ledger(self, page, settings):
        settings.TWIN_CONSOLE_URL = "https://transactions.example.com"
        row = TransactionRequestFactory()
        announce(row)
        PeerCursor.objects.create(stream=row.user_id, sequence=0, verdict="held", seen_at=NOON)

        content = page(row)

        assert "Blocked behind a dead letter in the ledger" in words(content)
        assert (
            f'href="https://transactions.example.com/admin/inbox/inboxwaiting/?q={row.user_id}"'
            in content
        )

    def test_behind_a_dead_letter_here(self, page):
        row = TransactionRequestFactory()
        announce(row)
        letter = letter_make(row)
        letter_make(row, sequence=8, state="waiting", error="", error_class="")

        content = page(row)

        assert f"Blocked behind dead letter {letter.pk}" in words(content)
        assert reverse("admin:inbox_inboxwaiting_change", args=[letter.pk]) in content
        assert "it is &lt;i&gt;illegible&lt;/i&gt;" in content
        assert "<script>" not in content.partition("raw-events-title")[2].partition("<script")[0]

    def test_for_an_earlier_event(self, page):
        row = TransactionRequestFactory()
        letter_make(row, sequence=8, state="waiting", error="", error_class="")

        assert "Waiting for an earlier event" in words(page(row))

    def test_is_not_told_of_what_is_settled(self, page):
        row = TransactionRequestFactory(posted=True)
        letter_make(row)

        assert "Blocked behind" not in words(page(row))

    def test_for_what_becomes_of_a_hold(self, page):
        row = hold(status="pending")
        consume(authorised(row, **TIMES))

        content = page(row)

        assert awaited(content) == ["Captured, voided or expired"]
        assert "The hold ends at 2026-01-02 13:00:00 UTC." in words(content)


class TestCommands:
    @pytest.mark.parametrize(
        ("name", "outcome", "says"),
        [
            ("capture", captured, "2.50 EUR captured."),
            ("void", voided, "2.50 EUR released."),
            ("expiry", expired, "2.50 EUR released."),
        ],
    )
    def test_have_a_chapter_each(self, page, name, outcome, says):
        row = hold(status="pending")
        traits = {"expiry": True} if name == "expiry" else {"type": name}
        command = TransactionCommandFactory(
            transaction=row, accepted_at=NOON + timedelta(hours=1), **traits
        )
        announce(row)
        announce(command)
        consume(authorised(row, **TIMES), outcome(row, by=command, **TIMES))

        content = page(row)

        first = "Due" if name == "expiry" else "Requested"
        assert steps(content) == [*ROAD, "Settled", first, *ROAD[1:], "Settled"]
        assert says in words(content)
        assert "1 h after the request" in words(content)
        assert address(command) in content

    def test_capture_a_part_and_say_so(self, page):
        row = hold()
        command = TransactionCommandFactory(transaction=row)
        consume(captured(row, 100, by=command, **TIMES))

        assert "1.00 EUR captured." in words(page(row))

    def test_reverse_twice(self, page):
        row = TransactionRequestFactory(posted=True)
        first, second = (
            TransactionCommandFactory(
                transaction=row, type="reverse", accepted_at=NOON + timedelta(hours=n)
            )
            for n in (1, 2)
        )
        consume(
            reversal(row, 100, 100, by=first, **TIMES), reversal(row, 150, 250, by=second, **TIMES)
        )

        read = words(page(row))

        assert read.index("1.00 EUR given back.") < read.index("1.50 EUR given back.")

    def test_that_were_refused_say_why(self, page):
        row = hold()
        command = TransactionCommandFactory(transaction=row)
        consume(refused(command, **TIMES))

        assert "exceeds_hold: A capture asks for more than is held." in words(page(row))

    def test_that_wait_say_for_what(self, page):
        row = hold()
        announce(TransactionCommandFactory(transaction=row))

        assert "Consumed by the ledger" in awaited(page(row))

    def test_have_a_page_of_their_own(self, page, settings):
        settings.TWIN_CONSOLE_URL = "https://transactions.example.com"
        row = hold()
        command = TransactionCommandFactory(transaction=row)
        consume(captured(row, by=command, **TIMES))
        command.refresh_from_db()

        content = page(command)

        assert steps(content) == ["Requested", *ROAD[1:], "Settled"]
        assert address(row) in content
        assert f"/admin/ledger/ledgertransaction/{command.pk}/change/" in content

    def test_of_staff_are_told_with_who_gave_them(self, page):
        row = TransactionRequestFactory(posted=True)
        command_id = uuid7()
        consume(reversal(row, 100, 100, command_id=command_id, **TIMES))

        content = page(row)

        assert steps(content)[-3:] == ["Decided", "Announced", "Settled"]
        read = words(content)
        assert "Reverse in the ledger" in read
        assert str(command_id) in read
        assert "system:transactions" in read

    def test_are_shown_up_to_a_bound_and_the_latest_of_them(self, page):
        row = hold()
        ids = [str(TransactionCommandFactory(transaction=row).pk) for _ in range(25)]

        content = page(row)

        assert "Only the latest are shown." in words(content)
        assert [id_ in content for id_ in ids] == [False] * 5 + [True] * 20


class TestPage:
    def test_asks_few_questions_however_much_has_happened(
        self, client, django_assert_max_num_queries
    ):
        # Of a superuser no permission is asked; a role's are two questions more, and who may act
        # is offered to.
        person = UserFactory(is_staff=True)
        person.groups.add(Group.objects.get(name="controller"))
        client.force_login(person)
        row = hold()
        for _ in range(15):
            command = TransactionCommandFactory(transaction=row, requested_by=UserFactory())
            announce(command)
            consume(refused(command, **TIMES))
        pending = TransactionCommandFactory(transaction=row, requested_by=UserFactory())
        announce(pending)
        for number in range(10):
            letter_make(row, sequence=number + 1, attempts=1)
        for _ in range(15):
            staff_outcome(row)

        client.get(address(row))  # what a process asks once
        with django_assert_max_num_queries(QUERIES_MAX):
            assert client.get(address(row)).status_code == 200

    def test_links_to_its_twin_in_the_other_console(self, page, settings):
        row = TransactionRequestFactory(posted=True)
        settings.TWIN_CONSOLE_URL = "https://transactions.example.com"

        shown = page(row)
        settings.TWIN_CONSOLE_URL = ""

        twin = f"https://transactions.example.com/admin/ledger/ledgertransaction/{row.pk}/change/"
        assert f'href="{twin}"' in shown
        assert "See it in the console of" not in words(page(row))

    def test_copies_ids_by_buttons_that_say_what(self, page):
        row = TransactionRequestFactory(posted=True)

        content = page(row)

        assert f'data-copy="{row.pk}" aria-label="Copy Transaction {row.pk}"' in content
        assert "console/copy.js" in content

    @pytest.mark.parametrize("name", ["transactionrequest", "transactioncommand"])
    @pytest.mark.parametrize("key", [uuid7(), UUID(int=0), "nothing", "%00", "1'--"])
    def test_of_what_is_not_there_is_404(self, staff, name, key):
        path = reverse(f"admin:submissions_{name}_change", args=["x"]).replace("/x/", f"/{key}/")

        assert staff.get(path).status_code == 404

    @pytest.mark.parametrize(
        "text",
        [
            "<script>alert(1)</script>",
            "\u202eevil",
            "\x01\x7f",
            "\U0001f4a9" * 100,
            '"><img src=x>',
        ],
    )
    def test_shows_hostile_text_as_text(self, page, text):
        row = TransactionRequestFactory(
            description=text,
            reference=text[:100],
            metadata={text[:40]: text},
            idempotency_key=text[:255],
        )
        announce(row, data=json.dumps({"transaction_id": str(row.pk), "text": text}))
        letter_make(row, error=text, value=text.encode() + b"\xff", type=text[:100])

        content = page(row)

        assert "<script>alert" not in content
        assert "<img src=x>" not in content
        read = re.sub(r'data-copy="[^"]*"', "", content)
        assert not {"\u202e", "\x01", "\x7f"} & set(read)

    def test_changes_nothing(self, staff):
        row = TransactionRequestFactory(posted=True)

        assert staff.post(address(row), {"status": "x"}).status_code == 403


def staff_outcome(row) -> StaffOutcome:
    return StaffOutcome.objects.create(
        command_id=uuid7(), transaction=row, type="reverse", actor="staff:carol", applied_amount=1
    )
