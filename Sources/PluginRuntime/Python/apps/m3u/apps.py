from django.apps import AppConfig


class M3UConfig(AppConfig):
    name = "apps.m3u"
    label = "m3u"
    verbose_name = "M3U"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from apps.m3u import signals  # noqa: F401
