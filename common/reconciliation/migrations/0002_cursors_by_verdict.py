"""Any verdict is found and counted by index, also while most streams have it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reconciliation", "0001_initial"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="peercursor", name="peer_cursor_alarming"),
        migrations.AddIndex(
            model_name="peercursor",
            index=models.Index(fields=["verdict", "stream"], name="peer_cursor_by_verdict"),
        ),
    ]
