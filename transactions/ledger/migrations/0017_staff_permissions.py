"""What staff may do to wallets."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0016_accounts_leave_room"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="account",
            options={
                "permissions": [
                    ("freeze_account", "Can freeze wallets and end a freeze"),
                    ("close_account", "Can close empty wallets"),
                ],
                "verbose_name": "account",
            },
        ),
    ]
