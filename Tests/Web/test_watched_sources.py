"""What several people have open is asked of the plugin once, by the server, and told to all of them."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Page, Route, expect
from steps import enable, eventually, open_plugins


def with_events(route: Route) -> None:
    """The list of plugins, in which events append to the monitor's samples."""
    answer = route.fetch()
    found = answer.json()
    monitor = next(row for row in found["plugins"] if row["key"] == "service_monitor")
    monitor["ui_schema"]["dataSources"]["metrics"]["subscribe"] = {"mode": "append", "path": "payload.sample"}
    route.fulfill(response=answer, json=found)


def listen(page: Page) -> tuple[list[list[dict]], list[str]]:
    """The samples of each answer that the page is told, and what it asks the plugin itself."""
    told: list[list[dict]] = []
    asked: list[str] = []

    def heard(frame) -> None:
        data = json.loads(frame).get("data") or {}
        if data.get("type") == "source_data" and "active" in (data.get("answer") or {}).get("result", {}):
            told.append(data["answer"]["result"]["rows"])

    page.on("websocket", lambda socket: socket.on("framereceived", heard))
    page.on("request", lambda one: re.search("/ui/resource/", one.url) and asked.append(one.url))
    page.route(re.compile("/api/plugins/plugins/$"), with_events)
    return told, asked


def test_two_browsers_on_one_source_have_it_asked_once(page, open_context, session_state):
    open_plugins(page)
    enable(page, "service_monitor")
    pages = [page, open_context(storage_state=session_state).new_page()]
    heard = [listen(one) for one in pages]
    for one in pages:
        one.goto("/plugins/service_monitor")
        expect(one.locator(".stat").first).to_contain_text("Active Workers")
    # The monitor notes one sample each time it is asked, which is every ten seconds.
    eventually(page, lambda: all(len(told) >= 2 for told, _ in heard), lambda: [len(told) for told, _ in heard], 60)
    for told, asked in heard:
        assert asked == [], "the page asked the plugin itself"
        for before, after in zip(told, told[1:]):
            assert after[-2] == before[-1], "it was asked in between"
    (first, _), (second, _) = heard
    assert [one[-1] for one in first if one in second], "both are told the same answers"
