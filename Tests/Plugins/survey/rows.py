"""Rows for plugins to work on: two accounts, a guide, channels, films, series. Written through the real models."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone


@transaction.atomic
def fill(key):
    """Fills a fresh database, and switches the plugin `key` on."""
    from apps.plugins.models import PluginConfig

    _core()
    standard, xtream = _accounts()
    guides = _guide()
    _channels(standard, guides)
    _library(xtream)
    PluginConfig.objects.update_or_create(
        key=key, defaults={"name": key, "enabled": True, "ever_enabled": True, "settings": {}}
    )


def _core():
    from apps.accounts.models import User
    from apps.m3u.models import M3UAccount
    from core.models import CoreSettings, StreamProfile, UserAgent

    agent, _ = UserAgent.objects.get_or_create(name="TiviMate", defaults={"user_agent": "TiviMate/5.1.6 (Android 12)"})
    ffmpeg, _ = StreamProfile.objects.get_or_create(
        name="ffmpeg",
        defaults={"command": "ffmpeg", "parameters": "-i {streamUrl} -c copy -f mpegts pipe:1", "locked": True},
    )
    for name in ("Proxy", "Redirect"):
        StreamProfile.objects.get_or_create(name=name, defaults={"locked": True})
    M3UAccount.objects.get_or_create(name="custom", defaults={"locked": True})
    CoreSettings._update_group(
        "stream_settings",
        "Stream Settings",
        {"default_user_agent": agent.pk, "default_stream_profile": ffmpeg.pk, "m3u_hash_key": "url"},
    )
    User.objects.create_superuser("admin", password="survey")


def _accounts():
    from apps.m3u.models import M3UAccount

    standard = M3UAccount.objects.create(
        name="Survey M3U", server_url="http://origin.example/list.m3u", refresh_interval=6, max_streams=2
    )
    M3UAccount.objects.create(name="Survey Backup", server_url="http://backup.example/list.m3u", max_streams=1)
    xtream = M3UAccount.objects.create(
        name="Survey XC", server_url="http://xc.example", account_type="XC", username="u", password="p",
        custom_properties={"enable_vod": True},
    )  # fmt: skip
    profile = xtream.profiles.get()
    profile.custom_properties = {"user_info": {"exp_date": "1900000000", "status": "Active", "max_connections": "2"}}
    profile.exp_date = timezone.now() + timedelta(days=5)
    profile.save()
    return standard, xtream


def _guide():
    from apps.epg.models import EPGData, EPGSource, ProgramData

    source = EPGSource.objects.create(name="Survey Guide", source_type="xmltv", url="http://origin.example/guide.xml")
    EPGSource.objects.create(name="Survey Dummy", source_type="dummy")
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    guides = []
    for number in range(1, 21):
        guide = EPGData.objects.create(tvg_id=f"ch{number}.example", name=f"Channel {number}", epg_source=source)
        guides.append(guide)
        for slot in range(-2, 24):
            start = hour + timedelta(hours=slot)
            ProgramData.objects.create(
                epg=guide, tvg_id=guide.tvg_id, start_time=start, end_time=start + timedelta(hours=1),
                title=f"NFL: Team A vs Team B {slot}" if number % 5 == 0 else f"Show {slot}",
                description=f"Part {slot}", custom_properties={"season": 1, "episode": slot + 3},
            )  # fmt: skip
    return guides


NAMES = (
    "US: ESPN HD", "US: CNN HD", "UK: BBC One FHD", "US: NBC 5 Dallas (KXAS)", "CA: TSN 1 HD",
    "US: Fox Sports 1 4K", "US: HBO East", "IT: Rai 1 HD", "UK: Sky Sports Main Event", "US: ABC 7 New York (WABC)",
)  # fmt: skip


def _channels(account, guides):
    from apps.channels import models
    from apps.m3u.models import M3UAccount

    names = ("News", "Sports", "PPV Live Events")
    groups = [models.ChannelGroup.objects.get_or_create(name=name)[0] for name in names]
    for group in groups:
        models.ChannelGroupM3UAccount.objects.create(channel_group=group, m3u_account=account)
    profile = models.ChannelProfile.objects.create(name="Everyone")
    logo = models.Logo.objects.create(name="Logo", url="http://origin.example/logo.png")
    for number, guide in enumerate(guides, 1):
        name = NAMES[number % len(NAMES)]
        group = groups[number % 3]
        channel = models.Channel.objects.create(
            name=name if group.name != "PPV Live Events" else f"PPV {number:02d} | UFC {number}: A vs B",
            channel_number=number, channel_group=group, tvg_id=guide.tvg_id, logo=logo,
            epg_data=guide if number % 4 else None,
        )  # fmt: skip
        models.ChannelProfileMembership.objects.get_or_create(channel_profile=profile, channel=channel)
        for order in range(2):
            stream = models.Stream.objects.create(
                name=f"{name} {'[backup]' if order else ''}".strip(), m3u_account=account, channel_group=group,
                url=f"http://origin.example/{number}/{order}.ts", tvg_id=guide.tvg_id,
                stream_hash=f"survey-{number}-{order}",
                stream_stats={"resolution": "1920x1080", "video_codec": "h264", "source_fps": 50},
                stream_stats_updated_at=timezone.now(),
            )  # fmt: skip
            models.ChannelStream.objects.create(channel=channel, stream=stream, order=order)
        models.Stream.objects.create(
            name=name, m3u_account=M3UAccount.objects.get(name="Survey Backup"), channel_group=group,
            url=f"http://backup.example/{number}.ts", stream_hash=f"backup-{number}",
        )  # fmt: skip
    start = timezone.now() + timedelta(hours=1)
    first = models.Channel.objects.first()
    models.Recording.objects.create(channel=first, start_time=start, end_time=start + timedelta(hours=1))


def _library(account):
    from apps.vod import models

    films = models.VODCategory.objects.create(name="Films", category_type="movie")
    shows = models.VODCategory.objects.create(name="Shows", category_type="series")
    for category in (films, shows):
        models.M3UVODCategoryRelation.objects.create(m3u_account=account, category=category, enabled=True)
    for number in range(1, 6):
        film = models.Movie.objects.create(name=f"Film {number}", year=2000 + number, tmdb_id=str(100 + number))
        models.M3UMovieRelation.objects.create(
            m3u_account=account, movie=film, category=films, stream_id=str(number), container_extension="mkv"
        )
        series = models.Series.objects.create(name=f"Series {number}", year=2010 + number, tmdb_id=str(200 + number))
        relation = models.M3USeriesRelation.objects.create(
            m3u_account=account, series=series, category=shows, external_series_id=str(number)
        )
        for part in range(1, 3):
            episode = models.Episode.objects.create(
                name=f"Part {part}", series=series, season_number=1, episode_number=part
            )
            models.M3UEpisodeRelation.objects.create(
                m3u_account=account, episode=episode, stream_id=f"{number}0{part}", series_relation=relation
            )
