"""Every component of the page schema, used as a person uses it, on the plugin that has them all."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from playwright.sync_api import Page, Request, expect
from steps import enable, open_plugins, toast


@pytest.fixture
def gallery(page: Page):
    open_plugins(page)
    enable(page, "gallery")

    def open_(path: str) -> Page:
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        return page

    return open_


def big_table(page: Page):
    return page.locator("section.panel").filter(has=page.get_by_role("textbox", name="Search rows"))


def test_words_are_drawn_and_none_of_them_runs(gallery):
    page = gallery("/plugins/gallery")
    words = page.locator("#main")
    expect(words.locator(".markdown strong", has_text="Bold")).to_be_visible()
    expect(words.locator(".markdown b", has_text="bold")).to_be_visible()
    assert words.locator("script").count() == 0
    expect(words.locator("mark", has_text="needle")).to_be_visible()
    expect(words.locator("kbd")).to_have_text(["Ctrl", "K"])
    expect(words.get_by_role("img", name="Barcode of SKIRRET-1")).to_be_visible()
    expect(words.get_by_role("link", name=re.compile("Video"))).to_have_attribute("rel", "noopener noreferrer")
    expect(words.get_by_role("heading", name="Gallery", level=2)).to_be_visible()
    expect(words.get_by_text("Only when live")).to_be_visible()
    expect(words.get_by_text("This page asks for “no_such_type”")).to_be_visible()


def test_what_opens_above_the_page(gallery):
    page = gallery("/plugins/gallery")
    for button, inside in {"Open a dialog": "Inside the dialog", "Open a drawer": "Inside the drawer"}.items():
        page.get_by_role("button", name=button).click()
        expect(page.get_by_text(inside)).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_text(inside)).to_have_count(0)
    page.get_by_role("button", name="Hover").focus()
    expect(page.get_by_text("More", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("More", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Tour").click()
    expect(page.get_by_text("The first step")).to_be_visible()
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Search", exact=True).click()
    page.get_by_role("combobox", name="Search").fill("row 7")
    expect(page.get_by_role("option", name="Row 7")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(toast(page, "Row 7 touched")).to_be_visible()


def test_tabs_folds_panes_and_slides(gallery):
    page = gallery("/plugins/gallery")
    expect(page.get_by_text("Two", exact=True)).to_be_visible()
    page.get_by_role("tab", name="First").click()
    expect(page.get_by_text("One", exact=True)).to_be_visible()
    fold = page.get_by_role("button", name="Fold")
    fold.click()
    expect(page.get_by_text("Folded")).to_be_visible()
    expect(fold).to_have_attribute("aria-expanded", "true")
    bar = page.get_by_role("separator", name="Size of pane 1")
    bar.focus()
    page.keyboard.press("ArrowRight")
    expect(bar).to_have_attribute("aria-valuenow", "35")
    page.get_by_role("button", name="Next slide").click()
    expect(page.get_by_text("2 / 3")).to_be_visible()


def test_actions_ask_download_fail_and_are_undone(gallery, watch):
    watch.expect(r"status 500: .*/gallery/run/|status of 500")
    page = gallery("/plugins/gallery")
    page.get_by_role("button", name="Remove", exact=True).click()
    dialog = page.get_by_role("dialog", name="Remove both?")
    expect(dialog).to_contain_text("Rows 1 and 2")
    dialog.get_by_role("button", name="Confirm").click()
    expect(toast(page, "2 removed")).not_to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(toast(page, "Row 1 touched")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "rows.csv"
    page.get_by_role("button", name="Fail").click()
    page.get_by_role("dialog").get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert").filter(has_text="As expected")).to_be_visible()


def test_a_table_sorts_searches_filters_and_pages(gallery):
    page = gallery("/gallery/data")
    table = big_table(page)
    rows = table.locator("tbody tr")
    expect(rows).to_have_count(10)
    table.get_by_role("button", name="Name", exact=True).click()
    expect(rows.first).to_contain_text("Row 1")
    table.get_by_role("button", name="Next page").click()
    expect(rows.first).to_contain_text("Row 11")
    table.get_by_role("textbox", name="Search rows").fill("n12")
    expect(rows).to_have_count(1)
    table.get_by_role("textbox", name="Search rows").fill("")
    table.get_by_role("button", name="Filters by column").click()
    table.get_by_role("combobox", name="Filter by Group").select_option("beta")
    expect(rows.locator("td:has-text('gamma')")).to_have_count(0)
    table.get_by_role("combobox", name="Rows on a page").select_option("50")
    expect(rows).to_have_count(14)
    table.get_by_role("button", name=re.compile("^Details of")).first.click()
    expect(table.locator("dl.details")).to_contain_text("Owner")


def test_rows_are_chosen_edited_and_acted_upon(gallery):
    page = gallery("/gallery/data")
    table = big_table(page)
    table.get_by_role("checkbox", name=re.compile("^Choose Row")).nth(0).check()
    table.get_by_role("checkbox", name=re.compile("^Choose Row")).nth(1).check()
    expect(table.get_by_text("2 chosen")).to_be_visible()
    table.get_by_role("group", name="Chosen rows").get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(toast(page, "2 removed")).not_to_have_count(0)
    expect(table.get_by_text("2 chosen")).to_have_count(0)

    first = table.locator("tbody tr").first
    first.get_by_role("button", name=re.compile("^Edit Name")).click()
    field = first.get_by_label("Name", exact=True)
    expect(field).to_be_focused()
    field.fill("Renamed")
    with page.expect_request(lambda request: request.url.endswith("/run/") and "Renamed" in (request.post_data or "")) as sent:
        field.press("Enter")
    body = sent.value.post_data_json
    assert body["action"] == "touch"
    assert body["params"]["field"] == "name"
    assert body["params"]["rowId"] == body["params"]["row"]["id"]


def test_live_sources_hear_events_in_three_ways(gallery):
    page = gallery("/gallery/data")
    expect(page.get_by_text("Last group: none")).to_be_visible()
    table = big_table(page)
    with page.expect_request(lambda request: request.url.endswith("/run/") and "list_rows" in (request.post_data or "")):
        table.get_by_role("button", name="Touch").first.click()
    expect(page.get_by_text(re.compile("Last group: (alpha|beta|gamma)"))).to_be_visible()
    expect(page.locator(".item-card").filter(has_text="Group")).not_to_have_count(0)


def test_a_source_is_fetched_once_for_all_that_show_it(page):
    page.route_web_socket(re.compile("/ws/"), lambda socket: None)  # Events of earlier tests may still be on their way.
    open_plugins(page)
    enable(page, "gallery")
    underway, most, asked = Counter[str](), Counter[str](), Counter[str]()

    def begun(request: Request) -> None:
        if name := question(request):
            underway[name] += 1
            most[name] = max(most[name], underway[name])
            # Whoever watches says every now and then that they still do.
            asked[name] += not request.url.endswith("/watch/") or not asked[name]

    def ended(request: Request) -> None:
        if name := question(request):
            underway[name] -= 1

    page.on("request", begun)
    page.on("requestfinished", ended)
    page.goto("/gallery/data")
    expect(page.locator(".recharts-surface").first).to_be_visible()
    expect(big_table(page).locator("tbody tr")).to_have_count(10)
    assert asked == most == {"metrics": 1, "list_rows": 1, "series": 1}


def question(request: Request) -> str | None:
    """Which of the three shared sources is asked for; the table of three rows is another source."""
    body = request.post_data or ""
    if "/gallery/" not in request.url or '"count":3}' in body:
        return None
    return next((name for name in ("metrics", "list_rows", "series") if f'"{name}"' in body), None)


def test_every_kind_of_chart_is_drawn_and_said_in_words(gallery):
    page = gallery("/gallery/data")
    for kind in ("line", "area", "bar", "composed", "radar", "scatter", "heatmap", "pie", "donut", "radialbar", "treemap"):
        chart = page.locator(f'figure[data-chart="{kind}"]').first
        expect(chart).to_be_visible()
        expect(chart.locator(".sr-only")).to_contain_text(f"Chart of type {kind}")
        expect(chart.locator("svg.recharts-surface, svg.drawing, .treemap, .heatmap").first).to_be_visible()


def test_lists_trees_and_orders_are_walked_by_keyboard(gallery):
    page = gallery("/gallery/data")
    page.get_by_role("button", name="Load").click()
    tree = page.get_by_role("tree")
    expect(tree.get_by_role("treeitem")).to_have_count(3)
    tree.get_by_role("treeitem").nth(1).click(trial=True)
    tree.get_by_role("treeitem").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(tree.get_by_role("treeitem")).to_have_count(4)
    handle = page.get_by_role("button", name=re.compile(r"^Move .*, 1 of"))
    name = handle.get_attribute("aria-label")
    moved = name.split(",")[0]
    handle.focus()
    with page.expect_request(lambda request: '"reorder"' in (request.post_data or "")) as sent:
        page.keyboard.press("ArrowDown")
    assert len(sent.value.post_data_json["params"]["order"]) == 40
    expect(page.get_by_role("button", name=re.compile(rf"^{re.escape(moved)}, 2 of"))).to_be_visible()


def test_a_form_with_every_input_is_checked_and_sent(gallery, tmp_path):
    page = gallery("/plugins/gallery/inputs")
    form = page.get_by_role("form", name="Everything")
    text = form.get_by_role("textbox", name=re.compile(r"^Text( \*)?$"))
    text.fill("x")
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_text("At least 2 characters.")).to_be_visible()
    text.fill("Some text")
    upload = tmp_path / "names.csv"
    upload.write_text("a,b\n")
    form.get_by_label("File").set_input_files(upload)
    expect(form.get_by_text("names.csv")).to_be_visible()
    form.get_by_role("textbox", name="From a source").click()
    page.get_by_role("option", name="Row 2", exact=True).click()
    with page.expect_response(lambda answer: answer.url.endswith("/run/")) as sent:
        form.get_by_role("button", name="Send").click()
    assert sent.value.request.headers["content-type"].startswith("multipart/form-data")
    result = sent.value.json()["result"]
    assert result["files"] == {"file": "names.csv"}
    assert result["params"]["row"] == 2, "an option's value keeps its type"
    assert result["params"]["range"] == [20, 60]
    expect(toast(page, "Submitted")).not_to_have_count(0)
    expect(text).to_have_value("given")


def test_a_form_in_steps_and_its_conditions(gallery):
    page = gallery("/plugins/gallery/inputs")
    form = page.get_by_role("form", name="In steps")
    form.get_by_role("button", name="Next").click()
    expect(form.get_by_text("Name is required.")).to_be_visible()
    form.get_by_label("Name").fill("Ann")
    form.get_by_role("button", name="Next").click()
    expect(form.get_by_label("Why")).to_have_count(0)
    form.get_by_role("textbox", name="Kind").click()
    page.get_by_role("option", name="B", exact=True).click()
    form.get_by_label("Why").fill("because")
    form.get_by_role("button", name="Submit").click()
    expect(toast(page, "3 values")).not_to_have_count(0)


def test_what_was_not_sent_is_guarded_and_settings_reach_the_page(gallery):
    page = gallery("/plugins/gallery/inputs")
    page.get_by_role("form", name="Everything").get_by_label("String").fill("unsent")
    page.get_by_role("link", name="Events").click()
    page.get_by_role("dialog", name="Leave this page?").get_by_role("button", name="Stay").click()
    expect(page.get_by_role("form", name="Everything").get_by_label("String")).to_have_value("unsent")
    page.get_by_role("form", name="Everything").get_by_label("String").fill("")

    settings = page.get_by_role("form", name="Settings")
    title = settings.get_by_label("Title").input_value()
    settings.get_by_label("Title").fill("Another title")
    settings.get_by_role("button", name="Save").click()
    expect(toast(page, "settings updated")).to_be_visible()
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_role("heading", name="Another title")).to_be_visible()
    page.get_by_role("link", name="Inputs").click()
    settings.get_by_label("Title").fill(title)
    settings.get_by_role("button", name="Save").click()
    expect(settings.get_by_role("button", name="Save")).to_be_disabled()


def test_a_log_waits_follows_searches_and_pauses(gallery):
    page = gallery("/plugins/gallery/live")
    page.get_by_role("button", name="Load").click()
    log = page.get_by_role("log")
    expect(log).to_contain_text("opened")
    page.get_by_role("textbox", name="Search in Log").fill("no such words")
    expect(log).to_contain_text("No line matches.")
    page.get_by_role("textbox", name="Search in Log").fill("")
    expect(log).to_contain_text("opened")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    before = log.locator(".log-line").count()
    page.request.post("/api/plugins/plugins/gallery/run/", data={"action": "say", "params": {"message": "while paused"}}, headers={"Origin": page.url.split("/plugins")[0]})
    expect(page.get_by_text(re.compile("1 more"))).to_be_visible()
    assert log.locator(".log-line").count() == before
    page.get_by_role("button", name="Resume").click()
    expect(log).to_contain_text("while paused")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a file").click()
    assert download.value.suggested_filename == "gallery.log"
