"""Sign-in as a person uses it: the first administrator, a wrong password, a right one."""

from __future__ import annotations

from playwright.sync_api import expect
from steps import ADMINISTRATOR

NAME, PASSWORD = ADMINISTRATOR


def test_the_first_visit_makes_the_administrator_and_later_ones_ask_for_the_password(
    open_context, url, watch, picture, axe_problems
):
    page = open_context().new_page()
    page.goto("/")
    name, password = page.locator("input[name=username]"), page.locator("input[name=password]")
    expect(name).to_be_visible()
    assert axe_problems(page) == []
    answer = page.request.get("/api/accounts/initialize-superuser/").json()
    if not answer["superuser_exists"]:
        picture(page, "first-visit")
        watch.expect(r"400.*|status 400: .*/api/accounts/initialize-superuser/")
        name.fill(NAME)
        password.fill("short")
        page.keyboard.press("Enter")
        expect(page.get_by_text("at least 8 characters")).to_be_visible()
        password.fill(PASSWORD)
        page.get_by_role("button", name="Create the administrator").click()
        expect(page.get_by_role("heading", name="Plugins", level=1)).to_be_visible()
        page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    picture(page, "sign-in-with-password")
    watch.expect(r"401.*|status 401: .*/api/auth/session/")
    name.fill(NAME)
    password.fill("not the password")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This name and password do not belong together.")).to_be_visible()
    password.fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Plugins", level=1)).to_be_visible()
    assert page.evaluate("document.cookie") == "", "scripts cannot read the session"
    page.get_by_role("button", name="Sign out").click()
    expect(password).to_be_visible()
