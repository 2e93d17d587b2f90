from django.apps import AppConfig


class HourlyConfig(AppConfig):
    name = "common.hourly"
    label = "hourly"
    verbose_name = "Figures by the hour"
    default_auto_field = "django.db.models.BigAutoField"
