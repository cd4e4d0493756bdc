"""Importing, deleting and ordering plugins. Most answers are played here: what archives may hold is the server's own tests' matter."""

from __future__ import annotations

import io
import json
import re
import zipfile

from playwright.sync_api import Page, Route, expect
from steps import card, enable, open_plugins, rows, toast

ZIP = {"name": "extra.zip", "mimeType": "application/zip", "buffer": b"PK\x05\x06" + bytes(18)}


def play_import(page: Page, answers: list[tuple[int, dict]]) -> list[str]:
    """Answers imports in turn; returns what was sent."""
    sent: list[str] = []

    def answer(route: Route) -> None:
        sent.append((route.request.post_data_buffer or b"").decode("latin-1"))
        status, body = answers[min(len(sent), len(answers)) - 1]
        route.fulfill(status=status, content_type="application/json", body=json.dumps(body))

    page.route(re.compile("/plugins/plugins/import/$"), answer)
    return sent


def test_an_archive_is_imported_and_enabled(page, axe_problems, picture):
    open_plugins(page)
    sent = play_import(page, [(200, {"success": True, "plugin": {"key": "my_plugin", "name": "My Plugin", "version": "0.1.0"}})])
    page.get_by_role("button", name="Import").click()
    dialog = page.get_by_role("dialog", name="Import a plugin")
    expect(dialog).to_contain_text("code from third parties")
    assert axe_problems(page) == []
    picture(page, "import")
    dialog.get_by_label("The plugin’s archive").set_input_files({**ZIP, "name": "notes.txt"})
    expect(dialog.get_by_text("only .zip can be taken here")).to_be_visible()
    assert sent == []
    dialog.get_by_label("The plugin’s archive").set_input_files(ZIP)
    expect(dialog.get_by_text("My Plugin")).to_be_visible()
    assert len(sent) == 1
    dialog.get_by_role("button", name="Done").click()
    expect(dialog).to_have_count(0)


def test_an_archive_dropped_on_the_page_may_replace_what_is_there(page, watch):
    watch.expect("status 400: .*/import/|status of 400")
    open_plugins(page)
    sent = play_import(page, [(400, {"success": False, "error": "Plugin 'extra' already exists"}), (200, {"success": True, "plugin": {"key": "extra", "name": "Extra"}})])
    data = page.evaluate_handle("() => { const data = new DataTransfer(); data.items.add(new File(['PK'], 'extra.zip', {type: 'application/zip'})); return data; }")
    page.dispatch_event("main", "dragover", {"dataTransfer": data})
    expect(page.get_by_text("Drop the plugin’s .zip to import it")).to_be_visible()
    page.dispatch_event("main", "drop", {"dataTransfer": data})
    question = page.get_by_role("dialog", name="Replace the installed plugin?")
    expect(question).to_contain_text("Plugin 'extra' already exists")
    question.get_by_role("button", name="Replace").click()
    expect(toast(page, "Imported")).to_be_visible()
    assert "overwrite" not in sent[0]
    assert 'name="overwrite"' in sent[1]


def test_a_plugin_is_deleted_after_a_question(page):
    open_plugins(page)
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.method)
        route.fulfill(status=200, content_type="application/json", body='{"success": true}')

    page.route(re.compile("/plugins/plugins/my_plugin/delete/$"), answer)
    card(page, "my_plugin").get_by_role("button", name="Delete My Plugin").click()
    page.get_by_role("dialog", name="Delete My Plugin?").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert asked == []
    card(page, "my_plugin").get_by_role("button", name="Delete My Plugin").click()
    page.get_by_role("dialog", name="Delete My Plugin?").get_by_role("button", name="Delete").click()
    expect(toast(page, "Deleted")).to_be_visible()
    assert asked == ["DELETE"]


def test_the_sidebars_order_is_changed_by_keyboard_and_kept(page):
    open_plugins(page)
    enable(page, "service_monitor")
    enable(page, "gallery")
    page.reload()
    entries = page.get_by_role("navigation", name="Main").locator("ul").nth(1).get_by_role("link")
    expect(entries).to_have_text(["Gallery: data", "Service Dashboard"])
    page.get_by_role("button", name="Arrange").click()
    # The dialog takes the focus once it stands; before that it would take it away from the handle.
    expect(page.get_by_role("dialog").locator(":focus")).to_have_count(1)
    page.get_by_role("button", name="Move Service Dashboard, 2 of 2").press("ArrowUp")
    expect(entries).to_have_text(["Service Dashboard", "Gallery: data"])
    page.reload()
    expect(entries).to_have_text(["Service Dashboard", "Gallery: data"])


def test_reloading_says_how_many_there_are(page):
    open_plugins(page)
    page.get_by_role("button", name="Reload").click()
    expect(toast(page, f"{len(rows(page))} plugins found.")).to_be_visible()
    expect(page.get_by_text(re.compile("reloaded just now"))).to_be_visible()


def archive(version: str) -> dict:
    """A plugin as somebody would pack it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as members:
        members.writestr("packed/plugin.json", json.dumps({"name": "Packed", "version": version, "description": "Came as an archive"}))
        members.writestr("packed/plugin.py", "class Plugin:\n    name = 'Packed'\n\n    def run(self, action, params, context):\n        return {'status': 'ok'}\n")
    return {"name": "packed.zip", "mimeType": "application/zip", "buffer": packed.getvalue()}


def test_a_real_archive_comes_is_replaced_and_goes(page, watch):
    watch.expect("status 400: .*/import/|status of 400")
    open_plugins(page)
    if "packed" in rows(page):
        page.request.delete("/api/plugins/plugins/packed/delete/", headers={"Origin": page.url.split("/plugins")[0]})
    for version in ("1.0.0", "2.0.0"):
        page.get_by_role("button", name="Import").click()
        page.get_by_role("dialog", name="Import a plugin").get_by_label("The plugin’s archive").set_input_files(archive(version))
        if version == "2.0.0":
            page.get_by_role("dialog", name="Replace the installed plugin?").get_by_role("button", name="Replace").click()
        expect(page.get_by_role("dialog", name="Import a plugin").get_by_text("Packed")).to_be_visible()
        page.get_by_role("button", name="Done").click()
        expect(card(page, "packed")).to_contain_text(f"v{version}")
    expect(card(page, "packed")).to_contain_text("Disabled")
    card(page, "packed").get_by_role("button", name="Delete Packed").click()
    page.get_by_role("dialog", name="Delete Packed?").get_by_role("button", name="Delete").click()
    expect(card(page, "packed")).to_have_count(0)
    assert "packed" not in rows(page)
