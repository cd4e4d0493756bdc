"""The gallery uses everything that the page schema offers, and everything it names answers."""

import base64
import json

import pytest
from skirret_host.descriptors import COLUMN_TYPES, FIELD_TYPES
from skirret_plugin.checks.pages import CHARTS, INPUTS, NODES

from conftest import FIXTURES


@pytest.fixture
def gallery(server, redis):
    return server.spawn(FIXTURES / "gallery")


def described(plugin):
    return plugin.answer(plugin.call("describe"))["result"]


def objects(value):
    """Every object within a JSON value, itself included."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(inner)


def test_the_schema_names_every_component_input_chart_and_source(gallery):
    ui = described(gallery)["ui_schema"]
    everything = list(objects([ui["layout"], ui["preview"], ui["pages"]]))
    types = {str(one.get("type", "")).lower() for one in everything}
    assert NODES - types == set()
    assert CHARTS == {one["chartType"].lower() for one in everything if "chartType" in one}
    forms = [field for one in everything for field in objects([one.get("fields"), one.get("steps")])]
    assert INPUTS - {"info"} - {str(field.get("type", "")).lower() for field in forms} == set()
    sources = ui["dataSources"].values()
    assert {source["type"] for source in sources} == {"action", "resource", "static", "url"}
    subscriptions = [source["subscribe"] for source in sources if "subscribe" in source]
    assert {one.get("mode", "refresh") for one in subscriptions} == {"refresh", "append", "patch"}
    assert {page.get("placement", "plugin") for page in ui["pages"]} == {"sidebar", "plugin", "hidden"}


def test_every_action_and_resource_that_the_schema_names_exists(gallery):
    seen = described(gallery)
    known = {action["id"] for action in seen["actions"]}
    resources = {"series", "tree", "timeline", "metrics"}
    for one in objects(seen["ui_schema"]):
        if isinstance(one.get("action"), str):
            assert one["action"] in known, one
        if isinstance(one.get("source"), str):
            assert one["source"] in seen["ui_schema"]["dataSources"], one
        if one.get("type") == "resource":
            assert one["resource"] in resources, one
    for resource in resources:
        assert gallery.answer(gallery.call("resource", resource=resource, params={}))["type"] == "result"
    assert [warning for warning in seen["warnings"]] == []


def test_fields_come_from_the_manifest_and_a_sidebar_switch_is_added(gallery):
    seen = described(gallery)
    assert (seen["name"], seen["version"], seen["author"]) == ("Gallery", "1.0.0", "Skirret")
    assert [field["id"] for field in seen["fields"]] == [
        "intro", "title", "secret", "rows", "live", "level", "notes", "more", "groups", "rules", "list", "show_sidebar",
    ]  # fmt: skip
    assert {field["type"] for field in seen["fields"]} == FIELD_TYPES
    assert {column["type"] for field in seen["fields"] for column in field.get("columns", ())} == COLUMN_TYPES


def test_rows_are_listed_touched_ordered_and_exported(gallery):
    rows = gallery.run("list_rows", settings={"rows": 3})
    assert [row["id"] for row in rows["rows"]] == [1, 2, 3] and rows["total"] == 3
    gallery.run("reorder", {"order": [3, 1, 2]})
    assert [row["id"] for row in gallery.run("list_rows", {"count": 3})["rows"]] == [3, 1, 2]
    assert gallery.run("touch", {"rowId": 2})["message"] == "Row 2 touched"
    (event,) = gallery.frames.take_all("event")
    assert (event["event"], event["payload"]["row"]["id"]) == ("row_touched", 2)
    assert gallery.run("remove", {"ids": [1, 2]})["undo"]["params"] == {"rowId": 1}
    download = gallery.run("export", settings={"rows": 2})["download"]
    assert base64.b64decode(download["data"]).decode().splitlines() == ["id,name", "1,Row 1", "2,Row 2"]


def test_forms_lines_progress_failures_and_hooks(gallery, tmp_path):
    (tmp_path / "stored").write_text("a")
    upload = {"path": str(tmp_path / "stored"), "name": "a.txt", "content_type": "text/plain", "size": 1}
    answer = gallery.run("submit", {"text": "x", "tags": ["one"]}, files={"file": [upload]})
    assert answer["params"] == {"text": "x", "tags": ["one"]} and answer["files"] == {"file": "a.txt"}
    gallery.run("say", {"message": "first"})
    assert [line["message"] for line in gallery.run("say", {"message": "second"})["lines"]] == ["first", "second"]
    assert gallery.frames.take_all("event")[-1]["payload"]["notification"]["color"] == "teal"
    gallery.run("work", {"steps": 4})
    assert [frame["percent"] for frame in gallery.frames.take_all("progress")] == [25.0, 50.0, 75.0, 100.0]
    assert gallery.fail("fail")["message"] == "this is what a failure looks like"
    assert gallery.run("on_refresh", {"event": "m3u_refresh", "payload": {}})["message"] == "m3u_refresh"
    stopped = gallery.answer(gallery.call("stop", reason="reload"))
    assert stopped["result"] == {"status": "ok", "message": "reload"}
    assert len(json.dumps(described(gallery)["ui_schema"])) < 65_536, "a page schema is sent to every browser"
