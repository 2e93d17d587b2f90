"""Step 3 of the road, once more: events that the other side never saw are sent again."""

from uuid import UUID

from django.db import connection, transaction

from common.outbox import publisher


def outbox_republish(*, stream: UUID, above: int, limit: int = 1000) -> int:
    """
    Let the publisher send a stream's published events above a sequence again; how many.

    At most `limit`, the lowest sequences first, so that the stream can move on. In the caller's
    transaction if there is one. Sending again is harmless: the receiving cursor knows what it
    has applied. Rows that were pruned cannot be sent any more.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE outbox_message SET published_at = NULL, partition = NULL, "offset" = NULL
            WHERE position IN (
                SELECT position FROM outbox_message
                WHERE stream = %s AND sequence > %s AND published_at IS NOT NULL
                ORDER BY sequence LIMIT %s
                FOR NO KEY UPDATE
            )
            """,
            [stream, above, limit],
        )
        transaction.on_commit(publisher.wake, robust=True)
        return cursor.rowcount
