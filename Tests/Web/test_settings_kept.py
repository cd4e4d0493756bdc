"""Settings on the server's own routes: what is saved here is what it keeps, and what it refuses is said beside its field."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from steps import toast

SETTINGS = "/api/core/settings/"


def kept(page: Page) -> dict[str, dict]:
    answer = page.request.get(SETTINGS)
    assert answer.ok, answer.text()
    return {row["key"]: row["value"] for row in answer.json()}


@pytest.fixture
def page(page: Page, url: str):
    """Signed in, and what a test changes is afterwards as it was."""
    before = kept(page)
    yield page
    for key, value in kept(page).items():
        changed = {name: before[key][name] for name in value if name in before[key] and value[name] != before[key][name]}
        if changed:
            answer = page.request.patch(f"{SETTINGS}{key}/", data={"value": changed}, headers={"Origin": url})
            assert answer.ok, answer.text()


def test_what_is_saved_is_kept_and_nothing_else_changes(page):
    before = kept(page)
    page.goto("/settings/system")
    form = page.get_by_role("form", name="System")
    events = form.get_by_label("Events that are kept")
    expect(events).to_have_value(f"{before['system_settings']['max_system_events']:,}".replace(",", ""))
    events.fill("70")
    form.get_by_role("textbox", name="Time zone").click()
    page.get_by_role("option", name="Europe/Berlin", exact=True).click()
    form.get_by_role("button", name="Save").click()
    expect(toast(page, "Saved")).to_be_visible()
    expected = {**before, "system_settings": {**before["system_settings"], "max_system_events": 70, "time_zone": "Europe/Berlin"}}
    assert kept(page) == expected
    page.reload()
    expect(form.get_by_label("Events that are kept")).to_have_value("70")
    expect(form.get_by_role("button", name="Save")).to_be_disabled()


def test_a_network_that_is_none_is_refused_in_the_servers_words(page, watch):
    watch.expect(r"status 400: .*/api/core/settings/|status of 400")
    before = kept(page)["network_access"]
    page.goto("/settings/network")
    expect(page.get_by_text("You come from 127.0.0.1")).to_be_visible()
    form = page.get_by_role("form", name="Who may come from where")
    add = form.get_by_role("textbox", name="These pages and their interface")
    add.fill("300.1.2.0/24")
    add.press("Enter")
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_text("300.1.2.0/24").nth(1)).to_be_visible()
    expect(toast(page, "Saved")).to_have_count(0)
    assert kept(page)["network_access"] == before


def test_the_server_knows_who_would_be_locked_out(page):
    before = kept(page)["network_access"]
    page.goto("/settings/network")
    form = page.get_by_role("form", name="Who may come from where")
    expect(form).to_be_visible()
    add = form.get_by_role("textbox", name="These pages and their interface")
    add.fill("192.0.2.0/24")
    add.press("Enter")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_text("Your own address, 127.0.0.1, is in none of these")).to_be_visible()
    assert kept(page)["network_access"] == before


def test_a_new_identity_of_all_streams_is_kept_once_it_is_meant(page):
    before = kept(page)["stream_settings"]
    page.goto("/settings/streams")
    form = page.get_by_role("form", name="Streams")
    form.get_by_role("textbox", name="What tells two streams apart").click()
    page.get_by_role("option", name="Guide id").click()
    page.keyboard.press("Escape")
    form.get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog", name="Compute all streams anew?")
    expect(dialog).to_be_visible()
    assert kept(page)["stream_settings"] == before, "nobody said yes"
    dialog.get_by_role("button", name="Save and compute").click()
    expect(toast(page, "Saved")).to_be_visible()
    assert "tvg_id" in kept(page)["stream_settings"]["m3u_hash_key"]
