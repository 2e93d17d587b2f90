"""Types that are rare are found by a tree; see the comment in the model."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("outbox", "0005_lists_by_index"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="outboxmessage",
            index=models.Index(
                condition=models.Q(
                    (
                        "type__in",
                        [
                            "transaction_authorised.v1",
                            "transaction_created.v1",
                            "transaction_posted.v1",
                            "transaction_rejected.v1",
                        ],
                    ),
                    _negated=True,
                ),
                fields=["type", "position"],
                name="outbox_message_of_rare_type",
            ),
        ),
    ]
