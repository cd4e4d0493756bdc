"""People, their levels and keys, on the real server."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from steps import ADMINISTRATOR, DESKTOP, PHONE, closed, flip, play, toast

NAME, PASSWORD = "web-reader", "a long enough password"
PEOPLE = "/api/accounts/users/"


def forget(page: Page, url: str, *names: str) -> None:
    for person in page.request.get(PEOPLE).json():
        if person["username"] in names:
            page.request.delete(f"{PEOPLE}{person['id']}/", headers={"Origin": url})


@pytest.fixture
def page(page: Page, url: str):
    # While there is no administrator, the first page asks for one instead of a name and a password.
    page.request.post("/api/accounts/initialize-superuser/", data=dict(zip(("username", "password"), ADMINISTRATOR)), headers={"Origin": url})
    forget(page, url, NAME)
    yield page
    forget(page, url, NAME)


def row(page: Page, name: str):
    return page.get_by_role("group", name="Everybody").get_by_role("row").filter(has_text=name)


def add(page: Page, level: str) -> None:
    page.goto("/users")
    page.get_by_role("button", name="Add a person").click()
    form = page.get_by_role("form", name="Person")
    form.get_by_label("Name").fill(NAME)
    form.get_by_label("Password").fill(PASSWORD)
    form.get_by_role("radio", name=level).check()
    form.get_by_role("button", name="Add", exact=True).click()
    expect(row(page, NAME)).to_contain_text(level)
    closed(page)


def test_a_person_is_added_gets_a_key_and_is_removed(page, url, open_context, watch):
    page.goto("/users")
    expect(page.get_by_text("You came in with the administrator’s token")).to_be_visible()
    page.get_by_role("button", name="Add a person").click()
    form = page.get_by_role("form", name="Person")
    form.get_by_label("Name").fill("two words")
    form.get_by_label("Password").fill("short")
    form.get_by_role("button", name="Add", exact=True).click()
    expect(form.get_by_text("Letters, digits and . _ @ - only.")).to_be_visible()
    expect(form.get_by_text("At least 8 characters.")).to_be_visible()
    page.keyboard.press("Escape")
    closed(page)

    add(page, "Standard")
    row(page, NAME).get_by_role("button", name="Make a key").click()
    shown = page.get_by_role("dialog", name=f"The key of {NAME}")
    key = shown.locator("pre").inner_text()
    shown.get_by_role("button", name="I have it").click()
    closed(page)
    expect(row(page, NAME)).to_contain_text("has one")
    assert key not in page.content(), "it is shown once"
    stranger = open_context()
    mine = stranger.request.get(f"{url}{PEOPLE}me/", headers={"X-API-Key": key})
    assert mine.json()["username"] == NAME

    row(page, NAME).get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(row(page, NAME)).to_contain_text("none")
    assert stranger.request.get(f"{url}{PEOPLE}me/", headers={"X-API-Key": key}).status == 401

    closed(page)
    row(page, NAME).get_by_role("button", name="Remove").click()
    page.get_by_role("dialog", name=f"Remove {NAME}?").get_by_role("button", name="Remove").click()
    expect(row(page, NAME)).to_have_count(0)


def test_a_person_looks_after_themselves(page, open_context):
    add(page, "Standard")
    theirs = open_context().new_page()
    theirs.goto("/users")
    theirs.locator("input[name=username]").fill(NAME)
    theirs.locator("input[name=password]").fill(PASSWORD)
    theirs.get_by_role("button", name="Sign in").click()
    expect(theirs.get_by_role("form", name="Your account")).to_be_visible()
    expect(theirs.get_by_role("button", name="Add a person")).to_have_count(0)
    form = theirs.get_by_role("form", name="Your account")
    form.get_by_label("New password").fill("another password")
    form.get_by_label("The same again").fill("another pass")
    expect(form.get_by_text("These two differ.")).to_be_visible()
    expect(form.get_by_role("button", name="Save")).to_be_disabled()
    form.get_by_label("The same again").fill("another password")
    form.get_by_role("button", name="Save").click()
    expect(toast(theirs, "Your other sessions have ended.")).to_be_visible()
    expect(form.get_by_label("New password")).to_have_value("")
    theirs.reload()
    expect(form).to_be_visible()


def test_whoever_is_not_let_in_any_more_is_out(page, open_context, watch):
    watch.expect(r"401.*|status 401|status 403|403.*|WebSocket")
    add(page, "Standard")
    theirs = open_context().new_page()
    theirs.goto("/sources")
    theirs.locator("input[name=username]").fill(NAME)
    theirs.locator("input[name=password]").fill(PASSWORD)
    theirs.get_by_role("button", name="Sign in").click()
    expect(theirs.get_by_role("heading", name="Sources", level=1)).to_be_visible()
    flip(page.get_by_role("switch", name=f"Let {NAME} in"))
    expect(page.get_by_role("switch", name=f"Let {NAME} in")).not_to_be_checked()
    expect(theirs.locator("input[name=password]")).to_be_visible()


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize(("name", "size"), [("desktop", DESKTOP), ("phone", PHONE)])
def test_the_page_fits_and_can_be_read(open_context, session_state, picture, axe_problems, scheme, name, size):
    page = open_context(storage_state=session_state, viewport=size, color_scheme=scheme).new_page()
    person = {"id": 1, "username": "ann", "email": "ann@example.org", "user_level": 10, "is_active": True, "has_api_key": True, "last_login": "2026-11-23T02:00:00Z"}
    people = [person, {**person, "id": 2, "username": "a-very-long-name-of-somebody@example.org", "email": "", "user_level": 1, "has_api_key": False, "last_login": None}, {**person, "id": 3, "username": "tv", "user_level": 0, "is_active": False}]
    session = {"success": True, "authenticated": True, "user": {"id": 1, "name": "ann", "level": 10}}
    for path, found in {f"{PEOPLE}$": people, f"{PEOPLE}me/$": person, "/api/auth/session/$": session}.items():
        play(page, path, found)
    page.goto("/users")
    expect(page.get_by_text("a-very-long-name")).to_be_visible()
    expect(page.get_by_role("form", name="Your account")).to_be_visible()
    picture(page, f"users-{name}-{scheme}")
    assert axe_problems(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Edit tv").click()
    expect(page.get_by_role("form", name="Person")).to_be_visible()
    picture(page, f"users-editor-{name}-{scheme}")
    assert axe_problems(page) == []
