"""What staff filter and look up in lists is found by an index."""

import django.contrib.postgres.indexes
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("submissions", "0008_outcome_roads"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="transactioncommand",
            index=models.Index(
                condition=models.Q(("status", "applied"), _negated=True),
                fields=["status", "id"],
                name="transaction_command_by_status",
            ),
        ),
        migrations.AddIndex(
            model_name="transactioncommand",
            index=models.Index(fields=["type", "id"], name="transaction_command_by_type"),
        ),
        migrations.AddIndex(
            model_name="transactioncommand",
            index=models.Index(
                condition=models.Q(("rejection_code__isnull", False)),
                fields=["rejection_code", "id"],
                name="transaction_command_by_code",
            ),
        ),
        migrations.AddIndex(
            model_name="transactioncommand",
            index=django.contrib.postgres.indexes.HashIndex(
                fields=["idempotency_key"], name="transaction_command_by_key"
            ),
        ),
        migrations.AddIndex(
            model_name="transactioncommand",
            index=django.contrib.postgres.indexes.HashIndex(
                fields=["request_id"], name="transaction_command_by_request"
            ),
        ),
        migrations.AddIndex(
            model_name="transactionrequest",
            index=models.Index(
                condition=models.Q(("status__in", ["posted", "pending"]), _negated=True),
                fields=["status", "id"],
                name="transaction_request_by_status",
            ),
        ),
        migrations.AddIndex(
            model_name="transactionrequest",
            index=models.Index(
                condition=models.Q(("rejection_code__isnull", False)),
                fields=["rejection_code", "id"],
                name="transaction_request_by_code",
            ),
        ),
        migrations.AddIndex(
            model_name="transactionrequest",
            index=models.Index(fields=["currency", "amount"], name="transaction_request_by_amount"),
        ),
        migrations.AddIndex(
            model_name="transactionrequest",
            index=models.Index(
                condition=models.Q(("reference__isnull", False)),
                fields=["reference"],
                name="transaction_request_referred",
                opclasses=["varchar_pattern_ops"],
            ),
        ),
        migrations.AddIndex(
            model_name="transactionrequest",
            index=django.contrib.postgres.indexes.HashIndex(
                fields=["idempotency_key"], name="transaction_request_by_key"
            ),
        ),
        migrations.AddIndex(
            model_name="transactionrequest",
            index=django.contrib.postgres.indexes.HashIndex(
                fields=["request_id"], name="transaction_request_by_request"
            ),
        ),
    ]
