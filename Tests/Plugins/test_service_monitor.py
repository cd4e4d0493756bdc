"""The document's dashboard plugin: its sources, its row action, its form."""

from conftest import FIXTURES


def test_the_table_lists_workers(server, redis):
    plugin = server.spawn(FIXTURES / "service_monitor")
    listed = plugin.run("list_workers")
    assert [worker["status"] for worker in listed["rows"]] == ["up", "up", "down"]
    assert listed["payload"]["logs"] == []


def test_metrics_come_from_the_resource_also_when_disabled(server, redis):
    plugin = server.spawn(FIXTURES / "service_monitor")
    about = {"key": "service_monitor", "enabled": False}
    answer = plugin.answer(plugin.call("resource", resource="metrics", plugin=about, allow_disabled=True))
    assert answer["result"]["active"] == 2 and answer["result"]["queue_depth"] == 0
    assert [row["timestamp"] for row in answer["result"]["rows"]] == [answer["result"]["timestamp"]]
    refused = plugin.answer(plugin.call("resource", resource="metrics", plugin=about))
    assert refused["error"]["type"] == "PermissionError"


def test_queueing_and_restarting_tell_everybody(server, redis):
    plugin = server.spawn(FIXTURES / "service_monitor")
    queued = plugin.run("queue_job", {"name": "Tidy", "priority": "20", "payload": {"deep": True}})
    assert queued["job"] == {"id": 1, "name": "Tidy", "priority": 10, "payload": {"deep": True}}
    (event,) = plugin.frames.take_all("event")
    assert (event["event"], event["payload"]["queue_depth"]) == ("worker_update", 1)
    (update,) = plugin.frames.take_all("update")
    assert update["data"] == {"type": "plugin", "plugin": "service_monitor", "message": "Job Tidy queued"}
    restarted = plugin.run("restart_worker", {"id": "w3"})
    assert (restarted["worker"]["status"], restarted["worker"]["notes"]) == ("up", "Working on Tidy")
    assert [event["payload"]["worker"]["id"] for event in plugin.frames.take_all("event")] == ["w3"]
    metrics = plugin.answer(plugin.call("resource", resource="metrics"))["result"]
    assert (metrics["active"], metrics["queue_depth"]) == (3, 0)


def test_two_processes_see_one_fleet(server, redis):
    one, two = (server.spawn(FIXTURES / "service_monitor") for _ in range(2))
    one.run("queue_job", {"name": "Tidy"})
    assert [line["message"] for line in two.run("list_workers")["payload"]["logs"]] == [
        "Job Tidy queued with priority 5"
    ]


def test_wrong_requests_are_refused_in_words(server, redis):
    plugin = server.spawn(FIXTURES / "service_monitor")
    assert plugin.run("queue_job", {})["status"] == "error"
    assert plugin.run("restart_worker", {"id": "w9"})["message"] == "Unknown worker: w9"
    assert plugin.run("nonsense")["status"] == "error"
    answer = plugin.answer(plugin.call("resource", resource="nonsense"))
    assert answer["error"]["message"] == "Unknown resource: nonsense"
