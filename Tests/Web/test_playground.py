"""Where authors write pages: every component's example is drawn, and mistakes lead to their lines."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect
from steps import DESKTOP, PHONE, enable, open_plugins

EDITOR = "The page as JSON"


def write(page: Page, text: str) -> None:
    page.get_by_label(EDITOR).fill(text)


@pytest.mark.parametrize(("name", "size", "scheme"), [("desktop", DESKTOP, "dark"), ("phone", PHONE, "light"), ("desktop", DESKTOP, "light")])
def test_every_example_is_drawn(open_context, session_state, axe_problems, picture, name, size, scheme):
    page = open_context(storage_state=session_state, viewport=size, color_scheme=scheme).new_page()
    page.goto("/playground?view=gallery")
    expect(page.locator('[data-example="treemap"] .treemap')).to_be_visible()
    expect(page.locator(".recharts-surface")).not_to_have_count(0)
    expect(page.locator(".problem")).to_have_count(0)
    for example in page.locator("[data-example]").all():
        inside = example.evaluate("one => Math.max(0, ...[...one.children].slice(1).map(part => part.getBoundingClientRect().height))")
        assert inside > 0, example.get_attribute("data-example")
    picture(page, f"playground-gallery-{name}-{scheme}")
    assert axe_problems(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_page_is_drawn_while_it_is_written(page, picture, axe_problems):
    page.goto("/playground")
    page.get_by_role("button", name="stat", exact=True).click()
    drawn = page.get_by_role("region", name="The page as it is drawn")
    expect(drawn.locator(".stat-value")).to_have_text("5")
    write(page, '{"layout": {"type": "card", "title": "Mine", "children": [{"type": "stat", "label": "Up", "value": 7}]}}')
    expect(drawn.get_by_role("heading", name="Mine")).to_be_visible()
    expect(drawn.locator(".stat-value")).to_have_text("7")
    expect(page.get_by_text("Nothing is wrong with this page.")).to_be_visible()
    picture(page, "playground")
    assert axe_problems(page) == []


def test_mistakes_are_named_and_lead_to_their_lines(page):
    page.goto("/playground")
    write(page, '{\n "layout": {"type": "stack", "children": [\n  {"type": "tabel"},\n  {"type": "text", "text": "{{ rows.a + 1 }}"}\n ]}\n}')
    message = page.get_by_role("button", name=re.compile("There is no component “tabel”. Did you mean “table”"))
    expect(message).to_contain_text("layout.children[0].type")
    expect(message).to_contain_text("3:")
    expect(page.get_by_text("templates are paths, nothing is computed in them")).to_be_visible()
    drawn = page.get_by_role("region", name="The page as it is drawn")
    expect(drawn.get_by_text("Unknown component")).to_be_visible()
    message.click()
    selected = page.get_by_label(EDITOR).evaluate("one => one.value.slice(one.selectionStart, one.selectionEnd)")
    assert selected.startswith('"tabel"')
    write(page, '{"layout": ')
    expect(page.get_by_text("This is not JSON")).to_be_visible()
    expect(drawn.get_by_text("Unknown component")).to_be_visible(), "the last page that could be read stays"


def test_hostile_pages_leave_the_playground_standing(page, watch):
    watch.expect("script-src-attr refused|inline event handler")
    page.goto("/playground")
    drawn = page.get_by_role("region", name="The page as it is drawn")
    evil = "<img src=x onerror=document.title='owned'><script>document.title='owned'</script>"
    for layout in [
        {"type": "stack", "children": [{"type": kind, "text": evil, "label": evil, "title": evil, "html": evil, "value": evil, "message": evil, "items": [evil], "href": "javascript:document.title='owned'"} for kind in ("text", "title", "markdown", "html", "alert", "badge", "link", "code", "stat", "list", "timeline", "tree", "highlight", "status")]},
        {"type": "table", "rows": [{"a": evil, "link": "javascript:document.title='owned'"}], "columns": [{"id": "a"}, {"id": "link", "render": "link"}]},
        {"type": "stack", "children": [{"type": kind, "children": 5, "items": "x", "rows": {"a": 1}, "columns": 7, "tabs": {}, "fields": "none", "series": 3, "steps": [None], "span": [], "cols": "many", "height": {}, "options": 1} for kind in ("stack", "group", "grid", "simpleGrid", "tabs", "accordion", "split", "carousel", "table", "cardList", "list", "tree", "timeline", "form", "wizard", "chart", "logStream", "sortableList", "spotlight", "tour", "menu", "buttons", "kbd", "progress", "ring", "settingsForm", "pagination", "stat")]},
    ]:
        write(page, json.dumps({"layout": layout}))
        expect(page.get_by_label(EDITOR)).to_have_value(re.compile("layout"))
        expect(drawn.locator("> *").first).to_be_attached()
        page.wait_for_function("() => document.querySelector('.drawn').childElementCount > 0")
        expect(page.get_by_role("heading", name="Playground", level=1)).to_be_visible()
        assert "owned" not in page.title()
        assert page.locator("main script, main [onerror]").count() == 0
        assert page.locator("main a[href^='javascript']").count() == 0
    deep = '{"type":"stack","children":[' * 300 + '{"type":"text","text":"deep"}' + "]}" * 300
    write(page, '{"layout": ' + deep + "}")
    expect(drawn.get_by_text("Nested too deeply")).to_be_visible()


def test_a_plugins_own_page_can_be_taken(page):
    open_plugins(page)
    enable(page, "service_monitor")
    page.goto("/playground")
    page.get_by_role("textbox", name="Take a plugin’s page").click()
    page.get_by_role("option", name="Service Monitor").click()
    drawn = page.get_by_role("region", name="The page as it is drawn")
    expect(drawn.get_by_text("Active Workers")).to_be_visible()
    expect(drawn.locator("tbody tr").first).to_be_visible()
    expect(page.locator(".message.error")).to_have_count(0)
    drawn.get_by_text("Service Dashboard").click()
    expect(drawn.get_by_role("tab", name="Overview")).to_be_visible()
