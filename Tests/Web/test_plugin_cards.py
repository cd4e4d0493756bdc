"""What cards say of their plugins, and finding the one that is meant."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from played import list_of, plugin
from playwright.sync_api import Page, expect
from steps import card, closed, eventually, play, toast

SOON = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()
AILING = [
    plugin(key="calm", name="Calm", description="Waters the plants", author="Ada"),
    plugin(key="old", name="Old", legacy=True, author="Grace"),
    plugin(key="gone", name="Gone", missing=True),
    plugin(key="torn", name="Torn", loaded=False, load_error="ModuleNotFoundError: No module named 'lib'"),
    plugin(key="tired", name="Tired", load_error="It ended five times", suspended_until=SOON),
    plugin(key="behind", name="Behind", slug="behind", update_available=True, latest_version="2.1.0", source_repo_name="Somebody’s"),
    plugin(key="doubtful", name="Doubtful", enabled=False, deprecated=True, warnings=["No version is given", "An action has no label"]),
]


def badges(page: Page, key: str):
    return card(page, key).locator(".badges > *")


def test_cards_say_what_is_unusual_about_a_plugin(page, axe_problems, picture):
    list_of(page, *AILING)
    page.goto("/plugins")
    expect(card(page, "calm")).to_contain_text("Waters the plants")
    expect(badges(page, "calm")).to_have_count(0)
    expect(badges(page, "old")).to_have_text(["Legacy"])
    expect(badges(page, "old")).to_have_attribute("title", re.compile("ask its developer"))
    expect(badges(page, "gone")).to_have_text(["Missing"])
    expect(card(page, "gone")).to_contain_text("Import it again or delete this entry")
    expect(badges(page, "torn")).to_have_text(["Load error"])
    expect(card(page, "torn")).to_contain_text("ModuleNotFoundError: No module named 'lib'")
    expect(badges(page, "tired")).to_have_text([re.compile("^Resting, back in ")])
    expect(card(page, "tired")).to_contain_text("It ended five times")
    expect(badges(page, "behind")).to_have_text(["Update to 2.1.0", "Somebody’s"])
    expect(page.get_by_role("link", name="Update Behind")).to_have_attribute("href", "/plugins/browse?find=behind")
    expect(badges(page, "doubtful")).to_have_text(["2 warnings", "Disabled", "Deprecated"])
    expect(badges(page, "doubtful").first).to_have_attribute("title", "No version is given\nAn action has no label")
    assert axe_problems(page) == []
    picture(page, "cards")


def test_plugins_are_searched_and_filtered(page):
    list_of(page, *AILING)
    page.goto("/plugins")
    cards = page.locator("article[data-plugin]")
    expect(cards).to_have_count(7)
    expect(page.get_by_text("7 installed, 6 enabled")).to_be_visible()
    search = page.get_by_label("Search plugins")
    for words, names in {"plants": ["Calm"], "grace": ["Old"], "torn": ["Torn"]}.items():
        search.fill(words)
        expect(cards.locator("h2")).to_have_text(names)
    search.fill("nothing like this")
    expect(page.get_by_text("No plugin matches")).to_be_visible()
    search.fill("")
    page.get_by_text("Updates", exact=True).click()
    expect(cards.locator("h2")).to_have_text(["Behind"])
    page.get_by_text("Disabled", exact=True).first.click()
    expect(cards.locator("h2")).to_have_text(["Doubtful"])


def test_a_reload_that_fails_says_so_until_the_next(page, watch):
    watch.expect("status of 503|status 503")
    list_of(page, AILING[0])
    page.goto("/plugins")
    reload = re.compile("/plugins/plugins/reload/$")
    page.route(reload, lambda route: route.fulfill(status=503, json={"error": "The folder cannot be read"}), times=1)
    page.get_by_role("button", name="Reload").click()
    expect(toast(page, "The folder cannot be read")).to_be_visible()
    expect(page.get_by_text(re.compile("Reload failed just now: The folder cannot be read"))).to_be_visible()
    play(page, reload.pattern, {"success": True, "count": 1})
    page.get_by_role("button", name="Reload").click()
    expect(page.get_by_text(re.compile("reloaded just now"))).to_be_visible()


def test_the_sidebars_order_is_changed_by_dragging(page):
    pages = [{"id": one.lower(), "label": one, "placement": "sidebar", "layout": {"type": "text", "text": one}} for one in ("One", "Two", "Three")]
    list_of(page, plugin(ui_schema={"version": 1, "layout": {"type": "text", "text": "Home"}, "pages": pages}))
    page.goto("/plugins")
    entries = page.get_by_role("list", name="Dashboards").get_by_role("link")
    expect(entries).to_have_text(["One", "Two", "Three"])
    page.get_by_role("button", name="Arrange").click()
    items = page.get_by_role("list", name="Pages in the sidebar").get_by_role("listitem")
    expect(page.get_by_role("dialog").locator(":focus")).to_have_count(1)

    def is_first() -> bool:
        """Pulls it up, again from where it got: while two change places, the library takes no notice of the pointer."""
        page.get_by_role("button", name=re.compile("^Move Three")).hover()
        page.mouse.down()
        box = items.first.bounding_box()
        for y in (box["height"] / 2, 6, 2):
            page.mouse.move(box["x"] + 20, box["y"] + y, steps=4)
        page.mouse.up()
        return entries.first.inner_text() == "Three"

    eventually(page, is_first, entries.all_inner_texts)
    expect(entries).to_have_text(["Three", "One", "Two"])
    page.get_by_role("dialog").get_by_role("button").first.click()
    closed(page)
    page.reload()
    expect(entries).to_have_text(["Three", "One", "Two"])
