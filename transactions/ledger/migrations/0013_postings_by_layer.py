"""
The index of postings by account and time knows the layer, too.

Else the last posting of the layer that moves less would be searched for among all of the other.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0012_transaction_reference")]

    operations = [
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(
                fields=["account", "layer", "recorded_at", "id"],
                name="posting_by_account_layer_time",
            ),
        ),
        migrations.RemoveIndex(model_name="posting", name="posting_by_account_and_time"),
    ]
