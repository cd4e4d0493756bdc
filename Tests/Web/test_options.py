"""Every option that the plugin document names, as a person sees it."""

from __future__ import annotations

import base64
import re

from played import Live, answers, list_of, open_page, plugin, runs
from playwright.sync_api import Page, Route, expect
from steps import eventually, toast

ROWS = [
    {"id": 1, "name": "Ingest", "status": "up", "seen": 1800000000, "load": 0.5, "more": {"a": 1}},
    {"id": 2, "name": "Guide", "status": "down", "seen": 1800003600, "load": 0.25, "more": {"a": 2}},
    {"id": 10, "name": "Logos", "status": "up", "seen": 1800007200, "load": 1, "more": {"a": 3}},
]
GIVEN = {"rows": {"type": "static", "data": ROWS}}


def names(page: Page) -> list[str]:
    return [one.strip() for one in page.locator("tbody tr td:first-child").all_inner_texts()]


def test_a_stat_shows_value_path_fallback_and_delta(page):
    sources = {"summary": {"type": "static", "data": {"metrics": {"active": {"display": "1,204", "delta": 12}, "left": -3}}}}
    stats = [
        {"label": "Literal", "value": 5, "icon": "Activity"},
        {"label": "From the data", "source": "summary", "metricPath": "metrics.active.display", "delta": "{{ summary.metrics.active.delta }}"},
        {"label": "From the name", "source": "summary", "metricPath": "summary.metrics.left", "delta": "{{ summary.metrics.left }}"},
        {"label": "Fallback", "source": "summary", "metricPath": "no", "fallback": "{{ summary.metrics.left }} at least"},
        {"label": "Default", "source": "summary", "metricPath": "no", "defaultValue": "0"},
        {"label": "Placeholder", "source": "summary", "metricPath": "no", "placeholder": "soon", "delta": "+5% vs last hour"},
        {"label": "Joined", "value": "{{ summary.metrics.active.delta }}%"},
    ]
    open_page(page, {"type": "stack", "children": [{"type": "stat", **one} for one in stats]}, sources)
    shown = page.locator(".stat")
    expect(shown.locator(".stat-value")).to_have_text(["5", "1,204", "-3", "-3 at least", "0", "soon", "12%"])
    expect(shown.nth(1).locator(".stat-delta")).to_have_class(re.compile("tone-teal"))
    expect(shown.nth(1).locator(".stat-delta svg")).to_have_count(1)
    expect(shown.nth(2).locator(".stat-delta")).to_have_class(re.compile("tone-red"))
    expect(shown.nth(5).locator(".stat-delta")).to_have_text("+5% vs last hour")
    expect(shown.nth(5).locator(".stat-delta svg")).to_have_count(0)
    expect(shown.nth(0).locator(".stat-icon svg")).to_have_count(1)


def test_columns_take_accessor_template_format_badge_render_and_width(page):
    columns = [
        {"id": "who", "label": "Who", "accessor": "name", "width": 220},
        {"id": "status", "label": "Badge", "badge": {"colors": {"up": "grape", "down": "red"}}},
        {"id": "state", "label": "State", "accessor": "status", "render": "status"},
        {"id": "words", "label": "Words", "template": "{{ row.name }} no. {{ row.id }}"},
        {"id": "day", "accessor": "seen", "format": "date"},
        {"id": "hour", "accessor": "seen", "format": "time"},
        {"id": "when", "accessor": "seen", "format": "datetime"},
        {"id": "json", "accessor": "more", "render": "json"},
        {"id": "load", "accessor": "load", "render": "progress", "max": 1},
    ]
    open_page(page, {"type": "table", "source": "rows", "columns": columns}, GIVEN)
    first = page.locator("tbody tr").first.locator("td")
    expect(first.nth(0)).to_have_text("Ingest")
    assert page.locator("thead th").first.evaluate("one => one.getBoundingClientRect().width") >= 220
    expect(first.nth(1).locator(".pill")).to_have_class(re.compile("tone-grape"))
    expect(first.nth(2).locator(".pill")).to_have_class(re.compile("tone-teal"))
    expect(first.nth(3)).to_have_text("Ingest no. 1")
    expect(first.nth(4)).to_have_text(re.compile(r"^2027-01-1\d$"))
    expect(first.nth(5)).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
    expect(first.nth(6)).to_have_text(re.compile(r"^2027-01-1\d \d\d:\d\d:\d\d$"))
    expect(first.nth(7)).to_have_text('{"a":1}')
    expect(first.nth(8)).to_have_text("50%")


def test_a_table_begins_sorted_filters_pages_and_opens_rows_as_json(page):
    columns = [
        {"id": "name", "label": "Name", "accessor": "name", "sortable": True, "filter": True},
        {"id": "status", "label": "Status", "filter": {"type": "select", "options": ["up", "down"]}},
        {"id": "words", "label": "Words", "template": "{{ row.status }}: {{ row.name }}", "sortable": True},
    ]
    node = {"type": "table", "source": "rows", "columns": columns, "initialSort": [{"id": "status", "desc": True}, {"id": "name"}], "filterable": True, "pageSize": 2, "expandable": {}}
    open_page(page, node, GIVEN)
    cells = page.locator("tbody tr td:nth-child(2)")
    expect(cells).to_have_text(["Ingest", "Logos"])
    page.get_by_role("button", name="Next page").click()
    expect(cells).to_have_text(["Guide"])
    page.get_by_role("button", name="Words").click()
    page.get_by_role("button", name="First page").click()
    expect(cells).to_have_text(["Guide", "Ingest"])
    page.get_by_role("textbox", name="Search rows").fill("up: log")
    expect(cells).to_have_text(["Logos"])
    page.get_by_role("textbox", name="Search rows").fill("")
    page.get_by_role("button", name="Filters by column").click()
    page.get_by_role("combobox", name="Filter by Status").select_option("down")
    expect(cells).to_have_text(["Guide"])
    page.get_by_role("button", name="Details of Guide").click()
    expect(page.locator(".below pre")).to_contain_text('"seen": 1800003600')


def test_row_actions_ask_with_the_rows_words_and_send_its_values(page):
    action = {"id": "restart", "label": "Restart", "color": "orange", "variant": "outline", "icon": "RotateCcw", "params": {"worker": "{{ row.id }}", "of": "{{ context.plugin.settings.cluster }}"}, "confirm": {"title": "Restart?", "message": "Restart {{ row.name }}?", "confirmLabel": "Restart now"}}
    asked = runs(page)
    open_page(page, {"type": "table", "source": "rows", "columns": ["name"], "rowActions": [action]}, GIVEN, settings={"cluster": "a"}, fields=[{"id": "cluster", "type": "string"}])
    button = page.locator("tbody tr").nth(1).get_by_role("button", name="Restart")
    expect(button).to_have_class(re.compile("outline tone-orange"))
    expect(button.locator("svg")).to_have_count(1)
    button.click()
    dialog = page.get_by_role("dialog", name="Restart?")
    expect(dialog).to_contain_text("Restart Guide?")
    dialog.get_by_role("button", name="Restart now").click()
    expect(toast(page, "Plugin action completed")).to_be_visible()
    assert asked == [{"action": "restart", "params": {"worker": 2, "of": "a"}}]


def test_buttons_look_as_declared_and_say_what_became_of_it(page):
    held: list[Route] = []
    page.route(re.compile("/plugins/played/run/$"), lambda route: held.append(route))
    actions = [
        {"id": "go", "label": "Go", "button_label": "Go now", "running_label": "Going…", "variant": "outline", "color": "teal", "size": "lg", "success_message": "Counted {{ result.count }}", "confirm": True},
        {"id": "break", "label": "Break"},
    ]
    layout = {"type": "stack", "children": [{"type": "actionButton", "action": "go", "icon": "Play"}, {"type": "buttons", "buttons": [{"id": "break"}]}]}
    open_page(page, layout, actions=actions)
    button = page.get_by_role("button", name="Go now")
    expect(button).to_have_attribute("data-variant", "outline")
    expect(button).to_have_attribute("data-size", "lg")
    expect(button.locator("svg")).to_have_count(1)
    button.click()
    dialog = page.get_by_role("dialog", name="Run Go?")
    dialog.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("button", name="Going…")).to_be_visible()
    eventually(page, lambda: bool(held), lambda: "it was not run")
    held[0].fulfill(json={"success": True, "result": {"status": "ok", "count": 3}})
    expect(toast(page, "Counted 3")).to_be_visible()


def test_what_fails_says_its_own_words_the_reason_and_what_helps(page, watch):
    watch.expect("status 500|status of 500")
    runs(page, (500, {"success": False, "error": "the disk is full", "code": "plugin_failed", "hint": "Make room"}))
    open_page(page, {"type": "actionButton", "action": "break", "label": "Break"}, actions=[{"id": "break", "label": "Break", "error_message": "It did not work", "error_color": "orange"}])
    page.get_by_role("button", name="Break").click()
    note = page.get_by_role("alert").filter(has_text="It did not work")
    expect(note).to_contain_text("the disk is full")
    expect(note).to_contain_text("Make room")


def test_a_form_asks_sends_files_resets_and_has_further_buttons(page):
    asked = runs(page, lambda body: {"status": "ok"} if "form" in body else {"status": "ok", "message": f"said {body['params']['what']}"})
    form = {
        "type": "form", "title": "Job", "action": "queue", "submitLabel": "Queue", "encode": "formdata", "resetOnSuccess": True,
        "confirm": {"title": "Queue {{ values.name }}?", "message": "Sure?", "confirmLabel": "Yes"}, "initialValues": {"name": "{{ rows[1].name }}"},
        "successMessage": "Queued well", "fields": [{"id": "name", "type": "text", "label": "Name", "required": True}],
        "actions": [{"id": "say", "label": "Say", "params": {"what": "{{ values.name }}"}}],
    }  # fmt: skip
    open_page(page, form, GIVEN)
    name = page.get_by_label("Name")
    expect(name).to_have_value("Guide")
    name.fill("Nightly")
    page.get_by_role("button", name="Say").click()
    expect(toast(page, "said Nightly")).to_be_visible()
    page.get_by_role("button", name="Queue", exact=True).click()
    page.get_by_role("dialog", name="Queue Nightly?").get_by_role("button", name="Yes").click()
    expect(toast(page, "Queued well")).to_be_visible()
    expect(name).to_have_value("Guide")
    assert 'name="action"' in asked[1]["form"] and "Nightly" in asked[1]["form"]


def test_choices_may_be_written_and_keep_their_types(page):
    asked = runs(page)
    options = [{"value": 1, "label": "One"}, {"value": 2, "label": "Two"}]
    fields = [
        {"id": "one", "type": "select", "label": "One of", "options": options, "searchable": True, "creatable": True},
        {"id": "many", "type": "multiselect", "label": "Several", "options": options, "creatable": True, "default": [2]},
    ]
    open_page(page, {"type": "form", "action": "send", "submitLabel": "Send", "fields": fields})
    one = page.get_by_role("textbox", name="One of")
    one.fill("Else")
    one.press("Tab")
    several = page.get_by_role("textbox", name="Several")
    expect(page.get_by_text("Two", exact=True)).to_be_visible()
    several.fill("Own")
    several.press("Enter")
    several.press("Tab")
    page.get_by_role("button", name="Send").click()
    expect(toast(page, "Plugin action completed")).to_be_visible()
    assert asked[0]["params"] == {"one": "Else", "many": [2, "Own"]}


def test_sources_take_params_are_read_when_asked_and_cut_to_what_is_wanted(page):
    asked = runs(page, lambda body: {"status": "ok", "payload": {"items": [{"id": 1, "name": "A", "secret": "x"}]}, "asked": body["params"]})
    sources = {
        "list": {"type": "action", "action": "list", "params": {"limit": "{{ settings.limit }}", "all": False}, "extract": "payload.items", "pick": ["id", "name"], "default": []},
        "late": {"type": "action", "action": "late", "responsePath": "payload.items", "refresh": {"lazy": True}},
        "other": {"action": "other", "path": "asked"},
    }
    layout = {"type": "stack", "children": [
        {"type": "table", "title": "List", "source": "list", "params": {"all": True}},
        {"type": "table", "title": "Late", "source": "late"},
        {"type": "json", "source": "other", "dataSource": {"params": {"mine": 1}}},
        {"type": "action", "label": "Again", "refresh": ["late"]},
    ]}
    open_page(page, layout, sources, fields=[{"id": "limit", "type": "number", "default": 7}])
    expect(page.get_by_role("columnheader")).to_have_text(["Id", "Name"])
    expect(page.get_by_text('"mine": 1')).to_be_visible()
    assert {"action": "list", "params": {"limit": 7, "all": True}} in asked
    assert not [one for one in asked if one["action"] == "late"], "nobody asked for it"
    page.get_by_role("button", name="Load").click()
    expect(page.get_by_role("columnheader")).to_have_count(5)
    with page.expect_request(lambda request: '"late"' in (request.post_data or "")):
        page.get_by_role("button", name="Again").click()


def test_what_cannot_be_read_says_why_and_the_rest_is_drawn(page, watch):
    # The server knows nothing of a played plugin, so the page asks for itself.
    watch.expect("status 500|status of 500|status 404: .*/ui/watch/|status of 404")
    fails = {"now": False}
    runs(page, lambda body: (500, {"success": False, "error": "no database"}) if fails["now"] or body["action"] == "broken" else [{"name": "A"}])
    sources = {"rows": {"action": "rows", "refresh": {"interval": 1}}, "broken": {"action": "broken", "default": []}, "gone": {"action": "broken"}}
    layout = {"type": "stack", "children": [
        {"type": "table", "title": "Good", "source": "rows"},
        {"type": "table", "title": "Bad", "source": "broken"},
        {"type": "text", "source": "gone", "text": "{{ gone.words }}"},
        {"type": "stat", "label": "Templated", "value": "{{ gone.count }}"},
        {"type": "table", "source": "never declared"},
        {"type": "text", "text": "The rest"},
    ]}
    open_page(page, layout, sources)
    expect(page.get_by_role("cell", name="A")).to_be_visible()
    expect(page.get_by_text("The rest")).to_be_visible()
    expect(page.locator(".problem").filter(has_text="no database")).to_have_count(2)
    expect(page.locator(".stat-error")).to_have_text("no database")
    expect(page.get_by_text("There is no data source “never declared”")).to_be_visible()
    fails["now"] = True
    expect(page.locator(".stale")).to_contain_text("Not up to date: no database")
    expect(page.get_by_role("cell", name="A")).to_be_visible()
    fails["now"] = False
    expect(page.locator(".stale")).to_have_count(0)


def test_events_refresh_append_patch_and_are_filtered(page):
    live = Live(page)
    asked = runs(page, lambda body: [{"n": len(asked)}])
    sources = {
        "counted": {"action": "count", "subscribe": {"event": "plugin_event", "filter": {"plugin": "self", "event": "again"}}},
        "log": {"type": "static", "data": [], "subscribe": {"event": "plugin_event", "filter": {"event": "line"}, "mode": "append", "path": "payload.entry", "limit": 3}},
        "newest": {"type": "static", "data": [], "subscribe": {"filter": {"event": "line"}, "mode": "append", "path": "payload.entry", "prepend": True, "limit": 3}},
        "state": {"type": "static", "data": {"host": "a", "up": "yes"}, "subscribe": {"filter": {"event": "state"}, "mode": "patch"}},
    }
    layout = {"type": "stack", "children": [
        {"type": "text", "text": "Asked {{ counted[0].n }}", "source": "counted"},
        {"type": "list", "source": "log", "template": "{{ item.word }}"},
        {"type": "text", "text": "Newest first: {{ newest[0].word }}{{ newest[1].word }}"},
        {"type": "text", "text": "Host {{ state.host }} is up: {{ state.up }}"},
    ]}
    open_page(page, layout, sources)
    expect(page.get_by_text("Asked 1")).to_be_visible()
    for word in "abcde":
        live.event("line", payload={"entry": {"word": word}})
    live.say(type="plugin_event", plugin="somebody else", event="line", payload={"entry": {"word": "not ours"}})
    live.event("state", payload={"up": "no"})
    expect(page.locator("main ul.list li")).to_have_text(["c", "d", "e"])
    expect(page.get_by_text("Newest first: ed")).to_be_visible()
    expect(page.get_by_text("Host a is up: no")).to_be_visible()
    live.event("again", payload={})
    expect(page.get_by_text("Asked 2")).to_be_visible()


def test_a_component_changes_limits_and_default_text_of_its_source(page):
    live = Live(page)
    sources = {"log": {"action": "log", "refresh": {"lazy": True}, "subscribe": {"filter": {"event": "line"}, "mode": "append", "path": "payload.entry"}}}
    open_page(page, {"type": "logStream", "source": "log", "dataSource": {"subscribe": {"limit": 2}, "default": "Nothing said yet"}}, sources)
    expect(page.get_by_role("log")).to_contain_text("Nothing said yet")
    for number in range(4):
        live.event("line", payload={"entry": {"message": f"line {number}"}})
    expect(page.locator(".log-words")).to_have_text(["line 2", "line 3"])


def test_notifications_of_events_look_stay_and_change_as_they_say(page):
    live = Live(page)
    open_page(page, {"type": "text", "text": "Quiet"})
    live.event("said", notification="In words")
    expect(toast(page, "In words")).to_contain_text("Played")
    live.event("going", notification={"id": "job", "title": "Job", "message": "Half way", "color": "grape", "loading": True})
    expect(toast(page, "Half way")).to_be_visible()
    live.event("going", notification={"id": "job", "title": "Job", "message": "All done", "color": "teal", "autoClose": 1000})
    expect(toast(page, "All done")).to_be_visible()
    expect(toast(page, "Half way")).to_have_count(0)
    expect(toast(page, "All done")).to_have_count(0)


def test_downloads_come_as_data_by_address_and_as_the_action_declares(page):
    data = base64.b64encode(b"a,b").decode()
    results = {"data": {"download": {"filename": "one.csv", "content_type": "text/csv", "data": data}}, "url": {"download": {"filename": "two.txt", "url": "/two.txt"}}, "declared": {"download": data}}
    runs(page, lambda body: {"status": "ok", **results[body["action"]]})
    page.route(re.compile("/two.txt$"), lambda route: route.fulfill(body="two", content_type="text/plain"))
    buttons = [{"action": "data", "label": "Data"}, {"action": "url", "label": "Address"}, {"action": "declared", "label": "Declared", "download": {"filename": "three.csv", "content_type": "text/csv"}}]
    open_page(page, {"type": "buttons", "buttons": buttons})
    for label, name in {"Data": "one.csv", "Address": "two.txt", "Declared": "three.csv"}.items():
        with page.expect_download() as download:
            page.get_by_role("button", name=label).click()
        assert download.value.suggested_filename == name


def test_pages_stand_in_the_sidebar_in_the_workspace_or_nowhere(page):
    pages = [
        {"id": "side", "label": "At the side", "icon": "Gauge", "placement": "sidebar", "route": "/own/place", "layout": {"type": "text", "text": "Beside"}},
        {"id": "tab", "label": "A tab", "layout": {"type": "text", "text": "Within {{ context.page.id }} at {{ context.location.pathname }}"}},
        {"id": "hidden", "label": "Hidden one", "placement": "hidden", "layout": {"type": "text", "text": "By address"}},
        {"id": "when", "label": "When wanted", "requiresSetting": "wanted", "layout": {"type": "text", "text": "Wanted"}},
    ]
    fields = [{"id": "wanted", "type": "boolean", "default": False}, {"id": "show_sidebar", "type": "boolean", "default": True}]
    row = plugin(ui_schema={"layout": {"type": "text", "text": "First"}, "pages": pages}, fields=fields)
    list_of(page, row)
    page.goto("/plugins/played")
    expect(page.get_by_role("navigation", name="Pages of Played").get_by_role("link")).to_have_text(["Overview", "At the side", "A tab", "Settings"])
    page.get_by_role("navigation", name="Main").get_by_role("link", name="At the side").click()
    expect(page).to_have_url(re.compile("/own/place$"))
    expect(page.get_by_text("Beside", exact=True)).to_be_visible()
    page.get_by_role("link", name="A tab").click()
    expect(page.get_by_text("Within tab at /plugins/played/tab")).to_be_visible()
    page.goto("/plugins/played/hidden")
    expect(page.get_by_text("By address")).to_be_visible()
    list_of(page, {**row, "settings": {"wanted": True, "show_sidebar": False}})
    page.goto("/plugins/played/when")
    expect(page.get_by_text("Wanted", exact=True)).to_be_visible()
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="At the side")).to_have_count(0)


def test_a_disabled_plugin_shows_what_it_may(page):
    asked = answers(page, "/plugins/played/ui/resource/$", lambda body: {"success": True, "result": {"up": 7}})
    sources = {"open": {"type": "resource", "resource": "metrics", "allowDisabled": True}, "shut": {"type": "resource", "resource": "secrets"}}
    layout = {"type": "stack", "children": [{"type": "stat", "label": "Up", "source": "open", "metricPath": "up"}, {"type": "table", "source": "shut"}, {"type": "action", "action": "go", "label": "Go"}]}
    open_page(page, layout, sources, enabled=False)
    expect(page.locator(".stat-value")).to_have_text("7")
    expect(page.get_by_text("Enable the plugin to load this.")).to_be_visible()
    expect(page.get_by_role("button", name="Go")).to_be_disabled()
    assert asked == [{"resource": "metrics", "params": {}, "allow_disabled": True}]


def test_an_address_gets_its_method_headers_and_params(page):
    seen: list[tuple[str, str, str | None, str | None]] = []

    def note(route: Route) -> None:
        request = route.request
        seen.append((request.method, request.url.split("/own")[1], request.headers.get("x-token"), request.post_data))
        route.fulfill(json={"words": request.method})

    page.route(re.compile("/api/own/"), note)
    sources = {
        "got": {"type": "url", "url": "/api/own/data", "params": {"limit": 3, "token": "{{ settings.token }}"}, "headers": {"X-Token": "{{ settings.token }}"}},
        "posted": {"type": "url", "url": "/api/own/data", "method": "POST", "params": {"limit": 3}},
    }
    layout = {"type": "stack", "children": [{"type": "text", "text": "{{ got.words }} and {{ posted.words }}"}]}
    open_page(page, layout, sources, fields=[{"id": "token", "type": "string", "default": "t"}])
    expect(page.get_by_text("GET and POST")).to_be_visible()
    assert sorted(seen) == [("GET", "/data?limit=3&token=t", "t", None), ("POST", "/data", None, '{"limit":3}')]
