"""
Attempts to get around the rules of the ledger, as whoever holds the application's password.

Each one is made on real tables in a database transaction that is always rolled back.
"""
