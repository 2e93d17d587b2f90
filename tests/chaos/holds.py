"""Checks of holds, of reversals and of the commands about both; see `checker`."""

from tests.chaos.databases import query

_REVERSAL_FOR = {"reverse": "reversal"}


def commands_without_one_event() -> list[object]:
    """Commands that were announced never or twice (I1)."""
    return [
        *query(
            "users",
            """
            SELECT command.id, count(told.id) FROM transaction_command AS command
            LEFT JOIN (
                SELECT id, convert_from(data, 'UTF8')::jsonb ->> 'command_id' AS command_id
                FROM outbox_message WHERE type IN (
                    'transaction_capture_requested.v1', 'transaction_void_requested.v1',
                    'transaction_reversal_requested.v1', 'transaction_expiry_due.v1')
            ) AS told ON told.command_id = command.id::text
            GROUP BY command.id HAVING count(told.id) <> 1
            """,
        )
    ]


def command_disagreements() -> list[object]:
    """Commands that came to something else here than in the ledger (I2)."""
    asked = {
        row[0]: (_REVERSAL_FOR.get(row[1], row[1]), *row[2:])
        for row in query(
            "users",
            "SELECT id, type, status, applied_amount, rejection_code FROM transaction_command",
        )
    }
    decided = {
        row[0]: row[1:]
        for row in query(
            "transactions",
            """
            SELECT id, kind, CASE state WHEN 'posted' THEN 'applied' ELSE state END,
                CASE state WHEN 'posted' THEN amount END, nullif(rejection_code, '')
            FROM ledger_transaction WHERE kind IN ('capture', 'void', 'expiry', 'reversal')
            """,
        )
    }
    return [
        (key, asked.get(key), decided.get(key))
        for key in asked.keys() | decided.keys()
        if asked.get(key) != decided.get(key)
    ]


def wrong_totals() -> list[object]:
    """Originals that are not what their captures and reversals come to (I6)."""
    return [
        *query(
            "transactions",
            """
            SELECT original.id, state, hold_expires_at, captured_amount, reversed_amount, resolved,
                captured, reversed
            FROM ledger_transaction AS original LEFT JOIN (
                SELECT coalesce(pending_id, reverses_id) AS id, count(pending_id) AS resolved,
                    coalesce(sum(amount) FILTER (WHERE kind = 'capture'), 0) AS captured,
                    coalesce(sum(amount) FILTER (WHERE kind = 'reversal'), 0) AS reversed
                FROM ledger_transaction
                WHERE kind IN ('capture', 'void', 'expiry', 'reversal') AND state = 'posted'
                GROUP BY 1
            ) AS children USING (id)
            WHERE kind IN ('transfer', 'withdrawal', 'deposit') AND state <> 'rejected' AND (
                coalesce(resolved, 0)
                    <> (hold_expires_at IS NOT NULL AND state <> 'authorised')::integer
                OR captured_amount
                    <> CASE WHEN hold_expires_at IS NULL THEN amount ELSE coalesce(captured, 0) END
                OR reversed_amount <> coalesce(reversed, 0)
                OR reversed_amount > captured_amount
                OR state = 'reversed' AND reversed_amount <> captured_amount)
            """,
        )
    ]


def wrong_pending() -> list[object]:
    """Accounts whose pending totals are not those of the holds that are open (I5)."""
    return [
        *query(
            "transactions",
            """
            WITH open AS (
                SELECT debit_account_id, credit_account_id, amount FROM ledger_transaction
                WHERE state = 'authorised'
            ), held AS (
                SELECT account_id, sum(debit) AS debit, sum(credit) AS credit FROM (
                    SELECT debit_account_id AS account_id, amount AS debit, 0 AS credit FROM open
                    UNION ALL SELECT credit_account_id, 0, amount FROM open
                ) AS sides GROUP BY 1
            ), posted AS (
                SELECT account_id,
                    sum(CASE direction WHEN 'debit' THEN amount ELSE -amount END) AS net
                FROM ledger_posting WHERE layer = 'pending' GROUP BY 1
            )
            SELECT account.id, debits_pending, credits_pending, held.debit, held.credit, posted.net
            FROM ledger_account AS account
            LEFT JOIN held ON held.account_id = account.id
            LEFT JOIN posted ON posted.account_id = account.id
            WHERE debits_pending <> coalesce(held.debit, 0)
                OR credits_pending <> coalesce(held.credit, 0)
                OR debits_pending - credits_pending <> coalesce(posted.net, 0)
            """,
        )
    ]


def overdrawn() -> list[object]:
    """Wallets of which more is held than there is (I5)."""
    return [
        *query(
            "transactions",
            "SELECT id, credits_posted, debits_posted, debits_pending FROM ledger_account"
            " WHERE owner IS NOT NULL AND credits_posted - debits_posted < debits_pending",
        )
    ]
