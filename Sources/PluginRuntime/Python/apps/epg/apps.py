from django.apps import AppConfig


class EPGConfig(AppConfig):
    name = "apps.epg"
    label = "epg"
    verbose_name = "EPG"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from apps.epg import signals  # noqa: F401
