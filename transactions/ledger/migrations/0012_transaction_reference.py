"""A transaction keeps the client's own reference, so that statements can show it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0011_totals_follow_postings")]

    operations = [
        migrations.AddField(
            model_name="ledgertransaction",
            name="reference",
            field=models.CharField(
                blank=True,
                help_text="The client's own, for statements.",
                max_length=100,
                null=True,
            ),
        ),
    ]
