"""What the tests do again and again, and where they find things."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
# Whoever needs an administrator with a name makes this one, once for all tests.
ADMINISTRATOR = ("web-admin", "correct horse battery")
PLUGINS = {"my_plugin": "My Plugin", "refresh_all": "Refresh All Sources", "service_monitor": "Service Monitor", "gallery": "Gallery"}


def card(page: Page, key: str):
    return page.locator(f'article[data-plugin="{key}"]')


def switch(page: Page, key: str):
    return page.get_by_role("switch", name=f"Enable {PLUGINS[key]}", exact=True)


def flip(one: Locator) -> None:
    """Turns a switch as the pointer does: its input is invisible, what is seen is the track beside it."""
    one.locator("xpath=..").locator(".mantine-Switch-track").click()


def play(page: Page, path: str, found: object) -> None:
    """Answers the addresses of this pattern with this JSON."""
    page.route(re.compile(path), lambda route: route.fulfill(json=found))


def closed(page: Page) -> None:
    """Once the last dialog has faded out."""
    expect(page.get_by_role("dialog")).to_have_count(0)


def eventually(page: Page, holds: Callable[[], bool], otherwise: Callable[[], object], seconds: float = 20) -> None:
    """Waits for what no element shows, such as a request that is answered in this process."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, otherwise()
        page.wait_for_timeout(50)


def toast(page: Page, text: str | re.Pattern[str]):
    """The notifications on screen that say this."""
    return page.locator(".mantine-Notification-root").filter(has_text=text)


def open_plugins(page: Page) -> None:
    page.goto("/plugins")
    expect(card(page, "my_plugin")).to_be_visible()


def rows(page: Page) -> dict:
    answer = page.request.get("/api/plugins/plugins/")
    assert answer.ok, answer.text()
    return {row["key"]: row for row in answer.json()["plugins"]}


def enable(page: Page, key: str) -> None:
    """Through the switch, with the trust dialog exactly when the plugin was never enabled before."""
    row = rows(page)[key]
    if row["enabled"]:
        return
    flip(switch(page, key))
    dialog = page.get_by_role("dialog")
    if row["ever_enabled"]:
        expect(switch(page, key)).to_be_checked()
        closed(page)
        return
    dialog.get_by_role("button", name="I understand, enable").click()
    expect(switch(page, key)).to_be_checked()
    closed(page)
