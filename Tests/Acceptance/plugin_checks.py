"""Points 1, 2 and 4: plugins listed, trusted, run, told apart and heard."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path

from celery.result import AsyncResult
from house import FIXTURES, House, until

DOCUMENT = {"my_plugin": "My Plugin", "refresh_all": "Refresh All Sources", "service_monitor": "Service Monitor"}
SLOW_ONE = Path(__file__).parent / "plugins/slow_one"
DO_WORK = {"action": "do_work"}
RUN = "/api/plugins/plugins/my_plugin/run/"


def a_socket_is_greeted(house: House) -> None:
    greeting = house.frames.wait(lambda frame: True, 5, "the first frame")
    assert greeting["type"] == "connection_established" and greeting["data"]["success"] is True, greeting


def the_plugins_are_listed_and_none_is_enabled(house: House) -> None:
    before = house.plugins()
    absent = [key for key in DOCUMENT if key not in before or before[key]["missing"]]
    for key in absent:
        shutil.copytree(FIXTURES / key, house.data / "plugins" / key)
    if absent:
        assert house.post("/api/plugins/plugins/reload/")["success"] is True
    for key in DOCUMENT:
        if before.get(key, {}).get("enabled"):
            house.enable(key, False)
            house.afterwards(lambda key=key: house.enable(key))
        else:
            house.afterwards(lambda key=key: house.enable(key, False))
    rows = house.plugins()
    for key, name in DOCUMENT.items():
        row = rows[key]
        assert row["name"] == name and row["enabled"] is False, row
        assert row["version"] and row["description"], row
        assert isinstance(row["fields"], list) and isinstance(row["settings"], dict), row
    assert [action["id"] for action in rows["my_plugin"]["actions"]] == ["do_work"]
    assert [field["id"] for field in rows["my_plugin"]["fields"]] == ["enabled", "limit", "mode", "note"]
    assert {"dataSources", "layout", "pages"} <= set(rows["service_monitor"]["ui_schema"])


def a_disabled_plugin_answers_403(house: House) -> None:
    answer = house.ask("POST", RUN, DO_WORK)
    assert answer.status_code == 403, f"{answer.status_code} {answer.text}"
    body = answer.json()
    assert body["success"] is False and body["error"] == "Plugin is disabled" and body["code"], body


def an_enabled_plugin_answers(house: House) -> None:
    settings = house.plugins()["my_plugin"]["settings"]
    house.afterwards(lambda: save(house, settings))
    save(house, {})
    assert house.enable("my_plugin")["enabled"] is True
    answer = house.post(RUN, DO_WORK)
    assert answer == {"success": True, "result": {"status": "ok", "processed": 5, "mode": "safe"}}, answer


def saved_settings_change_the_answer(house: House) -> None:
    save(house, {"limit": 7, "mode": "fast"})
    assert house.plugins()["my_plugin"]["settings"] == {"limit": 7, "mode": "fast"}
    answer = house.post(RUN, DO_WORK)
    assert answer["result"] == {"status": "ok", "processed": 7, "mode": "fast"}, answer


def a_caller_that_does_not_wait_gets_the_tasks_id(house: House) -> None:
    answer = house.ask("POST", RUN, DO_WORK, Prefer="respond-async")
    assert answer.status_code == 202, f"{answer.status_code} {answer.text}"
    house.known["task"] = answer.json()["task_id"]
    assert answer.headers["Location"] == f"/api/tasks/{house.known['task']}/"
    assert house.finished(house.known["task"], 30)["state"] == "SUCCESS"


def the_plugins_log_is_kept_with_the_task(house: House) -> None:
    wanted = "My Plugin running with limit=7, mode=fast"
    path = f"/api/tasks/{house.known['task']}/logs/"
    logs = until(lambda: house.get(path)["logs"], 5, f"the log of task {house.known['task']}")
    assert any(wanted in record["message"] and record["level"] == "info" for record in logs), logs


def the_result_is_where_celery_looks(house: House) -> None:
    task, wanted = house.known["task"], {"status": "ok", "processed": 7, "mode": "fast"}
    stored = json.loads(house.redis.get(f"celery-task-meta-{task}"))
    assert (stored["status"], stored["result"], stored["task_id"]) == ("SUCCESS", wanted, task), stored
    assert AsyncResult(task, app=house.celery).get(timeout=5) == wanted


def a_running_action_is_a_message_of_celerys_protocol_2(house: House) -> None:
    install_slow_one(house)
    start = house.ask(
        "POST", "/api/plugins/plugins/slow_one/run/", {"action": "wait", "params": {"seconds": 1.5}}, Prefer="respond-async"
    )
    task = start.json()["task_id"]

    def held() -> dict | None:
        messages = (json.loads(text)[0] for text in house.redis.hvals("unacked"))
        return next((one for one in messages if one["headers"]["id"] == task), None)

    message = until(held, 10, "the message among those that are being worked on", pause=0.01)
    headers, properties = message["headers"], message["properties"]
    lacking = {"lang", "task", "id", "root_id", "parent_id", "group", "retries", "eta", "expires", "timelimit",
               "argsrepr", "kwargsrepr", "origin"} - set(headers)  # fmt: skip
    assert not lacking, f"the headers lack {lacking}"
    assert headers["task"] == "skirret.plugins.run_action" and headers["root_id"] == task, headers
    assert message["content-type"] == "application/json" and message["content-encoding"] == "utf-8", message
    lacking = {"correlation_id", "reply_to", "delivery_mode", "delivery_info", "priority", "body_encoding",
               "delivery_tag"} - set(properties)  # fmt: skip
    assert not lacking and properties["correlation_id"] == task, f"{properties} lack {lacking}"
    args, kwargs, embed = json.loads(base64.b64decode(message["body"]))
    assert args[:3] == ["slow_one", "wait", {"seconds": 1.5}] and isinstance(kwargs, dict), args
    assert {"callbacks", "errbacks", "chain", "chord"} <= set(embed), embed
    assert house.finished(task, 30)["state"] == "SUCCESS"


def events_of_a_plugin_reach_the_socket(house: House) -> None:
    house.enable("service_monitor")
    since = house.frames.mark()
    answer = house.run("service_monitor", "queue_job", {"name": "reindex", "priority": 8})
    assert answer["status"] == "queued", answer
    told = house.frames.wait_update("plugin_event", 5, since, plugin="service_monitor", event="worker_update")
    assert told["success"] is True and told["payload"]["job"]["name"] == "reindex", told
    house.frames.wait_update("plugin", 5, since, plugin="service_monitor", message="Job reindex queued")
    answer = house.run("service_monitor", "restart_worker", {"id": "w3"})
    assert answer["worker"]["status"] == "up", answer


def an_event_sent_as_a_websocket_update_reaches_the_socket(house: House) -> None:
    install_slow_one(house)
    since = house.frames.mark()
    house.run("slow_one", "tell", {"word": "héllo"})
    told = house.frames.wait_update("plugin_event", 5, since, plugin="slow_one", event="told")
    assert told["payload"] == {"word": "héllo"}, told


def a_resource_is_resolved(house: House) -> None:
    body = {"resource": "metrics", "params": {}}
    answer = house.post("/api/plugins/plugins/service_monitor/ui/resource/", body)
    assert answer["result"]["total"] == 3 and answer["result"]["rows"], answer


def an_upload_reaches_the_plugin(house: House) -> None:
    install_slow_one(house)
    answer = house.upload(
        "/api/plugins/plugins/slow_one/run/", data={"action": "read"},
        files={"document": ("plan.txt", "Größe".encode(), "text/plain")},
    )  # fmt: skip
    assert answer.ok, answer.text
    assert answer.json()["result"] == {"type": "UploadedFile", "name": "plan.txt", "size": 7, "text": "Größe"}, answer.text


def save(house: House, settings: dict) -> None:
    house.post("/api/plugins/plugins/my_plugin/settings/", {"settings": settings})


def install_slow_one(house: House) -> None:
    """Puts this script's own plugin into the folder, until the end."""
    if house.known.get("slow_one"):
        return
    target = house.data / "plugins/slow_one"
    shutil.copytree(SLOW_ONE, target, dirs_exist_ok=True)
    house.known["slow_one"] = True
    house.afterwards(lambda: house.ask("DELETE", "/api/plugins/plugins/slow_one/delete/"))
    house.post("/api/plugins/plugins/reload/")
    house.enable("slow_one")


CHECKS = [
    a_socket_is_greeted,
    the_plugins_are_listed_and_none_is_enabled,
    a_disabled_plugin_answers_403,
    an_enabled_plugin_answers,
    saved_settings_change_the_answer,
    a_caller_that_does_not_wait_gets_the_tasks_id,
    the_plugins_log_is_kept_with_the_task,
    the_result_is_where_celery_looks,
    a_running_action_is_a_message_of_celerys_protocol_2,
    events_of_a_plugin_reach_the_socket,
    an_event_sent_as_a_websocket_update_reaches_the_socket,
    a_resource_is_resolved,
    an_upload_reaches_the_plugin,
]
