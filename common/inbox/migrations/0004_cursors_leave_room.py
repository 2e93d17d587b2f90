"""
Pages of cursors are filled by half.

A batch moves the cursor of every stream in it. The new version of a row finds room on its own page
then, and enters no index. Pages that are full already stay so until their rows were changed.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("inbox", "0003_letter_actions_append_only")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE inbox_cursor SET (fillfactor = 50)",
            "ALTER TABLE inbox_cursor RESET (fillfactor)",
        )
    ]
