"""
Pages of streams are filled by half.

Every event moves its stream's sequence and head. The new version of a row finds room on its own
page then, and enters no index. Pages that are full already stay so until their rows were changed.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("outbox", "0002_letters_and_few_trees")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE outbox_stream SET (fillfactor = 50)",
            "ALTER TABLE outbox_stream RESET (fillfactor)",
        )
    ]
