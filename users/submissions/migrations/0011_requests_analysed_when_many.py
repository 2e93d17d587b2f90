"""
Requests are analysed when there are many.

Plans that are kept with prepared statements are made anew when a table is analysed. Of a table of
one page they would read all of it, and go on to while it grows by a thousand rows a second; of one
that was never analysed PostgreSQL expects ten pages, and uses an index.
"""

from django.db import migrations

_OPTIONS = (
    "autovacuum_analyze_threshold",
    "autovacuum_vacuum_threshold",
    "autovacuum_vacuum_insert_threshold",
)


class Migration(migrations.Migration):
    dependencies = [("submissions", "0010_lookups_by_summaries")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE transaction_request SET"
            f" ({', '.join(f'{name} = 10000' for name in _OPTIONS)})",
            f"ALTER TABLE transaction_request RESET ({', '.join(_OPTIONS)})",
        )
    ]
