from django.apps import AppConfig
from django.db.models.signals import post_migrate

from common.staff.groups import groups_follow_roles


class StaffConfig(AppConfig):
    name = "common.staff"
    label = "staff"
    verbose_name = "Staff"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from common.staff import session_limits  # noqa: F401, PLC0415  connects its receiver

        # After `django.contrib.auth`, which stands before us and makes the permissions.
        post_migrate.connect(groups_follow_roles, dispatch_uid="common.staff.groups")
