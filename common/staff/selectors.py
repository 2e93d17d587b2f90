"""Questions about what staff did."""

from django.db import connection


def actions_done() -> list[str]:
    """
    Every kind of action that was ever recorded, in order.

    The index is asked for the next one after each, so it takes as long as there are kinds.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE known(action) AS (
                (SELECT action FROM staff_action ORDER BY action LIMIT 1)
                UNION ALL
                SELECT (
                    SELECT action FROM staff_action
                    WHERE action > known.action ORDER BY action LIMIT 1
                )
                FROM known WHERE known.action IS NOT NULL
            )
            SELECT action FROM known WHERE action IS NOT NULL
            """
        )
        return [action for (action,) in cursor.fetchall()]
