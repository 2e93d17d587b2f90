from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "common.staff"
    label = "staff"
    verbose_name = "Staff"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from common.staff import session_limits  # noqa: F401, PLC0415  connects its receiver
