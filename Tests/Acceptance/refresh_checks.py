"""Points 3, 4 and 5: a playlist and a guide refreshed, exactly, twice, and by themselves."""

from __future__ import annotations

import hashlib
import time
import uuid

from generated import channels, groups, programmes, stream_hashes
from house import House, until

ENTRIES, CHANNELS, PROGRAMMES = 20_000, 100, 10_000
STREAM = "dispatcharr_channels_stream"
MEMBERSHIP = "dispatcharr_channels_channelgroupm3uaccount"

MAP_CHANNELS = """
from apps.channels.models import Channel
from apps.epg.models import EPGData
for number, data in enumerate(EPGData.objects.filter(epg_source_id={source}).order_by("id"), 1):
    Channel.objects.create(name=data.name, channel_number=number, tvg_id=data.tvg_id, epg_data=data)
print(EPGData.objects.filter(epg_source_id={source}, channels__isnull=False).count())
"""
UNMAP_CHANNELS = """
from apps.channels.models import Channel
Channel.objects.filter(epg_data__epg_source_id={source}).delete()
"""


def sources_are_created_through_the_api(house: House) -> None:
    playlist = house.generators.playlist(ENTRIES, "first", seed=1)
    guide = house.generators.guide(CHANNELS, PROGRAMMES, seed=1)
    house.known["account"] = create_account(house, house.origin.serve("/playlist.m3u", playlist))
    since = house.frames.mark()
    body = {"name": name("guide"), "source_type": "xmltv", "url": house.origin.serve("/guide.xml", guide)}
    source = house.post("/api/epg/sources/", {**body, "is_active": True, "refresh_interval": 0})["id"]
    house.known["source"] = source
    house.afterwards(lambda: house.ask("DELETE", f"/api/epg/sources/{source}/"))
    # A new guide is fetched at once; its channels are known then, and nobody is mapped to them yet.
    until(
        lambda: house.get(f"/api/epg/sources/{source}/")["status"] in ("success", "error"), 60, "the first fetch of the guide"
    )
    found = {row[0] for row in house.rows("SELECT tvg_id FROM epg_epgdata WHERE epg_source_id = ?", source)}
    assert found == channels(guide), f"{len(found)} channels, {house.get(f'/api/epg/sources/{source}/')['last_message']}"
    assert house.frames.updates("epg_refresh", since), "nothing on the socket about the guide"


def django_maps_channels_in_the_same_database(house: House) -> None:
    source = house.known["source"]
    house.afterwards(lambda: house.django(UNMAP_CHANNELS.format(source=source)))
    mapped = int(house.django(MAP_CHANNELS.format(source=source)))
    assert mapped == CHANNELS, f"{mapped} of {CHANNELS} mapped"


def refresh_all_refreshes_the_playlist_and_the_guide(house: House) -> None:
    house.enable("refresh_all")
    since, began = house.frames.mark(), time.monotonic()
    house.known["refresh_all"] = since
    answer = house.run("refresh_all", "refresh_all")
    assert answer == {"status": "queued", "message": "Refresh jobs queued"}, answer
    finished = {"action": "parsing", "progress": 100, "account": house.known["account"]}
    done = house.frames.wait_update("m3u_refresh", 180, since, **finished)
    seconds = time.monotonic() - began
    assert done["status"] == "success" and done["streams_created"] == ENTRIES, done
    finished = {"action": "parsing_programs", "progress": 100, "source": house.known["source"]}
    done = house.frames.wait_update("epg_refresh", 180, since, **finished)
    assert done["status"] == "success", done
    house.report.reading(f"first refresh, {ENTRIES:,} entries", f"{seconds:.2f} s from the click")
    house.report.reading(f"guide, {PROGRAMMES:,} programmes", f"{time.monotonic() - began:.2f} s from the same click")


def the_playlist_is_stored_exactly(house: House) -> None:
    account, playlist = house.known["account"], house.origin.files["/playlist.m3u"]
    stored = [row[0] for row in house.rows(f"SELECT stream_hash FROM {STREAM} WHERE m3u_account_id = ?", account)]
    assert len(stored) == ENTRIES and set(stored) == stream_hashes(playlist), f"{len(stored)} streams"
    found = {
        row[0]
        for row in house.rows(
            f'SELECT g.name FROM {MEMBERSHIP} m JOIN dispatcharr_channels_channelgroup g ON g.id = m.channel_group_id'
            " WHERE m.m3u_account_id = ?", account,
        )
    }  # fmt: skip
    wanted = groups(playlist)
    assert found == wanted, f"{len(found)} groups for {len(wanted)}: {sorted(found ^ wanted)[:10]}"
    row = house.get(f"/api/m3u/accounts/{account}/")
    assert row["status"] == "success" and f"{ENTRIES:,}".replace(",", "") in row["last_message"].replace(",", ""), row


def the_guide_is_stored_exactly(house: House) -> None:
    stored = sorted(
        house.rows(
            "SELECT d.tvg_id, p.start_time, p.end_time, p.title FROM epg_programdata p"
            " JOIN epg_epgdata d ON d.id = p.epg_id WHERE d.epg_source_id = ?", house.known["source"],
        )
    )  # fmt: skip
    wanted = programmes(house.origin.files["/guide.xml"])
    assert len(stored) == PROGRAMMES, f"{len(stored)} programmes"
    different = [pair for pair in zip(stored, wanted) if pair[0] != pair[1]]
    assert not different, f"{len(different)} programmes differ, the first: {different[0]}"


def progress_runs_from_0_to_100_in_dispatcharrs_envelopes(house: House) -> None:
    since = house.known["refresh_all"]
    for kind, owner, action in (("m3u_refresh", "account", "downloading"), ("m3u_refresh", "account", "parsing"),
                                ("epg_refresh", "source", "parsing_programs")):  # fmt: skip
        updates = [one for one in house.frames.updates(kind, since) if one[owner] == house.known[owner]]
        steps = [one["progress"] for one in updates if one["action"] == action]
        assert steps and steps[0] == 0 and steps[-1] == 100, f"{kind} {action}: {steps}"
        assert steps == sorted(steps), f"{kind} {action} goes back: {steps}"
        assert all("status" in one for one in updates), updates


def a_second_refresh_changes_only_when_streams_were_last_seen(house: House) -> None:
    account, source = house.known["account"], house.known["source"]

    def state() -> dict[str, str]:
        return {
            "streams": fingerprint(house, STREAM, "m3u_account_id = ?", account, ignoring={"last_seen"}),
            "groups of the account": fingerprint(house, MEMBERSHIP, "m3u_account_id = ?", account, {"last_seen"}),
            "groups": fingerprint(house, "dispatcharr_channels_channelgroup", "? IS NOT NULL", account),
            "guide channels": fingerprint(house, "epg_epgdata", "epg_source_id = ?", source),
            "programmes": fingerprint(
                house, "epg_programdata", "epg_id IN (SELECT id FROM epg_epgdata WHERE epg_source_id = ?)", source
            ),
        }

    before, seen = state(), last_seen(house, account)
    began = time.monotonic()
    refresh(house, account)
    seconds = time.monotonic() - began
    task = house.post("/api/epg/import/", {"id": source})["task_id"]
    assert house.finished(task, 180)["state"] == "SUCCESS"
    after = state()
    changed = [part for part, value in after.items() if value != before[part]]
    assert not changed, f"changed: {', '.join(changed)}"
    assert last_seen(house, account)[0] > seen[1], "not every stream was seen again"
    house.report.reading(f"second refresh, {ENTRIES:,} entries", f"{seconds:.2f} s")


def an_account_with_an_interval_is_refreshed_by_beat(house: House) -> None:
    playlist = house.generators.playlist(200, "beat", seed=5)
    account = create_account(house, house.origin.serve("/small.m3u", playlist), refresh_interval=1)

    def schedule() -> dict | None:
        rows = house.get("/api/schedules/")["schedules"]
        return next((row for row in rows if row["kwargs"].get("account_id") == account), None)

    row = schedule()
    assert row and row["task"] == "apps.m3u.tasks.refresh_single_m3u_account" and row["enabled"], row
    assert row["schedule"] == {"type": "interval", "every": 1, "period": "hours"} and row["next_run_at"], row
    since, began = house.frames.mark(), time.monotonic()
    house.patch(f"/api/schedules/{row['id']}/", {"interval": {"every": 2, "period": "seconds"}})
    house.frames.wait_update("m3u_refresh", 15, since, account=account, action="parsing", progress=100)
    house.report.reading("beat: first refresh of a 2 s schedule", f"{time.monotonic() - began:.1f} s after it was set")
    streams = house.count(f"{STREAM} WHERE m3u_account_id = ?", account)
    assert streams == len(stream_hashes(playlist)), f"{streams} streams"
    since = house.frames.mark()
    house.frames.wait_update("m3u_refresh", 15, since, account=account, action="parsing", progress=100)
    assert schedule()["total_run_count"] >= 2, schedule()
    house.patch(f"/api/schedules/{row['id']}/", {"enabled": False})


# --- shared


def name(what: str) -> str:
    return f"Acceptance {what} {uuid.uuid4().hex[:8]}"


def create_account(house: House, url: str, **fields: object) -> int:
    body = {"name": name("playlist"), "server_url": url, "account_type": "STD", "refresh_interval": 0, **fields}
    account = house.post("/api/m3u/accounts/", body)["id"]
    house.afterwards(lambda: house.ask("DELETE", f"/api/m3u/accounts/{account}/"))
    return account


def refresh(house: House, account: int) -> None:
    task = house.post(f"/api/m3u/refresh/{account}/")["task_id"]
    row = house.finished(task, 180)
    assert row["state"] == "SUCCESS", row


def last_seen(house: House, account: int) -> tuple[str, str]:
    """The oldest and the newest."""
    return house.rows(f"SELECT min(last_seen), max(last_seen) FROM {STREAM} WHERE m3u_account_id = ?", account)[0]


def fingerprint(house: House, table: str, where: str, value: object, ignoring: set[str] = frozenset()) -> str:
    """A hash over every row and every column but those."""
    columns = [row[1] for row in house.rows(f'PRAGMA table_info("{table}")') if row[1] not in ignoring]
    listed = ", ".join(f'"{column}"' for column in columns)
    digest = hashlib.sha256()
    for row in house.rows(f'SELECT {listed} FROM "{table}" WHERE {where} ORDER BY "id"', value):
        digest.update(repr(row).encode())
    return digest.hexdigest()


CHECKS = [
    sources_are_created_through_the_api,
    django_maps_channels_in_the_same_database,
    refresh_all_refreshes_the_playlist_and_the_guide,
    the_playlist_is_stored_exactly,
    the_guide_is_stored_exactly,
    progress_runs_from_0_to_100_in_dispatcharrs_envelopes,
    a_second_refresh_changes_only_when_streams_were_last_seen,
    an_account_with_an_interval_is_refreshed_by_beat,
]
