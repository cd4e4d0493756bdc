"""What a plugin's `.delay()` has accepted outlives its process, Skirret's workers and what Redis knew."""

import contextlib
import glob
import json
import os
import pathlib
import signal
import textwrap

import pytest

from running import Running, executable

SENDER = """
    from celery import chain, group, shared_task
    from django.db import transaction

    @shared_task
    def note(value, extra=None):
        return [value, extra]

    @shared_task(name="of.its.own.name")
    def named(value):
        return value

    class Plugin:
        actions = [{"id": one} for one in ("flood", "canvas", "inside", "again", "by_name", "later")]
        def run(self, action, params, context):
            return getattr(self, action)(params)
        def flood(self, params):
            with open("accepted-by-skirret", "a", buffering=1) as journal:
                for number in range(params["from"], params["from"] + params["count"]):
                    journal.write(note.delay(number).id + f" {number}\\n")
        def canvas(self, params):
            line = chain(note.s(1), note.s(2)).delay()
            both = group(note.s(3), note.s(4)).delay()
            return {"ids": [line.parent.id, *(one.id for one in both)]}
        def inside(self, params):
            with transaction.atomic():
                sent = note.delay("inside").id
            return {"ids": [sent]}
        def again(self, params):
            return {"ids": [note.apply_async([params["n"]], task_id="of-the-plugins-own").id]}
        def by_name(self, params):
            return {"ids": [named.delay(params["n"]).id]}
        def later(self, params):
            return {"ids": [named.apply_async([params["n"]], countdown=params["seconds"]).id]}
"""

#: What the loaded code of plugins has said, also of the tasks it names.
DESCRIBED = "skirret:api:plugins:described"
NOTE = "_dispatcharr_plugin_sender.plugin.note"


@pytest.fixture
def house(tmp_path):
    program = executable()
    if program is None:
        pytest.skip("there is no skirret; swift build makes it")
    plugins = tmp_path / "plugins"
    (plugins / "sender").mkdir(parents=True)
    (plugins / "sender/plugin.py").write_text(textwrap.dedent(SENDER))
    (tmp_path / "data").mkdir(mode=0o700)
    server = Running(program, tmp_path / "data", plugins)
    server.enable("sender")
    yield server
    server.close()


def row(house, task):
    return house.ask("GET", f"/api/tasks/{task}/")[1]


def done(house, task):
    answer = row(house, task)
    return answer if answer.get("state") == "SUCCESS" else None


def workers(house):
    """The processes of the server that run tasks."""
    found = []
    for children in glob.glob(f"/proc/{house.process.pid}/task/*/children"):
        with contextlib.suppress(OSError):  # A thread that has ended since.
            found += map(int, pathlib.Path(children).read_text().split())
    return [pid for pid in found if b"worker" in words(pid)[:3]]


def words(pid):
    """The command line of a process; empty of one that has ended."""
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def test_what_plugins_send_is_in_the_history_under_their_names(house):
    for action in ("canvas", "inside"):
        for task in house.run("sender", action)["ids"]:
            answer = house.until(lambda task=task: done(house, task), f"{task} to be done: {row(house, task)}")
            assert (answer["name"], answer["plugin"], answer["origin"]) == (NOTE, "sender", "plugin sender")


def test_a_task_that_a_plugin_names_runs_each_time_it_is_sent(house):
    for number in (1, 2):
        [task] = house.run("sender", "again", {"n": number})["ids"]
        house.until(lambda: row(house, task).get("result") == [number, None], f"run {number}: {row(house, task)}")
    assert [step["what"] for step in row(house, task)["timeline"]].count("replayed") == 1


def test_a_worker_that_comes_anew_knows_tasks_by_the_names_that_plugins_gave_them(house):
    for number in (1, 2):
        [task] = house.run("sender", "by_name", {"n": number})["ids"]
        house.until(lambda: row(house, task).get("ready"), f"run {number}: {row(house, task)}")
        assert row(house, task).get("result") == number, row(house, task).get("error")
        killed = workers(house)
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        house.until(lambda: set(workers(house)) - set(killed), "another worker")


def anew(house, *commands):
    """Kills the workers and empties Redis, but for what these commands put there at once; waits for another worker."""
    killed = workers(house)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    with house.redis.pipeline() as step:
        step.flushall()
        for command in commands:
            step.execute_command(*command)
        step.execute()
    house.until(lambda: set(workers(house)) - set(killed), "another worker")


def test_a_named_task_outlives_its_worker_and_all_that_redis_knew(house):
    # Due when the worker that knew its name is gone, and the name with it.
    [task] = house.run("sender", "later", {"n": 1, "seconds": 3})["ids"]
    anew(house)
    house.until(lambda: row(house, task).get("ready"), f"the task to be over: {row(house, task)}")
    assert row(house, task).get("result") == 1, row(house, task)


def test_a_task_that_no_worker_knows_yet_is_not_over(house):
    # Words of other code that name no task: so the next worker knows none, and does not ask again.
    anew(house, ("HSET", DESCRIBED, "sender", json.dumps({"fingerprint": "other", "description": {}})))
    [task] = house.run("sender", "by_name", {"n": 1})["ids"]
    said = house.until(lambda: house.redis.get(f"celery-task-meta-{task}"), "the word that nobody knows it")
    assert "NotRegistered" in said
    # Results are taken in the order in which they come: with this one in the history that one was looked at.
    [after] = house.run("sender", "inside")["ids"]
    house.until(lambda: after in kept(house, "SUCCESS"), "the next task to be in the history")
    assert task in kept(house, "PENDING") and task not in kept(house, "FAILURE")
    assert (row(house, task)["state"], row(house, task)["ready"]) == ("PENDING", False)
    assert house.ask("GET", f"/api/tasks/{task}/result/")[0] == 202
    house.redis.delete(DESCRIBED)
    house.until(lambda: row(house, task).get("result") == 1, f"the task to be done: {row(house, task)}")


def kept(house, state):
    """The tasks that the history has in that state."""
    answer = house.ask("GET", f"/api/tasks/?state={state}&limit=100")[1]
    return {task["task_id"] for task in answer["tasks"]}


def test_nothing_accepted_is_lost_with_workers_killed_and_redis_emptied(house):
    accepted = {}

    def read():
        for journal in house.plugins.parent.rglob("accepted-by-skirret"):
            lines = journal.read_text().splitlines()
            accepted.update((line.split()[0], int(line.split()[1])) for line in lines if len(line.split()) == 2)
        return accepted

    for wave in range(3):
        before = len(read())
        body = {"action": "flood", "params": {"from": wave * 1000, "count": 300}}
        sending = house.start("POST", "/api/plugins/plugins/sender/run/", body)
        house.until(lambda before=before: len(read()) >= before + 20, "twenty accepted tasks")
        # In the middle of commits and pushes; then Redis forgets what had been pushed, and the action with it.
        for pid in workers(house):
            os.kill(pid, signal.SIGKILL)
        house.redis.flushall()
        house.until(lambda: workers(house), "another worker")
    house.redis.flushall()
    # The action is work that was accepted, too: it goes on sending.
    open_tasks = set(read())
    house.until(lambda: not waits(house, open_tasks), f"{len(open_tasks)} to be done", 120)
    print(len(accepted), "accepted tasks, three killed workers, four emptied Redises")
    for task, number in accepted.items():
        assert row(house, task).get("result", [number, None]) == [number, None]


def waits(house, tasks):
    """Takes out those that are done; what is left waits."""
    for task in list(tasks):
        if not done(house, task):
            break
        tasks.discard(task)
    return tasks
