"""Pages of plugins that have nothing to show, or cannot show it: each says what is the matter, and what helps."""

from __future__ import annotations

import pytest
from played import answers, list_of, open_page, plugin, runs
from playwright.sync_api import Page, expect
from steps import toast

TABLE = {"type": "table", "title": "Rows", "source": "rows"}
GO = {"type": "actionButton", "action": "go", "label": "Go"}
SOURCES = {"rows": {"action": "rows"}, "things": {"type": "resource", "resource": "things"}, "none": {"type": "static", "data": []}}
RAISED = (500, {"success": False, "error": "KeyError: 'channels'", "code": "plugin_failed"})
REFUSED = (403, {"success": False, "error": "You do not have permission to perform this action.", "code": "not_allowed"})


def main(page: Page):
    return page.get_by_role("main")


def problem(page: Page, words: str):
    return main(page).locator(".problem").filter(has_text=words)


def opened(page: Page, path: str = "", **row) -> None:
    list_of(page, plugin(**row))
    page.goto(f"/plugins/played{path}")


@pytest.mark.parametrize(
    ("document", "fault"),
    [("hello", "Its document is no object."), ([1], "Its document is no object."), ({"layout": "hello"}, "Its “layout” is neither a node nor a list of nodes.")],
)
def test_a_document_that_is_none_says_what_is_wrong_and_where_to_mend_it(page, picture, axe_problems, document, fault):
    opened(page, ui_schema=document)
    found = problem(page, "This page cannot be drawn")
    expect(found).to_contain_text(fault)
    picture(page, "broken-document")
    assert axe_problems(page) == []
    found.get_by_role("link", name="playground").click()
    page.wait_for_url("**/playground")


@pytest.mark.parametrize("layout", [[], [None, False], {"type": "stack", "children": []}, {"type": "Grid", "children": [None]}])
def test_a_page_with_nothing_on_it_says_so(page, picture, layout):
    opened(page, ui_schema={"layout": layout})
    expect(main(page).get_by_text("This page is empty")).to_be_visible()
    picture(page, "broken-empty")


def test_a_page_without_a_layout_is_empty_and_the_overview_leads_to_the_pages(page):
    opened(page, "/alpha", ui_schema={"pages": [{"id": "alpha", "label": "Alpha"}, "no page", {"label": "No id"}]})
    expect(main(page).get_by_text("This page is empty")).to_be_visible()
    main(page).get_by_role("link", name="Overview").click()
    expect(main(page).get_by_text("What it shows is on its pages, above.")).to_be_visible()
    page.goto("/plugins/played/beta")
    expect(main(page).get_by_role("heading", name="“Played” has no page “beta”")).to_be_visible()


def test_a_node_that_cannot_be_drawn_leaves_the_others_alone(page, picture, axe_problems):
    children = [
        {"type": "hologram"}, {"label": "no type"}, "just words", 5, None,
        {"type": "table", "title": "Odd", "columns": 5, "data": 7}, {"type": "tabs", "tabs": "x"}, {"type": "lineChart", "data": "zz", "series": 9},
        {"type": "text", "text": "The rest goes on"},
    ]  # fmt: skip
    open_page(page, {"type": "stack", "children": children})
    expect(main(page).get_by_text("This page asks for “hologram”, which this version cannot draw.")).to_be_visible()
    expect(main(page).get_by_text("This page has a node that names no “type”.")).to_be_visible()
    expect(main(page).get_by_role("alert")).to_have_count(2)
    expect(main(page).get_by_text("The rest goes on")).to_be_visible()
    picture(page, "broken-nodes")
    assert axe_problems(page) == []


def test_sources_that_fail_say_why_where_they_are_shown_and_are_asked_again(page, watch, picture, axe_problems):
    watch.expect("500")
    said: dict = {"now": RAISED}
    runs(page, lambda _: said["now"])
    answers(page, "/plugins/played/ui/resource/$", RAISED)
    layout = [TABLE, {**TABLE, "title": "Raised", "source": "things"}, {**TABLE, "title": "Undeclared", "source": "elsewhere"}, {"type": "text", "text": "The rest goes on"}]
    open_page(page, layout, SOURCES)
    expect(problem(page, "KeyError: 'channels'")).to_have_count(2)
    expect(problem(page, "There is no data source “elsewhere”. Declared are: rows, things, none.")).to_have_count(1)
    expect(main(page).get_by_text("The rest goes on")).to_be_visible()
    picture(page, "broken-sources")
    assert axe_problems(page) == []
    said["now"] = [{"name": "Mended"}]
    problem(page, "KeyError").first.get_by_role("button", name="Try again").click()
    expect(main(page).get_by_role("cell", name="Mended")).to_be_visible()
    expect(problem(page, "KeyError: 'channels'")).to_have_count(1)


def test_data_that_is_empty_is_said_to_be(page, picture, axe_problems):
    kinds = ["table", "cardList", "lineChart", "timeline", "logStream", "tree"]
    open_page(page, [{"type": kind, "title": kind, "source": "none"} for kind in kinds], SOURCES)
    for words, count in {"No rows yet": 1, "Nothing here yet": 2, "No readings yet": 1, "Nothing has happened yet": 1, "Waiting for lines…": 1}.items():
        expect(main(page).get_by_text(words, exact=True)).to_have_count(count)
    expect(main(page).get_by_role("alert")).to_have_count(0)
    picture(page, "broken-no-data")
    assert axe_problems(page) == []


def test_a_plugin_that_is_off_asks_nothing_and_says_what_helps(page, picture):
    asked = runs(page, {"status": "ok"})
    open_page(page, [TABLE, GO], SOURCES, enabled=False)
    expect(main(page).get_by_text("This plugin is disabled, so its actions do not run.")).to_be_visible()
    expect(problem(page, "Enable the plugin to load this.")).to_be_visible()
    picture(page, "broken-off")
    assert asked == []


def test_a_plugin_that_is_missing_broken_or_unknown_says_what_helps(page):
    opened(page, missing=True, ui_schema={"layout": [TABLE]})
    expect(main(page).get_by_text("The plugin’s files are missing. Import it again or delete this entry.")).to_be_visible()
    opened(page, loaded=False, load_error="SyntaxError: invalid syntax (plugin.py, line 3)")
    broken = main(page).get_by_role("alert").filter(has_text="Its code cannot be loaded")
    expect(broken).to_contain_text("SyntaxError: invalid syntax (plugin.py, line 3)")
    expect(broken.get_by_role("button", name="Load it again")).to_be_visible()
    page.goto("/plugins/nobody")
    expect(main(page).get_by_role("heading", name="There is no plugin “nobody”")).to_be_visible()
    main(page).get_by_role("link", name="All plugins").click()
    page.wait_for_url("**/plugins")


def test_who_may_not_run_a_plugin_is_told_so(page, watch, picture):
    watch.expect("403")
    runs(page, REFUSED)
    open_page(page, [TABLE, GO], SOURCES)
    refused = problem(page, "You do not have permission to perform this action.")
    expect(refused).to_have_count(1)
    main(page).get_by_role("button", name="Go").click()
    expect(toast(page, "You do not have permission")).to_be_visible()
    picture(page, "broken-refused")
