"""The first page as a person uses it: sign in, trust a plugin, run it, watch what happens."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from steps import PLUGINS, card, closed, enable, flip, open_plugins, rows, switch, toast


def test_signing_in_takes_the_token_and_nothing_else(open_context, url, token, watch, picture, axe_problems):
    page = open_context().new_page()
    page.goto("/")
    page.get_by_role("button", name="Use the administrator’s token").click()
    field = page.locator("input[name=token]")
    expect(field).to_be_visible()
    assert axe_problems(page) == []
    picture(page, "sign-in")

    watch.expect(r"401.*|status 401: .*/api/auth/session/")
    field.fill("not the token")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This token is not the right one.")).to_be_visible()

    field.fill(token)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Plugins", level=1)).to_be_visible()
    assert page.url == f"{url}/plugins", "the first page is the plugins"
    assert page.evaluate("document.cookie") == "", "scripts cannot read the session"

    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("input[name=password]")).to_be_visible()


def test_the_plugins_of_the_document_are_listed(page, picture, axe_problems):
    open_plugins(page)
    for key, name in PLUGINS.items():
        expect(card(page, key).get_by_role("heading", name=name)).to_be_visible()
    expect(card(page, "my_plugin")).to_contain_text("v0.1.0")
    expect(card(page, "my_plugin")).to_contain_text("Does something useful")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    picture(page, "plugins")
    assert axe_problems(page) == []

    page.get_by_label("Search plugins").fill("refresh m3u")
    expect(card(page, "refresh_all")).to_be_visible()
    expect(card(page, "my_plugin")).to_have_count(0)


def test_a_plugin_is_trusted_once_and_then_runs(page, picture, axe_problems):
    open_plugins(page)
    key = "my_plugin"
    if not rows(page)[key]["ever_enabled"]:
        run = card(page, key).get_by_role("button", name="Run: Do Work")
        expect(run).to_be_disabled()
        flip(switch(page, key))
        expect(page.get_by_role("dialog")).to_contain_text("third parties")
        assert axe_problems(page) == []
        picture(page, "trust")
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        closed(page)
        expect(switch(page, key)).not_to_be_checked()
    enable(page, key)
    assert rows(page)[key]["enabled"]

    card(page, key).get_by_role("button", name="Run: Do Work").click()
    expect(toast(page, re.compile("My Plugin.*Processed: ", re.DOTALL))).to_be_visible()
    picture(page, "result")


def test_settings_are_saved_and_change_the_answer(page):
    open_plugins(page)
    enable(page, "my_plugin")
    limit = 7 if rows(page)["my_plugin"]["settings"].get("limit") != 7 else 8
    this = card(page, "my_plugin")
    this.get_by_label("Item limit").fill(str(limit))
    expect(this.get_by_text("Unsaved")).to_be_visible()
    this.get_by_role("button", name="Save", exact=True).click()
    expect(toast(page, "settings updated")).to_be_visible()
    assert rows(page)["my_plugin"]["settings"]["limit"] == limit
    this.get_by_role("button", name="Run: Do Work").click()
    expect(toast(page, f"Processed: {limit}")).to_be_visible()


def test_a_setting_named_confirm_makes_the_page_ask_first(page):
    open_plugins(page)
    enable(page, "refresh_all")
    card(page, "refresh_all").get_by_role("button", name="Run: Refresh All").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Run Refresh All M3Us and EPGs?")
    dialog.get_by_role("button", name="Confirm").click()
    expect(toast(page, "Refresh jobs queued")).to_be_visible()


def test_a_declared_page_works_and_the_event_log_hears_it(page, picture, axe_problems):
    open_plugins(page)
    enable(page, "service_monitor")
    page.goto("/plugins/service_monitor")
    expect(page.get_by_text("Active Workers")).to_be_visible()
    expect(page.locator("tbody tr").first).to_be_visible()
    page.get_by_role("button", name=re.compile("^Details of")).first.click()
    expect(page.get_by_text("Last heartbeat")).to_be_visible()
    picture(page, "service-monitor")
    assert axe_problems(page) == []

    queue = page.get_by_role("button", name="Queue", exact=True)
    queue.click()
    expect(page.get_by_text("Job Name is required.")).to_be_visible()
    page.get_by_label("Job Name").fill("nightly")
    page.get_by_label("Payload").fill('{"depth": 3}')
    queue.click()
    expect(toast(page, "nightly")).not_to_have_count(0)

    page.get_by_role("link", name="Events").click()
    heard = page.locator('.event[data-type="plugin_event"][data-plugin="service_monitor"]').filter(has_text="nightly")
    expect(heard).not_to_have_count(0)
    heard.first.locator("summary").click()
    expect(heard.first.locator("pre")).to_contain_text("nightly")
    picture(page, "events")
    assert axe_problems(page) == []


def test_a_page_in_the_sidebar_has_its_own_address(page, picture, axe_problems):
    open_plugins(page)
    enable(page, "service_monitor")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Service Dashboard").click()
    expect(page).to_have_url(re.compile("/dashboards/service-monitor$"))
    page.reload()
    expect(page.locator(".recharts-surface")).to_be_visible()
    picture(page, "dashboard")
    assert axe_problems(page) == []
    page.get_by_role("tab", name="Logs").click()
    expect(page.get_by_role("log")).to_be_visible()
