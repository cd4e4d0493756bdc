"""What `skirret ingest inspect` says of files that are not what they say they are."""

from __future__ import annotations

import subprocess

import pytest
from conftest import SKIRRET


def test_a_guide_in_a_broken_encoding_is_explained_by_us_alone(tmp_path):
    if not SKIRRET.exists():
        pytest.skip(f"{SKIRRET} is not there; swift build makes it")
    guide = tmp_path / "guide.xml"
    guide.write_bytes(b'<?xml version="1.0" encoding="UTF-7"?><tv>\xff</tv>')
    run = subprocess.run([SKIRRET, "ingest", "inspect", guide], capture_output=True, text=True, timeout=60)
    assert "xmlParseChunk" not in run.stderr + run.stdout, "libxml2 wrote past us"
    assert "guide" in run.stderr + run.stdout
