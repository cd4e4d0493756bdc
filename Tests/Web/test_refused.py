"""Who may listen no longer: the page says so once and plainly, lets the server be, and is live again with the right."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from steps import ADMINISTRATOR, PHONE

PEOPLE = "/api/accounts/users/"
NAME, PASSWORD = "web-listener", "a long enough password"
NETWORK = "This server no longer talks to your network."
RIGHT = "Your account may not follow what happens here."


class Person:
    """Somebody signed in on a page of their own, and what an administrator does to them."""

    def __init__(self, admin, url: str, page: Page) -> None:
        self._admin, self._headers, self.page = admin, {"Origin": url}, page
        self.sockets = 0
        page.on("websocket", lambda _: setattr(self, "sockets", self.sockets + 1))
        found = self._call("post", PEOPLE, {"username": NAME, "password": PASSWORD, "user_level": 1})
        self._path = f"{PEOPLE}{found['id']}/"
        answer = page.request.post("/api/auth/session/", data={"username": NAME, "password": PASSWORD}, headers=self._headers)
        assert answer.ok, answer.text()

    def _call(self, verb: str, path: str, data: dict | None = None) -> dict:
        answer = getattr(self._admin, verb)(path, headers=self._headers, **({"data": data} if data else {}))
        assert answer.ok, answer.text()
        return answer.json() if answer.status != 204 else {}

    def may_come_from(self, networks: str) -> None:
        self._call("patch", self._path, {"custom_properties": {"allowed_networks": {"UI": networks}}})

    def become(self, level: int) -> None:
        self._call("patch", self._path, {"user_level": level})

    def remove(self) -> None:
        self._call("delete", self._path)


@pytest.fixture
def person(page, url, open_context, watch):
    # What is refused, the browser notes on its console.
    watch.expect(r"40[13]|WebSocket")
    page.request.post("/api/accounts/initialize-superuser/", data=dict(zip(("username", "password"), ADMINISTRATOR)), headers={"Origin": url})

    def forget() -> None:
        for one in page.request.get(PEOPLE).json():
            if one["username"] == NAME:
                page.request.delete(f"{PEOPLE}{one['id']}/", headers={"Origin": url})

    forget()
    yield Person(page.request, url, open_context().new_page())
    forget()


def live(page: Page):
    return page.get_by_role("status").filter(has_text="Live")


def test_a_network_that_is_shut_out_is_told_so_once_and_let_in_again(person, axe_problems, picture):
    page = person.page
    page.clock.install()
    page.goto("/plugins")
    expect(live(page)).to_be_visible()
    person.may_come_from("192.0.2.0/24")
    banner = page.get_by_role("alert").filter(has_text=NETWORK)
    expect(banner).to_contain_text("An administrator lets addresses in under Settings, Network access.")
    expect(page.get_by_text("Not allowed", exact=True)).to_be_visible()
    before = person.sockets
    page.clock.run_for(240_000)
    assert person.sockets == before, "it goes on knocking"
    picture(page, "not-allowed")
    assert axe_problems(page) == []
    page.set_viewport_size(PHONE)
    picture(page, "not-allowed-phone")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    # Asked for a try, it tries, and hears why it is not let in.
    with page.expect_event("websocket"):
        banner.get_by_role("button", name="Try again").click()
    expect(banner.get_by_role("button", name="Try again")).to_be_enabled()
    person.may_come_from("")
    banner.get_by_role("button", name="Try again").click()
    expect(live(page)).to_be_visible()
    expect(banner).to_have_count(0)


def test_an_account_that_may_not_listen_any_more_is_told_so(person):
    page = person.page
    page.goto("/plugins")
    expect(live(page)).to_be_visible()
    person.become(0)
    banner = page.get_by_role("alert").filter(has_text=RIGHT)
    expect(banner).to_be_visible()
    person.become(1)
    banner.get_by_role("button", name="Try again").click()
    expect(live(page)).to_be_visible()
    expect(banner).to_have_count(0)


def test_a_session_that_ended_leads_to_the_sign_in(person, picture):
    page = person.page
    page.goto("/plugins")
    expect(live(page)).to_be_visible()
    person.remove()
    expect(page.get_by_text("Your session has ended. Sign in with your name and password.")).to_be_visible()
    picture(page, "session-ended")
    before = person.sockets
    page.clock.install()
    page.clock.run_for(60_000)
    assert person.sockets == before


def test_who_comes_from_a_network_that_is_shut_out_is_told_so_at_the_door(page, url, session_state, open_context, watch):
    watch.expect("403")
    stranger = open_context(storage_state=session_state).new_page()
    said = "This server does not talk to your network address."
    stranger.route("**/api/**", lambda route: route.fulfill(status=403, json={"success": False, "error": said, "code": "network_not_allowed"}))
    stranger.goto("/plugins")
    problem = stranger.get_by_role("alert").filter(has_text="This server does not let you in")
    expect(problem).to_contain_text(said)
