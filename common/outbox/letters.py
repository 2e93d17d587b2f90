"""Letters: messages that belong to no stream, sent as they are by the publisher of the outbox."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from django.db import connection, transaction

from common.ids import uuid7
from common.outbox import publisher

LETTER_TYPE = "letter"
"""The `type` of a letter's row; what it is to its reader is in its headers."""


class Letter(NamedTuple):
    """
    A record to send verbatim, for readers outside of the road.

    It has no sequence: nothing waits for it, and one that the broker refuses for good is given
    up with a line in the log. Its bytes may be as many as the topic takes.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


def outbox_append_letters(letters: Sequence[Letter]) -> None:
    """
    Store letters in the caller's transaction; they are sent at least once after its COMMIT.

    Raises `TransactionManagementError` when there is no transaction to share the fate of.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "a letter is appended in the transaction that makes it true"
        )
    if not letters:
        return
    rows = [_row(letter) for letter in letters]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO outbox_message (id, topic, key, data, headers, type, subject,
                occurred_at, correlation_id, actor)
            SELECT id, topic, key, data, headers, %s, '', clock_timestamp(), '', ''
            FROM unnest(%s::uuid[], %s::text[], %s::bytea[], %s::bytea[], %s::bytea[])
                WITH ORDINALITY AS new (id, topic, key, data, headers, ordinal)
            ORDER BY ordinal
            """,
            [LETTER_TYPE, *(list(column) for column in zip(*rows, strict=True))],
        )
    transaction.on_commit(publisher.wake, robust=True)


def _row(letter: Letter) -> tuple[object, ...]:
    headers = msgspec.json.encode(list(letter.headers))
    return uuid7(), letter.topic, letter.key, letter.value, headers
