"""What refreshes leave in the tables, whole, against what Dispatcharr's rules make of files that were written by hand."""

import hashlib
import http.server
import json
import sqlite3
import subprocess
import threading
from datetime import datetime, timedelta, timezone

import pytest

from running import Running, executable

PLAYLIST = """\
#EXTM3U x-tvg-url="http://ignored/"
#EXTINF:-1 tvg-id="one.uk" TVG-NAME="One T" tvg-logo='http://l/1.png' tvg-chno="12.5" group-title="News",One HD
http://s/1
#EXTINF:-1 channel-number="7" tv_archive="1" tv_archive_duration="3" is_adult="1",Two, with comma
#EXTGRP: Sport
#EXTVLCOPT:http-user-agent=X
#KODIPROP:ignored=1
rtsp://s/2
#EXTINF:-1 tvc-guide-title="Three" tvg-name="T3",
udp://@239.0.0.1:1
#EXTINF:-1 group-title="News",Without an address
#EXTINF:-1 group-title='News' a = "1" tvg-name="x" TVG-NAME="last wins",Four
HTTP://S/IGNORED
https://s/4
#EXTINF:-1 group-title="Private",Adult One
http://s/5
#EXTINF:-1 group-title="Private",adult keep
http://s/6?keep
#EXTINF:-1 group-title="News" tvg-id="first",Twice
http://s/7
#EXTINF:-1 group-title="Sport" tvg-id="second",Twice
http://s/7
#EXTINF:-1 group-title="Off",Eight
http://s/8
http://s/without-an-entry
"""

#: name, url, logo, tvg_id, number, group, adult, catch-up, days, properties: in the order of the file.
STREAMS = [
    ("One HD", "http://s/1", "http://l/1.png", "one.uk", 12.5, "News", 0, 0, 0,
     {"tvg-id": "one.uk", "tvg-name": "One T", "tvg-logo": "http://l/1.png", "tvg-chno": "12.5", "group-title": "News"}),
    ("Two, with comma", "rtsp://s/2", "", "", 7.0, "Sport", 1, 1, 3,
     {"channel-number": "7", "tv_archive": "1", "tv_archive_duration": "3", "is_adult": "1", "group-title": "Sport",
      "vlc_opts": ["http-user-agent=X"]}),
    ("Three", "udp://239.0.0.1:1", "", "", None, "Default Group", 0, 0, 0, {"tvc-guide-title": "Three", "tvg-name": "T3"}),
    ("Four", "https://s/4", "", "", None, "News", 0, 0, 0, {"group-title": "News", "a": "1", "tvg-name": "last wins"}),
    ("adult keep", "http://s/6?keep", "", "", None, "Private", 0, 0, 0, {"group-title": "Private"}),
    ("Twice", "http://s/7", "", "second", None, "Sport", 0, 0, 0, {"group-title": "Sport", "tvg-id": "second"}),
    ("Eight", "http://s/8", "", "", None, "Off", 0, 0, 0, {"group-title": "Off"}),
]  # fmt: skip

GUIDE = """\
<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE tv SYSTEM "xmltv.dtd">
<tv>
<channel id="a"><display-name lang="de">Erstes</display-name><display-name>Second</display-name><icon src="http://i/a"/></channel>
<channel id="b"/>
<channel id="c"><display-name>Nobody's &eacute;</display-name></channel>
<programme start="20301122183000 +0100" stop="20301122193000+0100" channel="a"><title>Plain</title></programme>
<programme start="203011221930 +0100" stop="20301122190000" channel="a"><title lang="en">English</title><title lang="de">Deutsch</title>
 <sub-title>Sub</sub-title><desc lang="en">About</desc><desc lang="de">Davon</desc>
 <credits><director>D</director><actor role="R">A</actor><actor guest="yes">G</actor><writer>W</writer></credits>
 <date>2029</date><category>Film</category><category>Drama</category><keyword>K</keyword><language>de</language>
 <orig-language>en</orig-language><length units="minutes">90</length><icon src="http://i/p"/><country>GB</country>
 <episode-num system="xmltv_ns">1.4/10.0/1</episode-num><episode-num system="dd_progid">EP1</episode-num>
 <episode-num system="imdb.com">tt1</episode-num>
 <video><aspect>16:9</aspect><quality>HD</quality></video><audio><stereo>dolby</stereo></audio>
 <previously-shown start="20200101"/><premiere>First</premiere><new/><live/><last-chance/>
 <subtitles type="teletext"><language>de</language></subtitles>
 <rating system="FSK"><value>12</value></rating><star-rating system="S"><value>3/5</value></star-rating>
 <review type="text" source="So" reviewer="Re">Good</review>
 <image type="poster" size="1" orient="P" system="tmdb">http://i/q</image></programme>
<programme start="20301122200000 +01:00" stop="20301122210000 CET" channel="a"><desc>S02E05 Later</desc></programme>
<programme start="20301122210000 +0100" channel="a"><title>No end</title></programme>
<programme start="20301122220000 +0100" stop="20301122210000 +0100" channel="a"><title>Ends before it begins</title></programme>
<programme start="20301122000000 -0330" stop="20301123000000 UTC" channel="b"><title>Onscreen</title><episode-num system="onscreen">S03E07</episode-num></programme>
<programme start="20301122183000 +0100" stop="20301122193000 +0100" channel="c"><title>Unmapped</title></programme>
</tv>
"""

FILM = {
    "sub_title": "Sub", "custom_properties": {
        "categories": ["Film", "Drama"], "keywords": ["K"], "season": 2, "episode": 5, "dd_progid": "EP1",
        "imdb.com_id": "tt1", "rating": "12", "rating_system": "FSK", "star_ratings": [{"value": "3/5", "system": "S"}],
        "credits": {"director": ["D"], "actor": [{"name": "A", "role": "R"}, {"name": "G", "guest": True}], "writer": ["W"]},
        "date": "2029", "country": "GB", "language": "de", "original_language": "en",
        "length": {"value": 90, "units": "minutes"}, "video": {"aspect": "16:9", "quality": "HD"},
        "audio": {"stereo": "dolby"}, "subtitles": [{"type": "teletext", "language": "de"}],
        "reviews": [{"type": "text", "source": "So", "reviewer": "Re", "content": "Good"}],
        "images": [{"url": "http://i/q", "type": "poster", "size": "1", "orient": "P", "system": "tmdb"}],
        "icon": "http://i/p", "previously_shown": True, "previously_shown_details": {"start": "20200101"},
        "premiere": True, "premiere_text": "First", "new": True, "live": True, "last_chance": True,
    },
}  # fmt: skip


class Origin:
    """Answers by path and query; a value that can be called gets the request's body."""

    def __init__(self):
        self.answers = {}
        answers = self.answers

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                answer = answers.get(f"{self.command} {self.path}", answers.get(self.path))
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                text = answer(body) if callable(answer) else answer
                text = text if isinstance(text, str) or text is None else json.dumps(text)
                data = (text or "no such page").encode()
                self.send_response(404 if text is None else 200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def origin():
    origin = Origin()
    yield origin
    origin.server.shutdown()


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    program = executable()
    if not program:
        pytest.skip("there is no .build/debug/skirret; build it, or name one with SKIRRET_TEST_EXECUTABLE")
    data = tmp_path_factory.mktemp("house")
    (data / "plugins").mkdir()
    house = Running(program, data, data / "plugins")
    house.program = program
    yield house
    house.close()


def call(house, task, *arguments):
    """The result of a task."""
    command = [house.program, "call", task, "--args", json.dumps(arguments), "--wait", "120", "--json", "--data-dir", house.data]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=150)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return json.loads(answer.stdout)["result"]


def rows(house, sql, *arguments):
    with sqlite3.connect(f"file:{house.data}/skirret.db?mode=ro", uri=True, timeout=20) as database:
        return database.execute(sql, arguments).fetchall()


def change(house, sql, *arguments):
    with sqlite3.connect(house.data / "skirret.db", timeout=20) as database:
        database.execute("PRAGMA foreign_keys = ON")
        return database.execute(sql, arguments).lastrowid


def create(house, path, **body):
    """A source's number, once what its making starts is over."""
    status, answer = house.ask("POST", path, body)
    assert status == 201, answer
    settled = ("success", "error", "pending_setup", "disabled")
    awaits = "source_type" in body
    house.until(
        lambda: not awaits or house.ask("GET", f"{path}{answer['id']}/")[1]["status"] in settled, "the first look at a source"
    )
    return answer["id"]


def digest(name, url):
    """Sorted keys and Python's own separators, as the rules have it."""
    return hashlib.sha256(json.dumps({"name": name, "url": url}, sort_keys=True).encode()).hexdigest()


def streams(house, account):
    found = rows(
        house,
        """
        SELECT stream.name, url, ifnull(logo_url, ''), ifnull(tvg_id, ''), stream_chno, grp.name, is_adult, is_catchup,
            catchup_days, custom_properties, stream_hash, is_stale, is_custom, current_viewers, stream_profile_id, stream_id,
            stream_stats
        FROM dispatcharr_channels_stream AS stream JOIN dispatcharr_channels_channelgroup AS grp ON grp.id = channel_group_id
        WHERE m3u_account_id = ? ORDER BY stream.id
        """,
        account,
    )
    return [(*row[:9], json.loads(row[9]), *row[10:]) for row in found]


def expected(lines, stale=()):
    return [(*line, digest(line[0], line[1]), int(line[0] in stale), 0, 0, None, None, None) for line in lines]


def test_a_playlist_and_then_another_one(house, origin):
    change(
        house, "UPDATE core_coresettings SET value = json_set(value, '$.m3u_hash_key', 'name,url') WHERE key = 'stream_settings'"
    )
    origin.answers["/list.m3u"] = PLAYLIST
    account = create(house, "/api/m3u/accounts/", name="By hand", server_url=origin.url + "/list.m3u", account_type="STD")
    add = """INSERT INTO m3u_m3ufilter (m3u_account_id, filter_type, regex_pattern, exclude, "order", custom_properties)
        VALUES (?, ?, ?, ?, ?, ?)"""
    change(house, add, account, "url", "keep$", False, 0, "{}")
    change(house, add, account, "name", "^ADULT", True, 1, '{"case_sensitive": false}')
    assert call(house, "apps.m3u.tasks.refresh_single_m3u_account", account) == "Dispatched jobs complete."
    assert streams(house, account) == expected(STREAMS)
    relations = """
        SELECT grp.name, enabled, auto_channel_sync, is_stale, custom_properties
        FROM dispatcharr_channels_channelgroupm3uaccount AS relation
        JOIN dispatcharr_channels_channelgroup AS grp ON grp.id = channel_group_id
        WHERE m3u_account_id = ? ORDER BY relation.id"""
    names = ["News", "Sport", "Default Group", "Private", "Off"]
    assert rows(house, relations, account) == [(name, 1, 0, 0, "{}") for name in names]
    message = rows(house, "SELECT status, last_message FROM m3u_m3uaccount WHERE id = ?", account)[0]
    assert message[0] == "success" and message[1].endswith(
        "Streams: 7 created, 0 updated, 0 marked stale, 0 removed. Total processed: 8."  # one of them was there twice
    )

    # Now a group that follows, one that nobody wants, new groups that nobody wants, and another file.
    group = "SELECT id FROM dispatcharr_channels_channelgroup WHERE name = ?"
    member = "m3u_account_id = ? AND channel_group_id = (" + group + ")"
    table = "dispatcharr_channels_channelgroupm3uaccount"
    change(house, f"UPDATE {table} SET auto_channel_sync = 1, auto_sync_channel_start = 100 WHERE {member}", account, "Sport")
    change(house, f"UPDATE {table} SET enabled = 0 WHERE {member}", account, "Off")
    change(
        house, "UPDATE m3u_m3uaccount SET custom_properties = json_set(ifnull(custom_properties, '{}'), "
        "'$.auto_enable_new_groups_live', json('false')) WHERE id = ?", account
    )  # fmt: skip
    head, rest = PLAYLIST.split("http://s/1\n")
    origin.answers["/list.m3u"] = (
        "#EXTM3U\n" + rest.replace("channel-number=\"7\"", "channel-number=\"8\"")
        + "#EXTINF:-1 group-title=\"Fresh\",Nine\nhttp://s/9\n"
    )  # fmt: skip
    call(house, "apps.m3u.tasks.refresh_single_m3u_account", account)
    two = list(STREAMS[1])
    two[4], two[9] = 8.0, {**two[9], "channel-number": "8"}
    assert streams(house, account) == expected([STREAMS[0], tuple(two), *STREAMS[2:6]], stale=["One HD"])
    assert rows(house, relations, account) == [
        ("News", 1, 0, 0, "{}"), ("Sport", 1, 1, 0, "{}"), ("Default Group", 1, 0, 0, "{}"), ("Private", 1, 0, 0, "{}"),
        ("Off", 0, 0, 0, "{}"), ("Fresh", 0, 0, 0, "{}"),
    ]  # fmt: skip
    channels = """
        SELECT channel.name, channel_number, channel.is_adult, channel.is_catchup, channel.catchup_days, auto_created,
            auto_created_by_id, grp.name, stream.name, link."order", hidden_from_output
        FROM dispatcharr_channels_channel AS channel
        JOIN dispatcharr_channels_channelgroup AS grp ON grp.id = channel.channel_group_id
        JOIN dispatcharr_channels_channelstream AS link ON link.channel_id = channel.id
        JOIN dispatcharr_channels_stream AS stream ON stream.id = link.stream_id ORDER BY channel.id"""
    assert rows(house, channels) == [
        ("Two, with comma", 100.0, 1, 1, 3, 1, account, "Sport", "Two, with comma", 0, 0),
        ("Twice", 101.0, 0, 0, 0, 1, account, "Sport", "Twice", 0, 0),
    ]
    message = rows(house, "SELECT last_message FROM m3u_m3uaccount WHERE id = ?", account)[0][0]
    assert message.endswith(
        "Streams: 0 created, 1 updated, 2 marked stale, 1 removed. Total processed: 8. Auto-sync: 2 channel(s) created."
    )


def test_a_guide_in_its_own_languages(house, origin):
    origin.answers["/guide.xml"] = GUIDE
    source = create(house, "/api/epg/sources/", name="By hand", source_type="xmltv", url=origin.url + "/guide.xml")
    stations = rows(house, "SELECT tvg_id, name, icon_url FROM epg_epgdata WHERE epg_source_id = ? ORDER BY id", source)
    assert stations == [("a", "Erstes", "http://i/a"), ("b", "b", None), ("c", "Nobody's é", None)]
    number = dict(rows(house, "SELECT tvg_id, id FROM epg_epgdata WHERE epg_source_id = ?", source))
    make = """
        INSERT INTO dispatcharr_channels_channel (name, uuid, user_level, is_adult, auto_created, is_catchup, catchup_days,
            hidden_from_output, created_at, updated_at, epg_data_id)
        VALUES (?, ?, 0, 0, 0, 0, 0, 0, '2026-01-01 00:00:00', '2026-01-01 00:00:00', ?)"""
    change(house, make, "A", "a" * 32, number["a"])
    other = change(house, make, "B", "b" * 32, None)
    change(
        house, "INSERT INTO dispatcharr_channels_channeloverride (channel_id, epg_data_id, created_at, updated_at)"
        " VALUES (?, ?, '2026-01-01 00:00:00', '2026-01-01 00:00:00')", other, number["b"],
    )  # fmt: skip

    def programmes():
        found = rows(
            house,
            """
            SELECT guide.tvg_id, start_time, end_time, title, sub_title, description, programme.tvg_id, program_id,
                custom_properties
            FROM epg_programdata AS programme JOIN epg_epgdata AS guide ON guide.id = programme.epg_id
            WHERE guide.epg_source_id = ? ORDER BY guide.id, programme.id
            """,
            source,
        )
        return [(*row[:8], row[8] and json.loads(row[8])) for row in found]

    def wanted(title, text):
        day = "2030-11-22 "
        return [
            ("a", day + "17:30:00", day + "18:30:00", "Plain", None, None, "a", None, None),
            ("a", day + "18:30:00", day + "19:00:00", title, "Sub", text, "a", None, FILM["custom_properties"]),
            ("a", day + "19:00:00", day + "20:00:00", "No Title", None, "S02E05 Later", "a", None,
             {"season": 2, "episode": 5, "season_episode_source": "description"}),
            ("b", day + "03:30:00", "2030-11-23 00:00:00", "Onscreen", None, None, "b", None,
             {"onscreen_episode": "S03E07", "season": 3, "episode": 7}),
        ]  # fmt: skip

    assert call(house, "apps.epg.tasks.refresh_epg_data", source) is None
    assert programmes() == wanted("Deutsch", "Davon")
    message = rows(house, "SELECT status, last_message FROM epg_epgsource WHERE id = ?", source)[0]
    assert message == ("success", "Parsed 4 programs for 2 channels (skipped 1 programs for 1 unmapped channels)")
    change(house, "UPDATE epg_epgsource SET custom_properties = ? WHERE id = ?", '{"languages": ["en"]}', source)
    call(house, "apps.epg.tasks.refresh_epg_data", source)
    assert programmes() == wanted("English", "About")


def test_films_and_series_of_an_xtream_server(house, origin):
    api = "/player_api.php?username=u&password=p"
    film = {"stream_id": 5, "name": "Film (1999)", "category_id": "1", "rating": "7,5", "stream_icon": "http://i/f",
            "container_extension": "mkv", "tmdb": 603}  # fmt: skip
    origin.answers.update({
        api: {"user_info": {"auth": 1}, "server_info": {}},
        api + "&action=get_vod_categories": [{"category_id": "1", "category_name": "Films"}],
        api + "&action=get_series_categories": [{"category_id": 2, "category_name": "Shows"}],
        api + "&action=get_vod_streams": [film, {"stream_id": "6", "name": "Other"}],
        api + "&action=get_series": {"1": {"series_id": 9, "name": "Show", "category_id": 2, "releaseDate": "2001-01-01"}},
        api + "&action=get_vod_info&vod_id=5": {"info": {"plot": "Plot", "duration_secs": "60"}, "movie_data": []},
        api + "&action=get_series_info&series_id=9": {"info": [], "episodes": [[], [{"id": 91, "episode_num": "1", "title": "E"}]]},
    })  # fmt: skip
    account = create(
        house, "/api/m3u/accounts/", name="XC", server_url=origin.url, account_type="XC", username="u", password="p"
    )
    answer = call(house, "apps.vod.tasks.refresh_vod_content", account)
    assert answer.startswith("Batch VOD refresh completed for account XC in "), answer
    movies = """
        SELECT movie.name, year, rating, tmdb_id, logo.url, category.name, stream_id, container_extension, description,
            duration_secs
        FROM vod_m3umovierelation AS relation JOIN vod_movie AS movie ON movie.id = movie_id
        JOIN vod_vodcategory AS category ON category.id = category_id LEFT JOIN vod_vodlogo AS logo ON logo.id = logo_id
        ORDER BY relation.id"""
    other = ("Other", None, None, None, None, "Uncategorized", "6", "mp4", "", None)
    assert rows(house, movies) == [
        ("Film (1999)", 1999, "7.5", "603", "http://i/f", "Films", "5", "mkv", "", None), other,
    ]  # fmt: skip
    offer = rows(house, "SELECT id FROM vod_m3umovierelation WHERE stream_id = '5'")[0][0]
    assert call(house, "apps.vod.tasks.refresh_movie_advanced_data", offer) == "Advanced data refreshed."
    assert call(house, "apps.vod.tasks.refresh_movie_advanced_data", offer) == "Advanced data recently fetched, skipping."
    assert rows(house, movies)[0][-2:] == ("Plot", 60)
    series = rows(house, "SELECT id, name, year FROM vod_series")
    assert [row[1:] for row in series] == [("Show", 2001)]
    done = call(house, "apps.vod.tasks.batch_refresh_series_episodes", account, [series[0][0]])
    assert done == "Batch episode refresh completed for 1 series"
    episodes = "SELECT name, season_number, episode_number FROM vod_episode"
    assert rows(house, episodes) == [("E", 1, 1)]
    call(house, "apps.vod.tasks.refresh_vod_content", account)
    assert rows(house, movies)[0][-2:] == ("Plot", 60) and rows(house, episodes) == [("E", 1, 1)]


def test_a_guide_of_schedules_direct(house, origin):
    today = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    day = (today + timedelta(days=1)).strftime("%Y-%m-%d")
    schedule = {
        "stationID": "7", "metadata": {"startDate": day, "md5": "s1", "modified": f"{day}T00:00:00Z"},
        "programs": [{"programID": "EP1", "airDateTime": f"{day}T10:00:00Z", "duration": 1800, "md5": "p1", "new": True}],
    }  # fmt: skip
    asked = []
    origin.answers.update({
        "POST /sd/token": {"code": 0, "token": "t"}, "/sd/status": {"systemStatus": [{"status": "Online"}]},
        "/sd/lineups": {"lineups": [{"lineup": "GBR-1"}]},
        "/sd/lineups/GBR-1": {"stations": [{"stationID": "7", "name": "Seven"}, {"stationID": "8", "name": "Eight"}]},
        "POST /sd/schedules/md5": lambda body: asked.append(("md5", body)) or {"7": {day: {"code": 0, "md5": "s1"}}},
        "POST /sd/schedules": lambda body: asked.append(("schedules", body)) or [schedule],
        "POST /sd/programs": lambda body: asked.append(("programs", body)) or [
            {"programID": "EP1", "md5": "p1", "titles": [{"title120": "Title"}], "genres": ["Drama"]}],
    })  # fmt: skip
    source = create(
        house, "/api/epg/sources/", name="SD", source_type="schedules_direct", url=origin.url + "/sd", username="u", password="p"
    )
    call(house, "apps.epg.tasks.fetch_schedules_direct_stations", source)
    stations = dict(rows(house, "SELECT tvg_id, id FROM epg_epgdata WHERE epg_source_id = ? ORDER BY id", source))
    assert list(stations) == ["7", "8"] and not asked
    change(
        house,
        """
        INSERT INTO dispatcharr_channels_channel (name, uuid, user_level, is_adult, auto_created, is_catchup, catchup_days,
            hidden_from_output, created_at, updated_at, epg_data_id)
        VALUES ('Seven', ?, 0, 0, 0, 0, 0, 0, '2026-01-01 00:00:00', '2026-01-01 00:00:00', ?)
        """,
        "7" * 32, stations["7"],
    )  # fmt: skip
    answer = call(house, "apps.epg.tasks.fetch_sd_guide_for_epg", stations["7"])
    assert answer == "Successfully fetched 1 programs for 1 mapped stations from Schedules Direct."
    programmes = "SELECT start_time, end_time, title, tvg_id, program_id, custom_properties FROM epg_programdata WHERE epg_id = ?"
    row = rows(house, programmes, stations["7"])
    expected_row = (f"{day} 10:00:00", f"{day} 10:30:00", "Title", "7", "EP1", '{"categories":["Drama"],"new":true}')
    assert row == [expected_row]
    assert [what for what, _ in asked] == ["md5", "schedules", "programs"]
    assert rows(house, "SELECT station_id, date, md5 FROM epg_sdschedulemd5") == [("7", day, "s1")]
    assert rows(house, "SELECT program_id, md5 FROM epg_sdprogrammd5") == [("EP1", "p1")]
    asked.clear()
    unchanged = "No schedule changes detected. Guide data is up to date."
    assert call(house, "apps.epg.tasks.fetch_sd_mapped_guide_batch", source) == unchanged
    assert call(house, "apps.epg.tasks.fetch_sd_guide_for_epg", stations["7"]) == "Guide data already present"
    assert [what for what, _ in asked] == ["md5"] and rows(house, programmes, stations["7"]) == row
    # Another schedule of the same programme: what it is about is not asked for again.
    schedule["metadata"]["md5"] = "s2"
    schedule["programs"][0] |= {"airDateTime": f"{day}T11:00:00Z", "new": False}
    origin.answers["POST /sd/schedules/md5"] = {"7": {day: {"md5": "s2"}}}
    asked.clear()
    call(house, "apps.epg.tasks.fetch_sd_mapped_guide_batch", source)
    moved = (f"{day} 11:00:00", f"{day} 11:30:00", "Title", "7", "EP1", '{"categories":["Drama"],"previously_shown":true}')
    assert rows(house, programmes, stations["7"]) == [moved] and [what for what, _ in asked] == ["schedules"]


def test_beat_keeps_the_schedules_that_dispatcharr_has(house):
    found = """
        SELECT name, task, every || ' ' || period, enabled FROM django_celery_beat_periodictask AS task
        JOIN django_celery_beat_intervalschedule AS rule ON rule.id = interval_id
        WHERE task NOT LIKE 'apps.%.refresh_%' ORDER BY name"""
    wanted = [
        ("check-account-expirations", "apps.m3u.tasks.check_account_expirations", "86400 seconds", 1),
        ("check-version-updates", "core.tasks.check_for_version_update", "86400 seconds", 1),
        ("fetch-channel-statuses", "apps.proxy.tasks.fetch_channel_stats", "2 seconds", 0),
        ("maintain-recurring-recordings", "apps.channels.tasks.maintain_recurring_recordings", "3600 seconds", 1),
        ("scan-files", "core.tasks.scan_and_process_files", "20 seconds", 1),
    ]
    assert set(wanted) <= set(rows(house, found))
    # A file that somebody drops into the folder becomes a source by itself, after it was left alone for a while.
    folder = house.data / "m3us"
    folder.mkdir(exist_ok=True)
    (folder / "dropped.m3u").write_text("#EXTM3U\n#EXTINF:-1,A\nhttp://s/a\n")
    account = "SELECT status FROM m3u_m3uaccount WHERE name = 'dropped.m3u'"
    house.until(lambda: rows(house, account) == [("success",)], "the dropped file to be a source", 120)
    # What runs every few seconds would bury the history.
    assert rows(house, "SELECT count(*) FROM ledger WHERE name = 'core.tasks.scan_and_process_files'") == [(0,)]
