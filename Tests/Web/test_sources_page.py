"""Playlists and guides as a person keeps them, read for real from a provider that runs here."""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect
from steps import DESKTOP, PHONE, closed, eventually, flip, play, toast

CHANNELS = 4000
EVIL = "<img src=x onerror=\"document.title='owned'\">"


class Provider(ThreadingHTTPServer):
    """Half of a playlist at once, the rest when the test has seen enough; everything else is gone."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.may_finish = threading.Event()
        self.asked = 0
        self.address = f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    server: Provider

    def log_message(self, *_) -> None:
        pass

    def do_GET(self) -> None:
        if self.path != "/list.m3u":
            return self.send_error(404)
        entries = [f'#EXTINF:-1 tvg-id="c{i}" group-title="Group {i % 7}",Channel {i}\nhttp://127.0.0.1/{i}.ts\n' for i in range(CHANNELS)]
        whole = ("#EXTM3U\n" + "".join(entries)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(whole)))
        self.end_headers()
        self.server.asked += 1
        if self.server.asked == 1:
            # A new playlist's groups, which are read at once.
            self.wfile.write(whole)
            return None
        # Half of it, then a byte now and then: progress is told as bytes come in, until the test has seen it.
        sent = len(whole) // 2
        self.wfile.write(whole[:sent])
        while not self.server.may_finish.wait(0.2):
            self.wfile.write(whole[sent : sent + 1])
            sent += 1
        self.wfile.write(whole[sent:])
        return None


@pytest.fixture
def provider():
    provider = Provider()
    thread = threading.Thread(target=provider.serve_forever, daemon=True)
    thread.start()
    yield provider
    provider.may_finish.set()
    provider.shutdown()
    provider.server_close()


@pytest.fixture
def page(page: Page, url: str):
    """Signed in, and what the tests make is gone afterwards."""
    yield page
    for path in ("/api/m3u/accounts/", "/api/epg/sources/"):
        for row in page.request.get(path).json():
            if row["name"].startswith("web: "):
                page.request.delete(f"{path}{row['id']}/", headers={"Origin": url})


def source(page: Page, name: str):
    return page.get_by_role("article", name=name, exact=True)


def make(page: Page, origin: str, path: str, **fields) -> int:
    answer = page.request.post(path, data=fields, headers={"Origin": origin})
    assert answer.ok, answer.text()
    return answer.json()["id"]


def settled(page: Page, path: str, row: int) -> None:
    """Waits until what is read of a new source at once has been read, or could not be."""
    def status() -> str:
        return page.request.get(f"{path}{row}/").json()["status"]

    eventually(page, lambda: status() not in ("idle", "fetching", "parsing"), status, 60)


def test_a_playlist_is_added_read_changed_and_removed(page, provider, watch):
    watch.expect(r"status 422: .*/api/schedules/preview/|status of 422")
    page.goto("/sources")
    page.get_by_role("button", name="Add a playlist").click()
    form = page.get_by_role("form", name="Playlist")
    form.get_by_role("button", name="Add", exact=True).click()
    expect(form.get_by_text("It needs a name.")).to_be_visible()
    expect(form.get_by_text("It needs an address or a file.")).to_be_visible()
    form.get_by_role("textbox", name="Name").fill("web: cable")
    form.get_by_label("Address").fill(f"{provider.address}/list.m3u")
    form.get_by_role("button", name="Add", exact=True).click()
    this = source(page, "web: cable")
    expect(this).to_contain_text("groups to choose")
    expect(this).to_contain_text("once a day")
    closed(page)

    this.get_by_role("button", name="Refresh web: cable now").click()
    running = this.get_by_role("progressbar", name="Refresh of web: cable")
    expect(running).to_have_attribute("aria-valuenow", re.compile(r"[1-9]"))
    expect(this).to_contain_text("Downloading")
    expect(this).to_contain_text(re.compile(r"B/s"))
    expect(this.get_by_role("button", name="Refresh web: cable now")).to_be_disabled()
    provider.may_finish.set()
    expect(this).to_contain_text("up to date")
    expect(this).to_contain_text(f"{CHANNELS} created")
    expect(running).to_have_count(0)
    assert page.locator(".mantine-Notification-root").filter(has_text="web: cable: ").count() == 0, "the card shows it already"

    this.get_by_role("button", name="Edit web: cable").click()
    expect(form.get_by_label("Address")).to_have_value(f"{provider.address}/list.m3u")
    form.get_by_text("Set times", exact=True).click()
    form.get_by_label("Crontab", exact=True).fill("61 4 * * *")
    expect(form.get_by_text("This rule cannot be used")).to_be_visible()
    form.get_by_role("button", name="every 6 hours").click()
    expect(form.locator(".firings li")).to_have_count(8)
    form.get_by_role("button", name="Save").click()
    expect(this).to_contain_text("every 6 hours")
    closed(page)

    flip(page.get_by_role("switch", name="Read web: cable"))
    expect(this.get_by_role("button", name="Refresh web: cable now")).to_be_disabled()
    expect(this.get_by_role("status")).to_have_text("off")

    this.get_by_role("button", name="Remove web: cable").click()
    page.get_by_role("dialog", name="Remove web: cable?").get_by_role("button", name="Remove").click()
    expect(this).to_have_count(0)


def test_what_went_wrong_is_told_with_what_helps(page, url, provider, axe_problems, picture):
    make(page, url, "/api/m3u/accounts/", name="web: gone", server_url=f"{provider.address}/gone.m3u")
    page.goto("/sources")
    this = source(page, "web: gone")
    this.get_by_role("button", name="Refresh web: gone now").click()
    expect(this).to_contain_text("not found (404)")
    expect(this).to_contain_text("Ask the provider for the present one.")
    expect(this).not_to_contain_text("<html")
    expect(this.get_by_role("button", name="Refresh web: gone now")).to_be_enabled()
    history = this.get_by_role("button", name="History of web: gone")
    history.click()
    expect(history).to_have_attribute("aria-expanded", "true")
    runs = this.get_by_role("list", name="Refreshes of web: gone").get_by_role("listitem")
    expect(runs).to_have_count(1)
    expect(runs).to_contain_text("not found (404)")
    assert axe_problems(page) == []
    picture(page, "source-history")
    this.get_by_role("link", name="All tasks of web: gone").click()
    expect(page.get_by_role("group", name="Tasks").get_by_role("link").first).to_contain_text("refresh_single_m3u_account")


def test_a_refresh_that_waits_for_a_worker_says_so_and_is_forgotten_when_its_task_is_over(page, url):
    made = make(page, url, "/api/m3u/accounts/", name="web: queued", server_url="http://127.0.0.1:9/x.m3u")
    settled(page, "/api/m3u/accounts/", made)
    answers = iter(["PENDING", "PENDING"])

    def task(route) -> None:
        state = next(answers, "SUCCESS")
        route.fulfill(status=200, content_type="application/json", body=f'{{"task_id": "t", "state": "{state}", "ready": {str(state == "SUCCESS").lower()}}}')

    page.route(re.compile(r"/api/m3u/refresh/"), lambda route: route.fulfill(status=202, content_type="application/json", body='{"success": true, "task_id": "t"}'))
    page.route(re.compile(r"/api/tasks/t/$"), task)
    page.goto("/sources")
    this = source(page, "web: queued")
    this.get_by_role("button", name="Refresh web: queued now").click()
    expect(this).to_contain_text("Waiting for a worker")
    expect(this.get_by_role("link", name="Look at the task")).to_have_attribute("href", "/tasks/id/t")
    expect(this.get_by_role("progressbar")).to_have_count(0)
    expect(this).not_to_contain_text("Waiting for a worker")


def test_a_guide_comes_as_a_file_and_another_is_made_up(page):
    page.goto("/sources")
    page.get_by_role("button", name="Add a guide").click()
    form = page.get_by_role("form", name="Guide")
    form.get_by_role("textbox", name="Name").fill("web: file")
    form.get_by_role("button", name="Upload a file instead").click()
    guide = b'<?xml version="1.0"?><tv><channel id="a"><display-name>A</display-name></channel></tv>'
    form.get_by_label("A file instead of an address").set_input_files({"name": "guide.xml", "mimeType": "text/xml", "buffer": guide})
    expect(form.get_by_text("guide.xml")).to_be_visible()
    form.get_by_role("button", name="Add", exact=True).click()
    this = source(page, "web: file")
    expect(this).to_contain_text("guide.xml")
    expect(this).to_contain_text("up to date")  # An uploaded guide is read at once.
    closed(page)

    page.get_by_role("button", name="Add a guide").click()
    form.get_by_text("Made up", exact=True).click()
    expect(form.get_by_label("Address")).to_have_count(0)
    form.get_by_role("textbox", name="Name").fill("web: made up")
    form.get_by_role("button", name="Add", exact=True).click()
    expect(source(page, "web: made up")).to_contain_text("nothing to read")


def test_an_account_at_schedules_direct_is_kept_with_its_name(page):
    page.goto("/sources")
    page.get_by_role("button", name="Add a guide").click()
    form = page.get_by_role("form", name="Guide")
    form.get_by_role("textbox", name="Name", exact=True).fill("web: direct")
    form.get_by_text("Schedules Direct", exact=True).click()
    expect(form.get_by_label("Address")).to_have_count(0)
    form.get_by_role("button", name="Add", exact=True).click()
    expect(form.get_by_text("Schedules Direct needs the name of your account.")).to_be_visible()
    form.get_by_role("textbox", name="Name there").fill("ann")
    form.get_by_label("Password there").fill("secret")
    # Off: this test asks nobody out there.
    flip(form.get_by_role("switch", name="Refresh it"))
    form.get_by_role("button", name="Add", exact=True).click()
    this = source(page, "web: direct")
    expect(this).to_contain_text("Schedules Direct · ann")
    closed(page)
    (row,) = [one for one in page.request.get("/api/epg/sources/").json() if one["name"] == "web: direct"]
    assert (row["source_type"], row["username"], row["is_active"]) == ("schedules_direct", "ann", False)


def test_what_others_say_of_themselves_stays_words(page, url):
    make(page, url, "/api/m3u/accounts/", name=f"web: {EVIL}", server_url="http://127.0.0.1:9/x.m3u", is_active=False)
    page.goto("/sources")
    this = page.get_by_role("article").filter(has_text="web: <img")
    expect(this).to_be_visible()
    this.get_by_role("button", name=re.compile("^Edit")).click()
    expect(page.get_by_role("dialog")).to_contain_text("<img")
    assert "owned" not in page.title()
    assert page.locator("#app [onerror]").count() == 0


def test_who_may_only_look_finds_no_buttons(open_context, session_state, page, url):
    make(page, url, "/api/epg/sources/", name="web: looked at", url="http://127.0.0.1:9/x.xml", is_active=False)
    reader = open_context(storage_state=session_state).new_page()

    def session(route) -> None:
        route.fulfill(status=200, content_type="application/json", body='{"success": true, "authenticated": true, "user": {"id": 5, "name": "reader", "level": 1}}')

    reader.route(re.compile("/api/auth/session/$"), session)
    reader.goto("/sources")
    expect(source(reader, "web: looked at")).to_be_visible()
    assert reader.get_by_role("button", name=re.compile("Refresh|Edit|Remove|Add a")).count() == 0
    assert reader.get_by_role("switch").count() == 0


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize(("name", "size"), [("desktop", DESKTOP), ("phone", PHONE)])
def test_the_page_fits_and_can_be_read(open_context, session_state, picture, axe_problems, scheme, name, size):
    page = open_context(storage_state=session_state, viewport=size, color_scheme=scheme).new_page()
    base = {"is_active": True, "refresh_interval": 24, "cron_expression": "", "custom_properties": {}, "updated_at": "2026-11-23T02:00:00Z", "account_type": "STD"}
    playlists = [
        {**base, "id": 1, "name": "Cable", "server_url": "https://tv.example/list.m3u", "status": "success", "last_message": "Streams: 12 created, 3 updated, 0 marked stale, 0 removed.", "channel_groups": [1, 2], "exp_date": "2027-03-01T00:00:00Z"},
        {**base, "id": 2, "name": "An old provider of a very long name that wraps", "server_url": "https://old.example:8443/x", "status": "error", "last_message": "M3U file not found (404) at URL: https://old.example:8443/x"},
        {**base, "id": 3, "name": "Big", "server_url": "https://big.example/x", "status": "fetching", "last_message": "Downloading"},
        {**base, "id": 4, "name": "Box", "account_type": "XC", "server_url": "http://box.example", "status": "idle", "is_active": False},
    ]
    guides = [{**base, "id": 1, "name": "World", "source_type": "xmltv", "url": "https://g.example/x.xml.gz", "status": "success", "last_message": "Parsed 120,000 programs for 800 channels", "epg_data_count": 8000, "cron_expression": "30 4 * * *"}]
    schedules = [{"id": 9, "name": "m3u_account-refresh-1", "next_run_at": "2026-11-24T02:00:00Z", "last_run_at": "2026-11-23T02:00:00Z", "schedule": {"type": "interval", "every": 24, "period": "hours"}}]
    for path, rows in {"/api/m3u/accounts/$": playlists, "/api/epg/sources/$": guides, "/api/schedules/$": {"schedules": schedules}}.items():
        play(page, path, rows)
    sockets: list = []
    page.route_web_socket(re.compile("/ws/"), lambda socket: sockets.append(socket) or socket.connect_to_server())
    page.goto("/sources")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    sockets[-1].send('{"type": "update", "data": {"type": "m3u_refresh", "account": 3, "action": "downloading", "progress": 42, "speed": 2048.5, "time_remaining": 75}}')
    expect(source(page, "Big")).to_contain_text("2 MB/s · 1 min 15 s left")
    expect(source(page, "Cable")).to_contain_text("Paid until")
    picture(page, f"sources-{name}-{scheme}")
    assert axe_problems(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Edit World").click()
    expect(page.locator(".firings li").first).to_be_visible()
    picture(page, f"sources-editor-{name}-{scheme}")
    assert axe_problems(page) == []


def test_the_lists_are_asked_for_when_a_refresh_ends_and_not_before(page, url):
    asked: list[str] = []
    page.on("request", lambda request: "/api/m3u/accounts/" in request.url and asked.append(request.url))
    sockets: list = []
    page.route_web_socket(re.compile("/ws/"), lambda socket: sockets.append(socket) or socket.connect_to_server())
    made = make(page, url, "/api/m3u/accounts/", name="web: pushed", server_url="http://127.0.0.1:9/x.m3u", is_active=True)
    settled(page, "/api/m3u/accounts/", made)
    page.goto("/sources")
    this = source(page, "web: pushed")
    expect(this).to_be_visible()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    # Once it hears, it reads what it may have missed.
    page.wait_for_load_state("networkidle")
    before = len(asked)
    tell = '{"type": "update", "data": {"type": "m3u_refresh", "account": %d, "action": "%s", "progress": %d, "status": "%s"}}'
    for percent in range(0, 100, 10):
        sockets[-1].send(tell % (made, "downloading", percent, "fetching"))
    expect(this).to_contain_text("90 %")
    assert len(asked) == before, "progress comes by itself"
    sockets[-1].send(tell % (made, "parsing", 100, "success"))
    eventually(page, lambda: len(asked) == before + 1, lambda: asked)
    expect(this.get_by_role("progressbar")).to_have_count(0)
    assert toast(page, "refreshed").count() == 0
