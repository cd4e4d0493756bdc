"""kill -9 in the middle of a refresh: the tables hold the old file or the new one, never a mixture.

SKIRRET_KILLS says how often, 20 unless it does.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest
from conftest import SKIRRET

KILLS = int(os.environ.get("SKIRRET_KILLS", "20"))
STREAMS = 'SELECT stream_hash, name, url, is_stale, channel_group_id FROM dispatcharr_channels_stream ORDER BY stream_hash'
GROUPS = "SELECT channel_group_id, is_stale FROM dispatcharr_channels_channelgroupm3uaccount ORDER BY 1"
GUIDES = "SELECT tvg_id, name FROM epg_epgdata ORDER BY 1"
PROGRAMMES = "SELECT epg_id, start_time, title FROM epg_programdata ORDER BY 1, 2"


def playlist(version: str) -> str:
    lines = ["#EXTM3U"]
    for number in range(3000):
        # Half of the entries are in both files under another name, half only in one of them.
        host = "both" if number % 2 else version
        lines += [f'#EXTINF:-1 group-title="{host} {number % 7}",{version} {number}', f"http://{host}.example/{number}"]
    return "\n".join(lines) + "\n"


def guide(version: str) -> str:
    lines = ["<tv>"]
    lines += [f'<channel id="c{n}"><display-name>{version} {n}</display-name></channel>' for n in range(20)]
    for number in range(4000):
        start, stop = f"202701{1 + number // 200:02d}{number % 24:02d}0000", f"202701{1 + number // 200:02d}{number % 24:02d}3000"
        lines.append(
            f'<programme start="{start} +0000" stop="{stop} +0000" channel="c{number % 20}"><title>{version} {number}</title></programme>'
        )
    return "\n".join(lines + ["</tv>"])


def step(kind: str, file: Path, database: Path) -> subprocess.Popen:
    return subprocess.Popen([SKIRRET, "bench", "ingest-step", kind, file, database], stdout=subprocess.DEVNULL)


def contents(database: Path, queries: list[str]) -> list:
    with sqlite3.connect(database, timeout=20) as connection:
        assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        return [connection.execute(query).fetchall() for query in queries]


def map_all(database: Path) -> None:
    with sqlite3.connect(database, timeout=20) as connection:
        connection.execute(
            "INSERT INTO dispatcharr_channels_channel (name, uuid, user_level, is_adult, auto_created, is_catchup,"
            " catchup_days, hidden_from_output, created_at, updated_at, epg_data_id)"
            " SELECT name, printf('%032x', id), 0, 0, 0, 0, 0, 0, '2027-01-01', '2027-01-01', id FROM epg_epgdata"
        )


@pytest.mark.skipif(not SKIRRET.exists(), reason=f"{SKIRRET} is not there; swift build makes it")
@pytest.mark.parametrize(
    ("kind", "make", "queries"),
    [("playlist", playlist, [STREAMS, GROUPS]), ("guide", guide, [GUIDES, PROGRAMMES])],
)
def test_a_killed_refresh_leaves_the_old_or_the_new(tmp_path: Path, kind: str, make, queries: list[str]) -> None:
    database = tmp_path / "skirret.db"
    files = {}
    for version in ("old", "new"):
        files[version] = tmp_path / version
        files[version].write_text(make(version))
    whole, seconds = {}, 1.0
    # Twice each: what is only in one file is stale in the other's state, and has been seen in both by then.
    for version in ("old", "new", "old", "new"):
        began = time.monotonic()
        assert step(kind, files[version], database).wait(120) == 0
        seconds = time.monotonic() - began
        whole[version] = contents(database, queries)
        if kind == "guide" and len(whole) == 1:
            map_all(database)
    assert whole["old"] != whole["new"] and all(len(rows) > 0 for rows in whole["old"])

    dice = random.Random(20261123)
    current, killed, arrived = "new", 0, 0
    for _ in range(KILLS):
        following = "old" if current == "new" else "new"
        refresh = step(kind, files[following], database)
        # The moment is the input of this test, not a wait for something.
        time.sleep(dice.uniform(0, seconds * 1.1))
        refresh.send_signal(signal.SIGKILL)
        killed += refresh.wait(20) == -signal.SIGKILL
        found = contents(database, queries)
        if found == whole[following] and found != whole[current]:
            current, arrived = following, arrived + 1
        assert found == whole[current], f"a mixture after {killed} kills"
    print(f"{kind}: {KILLS} refreshes, {killed} killed, {arrived} had arrived")
    assert killed > KILLS / 4
    # What was killed left nothing in the way of the next one.
    following = "old" if current == "new" else "new"
    assert step(kind, files[following], database).wait(120) == 0
    assert contents(database, queries) == whole[following]
