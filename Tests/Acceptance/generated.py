"""Playlists and guides from the generators, and what a reader of our own finds in them."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import uuid
from datetime import datetime, timezone
from pathlib import Path
from xml.etree import ElementTree

from report import Skip

#: The customer in the addresses that gen_m3u.py writes.
CUSTOMER = b"u7f31c0b2"
GROUP = re.compile(r'group-title="([^"]*)"')


class Generators:
    """The scripts gen_m3u.py and gen_xmltv.py of a folder; what they make is kept for the run."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        self._folder, self._scratch = folder, scratch
        self._run_id = uuid.uuid4().hex[:8]

    def playlist(self, entries: int, customer: str, **options: object) -> bytes:
        """Every customer has addresses of his own: entries with the same address are one stream, whose ever they are."""
        body = self._run("gen_m3u.py", entries=entries, **options)
        return body.replace(CUSTOMER, f"{customer}-{self._run_id}".encode())

    def guide(self, channels: int, programmes: int, **options: object) -> bytes:
        return self._run("gen_xmltv.py", channels=channels, programmes=programmes, **options)

    def _run(self, script: str, **options: object) -> bytes:
        path = self._folder / script
        if not path.exists():
            raise Skip(f"no {script} in {self._folder}; --generators names the folder that has it")
        flags = [f"--{name}={value}" for name, value in options.items()]
        target = self._scratch / hashlib.sha1(" ".join([script, *flags]).encode()).hexdigest()
        if not target.exists():
            subprocess.run([sys.executable, str(path), *flags, "-o", str(target)], check=True)
        return target.read_bytes()


def stream_hashes(playlist: bytes) -> set[str]:
    """Dispatcharr's identity of every entry, with its default key: sha256 of the JSON of the URL."""
    urls = {line.rstrip("\r") for line in playlist.decode().split("\n") if line.startswith("http")}
    return {hashlib.sha256(json.dumps({"url": url}, sort_keys=True).encode()).hexdigest() for url in urls}


def groups(playlist: bytes) -> set[str]:
    heads = (line for line in playlist.decode().split("\n") if line.startswith("#EXTINF"))
    return {found[-1] for head in heads if (found := GROUP.findall(head))}


def channels(guide: bytes) -> set[str]:
    return {element.get("id") for element in ElementTree.fromstring(guide).iter("channel")}


def programmes(guide: bytes) -> list[tuple[str, str, str, str]]:
    """Sorted (channel, start, end, title): times as Django stores them, the last title of several, cut to 255."""
    rows = []
    for element in ElementTree.fromstring(guide).iter("programme"):
        title = element.findall("title")[-1].text[:255]
        rows.append((element.get("channel"), _stored(element.get("start")), _stored(element.get("stop")), title))
    return sorted(rows)


def _stored(text: str) -> str:
    moment = datetime.strptime(text, "%Y%m%d%H%M%S %z").astimezone(timezone.utc)
    return moment.strftime("%Y-%m-%d %H:%M:%S")
