"""What a plugin's calls get, give and say, over the real sockets."""

import os

from conftest import FIXTURES

ECHO = """
    import logging, sys, threading

    barrier = threading.Barrier(2)

    class Plugin:
        name = "Echo"
        fields = [{"id": "limit", "type": "number", "default": 5}, {"id": "note", "type": "string"}]
        actions = [{"id": "see", "label": "See"}]
        ui = {"version": 1}

        def run(self, action, params, context):
            return getattr(self, action)(params, context)

        def see(self, params, context):
            return {
                "keys": sorted(context), "settings": context["settings"], "plugin": context["plugin"],
                "actions": context["actions"], "ui_schema": context["ui_schema"], "params": params,
                "request": [context["request"].data["action"], context["request"].user, len(context["request"].FILES)],
                "logger": context["logger"].name,
            }

        def meet(self, params, context):
            return {"first": barrier.wait(10) == 0}

        def talk(self, params, context):
            print("printed", flush=True)
            print("complained", file=sys.stderr)
            context["logger"].warning("logged %d", 1)
            logging.getLogger("requests").info("logged by a library")
            threading.Thread(target=lambda: logging.info("logged by a thread")).start()
            return 1

        def tell(self, params, context):
            from core.utils import send_websocket_event, send_websocket_update
            context["emit_event"]("worker_update", {"id": 1})
            context["emit_event"]("failed", success=False)
            context["report_progress"](40, "half")
            context["report_progress"](400)
            send_websocket_update("updates", "update", {"type": "plugin", "plugin": "echo", "message": "hi"})
            send_websocket_event("epg_sources_changed", True, {"source_id": 2})
            return {}

        def give(self, params, context):
            return eval(params["value"])

        def raise_it(self, params, context):
            exec(params["code"])

        def upload(self, params, context):
            one = context["files"].get("payload")
            two = context["request"].FILES.getlist("payload")[1]
            from django.core.files.uploadedfile import UploadedFile
            assert isinstance(one, UploadedFile)
            return {
                "name": one.name, "size": one.size, "type": one.content_type, "text": one.read().decode(),
                "chunks": [chunk.decode() for chunk in two.chunks()], "path": two.temporary_file_path(),
            }
"""


def test_my_plugin_works_with_its_defaults_and_with_saved_settings(server):
    plugin = server.spawn(FIXTURES / "my_plugin")
    assert plugin.run("do_work") == {"status": "ok", "processed": 5, "mode": "safe"}
    saved = {"limit": 9, "mode": "fast"}
    assert plugin.run("do_work", settings=saved) == {"status": "ok", "processed": 9, "mode": "fast"}
    (line,) = [frame for frame in plugin.frames.take_all("log") if frame["id"] == 1]
    assert line["message"] == "My Plugin running with limit=5, mode=safe"
    assert (line["level"], line["logger"]) == ("info", "plugins.my_plugin")


def test_the_context_holds_what_either_generation_of_plugins_expects(server, make_plugin):
    plugin = server.spawn(make_plugin("echo", ECHO))
    seen = plugin.run("see", '{"a": 1}', settings={"note": "saved"})
    assert seen["keys"] == [
        "actions", "dispatch_task", "emit_event", "files", "logger", "plugin", "report_progress", "request", "settings",
        "ui_schema",
    ]  # fmt: skip
    assert seen["settings"] == {"limit": 5, "note": "saved"}
    assert seen["plugin"] == {"key": "echo", "name": "Test", "version": "1", "description": ""}
    assert seen["actions"] == {"see": {"id": "see", "label": "See"}}
    assert seen["ui_schema"] == {"version": 1}
    assert seen["params"] == {"a": 1}
    assert seen["request"] == ["see", None, 0]
    assert seen["logger"] == "plugins.echo"


def test_calls_of_one_plugin_overlap(server, make_plugin):
    plugin = server.spawn(make_plugin("echo", ECHO))
    both = [plugin.call("run", action="meet") for _ in range(2)]
    assert sorted(plugin.answer(number)["result"]["first"] for number in both) == [False, True]


def test_log_lines_are_frames_and_prints_are_not(server, make_plugin):
    plugin = server.spawn(make_plugin("echo", ECHO))
    assert plugin.run("talk") == {"status": "ok", "result": 1}
    plugin.frames.take(lambda frame: frame["type"] == "log" and frame["message"] == "logged by a thread")
    lines = {frame["message"]: frame for frame in plugin.frames.take_all("log")}
    assert lines["logged 1"]["level"] == "warning" and lines["logged 1"]["id"] == 1
    assert lines["logged by a library"]["logger"] == "requests" and lines["logged by a library"]["id"] == 1
    plugin.end()
    assert plugin.output("stdout") == "printed\n"
    assert plugin.output("stderr") == "complained\n"


def test_a_giant_line_of_log_is_cut_and_counted_and_bytes_that_are_no_text_come_through(server, make_plugin):
    plugin = server.spawn(
        make_plugin(
            "loud",
            """
            import logging, os

            class Plugin:
                def run(self, action, params, context):
                    context["logger"].error("x" * 10**7)
                    logging.info("half a pair %s", chr(0xd800))
                    for _ in range(100):
                        os.write(1, bytes(range(256)) * 256)
                    return {"wrote": 100}
            """,
        )
    )
    assert plugin.run("go") == {"wrote": 100}
    long, odd = [frame["message"] for frame in plugin.frames.take_all("log")]
    assert long == "x" * 16_384 + "… (9983616 more characters)" and odd == "half a pair \\ud800"


def test_events_updates_and_progress_arrive_before_the_result(server, make_plugin):
    plugin = server.spawn(make_plugin("echo", ECHO))
    plugin.run("tell")
    assert plugin.frames.take_all("event") == [
        {"type": "event", "id": 1, "event": "worker_update", "payload": {"id": 1}, "success": True},
        {"type": "event", "id": 1, "event": "failed", "payload": None, "success": False},
    ]
    assert plugin.frames.take_all("progress") == [
        {"type": "progress", "id": 1, "percent": 40.0, "message": "half"},
        {"type": "progress", "id": 1, "percent": 100.0, "message": ""},
    ]
    assert [frame["data"] for frame in plugin.frames.take_all("update")] == [
        {"type": "plugin", "plugin": "echo", "message": "hi"},
        {"success": True, "type": "epg_sources_changed", "source_id": 2},
    ]


def test_an_exception_comes_back_with_its_traceback_and_the_plugin_lives_on(server, make_plugin):
    plugin = server.spawn(make_plugin("echo", ECHO))
    error = plugin.fail("raise_it", {"code": "raise ValueError('boom', 7, {1, 2})"})
    assert (error["type"], error["module"], error["args"]) == ("ValueError", "builtins", ["boom", 7, "{1, 2}"])
    assert "plugin.py" in error["traceback"] and error["traceback"].rstrip().endswith("('boom', 7, {1, 2})")
    assert plugin.fail("raise_it", {"code": "import sys; sys.exit(3)"})["type"] == "SystemExit"
    assert plugin.fail("missing")["type"] == "AttributeError"
    assert plugin.fail("raise_it", {"code": "raise ValueError('\\ud800')"})["message"] == "\\ud800"
    assert plugin.run("see")["settings"]["limit"] == 5


def test_a_result_that_is_not_json_is_an_error_that_says_where(server, make_plugin):
    plugin = server.spawn(make_plugin("echo", ECHO))
    faults = {
        "{'a': [1, float('nan')]}": "result.a[1]: nan is not a JSON number",
        "{'a': {'b': {1, 2}}}": "result.a.b: a set cannot be written as JSON",
        "{'a': b'x'}": "result.a: a bytes cannot be written as JSON",
        "(lambda a: a.append(a) or {'a': a})([])": "result.a[0]: contains itself",
        "{'a': __import__('functools').reduce(lambda inner, _: [inner], range(300), 1)}": (
            f"result.a{'[0]' * 99}: nested deeper than 100 levels"
        ),
        "{(1, 2): 3}": "result: a tuple cannot be a key in JSON",
        "{'a': chr(0xd800)}": "result.a: half of a surrogate pair, which is not text",
        "{'a': 'x' * 2**24}": "result: 16.0 MiB of JSON; at most 16 MiB can be returned. "
        "Write it to a file, or return a page of it.",
    }
    for value, message in faults.items():
        assert plugin.fail("give", {"value": value})["message"] == message


def test_dates_and_decimals_are_written_as_django_writes_them(server, make_plugin):
    plugin = server.spawn(make_plugin("echo", ECHO))
    value = "__import__('datetime').date(2026, 1, 2), __import__('decimal').Decimal('1.50')"
    assert plugin.run("give", {"value": f"[{value}]"}) == {"status": "ok", "result": ["2026-01-02", "1.50"]}


def test_uploads_are_django_files(server, make_plugin, tmp_path):
    (tmp_path / "stored").write_text("hello")
    plugin = server.spawn(make_plugin("echo", ECHO))
    one = {"path": str(tmp_path / "stored"), "name": "list.m3u", "content_type": "audio/x-mpegurl", "size": 5}
    seen = plugin.run("upload", files={"payload": [one, one]})
    assert seen == {
        "name": "list.m3u", "size": 5, "type": "audio/x-mpegurl", "text": "hello", "chunks": ["hello"],
        "path": str(tmp_path / "stored"),
    }  # fmt: skip


def test_a_frame_with_descriptors_may_arrive_in_pieces(server):
    plugin = server.spawn(FIXTURES / "my_plugin", pieces=40)
    assert plugin.run("do_work")["status"] == "ok"


def test_a_frame_that_python_cannot_read_is_answered(server, make_plugin):
    plugin = server.spawn(make_plugin("echo", ECHO))
    for text in (b'{"type":"call","id":7,"params":NaN}', b'{"type":"call","id":7,"params":' + b"[" * 100_000):
        plugin.frames.sock.sendall(len(text).to_bytes(4, "big") + text)
        assert plugin.answer(7)["error"]["type"] == "UnreadableFrame"
    assert plugin.run("see")


def test_a_call_sees_the_real_tables(server, make_plugin):
    plugin = server.spawn(
        make_plugin(
            "rows",
            """
            from apps.m3u.models import M3UAccount
            from core.scheduling import create_or_update_periodic_task, delete_periodic_task
            from core.utils import log_system_event
            from core.models import SystemEvent
            from django.db import transaction

            class Plugin:
                def run(self, action, params, context):
                    with transaction.atomic():
                        M3UAccount.objects.get_or_create(name="one")
                    log_system_event("m3u_refresh", account_name="one")
                    row = create_or_update_periodic_task("x", "a.b", {"k": 1}, cron_expression="0 4 * * 1-5")
                    cron = str(row.crontab)
                    row = create_or_update_periodic_task("x", "a.b", interval_hours=0)
                    return {
                        "accounts": M3UAccount.objects.filter(name="one").count(),
                        "events": list(SystemEvent.objects.values_list("event_type", "details")),
                        "cron": cron, "every": row.interval.every, "enabled": row.enabled,
                        "deleted": [delete_periodic_task("x"), delete_periodic_task("x")],
                    }
            """,
        )
    )
    seen = plugin.run("go")
    assert seen["accounts"] == 1
    assert seen["events"] == [["m3u_refresh", {"account_name": "one"}]]
    assert seen["cron"].startswith("0 4 * * 1-5")
    assert (seen["every"], seen["enabled"], seen["deleted"]) == (1, False, [True, False])


def test_the_environment_holds_no_more_than_was_given(server, make_plugin, environment):
    plugin = server.spawn(make_plugin("echo", ECHO))
    seen = plugin.run("give", {"value": "dict(__import__('os').environ)"})
    added = set(seen) - set(environment)
    assert added <= {"DJANGO_SETTINGS_MODULE", "TZ", "LC_CTYPE", "PYTHONPATH"}, added
    fds = plugin.run("give", {"value": "sorted(__import__('os').listdir('/proc/self/fd'), key=int)"})["result"]
    assert fds[:4] == ["0", "1", "2", "3"] and len(fds) <= 5, fds
    assert os.path.isdir(f"/proc/{plugin.pid}")
