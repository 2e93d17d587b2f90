"""Who may read topics in the console is a permission of its own."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("outbox", "0003_streams_leave_room"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="outboxmessage",
            options={
                "permissions": [("read_topics", "Can read what is in the topics")],
                "verbose_name": "outbox message",
            },
        ),
    ]
