"""
PostgreSQL as Django knows it, but for emptying the tables between tests.

Append-only tables refuse DELETE and TRUNCATE to everybody, so the owner puts their triggers aside
for that moment; only the test settings of both services use this.
"""
