"""
Keys and request ids are looked up by summaries of ranges of pages.

People do that, now and then; the trees were written twice for every request. Among 300,000
requests a look-up takes less than a millisecond, and an index half a megabyte.
"""

import django.contrib.postgres.indexes
from django.conf import settings
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("submissions", "0009_lists_by_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="transactionrequest",
            name="transaction_request_by_key",
        ),
        migrations.RemoveIndex(
            model_name="transactionrequest",
            name="transaction_request_by_request",
        ),
        migrations.AddIndex(
            model_name="transactionrequest",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True,
                fields=["idempotency_key"],
                name="transaction_request_by_key",
                opclasses=["text_bloom_ops"],
                pages_per_range=32,
            ),
        ),
        migrations.AddIndex(
            model_name="transactionrequest",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True,
                fields=["request_id"],
                name="transaction_request_by_request",
                opclasses=["text_bloom_ops"],
                pages_per_range=32,
            ),
        ),
    ]
