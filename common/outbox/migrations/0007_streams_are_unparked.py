"""Who may let a parked stream be published again is a permission of its own."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("outbox", "0006_rare_types_by_tree"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="outboxstream",
            options={
                "permissions": [("unpark_stream", "Can let parked streams be published again")],
                "verbose_name": "stream",
            },
        ),
    ]
