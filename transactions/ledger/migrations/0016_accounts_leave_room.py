"""
Pages of accounts are filled by half.

A batch changes the totals of every wallet in it. The new version of a row finds room on its own
page then, and enters no index; without it, a third of them did not. Pages that are full already
stay so until their rows were changed.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ledger", "0015_transactions_checked_in_sets")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE ledger_account SET (fillfactor = 50)",
            "ALTER TABLE ledger_account RESET (fillfactor)",
        )
    ]
