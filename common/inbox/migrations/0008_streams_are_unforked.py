"""Who may let a forked stream go on is a permission of its own."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0007_letters_by_event"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="inboxcursor",
            options={
                "permissions": [("unfork_stream", "Can let forked streams go on")],
                "verbose_name": "stream cursor",
            },
        ),
    ]
