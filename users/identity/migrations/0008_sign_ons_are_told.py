"""The trail of sign-ins knows those that lead to another console."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0007_lists_by_index"),
    ]

    operations = [
        migrations.AlterField(
            model_name="loginevent",
            name="type",
            field=models.CharField(
                choices=[
                    ("signed_in", "Signed in"),
                    ("signed_on", "Signed in to another console"),
                    ("sign_in_failed", "Sign-in failed"),
                    ("signed_out", "Signed out"),
                    ("sign_up_repeated", "Somebody signed up with this address again"),
                    ("mfa_passed", "Second factor accepted"),
                    ("mfa_failed", "Second factor refused"),
                    ("mfa_added", "Second factor set up"),
                    ("mfa_removed", "Second factor removed"),
                    ("mfa_reset", "Second factor removed by staff"),
                    ("recovery_codes_made", "Recovery codes made anew"),
                    ("password_changed", "Password changed"),
                    ("password_reset", "Password reset"),
                    ("refresh_reused", "A refresh token was used twice"),
                    ("sessions_ended", "Sign-ins ended from elsewhere"),
                ],
                max_length=24,
            ),
        ),
    ]
