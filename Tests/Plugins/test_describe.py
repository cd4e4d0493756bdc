"""Plugins are listed by reading them: nothing in them runs."""

import json
import os
import resource
import subprocess
import sys

import pytest

from conftest import FIXTURES, SOURCES


def describe(folder):
    """The plugins that the command prints for a folder."""
    command = [sys.executable, "-B", "-m", "skirret_host.describe", str(folder)]
    done = subprocess.run(command, env={"PYTHONPATH": str(SOURCES)}, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return json.loads(done.stdout)["plugins"]


@pytest.fixture
def only(make_plugin, tmp_path):
    """Writes one plugin and returns its description."""

    def only(source, name="one", **files):
        make_plugin(name, source, **files)
        (plugin,) = describe(tmp_path)
        return plugin

    return only


def test_the_documents_plugins_are_listed_whole():
    gallery, my_plugin, refresh_all, monitor = describe(FIXTURES)
    # What the gallery computes is known only once it runs.
    assert (gallery["name"], gallery["ui_schema"], gallery["actions"]) == ("Gallery", None, [])
    assert [my_plugin["key"], refresh_all["key"], monitor["key"]] == ["my_plugin", "refresh_all", "service_monitor"]
    assert (my_plugin["name"], my_plugin["version"]) == ("My Plugin", "0.1.0")
    assert [field["id"] for field in my_plugin["fields"]] == ["enabled", "limit", "mode", "note"]
    assert my_plugin["actions"] == [{"id": "do_work", "label": "Do Work", "description": "Process items"}]
    assert refresh_all["fields"][0]["help_text"] == "If enabled, the UI should ask before running."
    assert monitor["version"] == "2.0.0"
    assert set(monitor["ui_schema"]["dataSources"]) == {"workers", "metrics"}
    assert monitor["fields"] == [{"id": "show_sidebar", "label": "Show in sidebar", "type": "boolean", "default": True}]
    for plugin in (my_plugin, refresh_all, monitor):
        assert plugin["legacy"] and plugin["load_error"] is None and plugin["warnings"] == []


def test_no_line_of_a_plugin_runs(make_plugin, tmp_path):
    mark = tmp_path / "mark"
    make_plugin(
        "eager",
        f"""
        open({str(mark)!r}, "w")
        class Plugin:
            name = open({str(mark)!r}, "w") and "computed"
            version = "1"
            fields = [open({str(mark)!r}, "w")]
            def __init__(self):
                open({str(mark)!r}, "w")
        """,
    )
    (plugin,) = describe(tmp_path)
    assert (plugin["name"], plugin["version"], plugin["fields"]) == ("eager", "1", [])
    assert not mark.exists()


def test_a_folder_cannot_smuggle_code_in_by_the_names_it_uses(make_plugin, tmp_path):
    mark = tmp_path / "mark"
    for name in ("json", "ast", "sitecustomize"):
        make_plugin(name, f"open({str(mark)!r}, 'w')\n")
    assert [plugin["key"] for plugin in describe(tmp_path)] == ["ast", "json", "sitecustomize"]
    assert not mark.exists()


def test_a_manifest_wins_and_the_code_fills_its_gaps(only):
    manifest = {"name": "From manifest", "author": "A", "fields": [{"id": "x"}], "slug": "ignored", "help_url": 7}
    plugin = only(
        """
        VERSION = "3.1"
        class Plugin:
            name = "From code"
            version = VERSION
            help_url: str = "https://example.com"
            fields = [{"id": "y"}]
            actions = ({"id": "go", "confirm": {"required": True}, "unknown": 1},)
        """,
        plugin__json=json.dumps(manifest),
    )
    assert (plugin["name"], plugin["version"], plugin["author"]) == ("From manifest", "3.1", "A")
    assert plugin["help_url"] == "https://example.com" and not plugin["legacy"]
    assert plugin["fields"] == [{"id": "x", "label": "x", "type": "string"}]
    assert plugin["actions"] == [{"id": "go", "label": "go", "confirm": {"required": True}}]


@pytest.mark.parametrize("manifest", ["{", "[]", "NaN", '{"a": NaN}', "[" * 100_000, "\xff"])
def test_a_broken_manifest_makes_a_legacy_plugin(only, manifest):
    plugin = only('class Plugin:\n    name = "Still here"\n', plugin__json=manifest)
    assert plugin["legacy"] and plugin["name"] == "Still here"
    assert plugin["warnings"] or manifest == "[]"


@pytest.mark.parametrize("source", ["class Plugin(:\n", "x = '\0'\n", "(" * 1000, "x = " + "-" * 100_000 + "1\n"])
def test_code_that_cannot_be_parsed_is_one_plugins_error(make_plugin, tmp_path, source):
    (make_plugin("a_broken", "") / "plugin.py").write_text(source)
    make_plugin("b_sound", 'class Plugin:\n    name = "Sound"\n')
    broken, sound = describe(tmp_path)
    assert broken["load_error"].startswith("plugin.py") and broken["name"] == "a_broken"
    assert sound["name"] == "Sound" and sound["load_error"] is None


def test_bad_entries_are_dropped_and_the_rest_stay(only):
    plugin = only(
        """
        class Plugin:
            fields = [
                {"id": "a", "type": "spaceship", "help": "Help"}, {"label": "no id"}, "text", {"id": "a"},
                {"id": "s", "type": "select", "options": [{"value": 1, "label": "One"}, {"value": "b"}, "c"]},
                {"id": "t", "type": "select", "options": [{"value": 1, "label": 1}]},
            ]
            actions = [{"id": ""}, {"id": "go", "events": ["m3u_refresh", 3]}]
        """
    )
    assert plugin["fields"] == [
        {"id": "a", "label": "a", "type": "text", "help_text": "Help"},
        {
            "id": "s", "label": "s", "type": "select",
            "options": [{"value": "1", "label": "One"}, {"value": "b", "label": "b"}, {"value": "c", "label": "c"}],
        },
    ]  # fmt: skip
    assert plugin["actions"] == [{"id": "go", "label": "go", "events": ["m3u_refresh"]}]
    assert len(plugin["warnings"]) == 5


def test_the_newer_types_of_fields_keep_what_they_need(only):
    plugin = only(
        """
        class Plugin:
            fields = [
                {"id": "more", "type": "section", "label": "More", "collapsed": True, "default": "none"},
                {"id": "groups", "type": "multiselect", "section": "more", "options": ["a", 2], "default": ["a"]},
                {"id": "rules", "type": "table", "columns": [{"id": "from", "label": "From"},
                    {"id": "kind", "type": "select", "options": ["x"]}, {"id": "n", "type": "number", "min": 0}]},
                {"id": "list", "type": "file", "accept": ".csv"},
                {"id": "bad", "type": "table"}, {"id": "worse", "type": "table", "columns": [{"id": "a", "type": "file"}]},
                {"id": "no_list", "type": "multiselect", "default": "a"},
            ]
        """
    )
    option = {"value": "x", "label": "x"}
    assert plugin["fields"] == [
        {"id": "more", "label": "More", "type": "section", "collapsed": True, "default": "none"},
        {
            "id": "groups", "label": "groups", "type": "multiselect", "section": "more", "default": ["a"],
            "options": [{"value": "a", "label": "a"}, {"value": "2", "label": "2"}],
        },
        {
            "id": "rules", "label": "rules", "type": "table", "default": [],
            "columns": [
                {"id": "from", "label": "From", "type": "string"},
                {"id": "kind", "label": "kind", "type": "select", "options": [option]},
                {"id": "n", "label": "n", "type": "number", "min": 0},
            ],
        },
        {"id": "list", "label": "list", "type": "file", "accept": ".csv"},
    ]  # fmt: skip
    assert [warning.partition(":")[0] for warning in plugin["warnings"]] == ["fields[4]", "fields[5]", "fields[6]"]
    assert "column 'a' is of type 'file'" in plugin["warnings"][1]


def test_what_json_cannot_carry_stays_unknown(only):
    plugin = only('class Plugin:\n    name = "x"\n    ui = {"n": 1e999}\n    fields = [{"id": b"x"}, {1, 2}]\n')
    assert (plugin["ui_schema"], plugin["fields"], plugin["load_error"]) == (None, [], None)


def test_keys_come_from_folder_names_and_dashes_stay(make_plugin, tmp_path):
    make_plugin("EPG-Refresh", "class Plugin: pass\n")
    make_plugin("My Plugin", "class Plugin: pass\n")
    make_plugin("my_plugin", "class Plugin: pass\n")
    make_plugin(".hidden", "class Plugin: pass\n")
    make_plugin("old.__backup__", "class Plugin: pass\n")
    (tmp_path / "no_plugin").mkdir()
    (tmp_path / "file.py").write_text("")
    first, second = describe(tmp_path)
    assert (first["key"], second["key"]) == ("my_plugin", "epg-refresh") or (first["key"], second["key"]) == (
        "epg-refresh", "my_plugin",
    )  # fmt: skip
    assert sum(len(plugin["warnings"]) for plugin in (first, second)) == 1


def test_a_package_is_a_plugin_too(tmp_path):
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack/__init__.py").write_text('class Plugin:\n    name = "Packed"\n')
    assert describe(tmp_path)[0]["name"] == "Packed"


def test_the_fingerprint_follows_the_code_and_not_the_data(make_plugin, tmp_path):
    folder = make_plugin("one", "class Plugin: pass\n")
    before = describe(tmp_path)[0]["fingerprint"]
    (folder / "state.json").write_text("{}")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__/x.py").write_text("")
    assert describe(tmp_path)[0]["fingerprint"] == before
    (folder / "helper.py").write_text("x = 1\n")
    assert describe(tmp_path)[0]["fingerprint"] != before


def test_a_pipe_in_place_of_a_file_is_not_opened(make_plugin, tmp_path):
    os.mkfifo(make_plugin("one", "class Plugin: pass\n") / "plugin.json")
    assert "not a regular file" in describe(tmp_path)[0]["warnings"][0]


def test_a_missing_folder_holds_no_plugins(tmp_path):
    assert describe(tmp_path / "nowhere") == []


def test_it_starts_fast_and_without_django(tmp_path):
    command = [sys.executable, "-B", "-X", "importtime", "-m", "skirret_host.describe", str(FIXTURES)]
    began = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run(command, env={"PYTHONPATH": str(SOURCES)}, capture_output=True, text=True, check=True)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - began < 1
    assert "django" not in done.stderr and "celery" not in done.stderr
