"""
Client settings; the reasons are in the design's pitfalls P11 to P18 and P57.

They were chosen by fault, not by taste: change one only with the test that shows why.
"""

import logging
from typing import Any

from django.conf import settings

from common.logs import RepeatFilter

Config = dict[str, Any]

# The client repeats itself dozens of times a second while a broker is away, and writes to
# stderr past our logging unless it is given a logger.
_client_log = logging.getLogger("common.kafka.client")
_client_log.addFilter(RepeatFilter(every_s=30))


def client_config() -> Config:
    """What every client needs: where the brokers are, and to come back to them quickly."""
    return {
        "bootstrap.servers": settings.KAFKA["BOOTSTRAP_SERVERS"],
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 1000,
        "socket.keepalive.enable": True,
        "log_level": 4,
        "logger": _client_log,
    }


_BATCH_BYTES = 128 * 1024
"""Far below the `message.max.bytes` of our brokers (256 KiB), which limits batches."""


def producer_config() -> Config:
    """
    Idempotent, acknowledged by all in-sync replicas, Java's partitioner.

    The client would make batches of a megabyte, and it does not split one that the broker
    refuses as too large: small events would be refused for the company they are in. A topic that
    does not exist is told after three seconds instead of thirty: other topics wait for it.
    """
    return {
        **client_config(),
        "enable.idempotence": True,
        "acks": "all",
        "linger.ms": 0,
        "batch.size": _BATCH_BYTES,
        "message.timeout.ms": 30_000,
        "topic.metadata.propagation.max.ms": 3_000,
        "compression.type": "lz4",
        "partitioner": "murmur2_random",
        "allow.auto.create.topics": False,
    }


def consumer_config(*, group: str, instance_id: str) -> Config:
    """Classic protocol, cooperative, static member; offsets are committed by us alone."""
    config: Config = {
        **client_config(),
        "group.id": group,
        "group.protocol": "classic",
        "partition.assignment.strategy": "cooperative-sticky",
        "session.timeout.ms": 6000,
        "heartbeat.interval.ms": 1500,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
        "isolation.level": "read_committed",
        "check.crcs": True,  # off by default: a bit that flips on the way would be applied
        "max.poll.interval.ms": settings.KAFKA["MAX_POLL_INTERVAL_MS"],
        "fetch.wait.max.ms": 50,
        # Behind a backlog the client would fetch 64 MiB ahead, most of the process's memory; a
        # few batches are enough to work from.
        "queued.min.messages": 1000,
        "queued.max.messages.kbytes": 8 * 1024,
        # A client that has enough looks again after a second, by default; then, batches of what
        # little came meanwhile would set the pace.
        "fetch.queue.backoff.ms": 20,
        "allow.auto.create.topics": False,
        "topic.metadata.refresh.interval.ms": 10_000,
    }
    if instance_id:
        config["group.instance.id"] = instance_id
    return config
