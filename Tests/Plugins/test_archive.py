"""Archives as people and enemies make them: what is installed is what was meant, and of the rest nothing is left."""

import io
import json
import os
import pathlib
import resource
import signal
import stat
import struct
import subprocess
import sys
import threading
import time
import zipfile

import pytest

from conftest import SOURCES

PLUGIN = b"class Plugin:\n    name = 'Zipped'\n    def run(self, action, params, context):\n        return 1\n"


class Installer:
    """The commands, in a process each, as the server calls them."""

    def __init__(self, root):
        self.plugins = root / "plugins"
        self.plugins.mkdir()
        self.root = root
        self.environment = {
            "PYTHONPATH": str(SOURCES), "SKIRRET_PLUGINS_DIR": str(self.plugins), "SKIRRET_DATA_DIR": str(root / "data"),
        }  # fmt: skip

    def command(self, *arguments, **variables):
        made = subprocess.run(
            [sys.executable, "-m", "skirret_host.archive", *map(str, arguments)],
            env={**self.environment, **variables}, capture_output=True, text=True,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        return json.loads(made.stdout)

    def stage(self, archive, name="upload.zip", **variables):
        path = self.root / "0"
        path.write_bytes(archive)
        return self.command("stage", path, name, **variables)

    def install(self, archive, name="upload.zip", *flags):
        staged = self.stage(archive, name)
        assert "error" not in staged, staged
        return staged, self.command("install", staged["staged"], staged["folder"], *flags)

    def refused(self, archive, name="upload.zip", **variables):
        """The error of an archive, of which nothing must be left."""
        answer = self.stage(archive, name, **variables)
        assert "error" in answer, answer
        assert self.listed() == []
        return answer["error"]

    def listed(self):
        return sorted(name for name in os.listdir(self.plugins) if name != ".import.lock")


@pytest.fixture
def installer(tmp_path):
    return Installer(tmp_path)


def processor_seconds():
    """What the commands have used so far: unlike the time that passes, it does not depend on who else is at work."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def made(*entries, compression=zipfile.ZIP_DEFLATED, comment=b""):
    """A zip of (name or ZipInfo, bytes)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in entries:
            archive.writestr(name, data)
        archive.comment = comment
    return buffer.getvalue()


def entry(name, mode=stat.S_IFREG | 0o644, date=(2026, 1, 1, 0, 0, 0)):
    info = zipfile.ZipInfo(name, date)
    info.external_attr = mode << 16
    info.create_system = 3
    return info


def test_a_plugin_is_unpacked_beside_its_place_and_moved_into_it(installer):
    archive = made(("My-Plugin/plugin.py", PLUGIN), ("My-Plugin/data/list.txt", b"1"), ("README.md", b"outside"))
    staged = installer.stage(archive)
    assert (staged["folder"], staged["key"], staged["exists"]) == ("my_plugin", "my_plugin", False)
    assert pathlib.Path(staged["staged"]).parent == installer.plugins
    assert installer.command("install", staged["staged"], staged["folder"]) == {}
    found = {str(path.relative_to(installer.plugins)) for path in (installer.plugins / "my_plugin").rglob("*")}
    assert found == {"my_plugin/plugin.py", "my_plugin/data", "my_plugin/data/list.txt"}
    assert installer.listed() == ["my_plugin"]


def test_a_flat_archive_is_called_like_its_file(installer):
    staged, _ = installer.install(made(("plugin.py", PLUGIN)), "My Great-Plugin v1.2.zip")
    assert staged["folder"] == "my_great_plugin_v1_2"


@pytest.mark.parametrize(("names", "folder"), [
    (["b/plugin.py", "a/__init__.py"], "b"),
    (["deep/er/plugin.py", "z/plugin.py"], "z"),
    (["b/plugin.py", "a/plugin.py"], "a"),
    (["repo-main/src/My Plugin/__init__.py"], "my_plugin"),
])  # fmt: skip
def test_of_several_candidates_one_is_chosen_by_rule(installer, names, folder):
    assert installer.stage(made(*((name, PLUGIN) for name in names)))["folder"] == folder


def test_the_nearest_logo_is_kept(installer):
    archive = made(("repo/logo.png", b"near"), ("logo.png", b"far"), ("repo/src/plugin.py", PLUGIN))
    installer.install(archive)
    assert (installer.plugins / "src/logo.png").read_bytes() == b"near"


def test_a_plugin_that_exists_is_replaced_only_when_asked_to(installer):
    installer.install(made(("one/plugin.py", PLUGIN), ("one/old.txt", b"")))
    newer = made(("one/plugin.py", PLUGIN + b"# newer"))
    staged = installer.stage(newer)
    assert staged["exists"]
    refused = installer.command("install", staged["staged"], "one")
    assert refused == {"error": "Plugin 'one' already exists", "code": "plugin_exists"}
    assert (installer.plugins / "one/old.txt").exists()
    assert installer.command("install", staged["staged"], "one", "--overwrite") == {}
    assert (installer.plugins / "one/plugin.py").read_bytes().endswith(b"# newer")
    assert installer.listed() == ["one"] and not (installer.plugins / "one/old.txt").exists()


def test_a_key_that_differs_only_by_dashes_is_the_same_plugin(installer):
    (installer.plugins / "EPG-Refresh").mkdir()
    staged = installer.stage(made(("epg_refresh/plugin.py", PLUGIN)))
    assert (staged["folder"], staged["exists"]) == ("EPG-Refresh", True)


def test_what_nobody_wants_is_discarded(installer):
    staged = installer.stage(made(("one/plugin.py", PLUGIN)))
    installer.command("discard", staged["staged"])
    assert installer.listed() == []
    (installer.plugins / "kept").mkdir()
    installer.command("discard", installer.plugins / "kept")
    assert installer.listed() == ["kept"]


@pytest.mark.parametrize("name", [
    "../evil.py", "/abs.py", "a/../../evil.py", "C:/evil.py", "C:evil.py", "..\\evil.py", "a\\b.py", "a//b.py",
    "./a.py", "a/./b.py", "con", "NUL.txt", "a/lpt1.py", "trailing.", "trailing ", " leading", "a\nb", "a\x1bb",
    "evil\u202egnp.py", "a?b", "a*b", "stream.py:hidden", "x" * 300, "d/" * 600 + "f", "/", "..",
])  # fmt: skip
def test_an_unsafe_name_is_refused_whole(installer, name):
    assert installer.refused(made(("one/plugin.py", PLUGIN), (name, b""))) == "Unsafe path in archive"
    assert not any((installer.root / evil).exists() for evil in ("evil.py", "abs.py"))


@pytest.mark.parametrize("names", [
    ("a.py", "a.py"), ("a.py", "A.py"), ("stra\u00dfe.py", "strasse.py"), ("\u00e9.py", "e\u0301.py"),
    ("a", "a/b.py"), ("a/b.py", "a"), ("ﬁ.py", "fi.py"),
])  # fmt: skip
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_names_for_one_file_are_refused(installer, names):
    archive = made(("one/plugin.py", PLUGIN), *((f"one/{name}", b"") for name in names))
    assert installer.refused(archive) == "Unsafe path in archive"


def test_names_in_an_encoding_that_readers_guess_are_refused(installer):
    archive = made(("one/plugin.py", PLUGIN), ("one/\u00e9.txt", b"")).replace("\u00e9".encode(), b"\x82x")
    flag = zipfile.ZipFile(io.BytesIO(made(("\u00e9", b"")))).infolist()[0].flag_bits
    assert flag & 0x800
    raw = bytearray(archive)
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = raw.rfind(signature)
        raw[at + offset : at + offset + 2] = b"\0\0"
    assert installer.refused(bytes(raw)) == "Unsafe path in archive"
    other = entry("one/a.py")
    other.extra = struct.pack("<HHBI", 0x7075, 5 + 7, 1, 0) + b"evil.py"
    assert installer.refused(made(("one/plugin.py", PLUGIN), (other, b""))) == "Unsafe path in archive"


def test_names_of_the_world_are_welcome(installer):
    installer.install(made(("one/plugin.py", PLUGIN), ("one/日本語 ü.txt", b"x"), ("one/empty/", b"")))
    assert (installer.plugins / "one/日本語 ü.txt").read_bytes() == b"x"


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_what_is_no_file_is_refused(installer, kind):
    archive = made(("one/plugin.py", PLUGIN), (entry("one/link", kind | 0o777), b"/etc/passwd"))
    assert installer.refused(archive) == "Invalid zip file"


def test_modes_and_dates_are_made_normal(installer):
    odd = [(entry("one/plugin.py", stat.S_IFREG), PLUGIN), (entry("one/suid", stat.S_IFREG | 0o6777, (2107, 1, 1, 0, 0, 0)), b"")]
    installer.install(made(*odd))
    for path in (installer.plugins / "one").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o644 and path.stat().st_mtime <= time.time() + 1
    assert stat.S_IMODE((installer.plugins / "one").stat().st_mode) == 0o755


def test_a_bomb_is_refused_within_a_second_and_leaves_nothing(installer):
    bomb = made(("one/plugin.py", PLUGIN), ("one/zeros", bytes(190 << 20)))
    assert len(bomb) < 300_000
    began = processor_seconds()
    assert installer.refused(bomb) == "Archive is too large"
    assert processor_seconds() - began < 1


def test_a_lie_about_sizes_is_found_by_the_real_bytes(installer):
    raw = bytearray(made(("one/plugin.py", PLUGIN), ("one/zeros", bytes(50 << 20))))
    for signature, offset in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        at = raw.rfind(signature)
        raw[at + offset : at + offset + 4] = struct.pack("<I", 10)
    assert installer.refused(bytes(raw)) == "Invalid zip file"


def test_entries_that_share_their_bytes_are_refused(installer):
    """One entry's data is another's header and data: how a small archive holds the same bytes many times."""
    alone = made(("one/b", os.urandom(1000)), compression=0)
    inner, its_directory = alone[: alone.index(b"PK\1\2")], bytearray(alone[alone.index(b"PK\1\2") : -22])
    outer = made(("one/plugin.py", PLUGIN), ("one/a", inner), compression=0)
    start = outer.index(b"PK\1\2")
    its_directory[42:46] = struct.pack("<I", outer.index(inner))
    directory = outer[start:-22] + its_directory
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 3, 3, len(directory), start, 0)
    archive = outer[:start] + directory + end
    from skirret_host.archive import Refused, inspect

    with pytest.raises(Refused):  # before a byte is read, which is where newer Pythons find it themselves
        inspect(zipfile.ZipFile(io.BytesIO(archive)), len(archive))
    assert installer.refused(archive) == "Invalid zip file"


@pytest.mark.parametrize(("limit", "text"), [
    ({"DISPATCHARR_PLUGIN_IMPORT_MAX_FILES": "2"}, "Archive has too many files"),
    ({"DISPATCHARR_PLUGIN_IMPORT_MAX_FILE_BYTES": "1000"}, "Archive contains a file that is too large"),
    ({"DISPATCHARR_PLUGIN_IMPORT_MAX_BYTES": "1500"}, "Archive is too large"),
])  # fmt: skip
def test_every_limit_can_be_set(installer, limit, text):
    archive = made(("one/plugin.py", PLUGIN), ("one/a", os.urandom(900)), ("one/b", os.urandom(1100)))
    assert installer.refused(archive, **limit) == text


def test_a_hundred_thousand_entries_are_refused_before_any_is_read(installer):
    archive = made(("one/plugin.py", PLUGIN), *((f"one/{number}", b"") for number in range(65_000)), compression=0)
    began = processor_seconds()
    assert installer.refused(archive) == "Archive has too many files"
    assert processor_seconds() - began < 1


GOOD = made(("one/plugin.py", PLUGIN), ("one/data.bin", os.urandom(4000)))


def encrypted(archive):
    raw = bytearray(archive)
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        raw[raw.index(signature) + offset] |= 1
    return bytes(raw)


@pytest.mark.parametrize("archive", [
    b"", b"PK", b"not a zip at all" * 100, GOOD[:-10], GOOD[: len(GOOD) // 2], GOOD + b"trailing", b"#!/bin/sh\n" + GOOD,
    b"PK\3\4" + GOOD, made(("one/plugin.py", PLUGIN), comment=bytes(65_000)), encrypted(GOOD),
    GOOD[:60] + bytes(100) + GOOD[160:],
    made(("one/plugin.py", PLUGIN), compression=zipfile.ZIP_LZMA), GOOD + GOOD,
], ids=range(13))  # fmt: skip
def test_what_is_not_simply_a_zip_is_refused(installer, archive):
    assert installer.refused(archive) == "Invalid zip file"


def test_a_comment_like_githubs_is_welcome(installer):
    installer.install(made(("one/plugin.py", PLUGIN), comment=b"0123456789abcdef0123456789abcdef01234567"))


def test_the_other_refusals_have_dispatcharrs_words(installer):
    assert installer.refused(made()) == "Archive is empty"
    missing = "Invalid plugin: missing plugin.py or package __init__.py"
    assert installer.refused(made(("README.md", b""), ("one/Plugin.PY", b""))) == missing


def test_every_flipped_byte_is_refused_or_harmless(installer):
    from skirret_host import archive

    path = installer.root / "flipped"
    for at in range(0, len(GOOD), 7):
        raw = bytearray(GOOD)
        raw[at] ^= 0xFF
        path.write_bytes(raw)
        try:
            staged = archive.stage(str(path), "x.zip", str(installer.plugins))
        except archive.Refused:
            continue
        archive.discard(staged["staged"], str(installer.plugins))
    assert installer.listed() == [] and os.listdir(installer.root).count("evil.py") == 0


def test_of_two_imports_at_once_one_wins_whole(installer):
    versions = [made(("one/plugin.py", PLUGIN), *((f"one/{number}", bytes([n])) for number in range(50))) for n in (1, 2)]
    staged = [installer.stage(version) for version in versions]
    answers = []
    threads = [
        threading.Thread(target=lambda one=one: answers.append(installer.command("install", one["staged"], "one")))
        for one in staged
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted("error" in answer for answer in answers) == [False, True]
    contents = {(installer.plugins / "one" / str(number)).read_bytes() for number in range(50)}
    assert len(contents) == 1


def test_a_plugin_that_runs_while_it_is_replaced_ends_its_call_with_its_own_code(installer, server):
    """Data is read by name from what lies there now, code that was imported stays."""
    source = """
import time

class Plugin:
    def run(self, action, params, context):
        context["emit_event"]("begun")
        while not params.get("until") or not __import__("os").path.exists(params["until"]):
            time.sleep(0.01)
        return {"version": VERSION}

VERSION = %d
"""
    installer.install(made(("busy/plugin.py", (source % 1).encode()), ("busy/old.txt", b"")))
    old = server.spawn(installer.plugins / "busy")
    mark = installer.root / "go"
    calls = [old.call("run", action="go", params={"until": str(mark)}) for _ in range(5)]
    for _ in calls:
        old.frames.take(lambda frame: frame["type"] == "event")
    installer.install(made(("busy/plugin.py", (source % 2).encode())), "upload.zip", "--overwrite")
    mark.touch()
    assert [old.answer(number)["result"] for number in calls] == [{"version": 1}] * 5
    new = server.spawn(installer.plugins / "busy")
    assert new.run("go", {"until": str(mark)}) == {"version": 2}
    assert installer.listed() == ["busy"] and not (installer.plugins / "busy/old.txt").exists()


def test_an_import_that_is_killed_leaves_the_old_or_the_new(installer):
    installer.install(made(("one/plugin.py", PLUGIN), *((f"one/{number}", b"1") for number in range(50))))
    for delay in (0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.12, 0.15):
        newer = made(("one/plugin.py", PLUGIN), *((f"one/{number}", str(delay).encode()) for number in range(50)))
        staged = installer.stage(newer)
        process = subprocess.Popen(
            [sys.executable, "-m", "skirret_host.archive", "install", staged["staged"], "one", "--overwrite"],
            env=installer.environment, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(delay)  # a moment in its life; whichever it is, the rule holds
        process.send_signal(signal.SIGKILL)
        process.wait()
        contents = {(installer.plugins / "one" / str(number)).read_bytes() for number in range(50)}
        assert len(contents) == 1
    for folder in installer.listed():
        if folder != "one":
            os.utime(installer.plugins / folder, (1, 1))
    installer.command("discard", installer.stage(GOOD)["staged"])
    assert installer.listed() == ["one"]


def test_the_reader_is_confined(installer):
    from skirret_host import landlock

    if not landlock.version():
        pytest.skip("this kernel has no Landlock")
    (installer.root / "0").write_bytes(GOOD)
    code = (
        "import sys; from skirret_host import archive\n"
        "archive.stage = lambda *a: open(sys.argv[2] + '/../secret').read()\n"
        "archive.main(['stage', sys.argv[1], 'x.zip'])"
    )
    (installer.root / "secret").write_text("s")
    answer = subprocess.run(
        [sys.executable, "-c", code, str(installer.root / "0"), str(installer.plugins)],
        env=installer.environment, capture_output=True, text=True,
    )  # fmt: skip
    assert json.loads(answer.stdout)["error"] == "Failed to install plugin: Permission denied"
