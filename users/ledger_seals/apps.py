from django.apps import AppConfig


class LedgerSealsConfig(AppConfig):
    name = "users.ledger_seals"
    label = "ledger_seals"
    verbose_name = "Ledger seals"
    default_auto_field = "django.db.models.BigAutoField"
