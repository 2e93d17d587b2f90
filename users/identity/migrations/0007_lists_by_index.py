"""What staff filter and look up in lists is found by an index."""

import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("identity", "0006_people_are_counted"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="loginevent",
            index=models.Index(fields=["type", "-happened_at", "-id"], name="login_event_by_type"),
        ),
        migrations.AddIndex(
            model_name="loginevent",
            index=models.Index(fields=["ip"], name="login_event_by_address"),
        ),
        migrations.AddIndex(
            model_name="loginevent",
            index=django.contrib.postgres.indexes.HashIndex(
                fields=["request_id"], name="login_event_by_request"
            ),
        ),
        migrations.AddIndex(
            model_name="tokenfamily",
            index=models.Index(fields=["end_reason", "id"], name="token_family_by_end"),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                fields=["email"], name="user_by_email", opclasses=["varchar_pattern_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                fields=["display_name"], name="user_by_name", opclasses=["varchar_pattern_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                condition=models.Q(("status", "active"), _negated=True),
                fields=["status", "id"],
                name="user_by_status",
            ),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                condition=models.Q(("role", "user"), _negated=True),
                fields=["role", "id"],
                name="user_by_role",
            ),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                condition=models.Q(("is_staff", True)), fields=["id"], name="user_staff"
            ),
        ),
    ]
