"""What staff filter and look up in lists is found by an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0020_cache_table"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="account",
            index=models.Index(fields=["currency", "id"], name="account_by_currency"),
        ),
        migrations.AddIndex(
            model_name="account",
            index=models.Index(
                condition=models.Q(("status", "open"), _negated=True),
                fields=["status", "id"],
                name="account_by_status",
            ),
        ),
        migrations.AddIndex(
            model_name="journalentry",
            index=models.Index(
                condition=models.Q(("to_state", "posted"), _negated=True),
                fields=["to_state", "sequence"],
                name="journal_entry_by_state",
            ),
        ),
        migrations.AddIndex(
            model_name="ledgertransaction",
            index=models.Index(fields=["stream", "id"], name="ledger_transaction_of_stream"),
        ),
        migrations.AddIndex(
            model_name="ledgertransaction",
            index=models.Index(
                condition=models.Q(("state", "posted"), _negated=True),
                fields=["state", "id"],
                name="ledger_transaction_by_state",
            ),
        ),
        migrations.AddIndex(
            model_name="ledgertransaction",
            index=models.Index(
                condition=models.Q(
                    ("kind__in", ["transfer", "withdrawal", "deposit"]), _negated=True
                ),
                fields=["kind", "id"],
                name="ledger_transaction_by_kind",
            ),
        ),
        migrations.AddIndex(
            model_name="ledgertransaction",
            index=models.Index(
                condition=models.Q(("rejection_code", ""), _negated=True),
                fields=["rejection_code", "id"],
                name="ledger_transaction_by_code",
            ),
        ),
        migrations.AddIndex(
            model_name="ledgertransaction",
            index=models.Index(fields=["currency", "amount"], name="ledger_transaction_by_amount"),
        ),
        migrations.AddIndex(
            model_name="ledgertransaction",
            index=models.Index(
                condition=models.Q(("reference__isnull", False)),
                fields=["reference"],
                name="ledger_transaction_referred",
                opclasses=["varchar_pattern_ops"],
            ),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(
                condition=models.Q(("layer", "pending")), fields=["id"], name="posting_pending"
            ),
        ),
    ]
