"""What staff may do to people from the console, and that they ended somebody's sessions."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0004_second_factors_and_trail"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="user",
            options={
                "permissions": [
                    ("suspend_user", "Can suspend users"),
                    ("reinstate_user", "Can reinstate users"),
                    ("close_user", "Can have users closed"),
                    ("end_user_sessions", "Can end every session of a user"),
                    ("reset_user_mfa", "Can remove the second factor of a user"),
                ],
                "verbose_name": "user",
            },
        ),
        migrations.AlterField(
            model_name="tokenfamily",
            name="end_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("reuse", "A refresh token was used twice"),
                    ("not_active", "The user is not active any more"),
                    ("signed_out", "The user signed out"),
                    ("revoked", "The user ended it from elsewhere"),
                    ("password", "The password was changed or reset"),
                    ("mfa_reset", "Staff removed the second factor"),
                    ("staff", "Staff ended it"),
                ],
                default="",
                max_length=16,
            ),
        ),
    ]
