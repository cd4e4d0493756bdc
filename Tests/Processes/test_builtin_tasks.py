"""Dispatcharr's tasks on a worker with a database: every name is known, and some of them are called."""

import importlib.util
import json
import os
import sqlite3
import stat
import subprocess
import time
from datetime import datetime, timedelta, timezone

import pytest
from conftest import ROOT, SKIRRET, until


def listed():
    """The names of `TASKS` in `Tests/Plugins/test_tasks.py`, which is where plugins' side is compared with them."""
    spec = importlib.util.spec_from_file_location("plugin_tasks", ROOT / "Tests/Plugins/test_tasks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return sorted(name for name, _ in module.listed())


@pytest.fixture
def data(house):
    """A data folder with a database, which any command that needs one makes."""
    folder = house.folder / "data"
    folder.mkdir()
    command = [SKIRRET, "users", "add", "someone", "--data-dir", folder]
    subprocess.run(command, input="correct horse battery\n", text=True, capture_output=True, check=True, timeout=60)
    return folder


@pytest.fixture
def worker(house, data):
    worker = house.worker("--data-dir", str(data), "--queues", "celery,dvr", "--safe-mode")
    worker.wait_until_ready()
    return worker


def call(house, name, *args):
    reply = house.result(house.call(name, *args), 60)
    assert reply["status"] == "SUCCESS", reply
    return reply["result"]


def test_a_worker_knows_every_task_of_the_list(house, worker):
    command = [SKIRRET, "inspect", "registered", "--redis", house.url, "--json"]
    text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    known = {name for name in json_strings(json.loads(text)) if name.startswith(("apps.", "core."))}
    assert sorted(known) == listed()


def json_strings(value):
    if isinstance(value, str):
        yield value.split(" ")[0]
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from json_strings(inner)


def test_channels_are_made_named_matched_and_hashed_anew(house, worker, data):
    playlist = data / "m3us" / "list.m3u"
    playlist.parent.mkdir()
    playlist.write_text(
        "#EXTM3U\n"
        + "".join(f'#EXTINF:-1 group-title="G",UK| News {n} HD\nhttp://127.0.0.1:9/{n}.ts\n' for n in (1, 2, 3))
    )
    os.utime(playlist, (time.time() - 60,) * 2)
    assert call(house, "core.tasks.scan_and_process_files") == "1 file(s) and 0 logo(s) taken in."
    database = sqlite3.connect(data / "skirret.db", isolation_level=None, timeout=10)

    def streams():
        return [row[0] for row in database.execute("SELECT id FROM dispatcharr_channels_stream ORDER BY id")]

    until(lambda: len(streams()) == 3, 60, "the streams of the dropped file")
    made = call(house, "apps.channels.tasks.bulk_create_channels_from_streams", streams(), None, 10)
    assert (made["status"], made["created_count"], made["errors"]) == ("completed", 3, [])
    numbers = database.execute("SELECT channel_number FROM dispatcharr_channels_channel ORDER BY id").fetchall()
    assert numbers == [(10.0,), (11.0,), (12.0,)]
    assert call(house, "apps.channels.tasks.match_epg_channels") == "Done. 0 channel(s) updated (3 unchanged)."
    assert call(house, "core.tasks.rehash_streams", ["name"]) == "Rehashed 3 streams; 0 duplicates merged."
    refused = house.result(house.call("core.tasks.rehash_streams", []), 60)
    assert refused["status"] == "FAILURE" and refused["result"]["exc_type"] == "ValueError"


def test_a_backup_is_made_and_restored(house, worker, data):
    made = call(house, "apps.backups.tasks.create_backup_task")
    assert made["status"] == "completed" and (data / "backups" / made["filename"]).stat().st_size == made["size"]
    assert call(house, "apps.backups.tasks.restore_backup_task", made["filename"])["status"] == "completed"
    assert call(house, "apps.backups.tasks.restore_backup_task", "../skirret.db")["status"] == "failed"


def test_what_is_missing_is_said_at_once(house, worker):
    began = time.monotonic()
    reply = house.result(house.call("apps.vod.tasks.refresh_movie_advanced_data", 1), 60)
    assert reply["status"] == "FAILURE" and "There is no film offer 1" in str(reply["result"])
    assert time.monotonic() - began < 30


FFMPEG = """#!/usr/bin/env python3
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(255))
arguments = sys.argv[1:]
if "concat" in arguments:
    folder = arguments[arguments.index("-i") + 1].rpartition("/")[0]
    names = [line.split("'")[1] for line in open(folder + "/parts.txt")]
    open(arguments[-1], "w").write("+".join(names))
else:
    name = arguments[arguments.index("-hls_segment_filename") + 1] % 0
    open(name, "w").write(arguments[arguments.index("-i") + 1])
    time.sleep(int(arguments[arguments.index("-t") + 1]))
"""


def test_a_recording_becomes_a_file(house, data, monkeypatch):
    programs = house.folder / "bin"
    programs.mkdir()
    ffmpeg = programs / "ffmpeg"
    ffmpeg.write_text(FFMPEG)
    ffmpeg.chmod(ffmpeg.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    database = sqlite3.connect(data / "skirret.db", isolation_level=None, timeout=10)
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    stamps = (str(now), str(now))
    database.execute(
        "INSERT INTO dispatcharr_channels_channel (id, name, uuid, user_level, is_adult, auto_created, is_catchup,"
        " catchup_days, hidden_from_output, created_at, updated_at) VALUES (1, 'One', 'a', 0, 0, 0, 0, 0, 0, ?, ?)",
        stamps,
    )
    database.execute(
        "INSERT INTO dispatcharr_channels_stream (id, name, url, m3u_account_id, current_viewers, updated_at, is_custom,"
        " last_seen, is_stale, is_adult, is_catchup, catchup_days)"
        " VALUES (1, 's', 'http://127.0.0.1:9/s.ts', 1, 0, ?, 1, ?, 0, 0, 0, 0)",
        stamps,
    )
    database.execute(
        'INSERT INTO dispatcharr_channels_channelstream (channel_id, stream_id, "order") VALUES (1, 1, 0)'
    )
    end = now + timedelta(hours=1)
    worker = house.worker("--data-dir", str(data), "--queues", "celery,dvr", "--safe-mode")
    worker.wait_until_ready()
    # After the worker began, which would take it for one that a stopped machine left.
    database.execute(
        "INSERT INTO dispatcharr_channels_recording (id, channel_id, start_time, end_time, custom_properties)"
        " VALUES (1, 1, ?, ?, '{}')",
        (str(now), str(end)),
    )
    task = house.call("apps.channels.tasks.run_recording", 1, 1, str(now), str(end))
    until((data / "recordings/.parts/1/part-001-000000.ts").exists, 60, "the first part")
    # Somebody ends it early: the row says so, and the recorder reads it.
    database.execute("UPDATE dispatcharr_channels_recording SET end_time = ?", (str(now),))
    reply = house.result(task, 60)
    assert (reply["status"], reply["result"]) == ("SUCCESS", "completed")
    text = database.execute("SELECT custom_properties FROM dispatcharr_channels_recording").fetchone()[0]
    found = json.loads(text)
    assert found["status"] == "completed" and found["file_path"].startswith(str(data / "recordings"))
    assert "part-001-000000.ts" in open(found["file_path"]).read()
    assert not (data / "recordings" / ".parts" / "1").exists()
