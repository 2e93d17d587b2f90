from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "transactions.ledger"
    label = "ledger"
    verbose_name = "Ledger"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from common.api import openapi  # noqa: F401, PLC0415  registers itself
