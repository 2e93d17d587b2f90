"""`consume_events` as real processes on Kafka and PostgreSQL."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager

import pytest
from django.conf import settings
from django.db import connection

from common.ids import uuid7
from common.inbox.models import InboxCursor
from common.kafka.admin import group_lag, topics_create
from common.kafka.broker import OutgoingRecord
from common.kafka.config import producer_config
from common.kafka.connect import reading_open
from common.kafka.groups import group_members
from common.kafka.producer import KafkaProducer
from compose.local.stack import ROOT
from tests.common.inbox.poison_record import good_record
from tests.e2e.client import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

STOPS_WITHIN_S = 10
BACK_WITHIN_S = 15


@pytest.fixture
def topic(monkeypatch):
    """A topic of its own, whose name is that of the group, too."""
    monkeypatch.setitem(settings.KAFKA, "TOPIC_PARTITIONS", 3)
    monkeypatch.setitem(settings.KAFKA, "REPLICATION_FACTOR", 1)
    name = f"consume-{uuid7()}"
    topics_create([name])
    return name


@contextmanager
def consumer(topic, *words, instance=""):
    environment = {**os.environ, "CONSUMER_INSTANCE_ID": instance, "OUTBOX_PUBLISH": "false"}
    command = [
        *(sys.executable, "-m", "tests.contracts.consuming", topic),
        *(connection.settings_dict["NAME"], *words),
    ]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


class Stream:
    """A user's stream in a topic."""

    def __init__(self, topic) -> None:
        self.topic, self.id, self.head = topic, uuid7(), 0

    def send(self, count):
        raws = [good_record(self.id, self.head + n) for n in range(1, count + 1)]
        self.head += count
        return [
            OutgoingRecord(topic=self.topic, key=r.key, value=r.value, headers=r.headers)
            for r in raws
        ]


def send(streams, count):
    records = [record for stream in streams for record in stream.send(count)]
    with closing(KafkaProducer(producer_config())) as producer:
        producer.publish(records, while_waiting=lambda: None)


def applied():
    return dict(InboxCursor.objects.values_list("stream", "last_sequence"))


def wait_until_applied(streams):
    wanted = {stream.id: stream.head for stream in streams}
    wait_for("everything is applied", lambda: applied() == wanted or None, deadline_s=60)


class TestSigterm:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_finishes_the_batch_in_hand_commits_its_offsets_and_exits_cleanly(self, topic, number):
        streams = [Stream(topic) for _ in range(20)]
        send(streams, 400)

        with consumer(topic, "--batch-size", "500") as process:
            wait_for("it is in the middle", lambda: applied() or None, deadline_s=60)
            began = time.monotonic()
            process.send_signal(number)
            assert process.wait(STOPS_WITHIN_S) == 0
            took_s = time.monotonic() - began

        done = sum(applied().values())
        assert done > 0
        assert took_s < STOPS_WITHIN_S
        assert group_lag(group=topic, topic=topic) == 20 * 400 - done
        assert group_members(group=topic) == 0


class TestGroup:
    def test_goes_on_when_a_static_member_is_killed_and_takes_it_back(self, topic):
        streams = [Stream(topic) for _ in range(12)]
        send(streams, 20)

        with (
            consumer(topic, instance="one"),
            consumer(topic, instance="two") as victim,
            consumer(topic, instance="three"),
        ):
            wait_for("all are members", lambda: group_members(group=topic) == 3 or None)
            wait_until_applied(streams)
            victim.kill()
            victim.wait()
            send(streams, 20)
            with consumer(topic, instance="two"):
                wait_until_applied(streams)
                # On a slow machine the others may have taken over before it is back.
                wait_for("it is back", lambda: group_members(group=topic) == 3 or None)


class TestFromBeginning:
    def test_reads_everything_again_and_changes_nothing(self, topic):
        streams = [Stream(topic) for _ in range(3)]
        send(streams, 50)
        assert run(topic, "--until-idle", "2") == "consumed 150 messages"
        before = applied()

        assert run(topic, "--until-idle", "2", "--from-beginning") == "consumed 150 messages"

        assert applied() == before
        assert run(topic, "--until-idle", "2") == "consumed 0 messages"


class TestDryRun:
    def test_says_what_would_happen_and_changes_nothing(self, topic):
        streams = [Stream(topic) for _ in range(3)]
        send(streams, 50)
        run(topic, "--max-messages", "50")
        before, lag = applied(), group_lag(group=topic, topic=topic)

        told = run(topic, "--dry-run")

        assert told.startswith("read 100 messages: 100 would be applied")
        assert "nothing was changed" in told
        assert applied() == before
        assert group_lag(group=topic, topic=topic) == lag == 100

    def test_reads_beside_the_group_from_where_it_is(self, topic):
        streams = [Stream(topic)]
        send(streams, 10)
        with closing(reading_open(topic=topic, group=topic)) as reading:
            found = []
            while not reading.ended:
                found += reading.poll(records_max=4, timeout_s=1.0)

        assert [record.offset for record in found] == list(range(10))
        assert group_members(group=topic) == 0


class TestBaseline:
    def test_begins_where_the_topic_does_and_never_beside_another_consumer(self, topic):
        stream = Stream(topic)
        stream.head = 40
        send([stream], 5)
        words = ("--baseline", "--from-beginning", "--until-idle", "2")

        with consumer(topic):
            wait_for("it is a member", lambda: group_members(group=topic) or None)
            assert "stop the 1 running consumers first" in run(topic, *words, fails=True)

        wait_for("it is gone", lambda: group_members(group=topic) == 0 or None)
        run(topic, *words)
        assert applied() == {stream.id: 45}


def run(topic, *words, fails=False):
    """Run the command to its end; what it said."""
    environment = {**os.environ, "CONSUMER_INSTANCE_ID": "", "OUTBOX_PUBLISH": "false"}
    command = [
        *(sys.executable, "-m", "tests.contracts.consuming", topic),
        *(connection.settings_dict["NAME"], *words),
    ]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode != 0) is fails, done.stderr[-2000:]
    return (done.stderr if fails else done.stdout).strip()
