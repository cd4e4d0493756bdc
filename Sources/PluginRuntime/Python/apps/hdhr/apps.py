from django.apps import AppConfig


class HDHRConfig(AppConfig):
    name = "apps.hdhr"
    label = "hdhr"
    verbose_name = "HDHomeRun"
    default_auto_field = "django.db.models.BigAutoField"
