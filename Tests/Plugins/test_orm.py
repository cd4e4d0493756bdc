"""The queries that public plugins make, each over the real tables: every method and lookup they were seen to use."""

import pytest

ROWS = """
from apps.channels.models import Channel, ChannelGroup, ChannelStream, Stream
from apps.epg.models import EPGData, EPGSource
from django.db.models import Count, F, Max, Q

for model in (ChannelStream, Stream, Channel, ChannelGroup, EPGData, EPGSource):
    model.objects.all().delete()
news, sport = (ChannelGroup.objects.create(name=name) for name in ("News", "Sport"))
source = EPGSource.objects.create(name="Guide", source_type="xmltv", is_active=False)
guide = EPGData.objects.create(tvg_id="one", name="One", epg_source=source)
for number, (name, group, own) in enumerate(
    [("BBC One HD", news, {"tier": {"rank": 1}, "tags": ["a"]}), ("bbc two", news, {"tier": {"rank": 2}}),
     ("Sky 50%_x", sport, {}), ("Ünicode Film", None, None)], 1):
    Channel.objects.create(name=name, channel_number=number, channel_group=group)
    # Not by hash: a stream without an account gets one of its own when it is saved, made from its id.
    Stream.objects.create(name=name, url=f"http://x/{number}", custom_properties=own)
Channel.objects.filter(channel_number=1).update(epg_data=guide)
channels, streams = Channel.objects.order_by("channel_number"), Stream.objects.order_by("url")
names = lambda rows: list(rows.values_list("name", flat=True))
"""

LOOKUPS = {
    "names(channels.filter(channel_number__in=[1, 3]))": ["BBC One HD", "Sky 50%_x"],
    "names(channels.filter(channel_number__in=[]))": [],
    "names(channels.filter(channel_group__isnull=True))": ["Ünicode Film"],
    "names(channels.filter(name__iexact='BBC TWO'))": ["bbc two"],
    "names(channels.filter(channel_number__gte=3))": ["Sky 50%_x", "Ünicode Film"],
    "names(channels.filter(channel_number__gt=3))": ["Ünicode Film"],
    "names(channels.filter(channel_number__lt=2))": ["BBC One HD"],
    "names(channels.filter(channel_number__lte=2))": ["BBC One HD", "bbc two"],
    "names(channels.filter(name__startswith='Sky'))": ["Sky 50%_x"],
    "names(channels.filter(name__istartswith='BBC'))": ["BBC One HD", "bbc two"],
    "names(channels.filter(name__endswith='HD'))": ["BBC One HD"],
    "names(channels.filter(name__icontains='TWO'))": ["bbc two"],
    "names(channels.filter(name__contains='50%_'))": ["Sky 50%_x"],
    "names(channels.filter(name__regex=r'^BBC\\s'))": ["BBC One HD"],
    "names(channels.filter(name__iregex=r'^bbc\\s(one|two)'))": ["BBC One HD", "bbc two"],
    "names(channels.filter(name__iregex='^ü'))": ["Ünicode Film"],
    # As PostgreSQL compares: case counts without an `i`, and letters beyond ASCII have both.
    "names(channels.filter(name__startswith='bbc'))": ["bbc two"],
    "names(channels.filter(name__contains='ONE'))": [],
    "names(channels.filter(name__endswith='hd'))": [],
    "names(channels.filter(name__iexact='ünicode film'))": ["Ünicode Film"],
    "names(channels.filter(name__icontains='ÜNI'))": ["Ünicode Film"],
    "names(channels.filter(name__istartswith='ü'))": ["Ünicode Film"],
    "names(channels.filter(name__contains=''))": ["BBC One HD", "bbc two", "Sky 50%_x", "Ünicode Film"],
    "names(channels.filter(name__contains='%'))": ["Sky 50%_x"],
    "names(channels.filter(name__endswith='_x'))": ["Sky 50%_x"],
    "names(channels.filter(name__contains=F('channel_group__name')))": [],
    "names(channels.filter(name__istartswith=F('epg_data__epg_source__source_type')))": [],
    "names(channels.filter(name__iendswith=F('name')))": ["BBC One HD", "bbc two", "Sky 50%_x", "Ünicode Film"],
    "names(channels.filter(name__endswith=F('name')))": ["BBC One HD", "bbc two", "Sky 50%_x", "Ünicode Film"],
    "names(channels.filter(channel_number__contains='2'))": ["bbc two"],
    "names(channels.filter(epg_data__name__contains='One'))": ["BBC One HD"],
    "names(channels.extra(where=[\"dispatcharr_channels_channel.name LIKE '%%BBC%%'\"]))": ["BBC One HD", "bbc two"],
    "names(channels.filter(channel_number__range=(2, 3)))": ["bbc two", "Sky 50%_x"],
    "names(channels.filter(epg_data__epg_source__name='Guide'))": ["BBC One HD"],
    "names(channels.filter(epg_data__epg_source__is_active=False))": ["BBC One HD"],
    "names(channels.filter(channel_group__name__iexact='sport'))": ["Sky 50%_x"],
    "names(streams.filter(custom_properties__tier__rank=2))": ["bbc two"],
    "names(streams.filter(custom_properties__tier__rank__gte=1))": ["BBC One HD", "bbc two"],
    "names(streams.filter(custom_properties__has_key='tags'))": ["BBC One HD"],
    "names(streams.filter(custom_properties__tags__0='a'))": ["BBC One HD"],
    "names(streams.filter(custom_properties__tier__isnull=True))": ["Sky 50%_x", "Ünicode Film"],
    "names(channels.filter(Q(name='bbc two') | ~Q(channel_number__lt=4)))": ["bbc two", "Ünicode Film"],
    "names(channels.exclude(channel_group=news))": ["Sky 50%_x", "Ünicode Film"],
}

METHODS = {
    "channels.first().name, channels.last().name": ["BBC One HD", "Ünicode Film"],
    "channels.filter(name='none').first()": None,
    "channels.get(channel_number=2).name": "bbc two",
    "channels.all().count(), channels.filter(name='none').exists()": [4, False],
    "[row.channel_group and row.channel_group.name for row in channels.select_related('channel_group')]": [
        "News",
        "News",
        "Sport",
        None,
    ],
    "sorted(set(channels.values_list('channel_group__name', flat=True).distinct()), key=str)": ["News", None, "Sport"],
    "list(channels.values('name', 'channel_group__name')[:1])": [{"name": "BBC One HD", "channel_group__name": "News"}],
    "names(Channel.objects.order_by('-channel_number')[1:3])": ["Sky 50%_x", "bbc two"],
    "[row.name for row in channels.only('name').iterator(chunk_size=2)]": [
        "BBC One HD",
        "bbc two",
        "Sky 50%_x",
        "Ünicode Film",
    ],
    "[(row.name, row.n) for row in ChannelGroup.objects.annotate(n=Count('channels')).order_by('name')]": [
        ["News", 2],
        ["Sport", 1],
    ],
    "channels.aggregate(top=Max('channel_number'))": {"top": 4.0},
    "[created for _, created in (ChannelGroup.objects.get_or_create(name=n) for n in ('News', 'New'))]": [False, True],
    "[(row.channel_number, new) for row, new in (Channel.objects.update_or_create("
    "name='made', defaults={'channel_number': n}) for n in (8, 9))]": [[8, True], [9, False]],
    "channels.filter(channel_number__lte=2).update(channel_number=F('channel_number') + 10), "
    "list(channels.values_list('channel_number', flat=True))": [2, [3.0, 4.0, 11.0, 12.0]],
    "len(Channel.objects.bulk_create([Channel(name='b1', channel_number=20), Channel(name='b2', channel_number=21)])), "
    "Channel.objects.filter(name__startswith='b').count()": [2, 3],
    "len(ChannelGroup.objects.bulk_create([ChannelGroup(name='News'), ChannelGroup(name='Film')], "
    "ignore_conflicts=True)), ChannelGroup.objects.count()": [2, 3],
    "[setattr(row, 'name', row.name.upper()) for row in channels] and Channel.objects.bulk_update("
    "[row for row in channels], ['name'])": 4,
    "channels.filter(channel_number=4).delete()[0], channels.count()": [1, 3],
    "[[stream.name for stream in row.streams.all()] for row in channels.prefetch_related('streams')[:1]]": [[]],
    "__import__('django.db.transaction', fromlist=['x']).atomic()(lambda: "
    "channels.select_for_update().get(channel_number=1).name)()": "BBC One HD",
    "channels.filter(channel_number=1).values_list('pk', 'name').get()[1]": "BBC One HD",
    "channels.none().count(), len(channels.in_bulk()), channels.defer('name').count()": [0, 4, 4],
}


@pytest.mark.parametrize("query", LOOKUPS)
def test_lookup(inside, query):
    assert inside(f"{ROWS}result = {query}") == LOOKUPS[query]


@pytest.mark.parametrize("query", METHODS)
def test_method(inside, query):
    assert inside(f"{ROWS}result = {query}") == METHODS[query]


def test_patterns_that_lookups_do_not_write_mean_what_sql_says():
    from dispatcharr.db.sqlite.base import _is_like, _matches

    for pattern, text in (
        ("a_c", "abc"), ("%b%d%", "abcde"), ("a%", "a"), ("%", ""), ("%%", "x"), ("a\\_c", "a_c"), ("_", "ü"), ("", ""),
        ("%a_", "xab"), ("\\%%", "%x"), ("%\\%", "x%"), ("a%c", "a\nc"),
    ):  # fmt: skip
        assert _matches(pattern, text) is True, (pattern, text)
    for pattern, text in (("a_c", "ac"), ("%b%d%", "adb"), ("a", "A"), ("", "x"), ("a\\_c", "abc"), ("_", "")):
        assert _matches(pattern, text) is False, (pattern, text)
    assert _is_like("STRASSE", "straße", "\\") and _is_like("É%", "été", "\\") and _is_like(None, "x", "\\") is None


def test_what_get_raises_is_what_plugins_catch(inside):
    assert inside(
        ROWS
        + """
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction
result = []
for query, error in ((lambda: channels.get(name="none"), Channel.DoesNotExist),
                     (lambda: channels.get(channel_number__gt=1), Channel.MultipleObjectsReturned),
                     (lambda: ChannelGroup.objects.create(name="News"), IntegrityError)):
    try:
        with transaction.atomic():
            query()
    except error as raised:
        result.append(isinstance(raised, (ObjectDoesNotExist, Channel.MultipleObjectsReturned, IntegrityError)))
result.append(channels.count())
"""
    ) == [True, True, True, 4]
