"""What letters died of is kept beside them, and how far behind the consumer was; for the console."""

import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0004_cursors_leave_room"),
    ]

    operations = [
        migrations.CreateModel(
            name="ConsumerLag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("consumer", models.CharField(max_length=50)),
                ("at", models.DateTimeField()),
                ("lag", models.BigIntegerField(help_text="Records that were not committed.")),
                ("members", models.IntegerField()),
            ],
            options={
                "verbose_name": "lag sample",
                "db_table": "consumer_lag",
                "default_permissions": (),
            },
        ),
        migrations.AlterModelOptions(
            name="consumerhalt",
            options={
                "permissions": [("resume_consumer", "Can resume a halted consumer")],
                "verbose_name": "consumer halt",
            },
        ),
        migrations.AlterModelOptions(
            name="inboxwaiting",
            options={
                "permissions": [
                    ("replay_deadletter", "Can replay dead letters"),
                    ("discard_deadletter", "Can discard dead letters"),
                ],
                "verbose_name": "waiting or dead event",
                "verbose_name_plural": "waiting and dead events",
            },
        ),
        migrations.AddField(
            model_name="inboxwaiting",
            name="error_kind",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func(
                    django.db.models.functions.text.Left(models.F("error"), 200),
                    models.Value("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9]+"),
                    models.Value("#"),
                    models.Value("g"),
                    function="regexp_replace",
                ),
                help_text="The error without the ids and numbers in it: equal for letters of one cause.",
                output_field=models.CharField(max_length=200),
            ),
        ),
        migrations.AddIndex(
            model_name="inboxwaiting",
            index=models.Index(
                condition=models.Q(("state", "dead")),
                fields=["consumer", "error_class", "type", "error_kind", "-id"],
                name="inbox_waiting_causes",
            ),
        ),
        migrations.AddIndex(
            model_name="consumerlag",
            index=models.Index(fields=["consumer", "-at"], name="consumer_lag_newest"),
        ),
    ]
