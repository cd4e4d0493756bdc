"""What follows when an account is saved or removed."""

from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import receiver

from apps.m3u.models import M3UAccount, M3UAccountProfile
from apps.m3u.tasks import refresh_m3u_groups
from core.after_commit import enqueue
from core.scheduling import delete_periodic_task, schedule_refresh_of, status_after_switch


@receiver(pre_save, sender=M3UAccount)
def set_status_from_activity(sender, instance, raw=False, update_fields=None, **kwargs):
    if not raw:
        idle, disabled = M3UAccount.Status.IDLE, M3UAccount.Status.DISABLED
        instance.status = status_after_switch(instance, idle, disabled, update_fields)


@receiver(post_save, sender=M3UAccount)
def create_default_profile(sender, instance, created, raw=False, **kwargs):
    if created and not raw:
        M3UAccountProfile.objects.create(
            m3u_account=instance,
            name=f"{instance.name} Default",
            is_default=True,
            max_streams=instance.max_streams,
            search_pattern="^(.*)$",
            replace_pattern="$1",
        )


@receiver(post_save, sender=M3UAccount)
def fetch_groups_of_new_account(sender, instance, created, raw=False, **kwargs):
    """An Xtream account's groups are fetched by whoever creates it, who waits for them."""
    if created and not raw and not instance.is_custom() and instance.account_type != M3UAccount.Types.XC:
        enqueue(refresh_m3u_groups, instance.pk)


@receiver(post_save, sender=M3UAccount)
def schedule_refresh(sender, instance, raw=False, update_fields=None, **kwargs):
    if not raw and not instance.is_custom():
        name = "apps.m3u.tasks.refresh_single_m3u_account"
        schedule_refresh_of(instance, name, {"account_id": instance.pk}, update_fields)


@receiver(post_delete, sender=M3UAccount)
def unschedule_refresh(sender, instance, **kwargs):
    if instance.refresh_task_id is not None:
        delete_periodic_task(f"m3u_account-refresh-{instance.pk}")
