"""The consumer groups as Kafka sees them."""

import os

from confluent_kafka.admin import AdminClient

from compose.local import status
from compose.local.stack import stack_from
from tests.chaos import topics
from tests.e2e.client import wait_for

ANSWER_S = 10
READ_WITHIN_S = 120


def admin() -> AdminClient:
    """A client on the direct way."""
    return AdminClient({"bootstrap.servers": topics.bootstrap()})


def members(group: str) -> dict[str, frozenset[int]]:
    """Partitions by member id; Kafka gives a member another id when it joins anew."""
    client = admin()
    described = client.describe_consumer_groups([group], request_timeout=ANSWER_S)
    return {
        member.member_id: frozenset(p.partition for p in member.assignment.topic_partitions)
        for member in described[group].result(ANSWER_S).members
    }


def wait_until_shared(group: str, *, count: int) -> dict[str, frozenset[int]]:
    """Wait until so many members share the partitions."""

    def look() -> dict[str, frozenset[int]] | None:
        found = members(group)
        return found if len(found) == count and all(found.values()) else None

    return wait_for(f"{count} members of {group} have partitions", look, deadline_s=60)


def wait_until_read() -> None:
    """Wait until both consumers have committed everything that lies in their topics."""
    stack = stack_from(os.environ)

    def look() -> bool | None:
        return True if status.collect(stack)["lag"] == {"users": 0, "transactions": 0} else None

    wait_for("everything was read", look, deadline_s=READ_WITHIN_S)
