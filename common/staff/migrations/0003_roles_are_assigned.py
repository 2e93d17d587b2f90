"""Who may say which roles staff have: superusers, because no role has this permission."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("staff", "0002_saved_views"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="staffaction",
            options={
                "permissions": [
                    ("assign_roles", "Can say which roles staff have"),
                    ("export_lists", "Can export lists"),
                ],
                "verbose_name": "staff action",
            },
        ),
    ]
