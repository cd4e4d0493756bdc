from django.contrib.auth.models import UserManager as DjangoUserManager


class UserManager(DjangoUserManager):
    """Django's manager; a superuser also gets the highest user level."""

    def create_superuser(self, username, email=None, password=None, **extra_fields):
        extra_fields.setdefault("user_level", self.model.UserLevel.ADMIN)
        return super().create_superuser(username, email, password, **extra_fields)
