"""Whatever plugins say stays words: in names, settings, actions, results, downloads, events and pages."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Page, Route, expect
from steps import toast

EVIL = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>{{constructor.constructor('x')()}}"
LINK = "javascript:document.title='owned'"
PLUGIN = {
    "key": "evil", "name": f"Evil {EVIL}", "version": EVIL, "description": EVIL, "author": EVIL, "help_url": LINK, "logo_url": LINK,
    "enabled": True, "ever_enabled": True, "missing": False, "legacy": False, "loaded": True, "load_error": EVIL, "warnings": [EVIL],
    "fields": [{"id": "a", "label": EVIL, "type": "string", "help_text": EVIL, "default": EVIL, "placeholder": EVIL}, {"id": "i", "type": "info", "label": EVIL, "description": f"{EVIL} {LINK}"}],
    "settings": {}, "actions": [{"id": "go", "label": "Go", "description": EVIL, "events": [EVIL], "confirm": {"title": EVIL, "message": EVIL, "confirmLabel": "Yes"}}],
    "ui_schema": None,
}


def play(page: Page, result: dict) -> None:
    def listed(route: Route) -> None:
        route.fulfill(status=200, content_type="application/json", body=json.dumps({"plugins": [PLUGIN]}))

    def ran(route: Route) -> None:
        route.fulfill(status=200, content_type="application/json", body=json.dumps({"success": True, "result": result}))

    page.route(re.compile("/api/plugins/plugins/$"), listed)
    page.route(re.compile("/plugins/evil/run/$"), ran)


def assert_inert(page: Page) -> None:
    assert "owned" not in page.title()
    assert page.locator("#app script, #app [onerror], #app a[href^='javascript'], #app img[src^='javascript']").count() == 0


def test_a_card_its_question_and_its_result_are_words(page):
    play(page, {"status": "error", "title": EVIL, "message": EVIL, "file": EVIL, "error": EVIL})
    page.goto("/plugins")
    expect(page.get_by_role("heading", name="Evil <img")).to_be_visible()
    assert_inert(page)
    page.get_by_role("button", name="Run: Go").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("<script>")
    assert_inert(page)
    dialog.get_by_role("button", name="Yes").click()
    expect(toast(page, "<script>")).to_be_visible()
    expect(page.locator(".action-error")).to_contain_text("<script>")
    assert_inert(page)


def test_a_download_has_a_plain_name_and_no_address_that_runs(page):
    play(page, {"status": "ok", "download": {"filename": "../../x\r\nSet-Cookie: a=b", "content_type": "text/html\r\nx: y", "data": "aGk="}})
    page.goto("/plugins")
    with page.expect_download() as download:
        page.get_by_role("button", name="Run: Go").click()
        page.get_by_role("dialog").get_by_role("button", name="Yes").click()
    assert re.fullmatch(r"[\w=.; -]+", download.value.suggested_filename), download.value.suggested_filename
    page.unroute_all()
    play(page, {"status": "ok", "download": {"filename": "x.html", "url": LINK}})
    page.get_by_role("button", name="Run: Go").click()
    page.get_by_role("dialog").get_by_role("button", name="Yes").click()
    expect(toast(page, "its address is not http or https")).to_be_visible()
    assert_inert(page)


def test_pages_reach_their_own_server_only(page):
    page.goto("/playground")
    sources = {
        "here": {"type": "url", "url": "/api/plugins/plugins/", "extract": "plugins", "pick": ["key", "enabled"]},
        "there": {"type": "url", "url": "https://example.org/data.json", "default": []},
        "given": {"type": "static", "data": [{"a": 1}]},
        "asked": {"type": "resource", "resource": "metrics"},
        "later": {"type": "action", "action": "count", "refresh": {"lazy": True}},
    }
    layout = {"type": "stack", "children": [
        {"type": "table", "source": "here", "title": "Here"},
        {"type": "table", "dataSource": {"type": "url", "url": "https://example.org/data.json"}, "title": "There"},
        {"type": "text", "text": "Given: {{ given[0].a }}"},
        {"type": "table", "source": "asked", "title": "Asked"},
        {"type": "table", "source": "later", "title": "Later"},
        {"type": "text", "text": "Hidden", "visible": {"path": "given[0].a", "equals": 2}},
        {"type": "text", "text": "Shown", "visible": {"path": "given[0].a", "equals": 1}},
    ]}
    page.get_by_label("The page as JSON").fill(json.dumps({"dataSources": sources, "layout": layout}))
    drawn = page.get_by_role("region", name="The page as it is drawn")
    expect(drawn.get_by_role("cell", name="my_plugin")).to_be_visible()
    expect(drawn.get_by_text("is another site")).to_be_visible()
    expect(drawn.get_by_text("Given: 1")).to_be_visible()
    expect(drawn.get_by_text("The playground has no resource “metrics”")).to_be_visible()
    expect(drawn.get_by_role("button", name="Load")).to_be_visible()
    expect(drawn.get_by_text("Shown")).to_be_visible()
    expect(drawn.get_by_text("Hidden")).to_have_count(0)
