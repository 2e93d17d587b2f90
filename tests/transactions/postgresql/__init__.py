"""
PostgreSQL as Django knows it, but for emptying the tables between tests.

The ledger's triggers refuse TRUNCATE to everybody, so the owner puts them aside for that
moment; only `transactions.settings.test` uses this.
"""
