"""Settings: one's own, and the server's, on answers that are played here."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, Route, expect
from steps import DESKTOP, PHONE, closed, eventually, play, toast

SETTINGS = [
    {"id": 1, "key": "system_settings", "name": "System", "value": {"time_zone": "UTC", "max_system_events": 100, "preferred_region": None, "auto_import_mapped_files": True, "enable_ip_lookup": True, "catchup_enabled": True}},
    {"id": 2, "key": "stream_settings", "name": "Streams", "value": {"m3u_hash_key": "url", "default_user_agent": 1, "default_stream_profile": 1, "default_output_format": "mpegts", "hdhr_output_profile_id": None}},
    {"id": 3, "key": "epg_settings", "name": "Guides", "value": {"epg_match_mode": "advanced", "epg_match_ignore_prefixes": ["US:"], "epg_match_ignore_suffixes": [], "epg_match_ignore_custom": []}},
    {"id": 4, "key": "proxy_settings", "name": "Proxy", "value": {"buffering_timeout": 15, "buffering_speed": 1.0, "redis_chunk_ttl": 60}},
    {"id": 5, "key": "user_limit_settings", "name": "Limits", "value": {"terminate_oldest": True}},
    {"id": 6, "key": "dvr_settings", "name": "DVR", "value": {"tv_template": "{show}/{title}", "comskip_enabled": True, "comskip_mode": "cut"}},
    {"id": 7, "key": "backup_settings", "name": "Backups", "value": {"schedule_enabled": True, "schedule_frequency": "weekly", "schedule_time": "03:00", "schedule_day_of_week": 2, "retention_count": 3}},
    {"id": 8, "key": "plugin_repo_settings", "name": "Repositories", "value": {"refresh_interval_hours": 6}},
    {"id": 9, "key": "network_access", "name": "Network", "value": {"UI": "10.0.0.0/8", "STREAMS": ""}},
]


def refuse(route: Route, message: str) -> None:
    route.fulfill(status=400, content_type="application/json", body=json.dumps({"success": False, "error": message, "code": "invalid_fields"}))


@pytest.fixture
def played(open_context, session_state):
    """A page whose server keeps the settings above; what it was asked to change, and what it says of an address."""
    asked: list[tuple[str, dict]] = []
    outside: dict = {"UI": [], "client_ip": "10.1.2.3"}

    def open_(level: int = 10, **options) -> tuple[Page, list[tuple[str, dict]], dict]:
        page = open_context(storage_state=session_state, **options).new_page()
        play(page, "/api/auth/session/$", {"success": True, "authenticated": True, "user": {"id": 1, "name": "ann", "level": level}})
        play(page, "/api/accounts/users/me/$", {"id": 1, "username": "ann", "email": "ann@example.org", "user_level": level, "has_api_key": False})
        play(page, "/api/core/timezones/$", {"timezones": ["Africa/Abidjan", "Europe/Berlin", "UTC"], "grouped": {}, "count": 3})
        play(page, "/api/core/version/$", {"version": "0.29.0", "server": "Skirret", "server_version": "0.1.0", "timestamp": None})

        def answer(route: Route) -> None:
            key = route.request.url.rstrip("/").rsplit("/", 1)[1]
            if route.request.method == "GET":
                return route.fulfill(json=SETTINGS)
            body = json.loads(route.request.post_data or "{}")
            if key == "check":
                return route.fulfill(json=outside)
            asked.append((key, body["value"]))
            if body["value"].get("max_system_events") == 7:
                return refuse(route, "system_settings.max_system_events: expected a number that this test likes")
            return route.fulfill(json=next(row for row in SETTINGS if row["key"] == key))

        page.route(re.compile(r"/api/core/settings/"), answer)
        return page, asked, outside

    return open_


def test_a_group_is_changed_and_only_what_changed_is_sent(played, watch):
    watch.expect(r"status 400: .*/api/core/settings/|status of 400")
    page, asked, _ = played()
    page.goto("/settings/system")
    form = page.get_by_role("form", name="System")
    expect(form.get_by_role("button", name="Save")).to_be_disabled()
    form.get_by_role("textbox", name="Time zone").click()
    page.get_by_role("option", name="Europe/Berlin").click()
    events = form.get_by_label("Events that are kept")
    events.fill("0")
    events.blur()
    events.fill("7")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_text("Expected a number that this test likes")).to_be_visible()
    events.fill("70")
    form.get_by_role("button", name="Save").click()
    expect(toast(page, "Saved")).to_be_visible()
    assert asked[-1] == ("system_settings", {"time_zone": "Europe/Berlin", "max_system_events": 70})


def test_leaving_with_unsaved_settings_is_asked_about(played):
    page, asked, _ = played()
    page.goto("/settings/playing")
    page.get_by_role("form", name="Playing").get_by_label("Stutter for").fill("20")
    page.get_by_role("link", name="Network").click()
    page.get_by_role("dialog", name="Leave this page?").get_by_role("button", name="Stay").click()
    closed(page)
    page.get_by_role("form", name="Playing").get_by_role("button", name="Undo").click()
    page.get_by_role("link", name="Network").click()
    expect(page.get_by_role("form", name="Who may come from where")).to_be_visible()
    assert asked == []


def test_a_new_identity_of_all_streams_is_asked_about(played):
    page, asked, _ = played()
    page.goto("/settings/streams")
    form = page.get_by_role("form", name="Streams")
    form.get_by_role("textbox", name="What tells two streams apart").click()
    page.get_by_role("option", name="Guide id").click()
    page.keyboard.press("Escape")
    form.get_by_role("button", name="Save").click()
    page.get_by_role("dialog", name="Compute all streams anew?").get_by_role("button", name="Save and compute").click()
    expect(toast(page, "Saved")).to_be_visible()
    assert asked == [("stream_settings", {"m3u_hash_key": "url,tvg_id"})]


def test_nobody_locks_themselves_out_unawares(played):
    page, asked, outside = played()
    page.goto("/settings/network")
    expect(page.get_by_text("You come from 10.1.2.3")).to_be_visible()
    form = page.get_by_role("form", name="Who may come from where")
    add = form.get_by_role("textbox", name="These pages and their interface")
    add.fill("192.168.0.0/16")
    add.press("Enter")
    outside["UI"] = ["192.168.0.0/16"]
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_text("Your own address, 10.1.2.3, is in none of these")).to_be_visible()
    assert asked == []
    outside["UI"] = []
    form.get_by_role("button", name="Save").click()
    expect(toast(page, "Saved")).to_be_visible()
    assert asked == [("network_access", {"UI": "10.0.0.0/8,192.168.0.0/16"})]


def test_who_may_only_look_changes_nothing(played):
    page, _, _ = played(level=1)
    page.goto("/settings/system")
    expect(page.get_by_text("Only administrators change")).to_be_visible()
    expect(page.get_by_role("form", name="System").get_by_label("Events that are kept")).to_be_disabled()
    assert page.get_by_role("button", name="Save").count() == 0


def test_colours_are_chosen_and_kept(played):
    page, _, _ = played()
    page.goto("/settings")
    scheme = page.locator("html")
    expect(scheme).to_have_attribute("data-mantine-color-scheme", "dark")
    page.get_by_text("Light", exact=True).click()
    expect(scheme).to_have_attribute("data-mantine-color-scheme", "light")
    page.reload()
    expect(page.get_by_role("form", name="Your account")).to_be_visible()
    expect(scheme).to_have_attribute("data-mantine-color-scheme", "light")
    page.get_by_text("As the system", exact=True).click()
    expect(scheme).to_have_attribute("data-mantine-color-scheme", "dark")


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize(("name", "size"), [("desktop", DESKTOP), ("phone", PHONE)])
def test_the_pages_fit_and_can_be_read(played, picture, axe_problems, scheme, name, size):
    page, _, _ = played(viewport=size, color_scheme=scheme)
    for path, ready in {"/settings": "Your account", "/settings/system": "System", "/settings/streams": "Streams", "/settings/playing": "Playing", "/settings/network": "Who may come from where"}.items():
        page.goto(path)
        expect(page.get_by_role("form", name=ready)).to_be_visible()
        picture(page, f"{path.strip('/').replace('/', '-')}-{name}-{scheme}")
        assert axe_problems(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is wider than the screen"
