"""What holds for all pages: they fit the screen, can be read, keep quiet, and survive a lost connection."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from steps import DESKTOP, PHONE, enable, open_plugins


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize(("name", "size"), [("desktop", DESKTOP), ("phone", PHONE)])
def test_every_page_fits_and_can_be_read(open_context, session_state, picture, axe_problems, scheme, name, size):
    page = open_context(storage_state=session_state, viewport=size, color_scheme=scheme).new_page()
    open_plugins(page)
    enable(page, "service_monitor")
    enable(page, "gallery")
    for path, ready in {
        "/plugins": 'article[data-plugin="my_plugin"]',
        "/plugins/service_monitor": ".stat",
        "/plugins/gallery": ".carousel",
        "/plugins/gallery/inputs": ".drop-zone",
        "/plugins/gallery/options": ".item-card",
        "/plugins/gallery/settings": ".section",
        "/plugins/gallery/live": ".log",
        "/gallery/data": ".recharts-surface",
        "/events": ".event",
    }.items():
        page.goto(path)
        expect(page.locator(ready).first).to_be_visible()
        picture(page, f"{path.strip('/').replace('/', '-')}-{name}-{scheme}")
        assert axe_problems(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} is wider than the screen"
    if name == "phone":
        page.get_by_role("button", name="Open menu").click()
        expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Events")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Open menu")).to_be_visible()


def test_the_development_build_of_react_has_nothing_to_say(open_context, session_state):
    """Missing keys, unknown properties and updates in the wrong place are only reported by this build."""
    context = open_context(storage_state=session_state)
    context.route(
        re.compile(r"/vendor/react/react(-dom)?\.js$"),
        lambda route: route.continue_(url=route.request.url.replace("/vendor/react/", "/vendor/react/dev/")),
    )
    page = context.new_page()
    open_plugins(page)
    enable(page, "service_monitor")
    enable(page, "gallery")
    for path, ready in {
        "/plugins": 'article[data-plugin="my_plugin"]',
        "/plugins/service_monitor": "tbody tr",
        "/dashboards/service-monitor": ".recharts-surface",
        "/plugins/gallery": ".carousel",
        "/plugins/gallery/inputs": ".drop-zone",
        "/plugins/gallery/options": ".item-card",
        "/plugins/gallery/settings": ".section",
        "/gallery/data": ".recharts-surface",
        "/events": ".event",
    }.items():
        page.goto(path)
        expect(page.locator(ready).first).to_be_visible()
    assert page.evaluate("React.createElement.name") == "createElementWithValidation", "this was not the development build"


def test_a_lost_connection_is_shown_and_found_again(page, watch):
    watch.expect(r"ERR_INTERNET_DISCONNECTED|WebSocket")
    sockets: list = []
    is_down = False

    def connect(socket) -> None:
        sockets.append(socket)
        if is_down:
            socket.close(code=1012)
        else:
            socket.connect_to_server()

    page.route_web_socket(re.compile("/ws/"), connect)
    page.clock.install()
    open_plugins(page)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    is_down = True
    sockets[-1].close(code=1012)
    expect(page.get_by_text("Offline", exact=True)).to_be_visible()
    expect(page.get_by_text("The live connection is lost.")).to_be_visible()
    is_down = False
    page.clock.run_for(40_000)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    expect(page.get_by_text("The live connection is lost.")).to_have_count(0)
