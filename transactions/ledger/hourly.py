"""
How the books are counted.

By the hour in which the ledger recorded them: `transactions`, originals by state with the money
that moved; `commands` that were applied, by kind; `refusals` of either by code. By what they are
now: `accounts` by status. The triggers of migration 0018 count the same way.
"""

from common.hourly.tallying import counted

TRANSACTIONS_SOURCE = counted(
    rows="SELECT 1 AS sign, * FROM ledger_transaction",
    hour="date_trunc('hour', one.recorded_at, 'UTC')",
    parts="""
        ('transactions', coalesce(one.currency, ''), CASE
            WHEN coalesce(one.kind, 'transfer') IN ('transfer', 'withdrawal', 'deposit')
            THEN one.state END, one.captured_amount),
        ('commands', coalesce(one.currency, ''), CASE
            WHEN one.kind NOT IN ('transfer', 'withdrawal', 'deposit')
                AND one.state <> 'rejected'
            THEN one.kind END, coalesce(one.amount, 0)),
        ('refusals', coalesce(one.currency, ''), nullif(one.rejection_code, ''),
            coalesce(one.amount, 0))
    """,
)
ACCOUNTS_SOURCE = counted(
    rows="SELECT 1 AS sign, * FROM ledger_account",
    hour="timestamptz '1970-01-01 00:00:00+00'",
    parts="('accounts', one.currency, one.status, 0)",
)

SOURCES = [TRANSACTIONS_SOURCE, ACCOUNTS_SOURCE]
