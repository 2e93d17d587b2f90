from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "users.identity"
    label = "identity"
    verbose_name = "People"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from common.api import openapi  # noqa: F401, PLC0415  registers itself
        from users.identity import signals  # noqa: F401, PLC0415  connects receivers
