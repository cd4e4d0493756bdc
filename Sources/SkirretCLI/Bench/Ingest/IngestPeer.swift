import Foundation

/// The same work as Python programs do it: a regular expression or lxml, then Django's bulk operations.
///
/// It reads and writes the very tables that we do, through models of the same columns; what it leaves out (filters,
/// statuses, events) makes it faster, not slower.
enum IngestPeer {
    static let program = #"""
        import hashlib, json, re, resource, sys, time
        from datetime import datetime, timezone
        kind, path, database, source = sys.argv[1:5]
        import django
        from django.conf import settings
        settings.configure(USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", INSTALLED_APPS=[],
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}})
        django.setup()
        from django.db import models, transaction

        class Group(models.Model):
            name = models.TextField(unique=True)
            class Meta: app_label = "bench"; managed = False; db_table = "dispatcharr_channels_channelgroup"

        class Stream(models.Model):
            name = models.CharField(max_length=512); url = models.CharField(max_length=4096, null=True)
            m3u_account_id = models.BigIntegerField(null=True); logo_url = models.TextField(null=True)
            tvg_id = models.CharField(max_length=255, null=True); local_file = models.CharField(max_length=100, null=True)
            current_viewers = models.PositiveIntegerField(default=0); updated_at = models.DateTimeField()
            channel_group_id = models.BigIntegerField(null=True); stream_profile_id = models.BigIntegerField(null=True)
            is_custom = models.BooleanField(default=False); stream_hash = models.CharField(max_length=255, unique=True, null=True)
            last_seen = models.DateTimeField(); is_stale = models.BooleanField(default=False)
            is_adult = models.BooleanField(default=False); custom_properties = models.JSONField(default=dict, null=True)
            stream_id = models.IntegerField(null=True); stream_chno = models.FloatField(null=True)
            stream_stats = models.JSONField(null=True); stream_stats_updated_at = models.DateTimeField(null=True)
            is_catchup = models.BooleanField(default=False); catchup_days = models.PositiveIntegerField(default=0)
            class Meta: app_label = "bench"; managed = False; db_table = "dispatcharr_channels_stream"

        class Guide(models.Model):
            tvg_id = models.CharField(max_length=255, null=True); name = models.CharField(max_length=512)
            icon_url = models.CharField(max_length=500, null=True); epg_source_id = models.BigIntegerField(null=True)
            class Meta: app_label = "bench"; managed = False; db_table = "epg_epgdata"

        class Program(models.Model):
            epg_id = models.BigIntegerField(); start_time = models.DateTimeField(); end_time = models.DateTimeField()
            title = models.CharField(max_length=255); sub_title = models.TextField(null=True)
            description = models.TextField(null=True); tvg_id = models.CharField(max_length=255, null=True)
            program_id = models.CharField(max_length=64, null=True); custom_properties = models.JSONField(default=dict, null=True)
            class Meta: app_label = "bench"; managed = False; db_table = "epg_programdata"

        ATTRIBUTE = re.compile(r'([^\s=]+)\s*=\s*(["\'])(.*?)\2')

        def entries():
            head = None
            with open(path, encoding="utf-8") as lines:
                for line in lines:
                    line = line.strip()
                    if line.startswith("#EXTINF:"):
                        found, end = {}, 0
                        for m in ATTRIBUTE.finditer(line): found[m[1].lower()] = m[3]; end = m.end()
                        head = (found, line[end:].strip().lstrip(",").strip() or found.get("tvg-name", ""))
                    elif head and line.startswith(("http", "rtsp", "rtp", "udp")):
                        yield head[1], line, head[0]; head = None

        def playlist():
            now, rows, groups, batch = datetime.now(timezone.utc), 0, {}, {}
            def flush():
                names = {e[2].get("group-title", "Default Group") for e in batch.values()} - groups.keys()
                if names:
                    Group.objects.bulk_create([Group(name=n) for n in names], ignore_conflicts=True)
                    groups.update(Group.objects.filter(name__in=names).values_list("name", "id"))
                streams = []
                for h, (name, url, found) in batch.items():
                    number = found.get("tvg-chno")
                    streams.append(Stream(name=name[:512], url=url, m3u_account_id=int(source), logo_url=found.get("tvg-logo"),
                        tvg_id=found.get("tvg-id"), updated_at=now, last_seen=now, stream_hash=h, custom_properties=found,
                        channel_group_id=groups[found.get("group-title", "Default Group")],
                        stream_chno=float(number) if number else None))
                Stream.objects.bulk_create(streams, update_conflicts=True, unique_fields=["stream_hash"], update_fields=[
                    "name", "url", "logo_url", "tvg_id", "custom_properties", "channel_group_id", "stream_chno",
                    "updated_at", "last_seen", "is_stale"])
                batch.clear()
            for name, url, found in entries():
                rows += 1
                batch[hashlib.sha256(json.dumps({"url": url}, sort_keys=True).encode()).hexdigest()] = (name, url, found)
                if len(batch) == 1500: flush()
            flush()
            Stream.objects.filter(m3u_account_id=int(source), last_seen__lt=now).update(is_stale=True)
            return rows

        def moment(text):
            return datetime.strptime(text, "%Y%m%d%H%M%S %z")

        def guide():
            from lxml import etree
            known = dict(Guide.objects.filter(epg_source_id=int(source)).values_list("tvg_id", "id"))
            programs, channels = [], []
            for _, node in etree.iterparse(path, tag=("channel", "programme")):
                if node.tag == "channel":
                    channels.append((node.get("id"), node.findtext("display-name") or node.get("id")))
                elif node.get("channel") in known:
                    more = {}
                    categories = [c.text for c in node.findall("category")]
                    if categories: more["categories"] = categories
                    if node.find("credits") is not None:
                        more["credits"] = {c.tag: c.text for c in node.find("credits")}
                    for tag in ("date", "episode-num", "country", "language"):
                        if node.findtext(tag): more[tag] = node.findtext(tag)
                    programs.append(Program(epg_id=known[node.get("channel")], start_time=moment(node.get("start")),
                        end_time=moment(node.get("stop")), title=(node.findtext("title") or "No Title")[:255],
                        sub_title=node.findtext("sub-title"), description=node.findtext("desc"),
                        tvg_id=node.get("channel"), custom_properties=more or None))
                node.clear()
                while node.getprevious() is not None: del node.getparent()[0]
            with transaction.atomic():
                Guide.objects.bulk_create([Guide(tvg_id=i, name=n, epg_source_id=int(source)) for i, n in channels
                    if i not in known], batch_size=500)
                Program.objects.filter(epg_id__in=Guide.objects.filter(epg_source_id=int(source)).values("id")).delete()
                Program.objects.bulk_create(programs, batch_size=5000)
            return len(programs)

        before = resource.getrusage(resource.RUSAGE_SELF)
        began = time.monotonic()
        rows = playlist() if kind == "playlist" else guide()
        after = resource.getrusage(resource.RUSAGE_SELF)
        print(json.dumps({"wall": time.monotonic() - began, "rows": rows, "kib": after.ru_maxrss - before.ru_maxrss,
            "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}))
        """#
}
