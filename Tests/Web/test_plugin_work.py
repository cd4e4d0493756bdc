"""What plugins need and do over time: packages, files, tasks that go on, and a server that lets none of them run."""

from __future__ import annotations

import re

from played import Live, answers, list_of, open_page, plugin, runs
from playwright.sync_api import Route, expect
from steps import card, enable, eventually, open_plugins, play, toast

TASK = {"task_id": "t-1", "state": "STARTED", "ready": False, "progress": None, "error": None}
STARTED = (202, {"success": True, "task_id": "t-1"})


def test_an_action_that_goes_on_shows_how_far_it_is_and_what_came_of_it(page):
    live = Live(page)
    now = {**TASK}
    runs(page, STARTED)
    answers(page, "/api/tasks/t-1/$", lambda _: now, "GET")
    list_of(page, plugin(actions=[{"id": "scan", "label": "Scan", "async": True, "success_message": "Found {{ result.count }}"}]))
    page.goto("/plugins")
    this = card(page, "played")
    this.get_by_role("button", name="Run: Scan").click()
    expect(this.get_by_text("Waiting for a worker")).to_be_visible()
    expect(toast(page, "you can leave this page")).to_be_visible()
    now["progress"] = {"percent": 40, "message": "Step 4 of 10"}
    live.say(type="task_progress", task_id="t-1")
    expect(this.get_by_text("Step 4 of 10")).to_be_visible()
    expect(this.get_by_role("progressbar", name="Progress")).to_have_attribute("aria-valuenow", "40")
    expect(this.get_by_role("link", name="Its task")).to_have_attribute("href", "/tasks/t-1")
    expect(toast(page, "Step 4 of 10")).to_contain_text("40 %")
    now.update(state="SUCCESS", ready=True, result={"status": "ok", "message": "7 found"})
    expect(toast(page, "7 found")).to_be_visible()
    expect(this.get_by_role("progressbar")).to_have_count(0)
    expect(toast(page, "Step 4 of 10")).to_have_count(0)


def test_a_task_that_fails_or_is_cancelled_says_so(page):
    live = Live(page, "updates", "task:t-1")
    now = {**TASK}
    runs(page, STARTED)
    answers(page, "/api/tasks/t-1/$", lambda _: now, "GET")
    cancelled = answers(page, "/api/tasks/t-1/$", lambda _: now.update(state="REVOKED", ready=True) or {"success": True}, "DELETE")
    open_page(page, {"type": "actionButton", "action": "scan", "label": "Scan"})
    page.get_by_role("button", name="Scan").click()
    toast(page, "you can leave this page").get_by_role("button", name="Cancel").click()
    eventually(page, lambda: bool(cancelled), lambda: "nothing was cancelled")
    expect(page.get_by_role("alert").filter(has_text="It was cancelled.")).to_be_visible()
    now.update(TASK)
    live.asked.clear()
    page.get_by_role("button", name="Scan").click()
    eventually(page, lambda: {"type": "subscribe", "topics": ["task:t-1"]} in live.asked, lambda: live.asked)
    live.say(type="task_report", task_id="t-1", state="STARTED", progress={"percent": 30, "message": "Channel 3 of 10"})
    expect(toast(page, "Channel 3 of 10")).to_contain_text("30 %")
    now.update(state="FAILURE", error="ValueError: no channel", ready=True)
    live.say(type="task_report", task_id="t-1", state="FAILURE", progress=None)
    failed = page.get_by_role("alert").filter(has_text="no channel")
    expect(failed.get_by_role("link", name="What its task said")).to_have_attribute("href", "/tasks/t-1")


def test_a_real_plugins_long_work_is_followed_to_its_end(page):
    open_plugins(page)
    enable(page, "gallery")
    row = next(one for one in page.request.get("/api/plugins/plugins/").json()["plugins"] if one["key"] == "gallery")
    list_of(page, {**row, "ui_schema": None})
    page.goto("/plugins")
    with page.expect_response(lambda answer: answer.url.endswith("/gallery/run/")) as ran:
        card(page, "gallery").get_by_role("button", name="Run: The same as a task").click()
    assert ran.value.status == 202
    expect(toast(page, "Done")).to_be_visible()


def test_packages_of_its_own_are_installed_with_visible_progress(page, axe_problems, picture):
    live = Live(page)
    row = plugin(requirements={"state": "missing", "error": None})
    list_of(page, row)
    now = {**TASK}
    asked = answers(page, "/plugins/played/requirements/$", STARTED)
    looks = answers(page, "/api/tasks/t-1/$", lambda _: now, "GET")
    held: list[Route] = []
    page.route(re.compile("/api/tasks/t-1/$"), lambda route: held.append(route), times=1)
    page.goto("/plugins")
    this = card(page, "played")
    expect(this.get_by_text("It needs packages of its own")).to_be_visible()
    this.get_by_role("button", name="Install packages").click()
    dialog = page.get_by_role("dialog", name="Install what Played needs?")
    expect(dialog).to_contain_text("third parties")
    dialog.get_by_role("button", name="Install").click()
    expect(this.get_by_text("Installing its packages")).to_be_visible()
    assert len(asked) == 1
    live.say(type="plugin_requirements", plugin="played", state="installing", percent=60, message="Collecting six", task_id="t-1")
    expect(this.get_by_text("Collecting six")).to_be_visible()
    # The first look at the task is answered after the event, and knows less. The next one says that it was read.
    eventually(page, lambda: held, lambda: "nobody looks at the task")
    held[0].fulfill(json=now)
    eventually(page, lambda: looks, lambda: "nobody looks at the task again")
    expect(this.get_by_text("Collecting six")).to_be_visible()
    expect(this.get_by_role("progressbar", name="Installation")).to_have_attribute("aria-valuenow", "60")
    picture(page, "requirements")
    assert axe_problems(page) == []
    list_of(page, {**row, "requirements": {"state": "ready", "error": None}})
    now.update(state="SUCCESS", ready=True, result={"status": "ok"})
    live.say(type="plugin_requirements", plugin="played", state="ready", percent=100, message="The packages are installed.", task_id="t-1")
    expect(toast(page, "Played has its packages.")).to_be_visible()
    expect(this.get_by_text("packages")).to_have_count(0)


def test_packages_that_could_not_be_installed_say_why_and_try_again(page):
    list_of(page, plugin(requirements={"state": "failed", "error": "No matching distribution found for sixx"}), plugin(key="odd", name="Odd", requirements={"state": "invalid", "error": "line 1: options are not allowed"}))
    page.goto("/plugins")
    expect(card(page, "played").get_by_text("No matching distribution found for sixx")).to_be_visible()
    expect(card(page, "played").get_by_role("button", name="Try again")).to_be_visible()
    expect(card(page, "odd").get_by_text("line 1: options are not allowed")).to_be_visible()
    expect(card(page, "odd").get_by_role("button", name="Try again")).to_have_count(0)


def test_settings_of_every_newer_type_are_filled_in_and_saved(page, watch):
    """On the real server: a file goes up when it is chosen, and its path is the setting."""
    open_plugins(page)
    enable(page, "gallery")
    page.goto("/plugins/gallery/settings")
    form = page.get_by_role("form", name="Settings of Gallery")
    fold = form.get_by_role("button", name="More")
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(form.get_by_text("Rules")).to_have_count(0)
    fold.click()
    remove = form.get_by_role("button", name=re.compile("^Remove "))
    for _ in range(remove.count()):
        remove.first.click()
    form.get_by_role("button", name="Add a row to Rules").click()
    form.get_by_label("Name, row 1").fill("News")
    form.get_by_label("Count, row 1").fill("-1")
    form.get_by_label("Kind, row 1").select_option("a")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_text("Count, row 1: at least 0.")).to_be_visible()
    form.get_by_label("Count, row 1").fill("3")
    with page.expect_response(lambda answer: answer.url.endswith("/gallery/fields/list/upload/")) as sent:
        form.get_by_label("List", exact=True).set_input_files({"name": "names.csv", "mimeType": "text/csv", "buffer": b"a,b\n"})
    assert sent.value.ok, sent.value.text()
    expect(form.get_by_text("names.csv")).to_be_visible()
    form.get_by_role("button", name="Save").click()
    expect(toast(page, "Gallery settings updated")).to_be_visible()
    settings = next(one for one in page.request.get("/api/plugins/plugins/").json()["plugins"] if one["key"] == "gallery")["settings"]
    assert settings["rules"] == [{"name": "News", "count": 3, "on": True, "kind": "a"}]
    assert settings["list"] == sent.value.json()["value"] and settings["list"].endswith("/names.csv")


def test_a_file_that_is_not_taken_leaves_the_setting_as_it_was(page, watch):
    watch.expect("status 400|status of 400")
    answers(page, "/fields/list/upload/$", (400, {"success": False, "error": "The field takes .csv, not 'x.csv'.", "code": "file_not_accepted"}))
    list_of(page, plugin(fields=[{"id": "list", "label": "List", "type": "file", "accept": ".csv"}], settings={"list": "/kept/old.csv"}))
    page.goto("/plugins")
    this = card(page, "played")
    expect(this.get_by_text("old.csv")).to_be_visible()
    this.get_by_label("List", exact=True).set_input_files({"name": "x.csv", "mimeType": "text/csv", "buffer": b"a"})
    expect(this.get_by_role("alert")).to_contain_text("The field takes .csv")
    expect(this.get_by_text("old.csv")).to_be_visible()


def test_safe_mode_is_said_where_a_plugin_was_to_run(page, watch, axe_problems):
    watch.expect("status 409|status of 409")
    hint = "Start it without --safe-mode."
    runs(page, (409, {"success": False, "error": "No plugin runs: this server was started with --safe-mode.", "code": "safe_mode", "hint": hint}))
    list_of(page, plugin(actions=[{"id": "go", "label": "Go"}]))
    page.goto("/plugins")
    card(page, "played").get_by_role("button", name="Run: Go").click()
    expect(page.get_by_role("alert").filter(has_text="started with --safe-mode").first).to_be_visible()
    banner = page.locator("main .mantine-Alert-root").filter(has_text="Safe mode")
    expect(banner).to_contain_text(hint)
    assert axe_problems(page) == []


def test_an_update_leads_to_where_it_is_installed(page):
    list_of(page, plugin(update_available=True, latest_version="1.1.0", slug="played", source_repo_name="Mine"))
    play(page, "/api/plugins/repos/available/$", {"plugins": []})
    play(page, "/api/plugins/repos/$", [])
    page.goto("/plugins")
    expect(page.get_by_role("link", name="Find plugins")).to_contain_text("1")
    card(page, "played").get_by_role("link", name="Update Played").click()
    expect(page).to_have_url(re.compile(r"/plugins/browse\?find=played$"))
    expect(page.get_by_label("Search what is offered")).to_have_value("played")
