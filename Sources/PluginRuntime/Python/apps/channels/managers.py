from django.db import models
from django.db.models.functions import Coalesce

# What a ChannelOverride may replace; foreign keys by their column.
OVERRIDABLE = (
    "name",
    "channel_number",
    "channel_group_id",
    "logo_id",
    "tvg_id",
    "tvc_guide_stationid",
    "epg_data_id",
    "stream_profile_id",
)


class BulkFetchManager(models.Manager):
    """`bulk_create_and_fetch`: creates what is missing, returns every row with its id."""

    def bulk_create_and_fetch(self, objects, unique_field="name", batch_size=500):
        """
        Inserts the objects whose `unique_field` is not taken yet and returns all rows with
        those values, in no particular order. SQLite gives no ids back for ignored rows,
        hence the second query.
        """
        objects = list(objects)
        if not objects:
            return []
        self.bulk_create(objects, ignore_conflicts=True, batch_size=batch_size)
        values = list({getattr(item, unique_field) for item in objects})
        found = []
        for start in range(0, len(values), batch_size):
            found.extend(self.filter(**{f"{unique_field}__in": values[start : start + batch_size]}))
        return found


class ChannelQuerySet(models.QuerySet):
    def with_effective_values(self, select_related_fks=False):
        """Annotates `effective_<column>`: the override's value where there is one, else the channel's."""
        annotations = {
            f"effective_{column}": Coalesce(f"override__{column}", column) for column in OVERRIDABLE
        }
        queryset = self.annotate(**annotations)
        if select_related_fks:
            names = ("channel_group", "logo", "epg_data", "stream_profile")
            queryset = queryset.select_related(
                "override", *names, *(f"override__{name}" for name in names)
            )
        return queryset


class ChannelManager(models.Manager.from_queryset(ChannelQuerySet)):
    def active(self):
        """All of them: a channel is not switched off, only hidden."""
        return self.all()


def with_effective_values(queryset, select_related_fks=False):
    """The queryset's method as a function."""
    return queryset.with_effective_values(select_related_fks)
