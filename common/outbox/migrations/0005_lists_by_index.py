"""Correlation ids and types are found by block ranges; see Note [Few trees]."""

import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("outbox", "0004_topics_are_read"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="outboxmessage",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True,
                fields=["correlation_id"],
                name="outbox_message_by_correlation",
                opclasses=["text_bloom_ops"],
                pages_per_range=32,
            ),
        ),
        migrations.AddIndex(
            model_name="outboxmessage",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True,
                fields=["type"],
                name="outbox_message_by_type",
                opclasses=["text_bloom_ops"],
                pages_per_range=32,
            ),
        ),
    ]
