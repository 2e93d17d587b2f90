"""The table that shared counters (rate limits) live in; Django makes it by command only."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ledger", "0019_seals_by_last_entry")]

    operations = [
        migrations.RunSQL(
            sql="""
                CREATE TABLE cache_entry (
                    cache_key varchar(255) PRIMARY KEY,
                    value text NOT NULL,
                    expires timestamptz NOT NULL
                );
                CREATE INDEX cache_entry_expires ON cache_entry (expires);
            """,
            reverse_sql="DROP TABLE cache_entry;",
        ),
    ]
