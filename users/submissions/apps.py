from django.apps import AppConfig


class SubmissionsConfig(AppConfig):
    name = "users.submissions"
    label = "submissions"
    verbose_name = "Transactions"
    default_auto_field = "django.db.models.BigAutoField"
