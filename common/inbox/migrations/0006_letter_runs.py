"""What staff replay and discard together is kept with how far it is, so that it can be resumed."""

import django.contrib.postgres.fields
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0005_causes_and_lag"),
    ]

    operations = [
        migrations.CreateModel(
            name="LetterRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.UUIDField(unique=True)),
                ("consumer", models.CharField(max_length=50)),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("replay", "Replay"),
                            ("discard", "Discard"),
                            ("rubbish", "Discard as rubbish"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "force",
                    models.BooleanField(
                        default=False, help_text="Also what failed too often before."
                    ),
                ),
                (
                    "letter_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
                ("actor", models.CharField(max_length=100)),
                ("actor_email", models.CharField(max_length=254)),
                ("reason", models.TextField()),
                (
                    "begun_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("done", models.IntegerField(default=0)),
                ("counts", models.JSONField(default=dict)),
                ("troubles", models.JSONField(default=list)),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "replay or discard",
                "verbose_name_plural": "replays and discards",
                "db_table": "inbox_letter_run",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("act__in", ["replay", "discard", "rubbish"])),
                        name="letter_run_act_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("actor", ""), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                        ),
                        name="letter_run_has_actor_and_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("done__gte", 0), ("done__lte", models.F("letter_ids__len"))
                        ),
                        name="letter_run_done_some",
                    ),
                ],
            },
        ),
    ]
