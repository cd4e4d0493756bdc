"""Films and series, and which account carries which."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.channels.managers import BulkFetchManager
from apps.m3u.models import M3UAccount


class VODLogo(models.Model):
    name = models.CharField(max_length=255)
    url = models.TextField(unique=True)

    class Manager(BulkFetchManager):
        def bulk_create_and_fetch(self, objects, unique_field="url", batch_size=500):
            return super().bulk_create_and_fetch(objects, unique_field, batch_size)

    objects = Manager()

    class Meta:
        managed = False
        db_table = "vod_vodlogo"

    def __str__(self):
        return self.name


class VODCategory(models.Model):
    CATEGORY_TYPE_CHOICES = [("movie", "Movie"), ("series", "Series")]

    name = models.CharField(max_length=255)
    category_type = models.CharField(max_length=10, choices=CATEGORY_TYPE_CHOICES, default="movie")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Manager(BulkFetchManager):
        def bulk_create_and_fetch(self, objects, unique_field="name", batch_size=500):
            wanted = {(item.name, item.category_type) for item in objects}
            rows = super().bulk_create_and_fetch(objects, unique_field, batch_size)
            return [row for row in rows if (row.name, row.category_type) in wanted]

    objects = Manager()

    class Meta:
        managed = False
        db_table = "vod_vodcategory"
        ordering = ["name"]
        unique_together = [("name", "category_type")]

    @classmethod
    def bulk_create_and_fetch(cls, objects):
        return cls.objects.bulk_create_and_fetch(objects)

    def __str__(self):
        return f"{self.name} ({self.category_type})"


class Series(models.Model):
    uuid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True, null=True)
    year = models.IntegerField(blank=True, null=True)
    rating = models.CharField(max_length=10, blank=True, null=True)
    genre = models.CharField(max_length=255, blank=True, null=True)
    logo = models.ForeignKey(VODLogo, on_delete=models.SET_NULL, null=True, blank=True, related_name="series")
    tmdb_id = models.CharField(max_length=50, blank=True, null=True, unique=True)
    imdb_id = models.CharField(max_length=50, blank=True, null=True, unique=True)
    custom_properties = models.JSONField(blank=True, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        managed = False
        db_table = "vod_series"
        verbose_name_plural = "Series"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "year"],
                condition=Q(tmdb_id__isnull=True) & Q(imdb_id__isnull=True),
                name="unique_series_name_year_no_external_id",
            )
        ]

    def __str__(self):
        return self.name if self.year is None else f"{self.name} ({self.year})"


class Movie(models.Model):
    uuid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True, null=True)
    year = models.IntegerField(blank=True, null=True)
    rating = models.CharField(max_length=10, blank=True, null=True)
    genre = models.CharField(max_length=255, blank=True, null=True)
    duration_secs = models.IntegerField(blank=True, null=True)
    logo = models.ForeignKey(VODLogo, on_delete=models.SET_NULL, null=True, blank=True, related_name="movie")
    tmdb_id = models.CharField(max_length=50, blank=True, null=True, unique=True)
    imdb_id = models.CharField(max_length=50, blank=True, null=True, unique=True)
    is_adult = models.BooleanField(default=False, db_index=True)
    custom_properties = models.JSONField(blank=True, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        managed = False
        db_table = "vod_movie"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "year"],
                condition=Q(tmdb_id__isnull=True) & Q(imdb_id__isnull=True),
                name="unique_movie_name_year_no_external_id",
            )
        ]

    def __str__(self):
        return self.name if self.year is None else f"{self.name} ({self.year})"


class Episode(models.Model):
    uuid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True, null=True)
    air_date = models.DateField(blank=True, null=True)
    rating = models.CharField(max_length=10, blank=True, null=True)
    duration_secs = models.IntegerField(blank=True, null=True)
    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="episodes")
    season_number = models.IntegerField(blank=True, null=True)
    episode_number = models.IntegerField(blank=True, null=True)
    tmdb_id = models.CharField(max_length=50, blank=True, null=True, db_index=True)
    imdb_id = models.CharField(max_length=50, blank=True, null=True, db_index=True)
    custom_properties = models.JSONField(blank=True, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        managed = False
        db_table = "vod_episode"
        ordering = ["series__name", "season_number", "episode_number"]
        unique_together = [("series", "season_number", "episode_number")]

    def __str__(self):
        return f"{self.series.name} S{self.season_number or 0:02d}E{self.episode_number or 0:02d} {self.name}"


def _xtream_url(relation, kind):
    """Where an Xtream account serves a film or an episode; other accounts have no such address."""
    account = relation.m3u_account
    if account.account_type != M3UAccount.Types.XC:
        return None
    server = (account.server_url or "").rstrip("/")
    extension = relation.container_extension or "mp4"
    return f"{server}/{kind}/{account.username}/{account.password}/{relation.stream_id}.{extension}"


class M3USeriesRelation(models.Model):
    m3u_account = models.ForeignKey(M3UAccount, on_delete=models.CASCADE, related_name="series_relations")
    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="m3u_relations")
    category = models.ForeignKey(VODCategory, on_delete=models.SET_NULL, null=True, blank=True)
    external_series_id = models.CharField(max_length=255)
    custom_properties = models.JSONField(blank=True, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    last_episode_refresh = models.DateTimeField(blank=True, null=True)
    last_seen = models.DateTimeField(default=timezone.now)

    class Meta:
        managed = False
        db_table = "vod_m3useriesrelation"
        unique_together = [("m3u_account", "external_series_id")]

    def __str__(self):
        return f"{self.m3u_account.name} - {self.series.name}"


class M3UMovieRelation(models.Model):
    m3u_account = models.ForeignKey(M3UAccount, on_delete=models.CASCADE, related_name="movie_relations")
    movie = models.ForeignKey(Movie, on_delete=models.CASCADE, related_name="m3u_relations")
    category = models.ForeignKey(VODCategory, on_delete=models.SET_NULL, null=True, blank=True)
    stream_id = models.CharField(max_length=255)
    container_extension = models.CharField(max_length=10, blank=True, null=True)
    custom_properties = models.JSONField(blank=True, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    last_advanced_refresh = models.DateTimeField(blank=True, null=True)
    last_seen = models.DateTimeField(default=timezone.now)

    class Meta:
        managed = False
        db_table = "vod_m3umovierelation"
        unique_together = [("m3u_account", "stream_id")]

    def __str__(self):
        return f"{self.m3u_account.name} - {self.movie.name}"

    def get_stream_url(self):
        return _xtream_url(self, "movie")


class M3UEpisodeRelation(models.Model):
    m3u_account = models.ForeignKey(M3UAccount, on_delete=models.CASCADE, related_name="episode_relations")
    episode = models.ForeignKey(Episode, on_delete=models.CASCADE, related_name="m3u_relations")
    series_relation = models.ForeignKey(
        M3USeriesRelation, on_delete=models.CASCADE, null=True, blank=True, related_name="episode_relations"
    )
    stream_id = models.CharField(max_length=255)
    container_extension = models.CharField(max_length=10, blank=True, null=True)
    custom_properties = models.JSONField(blank=True, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    last_seen = models.DateTimeField(default=timezone.now)

    class Meta:
        managed = False
        db_table = "vod_m3uepisoderelation"
        unique_together = [("m3u_account", "stream_id")]

    def __str__(self):
        return f"{self.m3u_account.name} - {self.episode}"

    def get_stream_url(self):
        return _xtream_url(self, "series")


class M3UVODCategoryRelation(models.Model):
    m3u_account = models.ForeignKey(M3UAccount, on_delete=models.CASCADE, related_name="category_relations")
    category = models.ForeignKey(VODCategory, on_delete=models.CASCADE, related_name="m3u_relations")
    enabled = models.BooleanField(default=False)
    custom_properties = models.JSONField(blank=True, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        managed = False
        db_table = "vod_m3uvodcategoryrelation"
        unique_together = [("m3u_account", "category")]

    def __str__(self):
        return f"{self.m3u_account.name} - {self.category.name}"
