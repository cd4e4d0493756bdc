"""The tasks' pages, on answers that are played here: what a server has to say about a busy day."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, urlparse

import pytest
from busy_day import ANSWERS, FAILED, GROUP, LETTER, TASK, WORKER
from played import Live
from playwright.sync_api import Page, Route, expect
from steps import DESKTOP, PHONE, closed, eventually, flip, toast


@pytest.fixture
def played(open_context, session_state):
    """A page whose server plays the answers of a busy day; and what it was asked to change.

    On the topic of tasks it says only what a test says.
    """
    asked: list[tuple[str, dict]] = []

    def open_(**options) -> tuple[Page, list[tuple[str, dict]]]:
        page = open_context(storage_state=session_state, **options).new_page()
        page.live = Live(page, "updates", "tasks", "task:t-1")

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


def tell(page: Page, *changed: str) -> None:
    """The server says that these have changed."""
    page.live.say(type="tasks_changed", changed=list(changed), counts={"waiting": 1203, "running": 2, "scheduled": 4, "parked": 0, "dead": 12, "workers": 1, "states": {}})


def reads(page: Page) -> list[str]:
    """What is asked for from now on."""
    read: list[str] = []
    page.on("request", lambda request: "/api/" in request.url and request.method == "GET" and read.append(urlparse(request.url).path))
    return read


def settled(page: Page, read: list[str]) -> None:
    """Once the topic was granted and what was begun is over. From then on the page's clock goes only as a test lets it."""
    eventually(page, lambda: any("tasks" in one.get("topics", []) for one in page.live.asked), lambda: page.live.asked)
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)
    quiet, before = 0, -1
    while quiet < 2:
        quiet = quiet + 1 if before == len(read) else 0
        before = len(read)
        page.clock.run_for(500)
        page.wait_for_timeout(300)
    read.clear()


def passes(page: Page, seconds: int) -> None:
    """The page's clock goes on, and what it asks for meanwhile is heard of here."""
    for _ in range(seconds):
        page.clock.run_for(1_000)
        page.wait_for_timeout(30)
    page.wait_for_timeout(300)


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
    states = page.get_by_role("group", name="State", exact=True)
    expect(states.get_by_role("button", name="All 107")).to_have_attribute("aria-pressed", "true")
    states.get_by_role("button", name="Failure 7").click()
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
    form.get_by_role("textbox", name="Crontab").fill("0 5 * * *")
    form.get_by_role("button", name="Save").click()
    expect(toast(page, "Saved")).to_be_visible()
    closed(page)
    page.get_by_role("button", name="Run now").first.click()
    expect(toast(page, "nightly started")).to_be_visible()
    changes = [(call, body) for call, body in asked if "preview" not in call]
    assert changes[0] == ("PATCH /api/schedules/1/", {"enabled": False})
    assert changes[1][1]["schedule"] == {"type": "crontab", "crontab": "0 5 * * *", "timezone": "Europe/Berlin"}
    assert changes[2][0] == "POST /api/schedules/1/run/"


def test_dead_letters_are_sent_again_after_a_preview(played):
    page, asked = played()
    page.goto("/tasks/dead")
    page.get_by_role("button", name="Look at them").click()
    page.get_by_role("button", name="Show t-9").click()
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


def test_a_row_of_a_queue_is_drained_and_a_worker_tells_of_itself_and_is_called_back(played):
    page, asked = played()
    page.goto("/tasks")
    page.get_by_role("button", name="Drain celery").click()
    dialog = page.get_by_role("dialog", name="Drain “celery”")
    expect(dialog.get_by_role("status")).to_contain_text("4 left")
    dialog.get_by_role("button", name="Pause").click()
    eventually(page, lambda: ("POST /api/queues/celery/pause/", {}) in asked, lambda: asked)
    dialog.get_by_role("button", name="Done").click()
    closed(page)
    page.get_by_role("button", name="More about w1@host").click()
    worker = page.get_by_role("group", name="Workers")
    expect(worker).to_contain_text("50 MB at most so far")
    expect(worker).to_contain_text("12 × refresh")
    expect(worker.get_by_role("link", name=TASK["name"])).to_have_attribute("href", "/tasks/id/t-1")
    page.get_by_role("button", name="Quiet").click()
    page.get_by_role("dialog").get_by_role("button", name="Quiet it").click()
    closed(page)
    # What it was told shows in its next heartbeat, which the server tells of.
    page.route(re.compile(r"/api/workers/$"), lambda route: route.fulfill(json={"workers": [{**WORKER, "queues": [], "state": "quiet"}]}))
    tell(page, "workers")
    page.get_by_role("button", name="Take again").click()
    expect(toast(page, "takes tasks again")).to_be_visible()
    assert asked[-1] == ("POST /api/workers/w1%40host/resume/", {"queues": ["celery"]})


def test_what_runs_shows_its_progress_and_its_log_where_it_stands(played):
    page, asked = played()
    page.goto("/tasks")
    running = page.get_by_role("group", name="Running")
    expect(running.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "42")
    expect(running).to_contain_text("channels")
    running.get_by_role("button", name=f"Log of {TASK['name']}").focus()
    page.keyboard.press("Enter")
    expect(running.get_by_role("log")).to_contain_text("<i>gave up</i>")
    running.get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel it").click()
    expect(toast(page, "Cancelled")).to_be_visible()
    assert asked == [("DELETE /api/tasks/t-1/", {})]


def test_the_charts_are_drawn_from_what_was_seen(played):
    page, _ = played()
    page.clock.install()
    page.goto("/tasks")
    expect(page.get_by_role("group", name="Queues")).to_be_visible()
    page.clock.run_for(10_000)
    for title, says in {"Throughput": "0 a second done", "Backlog by queue": "1,203 waiting", "Latency of the latest tasks": "half wait 1 s and run 8 s at most"}.items():
        panel = page.get_by_role("region", name=title)
        expect(panel).to_contain_text(says)
        expect(panel.locator("polyline").first).to_have_attribute("points", re.compile(r"^0\.0,\S+ "))


def test_what_comes_next_stands_in_its_order(played):
    page, _ = played()
    page.goto("/tasks")
    coming = page.get_by_role("group", name="Coming up").get_by_role("row")
    expect(coming.nth(1)).to_contain_text("nightly")
    expect(coming.nth(2)).to_contain_text("once, at 2027-01-01")


def test_tasks_of_one_schedule_and_of_one_time_are_found(played):
    page, _ = played()
    page.goto("/tasks/schedules")
    with page.expect_request(re.compile(r"/api/tasks/\?.*schedule=once")):
        page.get_by_role("link", name="Runs of once").click()
    with page.expect_request(re.compile(r"since=2026-11-2")):
        page.goto("/tasks/history?since=2026-11-23T00:00:00.000Z")
    expect(page.get_by_role("button", name="Accepted since", exact=True)).to_contain_text("2026-11-2")
    with page.expect_request(re.compile(r"/api/tasks/\?limit=50$")):
        page.get_by_role("button", name="Clear Accepted since").click()


def test_attempts_and_relatives_are_shown(played):
    page, _ = played()
    page.goto("/tasks/id/t-2")
    attempts = page.get_by_role("group", name="Attempts").get_by_role("row")
    expect(attempts).to_have_count(3)
    expect(attempts.nth(1)).to_contain_text("w1@host")
    expect(attempts.nth(1)).to_contain_text("no line")
    expect(attempts.nth(2)).to_contain_text("4 s")
    children = page.get_by_role("list", name="Children")
    expect(children.get_by_role("link", name="notify")).to_be_visible()
    expect(children.get_by_role("link", name="looked.up")).to_be_visible()


def test_a_schedule_unfolds_its_next_firings_and_keeps_its_kind_when_it_is_edited(played):
    page, asked = played()
    page.goto("/tasks/schedules")
    page.get_by_role("button", name="Next firings of nightly").click()
    expect(page.get_by_text("02:30 does not exist on this day")).to_be_visible()
    page.get_by_role("button", name="Edit once").click()
    form = page.get_by_role("form", name="Schedule")
    form.get_by_role("button", name="Missed runs, limits and the rest").click()
    form.get_by_role("textbox", name="While the run before goes on").click()
    page.get_by_role("option", name="the new one is left out").click()
    form.get_by_role("button", name="Save").click()
    expect(toast(page, "Saved")).to_be_visible()
    (body,) = [body for call, body in asked if call == "PATCH /api/schedules/2/"]
    assert body["schedule"] == {"type": "clocked", "at": "2027-01-01T05:00:00Z"}
    assert (body["overlap"], "missed" in body) == ("skip", False)


def test_a_dead_letter_is_mended_and_sent(played):
    page, asked = played()
    page.goto("/tasks/dead")
    page.get_by_role("button", name="Look at them").click()
    page.get_by_role("button", name="Show t-9").click()
    page.get_by_role("button", name="Mend and send…").click()
    dialog = page.get_by_role("dialog", name="Mend and send")
    dialog.get_by_role("textbox", name="Arguments", exact=True).fill("[2]")
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(toast(page, "Sent again")).to_be_visible()
    assert asked == [("POST /api/dead/d1/replay/", {"args": [2], "kwargs": {}})]


def test_lists_are_read_when_the_server_tells_and_not_before(played, watch):
    watch.expect("WebSocket")
    page, _ = played()
    read = reads(page)
    page.clock.install()
    page.goto("/tasks/dead")
    expect(page.get_by_text(GROUP["reason"])).to_be_visible()
    settled(page, read)
    tell(page, "queues", "tasks")
    passes(page, 12)
    assert read == [], "nobody said that the dead letters changed"
    tell(page, "dead")
    page.clock.run_for(1_000)
    eventually(page, lambda: read == ["/api/dead/"], lambda: read)
    # While nobody can tell, the page asks.
    page.live.lose()
    expect(page.get_by_text("Offline", exact=True)).to_be_visible()
    read.clear()
    page.live.is_down = True
    passes(page, 4)
    eventually(page, lambda: "/api/dead/" in read, lambda: read)


def test_what_nobody_tells_is_looked_at_now_and_then(played):
    page, _ = played()
    read = reads(page)
    page.clock.install()
    page.goto("/tasks/dead")
    expect(page.get_by_text(GROUP["reason"])).to_be_visible()
    settled(page, read)
    passes(page, 14)
    assert read == [], "sooner than every twenty seconds"
    passes(page, 8)
    eventually(page, lambda: read == ["/api/dead/"], lambda: read)


def test_what_was_done_here_shows_before_anybody_tells(played):
    page, asked = played()
    read = reads(page)
    page.clock.install()
    page.goto("/tasks")
    expect(page.get_by_role("button", name="Pause")).to_have_count(1)
    settled(page, read)
    queues = ANSWERS["GET /api/queues/"]
    paused = {**queues, "queues": [{**one, "paused": True} for one in queues["queues"]]}
    page.route(re.compile(r"/api/queues/$"), lambda route: route.fulfill(json=paused))
    with page.expect_response(re.compile(r"/pause/$")):
        page.get_by_role("button", name="Pause").click()
    passes(page, 3)
    expect(page.get_by_role("button", name="Resume")).to_have_count(2)
    assert asked == [("POST /api/queues/celery/pause/", {})]


def report(page: Page, **more) -> None:
    """What the server says of the running task."""
    page.live.say(**{"type": "task_report", "task_id": "t-1", "state": "STARTED", "progress": TASK["progress"], **more})


def line(message: str, time: int = 1795400001) -> dict:
    return {"time": time, "level": "info", "source": "x", "message": message}


@pytest.mark.parametrize("path", ["/tasks/id/t-1", "/tasks"])
def test_progress_and_lines_of_a_running_task_come_without_asking(played, watch, path):
    watch.expect("WebSocket")
    page, _ = played()
    read = reads(page)
    page.clock.install()
    page.goto(path)
    part = page.get_by_role("group", name="Running") if path == "/tasks" else page.get_by_role("main")
    bar = part.get_by_role("progressbar", name=re.compile("^Progress"))
    expect(bar).to_have_attribute("aria-valuenow", "42")
    if path == "/tasks":
        part.get_by_role("button", name=f"Log of {TASK['name']}").click()
    log = part.get_by_role("log")
    expect(log).to_contain_text("<i>gave up</i>")
    eventually(page, lambda: any("task:t-1" in one.get("topics", []) for one in page.live.asked), lambda: page.live.asked)
    settled(page, read)

    report(page, progress={"percent": 61, "message": "programmes"})
    expect(bar).to_have_attribute("aria-valuenow", "61")
    expect(part.get_by_text("programmes")).to_be_visible()
    before = {"time": 1795400000, "level": "error", "message": "<i>gave up</i>"}
    report(page, log={"after": before, "lines": [line("tried again"), line("found it", 1795400002)]})
    expect(log).to_contain_text("found it")
    # Told once more, as after a reading that was a moment late: no line comes twice.
    report(page, log={"after": before, "lines": [line("tried again"), line("found it", 1795400002), line("done", 1795400003)]})
    expect(log).to_contain_text("done")
    assert log.inner_text().count("found it") == 1
    passes(page, 10)
    asked = [one for one in read if "/t-1/" in one or one == "/api/tasks/"]
    assert asked == [], "what was told was asked for all the same"

    # What cannot be told is read.
    report(page, log={"is_cut": True})
    page.clock.run_for(1_000)
    eventually(page, lambda: "/api/tasks/t-1/logs/" in read, lambda: read)


def test_who_comes_back_to_the_tasks_is_told_again(played):
    page, _ = played()
    read = reads(page)
    page.clock.install()
    page.goto("/tasks/dead")
    settled(page, read)
    page.get_by_role("link", name="Settings", exact=True).click()
    passes(page, 6)
    eventually(page, lambda: page.live.asked[-1] == {"type": "unsubscribe", "topics": ["tasks"]}, lambda: page.live.asked)
    page.get_by_role("link", name="Tasks", exact=True).click()
    page.get_by_role("link", name="Dead letters").click()
    expect(page.get_by_text(GROUP["reason"])).to_be_visible()
    settled(page, read)
    passes(page, 14)
    assert "/api/dead/" not in read, "it asks though it is told"


def test_without_motion_nothing_moves(played):
    page, _ = played(reduced_motion="reduce")
    for path, ready in {"/tasks": "w1@host", "/tasks/id/t-1": "It runs on"}.items():
        page.goto(path)
        expect(page.get_by_text(ready).first).to_be_visible()
        moving = page.evaluate("document.getAnimations().filter(one => one.effect?.getTiming().duration > 0).map(one => one.animationName ?? one.transitionProperty)")
        assert moving == [], path


def test_a_task_is_found_and_opened_by_keyboard_alone(played):
    page, _ = played()
    page.goto("/tasks/history")
    search = page.get_by_label("Search tasks")
    expect(page.get_by_role("group", name="Tasks").get_by_role("row")).to_have_count(3)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.evaluate("(document.activeElement.closest('.task-link') ? 'task' : document.activeElement.ariaLabel) ?? ''")
        ring = page.evaluate("(style => style.outlineStyle !== 'none' || style.boxShadow !== 'none' || document.activeElement.closest('.mantine-Input-wrapper') !== null)(getComputedStyle(document.activeElement))")
        assert ring, f"the focus cannot be seen on {focused or page.evaluate('document.activeElement.outerHTML')}"
        if focused == "task":
            break
    assert search.count() == 1
    page.keyboard.press("Enter")
    page.wait_for_url("**/tasks/id/t-1")
    expect(page.get_by_role("main")).to_be_focused()
