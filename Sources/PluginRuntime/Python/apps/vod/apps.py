from django.apps import AppConfig


class VODConfig(AppConfig):
    name = "apps.vod"
    label = "vod"
    verbose_name = "VOD"
    default_auto_field = "django.db.models.BigAutoField"
