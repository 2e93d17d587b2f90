"""
What both consoles show of the road: dead letters, the outbox, consumers and topics.

Each service's tests bring `staff`, a client of a superuser, and `clerk`, one of somebody of the
staff without permissions.
"""

import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import count
from urllib.parse import urlencode

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string

from common.events.topics import ALL_TOPICS, USERS_DEAD_LETTERS
from common.ids import uuid7
from common.inbox import admin_causes, causes, runs
from common.inbox.arrival import arrive
from common.inbox.dead import dead_store
from common.inbox.halts import halt_open
from common.inbox.isolate import batch_isolate
from common.inbox.lag import KEPT, lag_sample, lag_samples
from common.inbox.models import (
    ConsumerHalt,
    ConsumerLag,
    DeadLetterAction,
    InboxWaiting,
    LetterRun,
)
from common.inbox.waiting import waiting_store
from common.kafka.broker import Delivery, OutgoingRecord
from common.kafka.config import producer_config
from common.kafka.groups import group_members
from common.kafka.producer import KafkaProducer
from common.outbox.models import OutboxMessage, OutboxStream
from common.outbox.session import PublisherSession
from common.staff.models import StaffAction
from tests.common.inbox.ledger_of_events import (
    GUILTY,
    WIRING,
    applied_ids,
    arrivals_of,
    ids_of,
    stream_of,
)
from tests.factories.events import NOON, record

NAMES = ["inbox_causes", "inbox_cause", "outbox_overview", "inbox_consumers", "outbox_topics"]
OF_KAFKA = ["inbox_consumers", "outbox_topics", "outbox_topic"]
STATEMENTS_MAX = 12
SOON_S = 4.0
"""A second or two, and as much again for a machine that is busy."""
NOWHERE = "127.0.0.1:1"
OFFSETS = count()
HOSTILE = {
    "markup": b'<script>alert("x")</script><img src=x onerror=alert(1)>',
    "control characters": b"\x00\x01\x1b[2J\x7f",
    "turned around": "\u202e\u2066gpj.exe".encode(),
    "no text": b"\xff\xfe\xc3\x28",
    "a megabyte": b"<script>" * (1024 * 1024 // 8),
    "deep": b"[" * 100_000,
    "surrogate": b'{"amount": "\\ud800"}',
}


def page(name, **query):
    arguments = [USERS_DEAD_LETTERS] if name == "outbox_topic" else []
    return f"{reverse(f'admin:{name}', args=arguments)}?{urlencode(query)}"


def consumer():
    return import_string(django_settings.EVENT_WIRING).consumer


def bury(*, stream=None, sequence=1, error="cannot do 1", error_class="bug", **members):
    """A dead letter as the inbox keeps it."""
    value = members.pop("value", b'{"amount": "much"}')
    sent = record(stream=stream or uuid7(), sequence=sequence, **members)
    # A poison is known by its place: each has one of its own.
    item = arrive(replace(sent, value=value, offset=next(OFFSETS)), consumed_at=NOON)
    dead_store(consumer=consumer(), dead=[item], error_class=error_class, error=error)
    letter = InboxWaiting.objects.order_by("-id").first()
    # A poison brings its own reason; these tests choose it.
    InboxWaiting.objects.filter(pk=letter.pk).update(error=error)
    letter.refresh_from_db()
    return letter


def wait_behind(letter, number):
    following = range(letter.sequence + 1, letter.sequence + 1 + number)
    rows = [record(stream=letter.stream, sequence=n, offset=n) for n in following]
    waiting_store(consumer=consumer(), arrivals=[arrive(row, consumed_at=NOON) for row in rows])


def cause_page(letter, **query):
    return page("inbox_cause", **causes.cause_of(letter)._asdict(), **query)


def text_of(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def words_of(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", text_of(answer)).split())


def assert_harmless(content):
    assert "<script>alert" not in content
    assert "<img src=x" not in content
    assert not set("\x00\x01\x1b\x7f\u202e\u2066") & set(content)


class DeadLetterPages:
    def test_say_that_there_is_nothing_to_do(self, staff):
        assert "No dead letters" in text_of(staff.get(page("inbox_causes")))

    def test_group_letters_by_what_they_died_of(self, staff):
        stream = uuid7()
        bury(stream=stream, error="ValueError: cannot do 1 of 9")
        bury(stream=stream, sequence=2, error="ValueError: cannot do 22 of 9")
        bury(error=f"KeyError: {uuid7()}")

        groups = {
            group.cause.error_kind: group for group in causes.causes_read(consumer=consumer())
        }

        assert {kind: group.letters for kind, group in groups.items()} == {
            "ValueError: cannot do # of #": 2,
            "KeyError: #": 1,
        }
        assert groups["ValueError: cannot do # of #"].streams == 1
        assert "ValueError: cannot do # of #" in text_of(staff.get(page("inbox_causes")))

    def test_say_how_many_wait_behind_each_cause(self, staff, monkeypatch):
        for module in (causes, admin_causes):
            monkeypatch.setattr(module, "BEHIND_MANY", 3)
        quiet, loud = bury(error="quiet"), bury(error="loud")
        wait_behind(quiet, 3)
        wait_behind(loud, 7)

        groups = {
            group.cause.error_kind: group for group in causes.causes_read(consumer=consumer())
        }
        shown = words_of(staff.get(page("inbox_causes")))

        assert (groups["quiet"].behind, groups["quiet"].held_long) == (3, 0)
        assert (groups["loud"].behind, groups["loud"].held_long) == (4, 1)
        assert "over 3 in 1 stream" in shown
        assert "Held up for long" in shown

    def test_name_the_member_that_breaks_the_contract(self, staff):
        letter = bury(error_class="poison", error="the data breaks the contract")

        shown = text_of(staff.get(cause_page(letter)))

        assert "still refused" in shown
        assert "$.amount" in shown
        assert f"{letter.topic}/{letter.partition}@{letter.offset}" in shown

    def test_say_when_the_cause_seems_mended(self, staff):
        sent = record(stream=uuid7())
        letter = bury(stream=uuid7(), value=sent.value)

        shown = words_of(staff.get(cause_page(letter)))

        assert "can read it" in shown
        assert "fit the JSON Schema" in shown

    def test_show_letters_of_one_cause_page_by_page(self, staff, monkeypatch):
        monkeypatch.setattr(admin_causes, "_LETTERS_A_PAGE", 2)
        letters = [bury(sequence=n) for n in range(1, 6)]
        other = bury(error="something else")

        first = text_of(staff.get(cause_page(letters[0])))
        second = text_of(staff.get(cause_page(letters[0], before=letters[3].pk)))

        def shown(content):
            return {int(n) for n in re.findall(r'name="id" value="(\d+)"', content)}

        assert shown(first) == {letters[4].pk, letters[3].pk}
        assert shown(second) == {letters[2].pk, letters[1].pk}
        assert f"before={letters[3].pk}" in first
        assert other.pk not in shown(first) | shown(second)

    def test_mask_what_is_personal(self, staff):
        value = b'{"description": "for Zoe", "to": "zoe@example.com", "amount": 1}'
        letter = bury(value=value, error="no room for zoe@example.com")

        shown = text_of(staff.get(cause_page(letter))) + text_of(staff.get(page("inbox_causes")))

        assert "for Zoe" not in shown
        assert "zoe@example.com" not in shown
        assert "z•••@example.com" in shown

    @pytest.mark.parametrize("kind", HOSTILE)
    def test_show_whatever_came_in_as_text(self, staff, kind):
        raw = HOSTILE[kind]
        error = raw[:300].decode(errors="backslashreplace").replace("\x00", "\\x00")
        letter = bury(value=raw, error=error, error_class="poison")

        for address in (page("inbox_causes"), cause_page(letter)):
            assert_harmless(text_of(staff.get(address)))

    def test_count_beside_their_name_in_the_sidebar(self, staff, monkeypatch):
        assert 'class="font-semibold h-[18px]' not in text_of(staff.get("/admin/"))
        for n in range(1, 4):
            bury(sequence=n)

        assert self.badge(staff) == "3"
        monkeypatch.setattr("common.inbox.badge._COUNTED_MAX", 2)
        assert self.badge(staff) == "2+"

    def badge(self, staff):
        (shown,) = re.findall(
            r'<span class="font-semibold h-\[18px\][^>]*>\s*([^<]*?)\s*</span>',
            text_of(staff.get("/admin/")),
        )
        return shown

    @pytest.mark.parametrize(
        ("name", "query"),
        [
            ("inbox_cause", {"before": "x"}),
            ("inbox_cause", {"before": "9" * 30}),
            ("inbox_cause", {"letter": "-1"}),
            ("inbox_cause", {"error_kind": "a\x00b"}),
            ("outbox_topic", {"partition": "one"}),
            ("outbox_topic", {"before": "\u0661"}),
        ],
    )
    def test_know_no_page_for_nonsense(self, staff, name, query):
        assert staff.get(page(name, **query)).status_code == 404


@pytest.mark.django_db(transaction=True)
class ResolvePages:
    """Replaying and discarding, with a consumer whose events fail when they are guilty."""

    @pytest.fixture(autouse=True)
    def echo(self, settings):
        settings.EVENT_WIRING = "tests.common.inbox.ledger_of_events.WIRING"
        yield
        GUILTY.clear()

    @pytest.fixture
    def letters(self):
        """Three of one cause, each the first of its stream with one event behind it."""
        for _ in range(3):
            first, second = stream_of(uuid7(), 2)
            GUILTY.update(ids_of([first]))
            batch_isolate(WIRING, arrivals_of(first, second))
        return list(InboxWaiting.objects.filter(state="dead").order_by("stream"))

    def mend(self):
        GUILTY.clear()

    def chosen(self, act, *letters):
        return page("inbox_resolve") + urlencode(
            [("act", act), *(("id", letter.pk) for letter in letters)]
        )

    def all_of(self, act, letter):
        return page("inbox_resolve", act=act, **causes.cause_of(letter)._asdict())

    def confirm(self, client, address, **members):
        body = {"confirm": "yes", "reason": "the cause is mended", "key": str(uuid7()), **members}
        return client.post(address, body)

    def states(self):
        return Counter(InboxWaiting.objects.values_list("state", flat=True))

    def test_ask_first_and_change_nothing(self, staff, letters):
        shown = words_of(staff.get(self.all_of("replay", letters[0])))

        assert "Replay 3 letters" in shown
        assert self.states() == {"dead": 3, "waiting": 3}
        assert not LetterRun.objects.exists()

    def test_replay_what_was_chosen_and_write_down_who_and_why(self, staff, letters):
        self.mend()

        answer = self.confirm(staff, self.chosen("replay", *letters[:2]))

        run = LetterRun.objects.get()
        assert answer.url == reverse("admin:inbox_run", args=[run.pk])
        assert self.states() == {"replayed": 2, "dead": 1, "waiting": 1}
        assert len(applied_ids(letters[0].stream)) == 2
        acts = DeadLetterAction.objects.values_list("action", "reason", "actor")
        assert set(acts) == {("replay", "the cause is mended", run.actor)}
        record = StaffAction.objects.get()
        assert (record.action, record.reason) == ("dead_letters.replay", "the cause is mended")
        assert (record.target_type, record.target_id) == ("inbox.letterrun", str(run.pk))
        assert "2 of 2 tried: 2 replayed" in words_of(staff.get(answer.url))

    def test_want_a_reason(self, staff, letters):
        answer = self.confirm(staff, self.all_of("discard", letters[0]), reason=" ")

        assert answer.status_code == 200
        assert not LetterRun.objects.exists()
        assert self.states()["dead"] == 3

    def test_say_what_would_happen_and_change_nothing(self, staff, letters):
        self.mend()
        GUILTY.add(str(letters[0].event_id))
        body = {"rehearse": "yes", "reason": "a try", "key": str(uuid7())}

        shown = words_of(staff.post(self.all_of("replay", letters[0]), body))

        assert "Dry run of 3 letters" in shown
        assert "some would fail" in shown
        assert self.states() == {"dead": 3, "waiting": 3}
        assert not StaffAction.objects.exists()
        assert not DeadLetterAction.objects.exists()

    @pytest.mark.parametrize("key", ["the same form", "a form for each"])
    def test_replay_once_however_often_it_is_clicked(self, staff, letters, key):
        self.mend()
        address, same = self.chosen("replay", letters[0]), str(uuid7())

        def click(_):
            client = Client()
            client.cookies = staff.cookies
            sent = same if key == "the same form" else str(uuid7())
            try:
                return self.confirm(client, address, key=sent).status_code
            finally:
                connection.close()

        with ThreadPoolExecutor(10) as pool:
            answers = set(pool.map(click, range(50)))

        assert answers == {302}
        assert len(applied_ids(letters[0].stream)) == 2
        assert DeadLetterAction.objects.filter(result="replayed").count() == 1
        runs = LetterRun.objects.count()
        assert runs == StaffAction.objects.count()
        assert (runs == 1) if key == "the same form" else (runs >= 1)

    def test_go_on_step_by_step_and_survive_a_reload(self, staff, letters, monkeypatch):
        self.mend()
        monkeypatch.setattr(runs, "late_after", lambda _: lambda: True)
        answer = self.confirm(staff, self.all_of("replay", letters[0]))

        assert "1 of 3 tried" in words_of(staff.get(answer.url))
        assert "1 of 3 tried" in words_of(staff.get(answer.url))
        steps = [staff.post(answer.url, headers={"Accept": "application/json"}).json()]
        steps.append(staff.post(answer.url, headers={"Accept": "application/json"}).json())

        assert [(step["done"], step["finished"]) for step in steps] == [(2, False), (3, True)]
        assert self.states()["replayed"] == 3

    def test_do_one_step_at_a_time(self, staff, letters, monkeypatch):
        self.mend()
        monkeypatch.setattr(runs, "late_after", lambda _: lambda: True)
        answer = self.confirm(staff, self.all_of("replay", letters[0]))
        LetterRun.objects.update(claimed_until=timezone.now() + timedelta(seconds=30))

        staff.post(answer.url)

        assert LetterRun.objects.get().done == 1

    def test_stop_when_they_are_told_to(self, staff, letters, monkeypatch):
        monkeypatch.setattr(runs, "late_after", lambda _: lambda: True)
        answer = self.confirm(staff, self.all_of("discard", letters[0]))

        staff.post(answer.url, {"stop": "yes"})
        staff.post(answer.url)

        assert "stopped" in text_of(staff.get(answer.url))
        assert self.states()["discarded"] == 1
        staff.post(answer.url, {"stop": "yes"})
        assert StaffAction.objects.filter(action="dead_letters.stop").count() == 1

    def test_name_what_fails_and_go_on(self, staff, letters):
        self.mend()
        GUILTY.add(str(letters[0].event_id))

        answer = self.confirm(staff, self.all_of("replay", letters[0]))

        shown = words_of(staff.get(answer.url))
        assert "1 failed, 2 replayed" in shown
        assert "done, with troubles" in shown
        assert self.states()["dead"] == 1

    def test_pass_over_what_crashes(self, staff, letters, monkeypatch):
        def crash(**_):
            raise RuntimeError("a bug")

        monkeypatch.setattr(runs, "dead_letter_discard", crash)

        answer = self.confirm(staff, self.all_of("discard", letters[0]))

        assert "3 of 3 tried: 3 crashed" in words_of(staff.get(answer.url))
        assert self.states()["dead"] == 3

    def test_give_rubbish_up_and_let_the_stream_wait(self, staff, letters):
        self.confirm(staff, self.chosen("discard", letters[0]), rubbish="on")

        assert applied_ids(letters[0].stream) == []
        assert self.states() == {"discarded": 1, "dead": 2, "waiting": 3}

    def test_say_that_nothing_is_left_to_do(self, staff, letters):
        self.confirm(staff, self.all_of("discard", letters[0]))

        answer = self.confirm(staff, self.all_of("discard", letters[0]))

        assert answer.url == reverse("admin:inbox_causes")
        assert LetterRun.objects.count() == 1

    def test_are_for_those_who_may(self, clerk, staff, letters):
        address = self.all_of("replay", letters[0])
        run = self.confirm(staff, self.all_of("discard", letters[0])).url

        assert clerk.get(address).status_code == 403
        assert self.confirm(clerk, address).status_code == 403
        assert clerk.post(run).status_code == 403
        assert self.confirm(Client(), address).status_code == 302
        assert LetterRun.objects.count() == 1

    @pytest.mark.parametrize(
        "query", ["act=mend", "act=replay&id=x", f"act=replay&{'id=1&' * 101}"]
    )
    def test_know_no_other_letters(self, staff, query):
        assert staff.get(f"{page('inbox_resolve')}{query}").status_code == 404

    def test_are_offered_on_the_page_of_a_dead_letter(self, staff, letters):
        address = reverse("admin:inbox_inboxwaiting_change", args=[letters[0].pk])
        shown = text_of(staff.get(address))

        answer = staff.get(f"{address.removesuffix('change/')}replay/")
        assert f"{letters[0].pk}/replay/" in shown
        assert answer.url == f"{page('inbox_resolve')}act=replay&id={letters[0].pk}"
        self.confirm(staff, self.chosen("discard", letters[0]))
        assert f"{letters[0].pk}/replay/" not in text_of(staff.get(address))

    def test_let_a_halted_consumer_go_on(self, staff):
        halt_open(consumer="echo", reason="20 streams failed")
        halt = ConsumerHalt.objects.get()
        address = f"/admin/inbox/consumerhalt/{halt.pk}/resume-consumer/"
        body = {"confirm": "yes", "reason": "the deploy was taken back", "let_through": "3"}

        assert "20 streams failed" in text_of(staff.get(address))
        assert staff.post(address, body).status_code == 302

        halt.refresh_from_db()
        assert (halt.let_through, halt.resume_reason) == (3, "the deploy was taken back")
        assert StaffAction.objects.get().action == "consumer.resume_consumer"
        assert "is not halted" in text_of(staff.post(address, body))

    def test_let_a_forked_stream_go_on(self, staff):
        stream = uuid7()
        first, second = stream_of(stream, 2)
        rival = record(stream=stream, offset=9)
        batch_isolate(WIRING, arrivals_of(first, rival, second))
        letter = InboxWaiting.objects.get(error_class="forked")
        address = f"/admin/inbox/inboxwaiting/{letter.pk}/unfork/"
        body = {"reason": "its producer goes on behind 1"}
        change = reverse("admin:inbox_inboxwaiting_change", args=[letter.pk])

        assert address in text_of(staff.get(change))
        assert "goes on behind number 1" in words_of(staff.get(address))
        assert "events that were applied: 1." in words_of(
            staff.post(address, {**body, "rehearse": "yes"})
        )
        assert applied_ids(stream) == ids_of([first])
        assert staff.post(address, {**body, "confirm": "yes"}).status_code == 302

        assert applied_ids(stream) == ids_of([first, second])
        act, record_ = DeadLetterAction.objects.get(), StaffAction.objects.get()
        assert (act.action, act.stream, act.actor) == (
            "unfork",
            stream,
            f"staff:{record_.actor_id}",
        )
        assert (record_.action, record_.target_id) == ("stream.unfork", str(letter.pk))
        assert (record_.before["forked"], record_.after["forked"]) == (True, False)
        assert address not in text_of(staff.get(change))
        again = staff.post(address, {**body, "confirm": "yes"})
        assert "is not forked" in text_of(again)
        assert StaffAction.objects.count() == 1

    def test_offer_to_unfork_on_the_letter_of_a_fork_only(self, staff, letters):
        change = reverse("admin:inbox_inboxwaiting_change", args=[letters[0].pk])

        assert "/unfork/" not in text_of(staff.get(change))


@pytest.mark.django_db(transaction=True)
class ParkedStreams:
    """Streams that the broker has refused for good, and staff let go on."""

    @pytest.fixture
    def parked(self):
        return OutboxStream.objects.create(stream=uuid7(), blocked_reason="too <b>large</b>")

    def test_are_tried_again_for_a_reason_and_on_the_record(self, staff, parked):
        address = f"/admin/outbox/outboxstream/{parked.pk}/unpark/"
        change = reverse("admin:outbox_outboxstream_change", args=[parked.pk])
        body = {"reason": "the broker takes larger ones now", "confirm": "yes"}

        assert address in text_of(staff.get(change))
        assert "too &lt;b&gt;large" in text_of(staff.get(address))
        assert staff.post(address, {**body, "reason": " "}).status_code == 200
        parked.refresh_from_db()
        assert parked.is_parked
        assert staff.post(address, body).status_code == 302

        parked.refresh_from_db()
        action = StaffAction.objects.get()
        assert not parked.is_parked
        assert (action.action, action.reason) == ("stream.unpark", body["reason"])
        assert action.before == {"parked": True, "blocked_reason": "too <b>large</b>"}
        assert "is not parked" in text_of(staff.post(address, body))
        assert address not in text_of(staff.get(change))

    def test_are_told_from_others_in_the_list_and_unparked_together(self, staff, parked):
        other = OutboxStream.objects.create(stream=uuid7())
        address = reverse("admin:outbox_outboxstream_changelist")
        chosen = {"action": "unpark", "_selected_action": [parked.pk, other.pk]}

        listed = staff.get(f"{address}?parked=yes").context["cl"].result_list
        staff.post(address, {**chosen, "confirm": "yes", "reason": "the broker is mended"})

        assert [row.pk for row in listed] == [parked.pk]
        assert not OutboxStream.objects.exclude(blocked_reason="").exists()
        assert StaffAction.objects.count() == 1

    def test_are_what_the_home_page_leads_to(self, staff, parked):
        append_waiting(parked.pk)

        home = text_of(staff.get("/admin/"))

        assert "/admin/outbox/outboxstream/?parked=yes" in home
        assert "1 parked refused by the broker" in " ".join(re.sub(r"<[^>]+>", " ", home).split())


def append_waiting(stream):
    """An event of a stream that nobody has published."""
    OutboxMessage.objects.create(
        topic="users.events",
        stream=stream,
        sequence=1,
        type="user_suspended.v1",
        subject=str(stream),
        occurred_at=timezone.now(),
        correlation_id="c",
        actor="system:test",
        data=b"{}",
    )


class RoadPages:
    def test_show_what_waits_in_the_outbox_and_who_publishes(self, staff):
        OutboxStream.objects.create(stream=uuid7(), blocked_reason="too <b>large</b>")
        bury()  # its letter waits for the dead letter topic
        with closing(PublisherSession()) as session:
            assert session.lock()
            shown = words_of(staff.get(page("outbox_overview")))

        assert django_settings.DEAD_LETTERS_TOPIC in shown
        assert "too &lt;b&gt;large&lt;/b&gt;" in shown
        assert "publishes now" in shown

    def test_show_that_nothing_waits(self, staff):
        shown = words_of(staff.get(page("outbox_overview")))

        assert "Nothing waits" in shown
        assert "No stream is parked" in shown

    def test_show_both_groups_with_their_members(self, staff):
        shown = words_of(staff.get(page("inbox_consumers")))

        assert "transactions reads users.events" in shown
        assert "users reads transactions.events" in shown
        assert "Kafka does not answer" not in shown
        assert "nobody reads" not in shown

    def test_show_that_the_consumer_is_halted_and_why(self, staff):
        halt_open(consumer=consumer(), reason="20 streams <b>failed</b>")

        shown = text_of(staff.get(page("inbox_consumers")))

        assert "is halted" in shown
        assert "20 streams &lt;b&gt;failed&lt;/b&gt;" in shown

    def test_keep_how_far_behind_the_consumer_was(self, staff):
        at = timezone.now()
        ConsumerLag.objects.create(consumer=consumer(), at=at - 2 * KEPT, lag=7, members=1)
        ConsumerLag.objects.create(
            consumer=consumer(), at=at - timedelta(minutes=1), lag=4321, members=1
        )

        lag_sample(at=at)

        samples = lag_samples(consumer=consumer())
        assert samples[0].lag == 4321
        assert (samples[-1].at, len(samples)) == (at, 2)
        assert "4,321" in text_of(staff.get(page("inbox_consumers")))

    def test_show_every_topic_and_its_health(self, staff):
        shown = words_of(staff.get(page("outbox_topics")))

        for topic in ALL_TOPICS:
            assert topic in shown
        assert "all copies in sync" in shown

    @pytest.mark.parametrize("kind", [kind for kind in HOSTILE if kind != "a megabyte"])
    def test_show_records_as_text_and_mask_them(self, staff, kind):
        sent = OutgoingRecord(
            topic=USERS_DEAD_LETTERS,
            key=HOSTILE[kind][:200],
            value=HOSTILE[kind] + b" zoe@example.com",
            headers=[("ce_type", HOSTILE[kind][:200]), ("<script>alert(1)", None)],
        )
        with closing(KafkaProducer(producer_config())) as producer:
            (kept,) = producer.publish([sent], while_waiting=lambda: None)
        assert isinstance(kept, Delivery)

        content = text_of(
            staff.get(
                page("outbox_topic", partition=kept.partition, before=kept.offset + 1, limit=10)
            )
        )

        assert_harmless(content)
        assert f"{kept.partition}@{kept.offset}" in content
        assert "zoe@example.com" not in content

    def test_join_no_group_to_look(self, staff):
        assert staff.get(page("outbox_topic")).status_code == 200

        assert group_members(group="console-look") == 0

    @pytest.mark.parametrize("name", OF_KAFKA)
    def test_say_soon_that_kafka_is_away(self, staff, settings, name):
        settings.KAFKA = {**settings.KAFKA, "BOOTSTRAP_SERVERS": NOWHERE}
        staff.get("/admin/")  # what is imported and compiled once is not what is measured

        began = time.monotonic()
        shown = words_of(staff.get(page(name)))

        assert time.monotonic() - began < SOON_S
        assert "Kafka does not answer" in shown

    @pytest.mark.parametrize("name", [*NAMES, "outbox_topic"])
    def test_ask_the_database_little(self, staff, name):
        letter = bury()
        wait_behind(letter, 3)
        address = cause_page(letter) if name == "inbox_cause" else page(name)

        with CaptureQueriesContext(connection) as asked:
            assert staff.get(address).status_code == 200

        assert len(asked) <= STATEMENTS_MAX

    @pytest.mark.parametrize("name", [*NAMES, "outbox_topic"])
    def test_are_for_those_who_may_look(self, clerk, staff, name):
        assert Client().get(page(name)).status_code == 302
        assert clerk.get(page(name)).status_code == 403
        assert staff.post(page(name)).status_code == 405

    def test_know_no_other_topic(self, staff):
        assert staff.get(reverse("admin:outbox_topic", args=["secrets"])).status_code == 404
