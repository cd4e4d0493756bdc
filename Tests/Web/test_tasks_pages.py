"""The tasks' pages, on answers that are played here: what a server has to say about a busy day."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, Route, expect
from steps import DESKTOP, PHONE, closed, eventually, flip, toast

TASK = {
    "task_id": "t-1", "name": "apps.epg.tasks.refresh_epg_data", "queue": "celery", "plugin": None, "about": "guide 3", "origin": "admin",
    "schedule": None, "parent_id": None, "state": "STARTED", "ready": False, "retries": 1, "accepted_at": "2026-11-23T02:00:00Z",
    "started_at": "2026-11-23T02:00:01Z", "finished_at": None, "error": None, "progress": {"percent": 42, "message": "channels"},
}
FAILED = {**TASK, "task_id": "t-2", "state": "FAILURE", "ready": True, "progress": None, "error": "ValueError: <b>no</b> guide", "finished_at": "2026-11-23T02:00:09Z"}
DETAIL = {
    **FAILED, "args": [3], "kwargs": {"force": True}, "exception": "ValueError", "traceback": "Traceback (most recent call last):\n  File …",
    "timeline": [{"at": "2026-11-23T02:00:00Z", "what": "accepted", "by": "admin"}, {"at": "2026-11-23T02:00:09Z", "what": "failure", "error": "no guide"}],
    "parents": [{"task_id": "t-0", "relation": "called by", "name": "refresh_all"}], "children": [{"task_id": "t-3", "relation": "called", "name": "notify", "state": "SUCCESS"}],
}
SCHEDULE = {
    "id": 1, "name": "nightly", "task": "apps.epg.tasks.refresh_all_epg_data", "args": [], "kwargs": {}, "queue": None, "enabled": True, "last_run_at": None,
    "total_run_count": 0, "problem": None, "schedule": {"type": "crontab", "crontab": "30 2 * * *", "timezone": "Europe/Berlin"}, "next_run_at": "2026-11-24T01:30:00Z",
}
GROUP = {"fingerprint": "f1", "count": 12, "name": "apps.m3u.tasks.refresh", "reason": "killed its worker three times", "newest": "2026-11-23T01:00:00Z", "oldest": "2026-11-22T01:00:00Z", "example": "d1"}
LETTER = {"id": "d1", "at": "2026-11-23T01:00:00Z", "queue": "celery", "task_id": "t-9", "name": GROUP["name"], "reason": GROUP["reason"], "worker": "w", "crashes": 3, "fingerprint": "f1"}

ANSWERS: dict[str, object] = {
    "GET /api/queues/": {"queues": [{"name": "celery", "waiting": 1200, "paused": False, "consumers": ["w1@host"]}, {"name": "slow", "waiting": 3, "paused": True, "consumers": []}], "scheduled": 4, "running": 2, "parked": 0, "dead": 12},
    "GET /api/workers/": {"workers": [{"name": "w1@host", "pid": 7, "slots": 4, "state": "taking", "queues": ["celery"], "running": ["t-1"]}]},
    "GET /api/tasks/summary/": {"states": {"SUCCESS": 100, "FAILURE": 7}, "names": [TASK["name"]], "queues": ["celery"], "plugins": [], "schedules": []},
    "GET /api/tasks/t-1/": {**TASK, "args": [], "kwargs": {}, "timeline": [], "parents": [], "children": []},
    "GET /api/tasks/t-1/explain/": {"id": "t-1", "place": "running", "summary": "It runs on w1@host since a minute.", "advice": None, "facts": {"worker": "w1@host"}},
    "GET /api/tasks/t-2/": DETAIL,
    "GET /api/tasks/t-4/": {**DETAIL, "task_id": "t-4"},
    "POST /api/tasks/t-2/replay/": {"success": True, "task_id": "t-4"},
    "DELETE /api/tasks/t-1/": {"success": True},
    "GET /api/schedules/": {"schedules": [SCHEDULE]},
    "PATCH /api/schedules/1/": SCHEDULE,
    "POST /api/schedules/": SCHEDULE,
    "POST /api/schedules/1/run/": {"success": True, "task_id": "t-5"},
    "POST /api/schedules/preview/": {"firings": [{"at": "2027-03-27T01:30:00Z"}, {"at": "2027-03-28T01:00:00Z", "shift": "gap", "reason": "02:30 does not exist on this day"}]},
    "GET /api/dead/d1/": {**LETTER, "args": [1], "kwargs": {}, "retries": 0},
    "POST /api/queues/celery/pause/": {"success": True},
    "POST /api/queues/celery/purge/": {"success": True, "purged": 1200, "left": 0},
    "POST /api/workers/w1%40host/quiet/": {"success": True},
    "POST /api/dead/discard/": {"success": True, "matched": 12, "discarded": 12},
}


@pytest.fixture
def played(open_context, session_state):
    """A page whose server plays the answers above; and what it was asked to change."""
    asked: list[tuple[str, dict]] = []

    def open_(**options) -> tuple[Page, list[tuple[str, dict]]]:
        page = open_context(storage_state=session_state, **options).new_page()

        def answer(route: Route) -> None:
            address = urlparse(route.request.url)
            call = f"{route.request.method} {address.path}"
            query = parse_qs(address.query)
            body = json.loads(route.request.post_data or "{}") if route.request.method in {"POST", "PATCH"} else {}
            if route.request.method != "GET":
                asked.append((call, body))
            if call == "GET /api/tasks/":
                rows = [one for one in (TASK, FAILED) if query.get("state", [one["state"]])[0] == one["state"]]
                found: object = {"tasks": [{**FAILED, "task_id": "t-old", "name": "older"}] if "cursor" in query else rows, "next": None if "cursor" in query else "z"}
            elif call.endswith("/logs/"):
                found = {"logs": [{"time": 1795400000, "level": "error", "message": "<i>gave up</i>"}]}
            elif call == "GET /api/dead/":
                found = {"letters": [LETTER], "groups": [GROUP], "total": 12}
            elif call == "POST /api/dead/replay/":
                found = {"success": True, "matched": 12, "replayed": 0 if body.get("dry_run") else 12, "seconds": 1.1}
            else:
                found = ANSWERS[call]
            route.fulfill(status=200, content_type="application/json", body=json.dumps(found))

        page.route(re.compile(r"/api/(tasks|queues|workers|schedules|dead)/"), answer)
        return page, asked

    return open_


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize(("name", "size"), [("desktop", DESKTOP), ("phone", PHONE)])
def test_the_pages_fit_and_can_be_read(played, picture, axe_problems, scheme, name, size):
    page, _ = played(viewport=size, color_scheme=scheme)
    for path, ready in {"/tasks": "w1@host", "/tasks/history": "guide 3", "/tasks/id/t-2": "Traceback", "/tasks/id/t-1": "It runs on", "/tasks/schedules": "nightly", "/tasks/dead": "killed its worker"}.items():
        page.goto(path)
        expect(page.get_by_text(ready).first).to_be_visible()
        picture(page, f"{path.strip('/').replace('/', '-')}-{name}-{scheme}")
        assert axe_problems(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is wider than the screen"


def test_queues_are_paused_and_emptied_and_workers_quieted(played):
    page, asked = played()
    page.goto("/tasks")
    expect(page.locator('[data-figure="Waiting"] .stat-value')).to_have_text("1,203")
    expect(page.get_by_text("paused", exact=True)).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Empty").first.click()
    question = page.get_by_role("dialog", name="Empty “celery”?")
    expect(question).to_contain_text("1,200 waiting tasks")
    question.get_by_role("button", name="Cancel them").click()
    expect(toast(page, "1,200 tasks cancelled")).to_be_visible()
    page.get_by_role("button", name="Quiet").click()
    page.get_by_role("dialog").get_by_role("button", name="Quiet it").click()
    closed(page)
    told = [("POST /api/queues/celery/pause/", {}), ("POST /api/queues/celery/purge/", {"confirm": "celery"}), ("POST /api/workers/w1%40host/quiet/", {})]
    eventually(page, lambda: asked == told, lambda: asked)


def test_the_history_is_filtered_by_its_address_and_goes_back_in_time(played):
    page, _ = played()
    page.goto("/tasks/history")
    table = page.get_by_role("group", name="Tasks")
    expect(table.get_by_role("row")).to_have_count(3)
    page.get_by_role("textbox", name="State").click()
    page.get_by_role("option", name="FAILURE").click()
    expect(table.get_by_role("row")).to_have_count(2)
    assert page.url.endswith("?state=FAILURE")
    page.go_back()
    expect(table.get_by_role("row")).to_have_count(3)
    page.get_by_role("button", name="Older tasks").click()
    expect(table.get_by_role("link", name="older")).to_be_visible()
    with page.expect_request(re.compile("search=guide")):
        page.get_by_label("Search tasks").fill("guide")


def test_a_task_tells_its_story_and_is_started_again_or_cancelled(played):
    page, asked = played()
    page.goto("/tasks/history")
    page.get_by_role("group", name="Tasks").get_by_role("row").nth(2).get_by_role("link").click()
    expect(page.get_by_text("ValueError: <b>no</b> guide")).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text("<i>gave up</i>")
    expect(page.locator(".family")).to_contain_text("refresh_all")
    page.get_by_role("button", name="Run again").click()
    dialog = page.get_by_role("dialog", name="Run it again")
    dialog.get_by_role("textbox", name="Arguments", exact=True).fill("[4]")
    dialog.get_by_role("button", name="Start").click()
    page.wait_for_url("**/tasks/id/t-4")
    assert asked == [("POST /api/tasks/t-2/replay/", {"args": [4], "kwargs": {"force": True}})]

    page.goto("/tasks/id/t-1")
    expect(page.get_by_role("progressbar", name="Progress")).to_have_attribute("aria-valuenow", "42")
    expect(page.get_by_text("It runs on w1@host")).to_be_visible()
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel it").click()
    expect(toast(page, "Cancelled")).to_be_visible()
    assert asked[-1][0] == "DELETE /api/tasks/t-1/"


def test_a_schedule_shows_its_firings_while_it_is_written(played):
    page, asked = played()
    page.goto("/tasks/schedules")
    flip(page.get_by_role("switch", name="Enable nightly"))
    page.get_by_role("button", name="Edit nightly").click()
    form = page.get_by_role("form", name="Schedule")
    expect(form.get_by_text("02:30 does not exist on this day")).to_be_visible()
    form.get_by_label("Crontab").nth(1).fill("0 5 * * *")
    form.get_by_role("button", name="Save").click()
    expect(toast(page, "Saved")).to_be_visible()
    closed(page)
    page.get_by_role("button", name="Run now").click()
    expect(toast(page, "nightly started")).to_be_visible()
    changes = [(call, body) for call, body in asked if "preview" not in call]
    assert changes[0] == ("PATCH /api/schedules/1/", {"enabled": False})
    assert changes[1][1]["schedule"] == {"type": "crontab", "crontab": "0 5 * * *", "timezone": "Europe/Berlin"}
    assert changes[2][0] == "POST /api/schedules/1/run/"


def test_dead_letters_are_sent_again_after_a_preview(played):
    page, asked = played()
    page.goto("/tasks/dead")
    page.get_by_role("button", name="Look at them").click()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("pre")).to_contain_text('"crashes": 3')
    page.get_by_role("button", name="Send again…").click()
    dialog = page.get_by_role("dialog", name="Send them again")
    expect(dialog.get_by_role("status")).to_contain_text("12 would be sent, the last of them after 1.1 s.")
    dialog.get_by_role("button", name="Send 12").click()
    expect(toast(page, "12 sent again")).to_be_visible()
    assert asked[-1] == ("POST /api/dead/replay/", {"fingerprint": "f1", "rate": 10})
    closed(page)
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("dialog", name="Discard 12?").get_by_role("button", name="Discard").click()
    expect(toast(page, "12 discarded")).to_be_visible()
