"""Pages, layouts and data sources: names that nothing answers to, and types that nothing draws."""

import re

from .declared import kind
from .findings import near
from .positions import UNKNOWN

NODES = frozenset(
    """
    text title card stack group box grid simplegrid list status progress loader spinner chart table datatable action
    actionbutton buttons copy link highlight code kbd hovercard cardlist listcards video pagination form settingsform
    carousel split spotlight tour barcode modal drawer tabs accordion timeline tree logstream sortablelist stat divider
    markdown html ring badge alert json image
    """.split()
)
CHARTS = frozenset("line area bar composed pie donut doughnut radar scatter radialbar treemap heatmap".split())
INPUTS = frozenset(
    """
    text textarea multiline password search number slider range rangeslider checkbox switch boolean radio select
    multiselect segmented date time datetime daterange color json file chips tags string info
    """.split()
)
#: Other names by which the web app knows them too.
MORE_NODES = frozenset(
    """
    commandpalette settings button buttongroup sortable draglist wizard paragraph heading notice callout anchor
    copybutton pre key img qrcode log logs popover tooltip splitpane resizable collapse menu dropdown column row container center
    columns paper section panel dialog cards progressbar ringprogress radialprogress gauge loading statuslight indicator
    statistic metric kpi pill
    """.split()
)
MORE_CHARTS = frozenset("composite column bubble spline radial".split())
MORE_INPUTS = frozenset(
    """
    str input bool int integer float dropdown secret multi tag radiogroup segmentedcontrol daterangepicker upload dropzone
    colour toggle email url section fieldset group heading
    """.split()
)
#: What a data source has besides its type, by type.
SOURCES = {"action": "action", "resource": "resource", "static": None, "url": "url"}
SOURCE = {
    "type", "action", "resource", "url", "method", "headers", "params", "value", "default", "extract", "responsePath",
    "path", "pick", "payload", "items", "refresh", "allowDisabled", "subscribe", "data", "body",
}  # fmt: skip
UI = {"version", "dataSources", "layout", "preview", "pages"}
PAGE = {"id", "label", "title", "icon", "route", "placement", "requiresSetting", "layout", "description", "order"}
#: Keys of a node below which there are nodes, or things that have nodes.
INSIDE = ("children", "tabs", "items", "panels", "slides", "header", "footer", "content", "layout", "left", "right")
#: Levels; the browser draws no deeper.
DEEPEST = 40


class Pages:
    """One plugin's `ui`. `actions` and `fields` are its ids, None when they are computed."""

    def __init__(self, findings, actions, fields):
        self._findings, self._actions, self._fields = findings, actions, fields
        self._sources = None

    def check(self, ui, place):
        """All of it."""
        if ui is UNKNOWN or ui is None:
            return
        if not isinstance(ui, dict):
            return self._findings.error(place, f"expected an object, found {kind(ui)}.", 'Begin with {"version": 1}.')
        self._unread(ui, UI, place)
        sources = ui.get("dataSources", {})
        if isinstance(sources, dict):
            self._sources = set(sources)
            for name, source in sources.items():
                self._source(source, place / "dataSources" / name)
        for name in ("layout", "preview"):
            self._nodes(ui.get(name), place / name)
        pages = ui.get("pages", [])
        if isinstance(pages, list):
            self._pages(pages, place / "pages")
        elif pages is not UNKNOWN:
            self._findings.error(place / "pages", f"expected a list, found {kind(pages)}.", 'Write [{"id": "…"}].')

    def _pages(self, pages, place):
        seen = set()
        for index, page in enumerate(pages):
            here = place / index
            if page is UNKNOWN:
                continue
            if not isinstance(page, dict) or not page.get("id"):
                self._findings.error(here, "has no id; the page is not shown.", 'Write {"id": "…", "layout": {…}}.')
                continue
            if page["id"] in seen:
                self._findings.error(here / "id", f"another page has the id {page['id']!r}.", "Rename it.")
            if page["id"] is not UNKNOWN:
                seen.add(page["id"])
            self._unread(page, PAGE, here)
            self._one_of(page, "placement", ("plugin", "sidebar", "hidden"), here)
            route = page.get("route")
            if isinstance(route, str) and not route.startswith("/"):
                self._findings.warn(here / "route", f"{route!r} is no path.", f"Begin with a slash: '/{route}'.")
            wanted = page.get("requiresSetting")
            if isinstance(wanted, str) and self._fields is not None and wanted not in self._fields:
                text = f"there is no field {wanted!r}, so the page is always shown."
                self._findings.warn(here / "requiresSetting", text, near(wanted, self._fields))
            if "layout" not in page:
                self._findings.warn(here, "has no layout; the page is empty.", 'Add "layout": {"type": "stack", …}.')
            self._nodes(page.get("layout"), here / "layout")

    def _source(self, source, place):
        if source is UNKNOWN:
            return
        if not isinstance(source, dict):
            return self._findings.error(
                place, f"expected an object, found {kind(source)}.", 'Write {"type": "action"}.'
            )
        self._unread(source, SOURCE, place)
        typed = self._one_of(source, "type", SOURCES, place) or "action"
        needed = SOURCES.get(typed)
        if needed and needed not in source:
            self._findings.error(place, f"a source of type {typed!r} needs {needed!r}.", f'Add "{needed}": …')
        if typed == "action":
            self._action(source.get("action"), place / "action")
        refresh = source.get("refresh")
        interval = refresh.get("interval") if isinstance(refresh, dict) else None
        if interval is not None and interval is not UNKNOWN:
            if isinstance(interval, bool) or not isinstance(interval, (int, float)) or interval <= 0:
                here = place / "refresh" / "interval"
                self._findings.error(here, f"expected seconds above 0, found {interval!r}.", 'Write "interval": 10.')
        elif refresh is not None and not isinstance(refresh, (dict, type(UNKNOWN))):
            self._findings.error(place / "refresh", "expected an object.", 'Write {"interval": 10}.')
        subscribe = source.get("subscribe")
        if isinstance(subscribe, dict):
            self._one_of(subscribe, "mode", ("refresh", "append", "patch"), place / "subscribe")

    def _nodes(self, value, place, depth=0):
        """A node, a list of nodes, or what has nodes inside."""
        if depth > DEEPEST:
            return self._findings.error(place, f"is deeper than {DEEPEST} levels; it is not drawn.", "Flatten it.")
        if isinstance(value, list):
            for index, one in enumerate(value):
                self._nodes(one, place / index, depth)
        if not isinstance(value, dict):
            return
        if "type" in value:
            self._node(value, place)
        for name in INSIDE:
            if isinstance(value.get(name), (dict, list)):
                self._nodes(value[name], place / name, depth + 1)

    def _node(self, node, place):
        typed = node["type"]
        if isinstance(typed, str) and typed.lower() not in NODES | MORE_NODES | CHARTS | MORE_CHARTS:
            text = f"{typed!r} is no component; a notice is drawn in its place."
            self._findings.error(place / "type", text, near(typed.lower(), NODES))
        for name in ("source", "dataSource"):
            wanted = node.get(name)
            if isinstance(wanted, str) and self._sources is not None and wanted not in self._sources:
                text = f"there is no data source {wanted!r}."
                self._findings.error(place / name, text, near(wanted, self._sources))
            elif isinstance(wanted, dict):
                self._source(wanted, place / name)
        drawn = node.get("chartType")
        if isinstance(drawn, str) and re.sub(r"[\s_-]", "", drawn.lower()) not in CHARTS | MORE_CHARTS:
            text = f"{node['chartType']!r} is no chart."
            self._findings.error(place / "chartType", text, near(node["chartType"].lower(), CHARTS))
        if str(typed).lower() in ("form", "wizard"):
            self._inputs(node.get("fields"), place / "fields")
        for name in ("action", "submitAction", "onEditAction"):
            self._action(node.get(name), place / name)
        for name in ("buttons", "rowActions", "bulkActions", "actions"):
            for index, button in enumerate(node[name] if isinstance(node.get(name), list) else ()):
                if isinstance(button, dict):
                    key = "action" if "action" in button else "id"
                    self._action(button.get(key), place / name / index / key)

    def _inputs(self, fields, place):
        for index, field in enumerate(fields if isinstance(fields, list) else ()):
            typed = field.get("type") if isinstance(field, dict) else None
            if isinstance(typed, str) and typed.lower() not in INPUTS | MORE_INPUTS:
                text = f"{typed!r} is no input; it is edited as text."
                self._findings.warn(place / index / "type", text, near(typed.lower(), INPUTS))
            if isinstance(field, dict):
                self._inputs(field.get("fields"), place / index / "fields")

    def _action(self, name, place):
        if isinstance(name, str) and "{{" not in name and self._actions is not None and name not in self._actions:
            text = f"{name!r} is not among the plugin's actions; run() is asked for it all the same."
            self._findings.warn(place, text, near(name, self._actions))

    def _one_of(self, value, name, known, place):
        found = value.get(name)
        if isinstance(found, str) and found not in known:
            self._findings.error(place / name, f"{found!r} is not known.", near(found, known))
        return found if isinstance(found, str) else None

    def _unread(self, value, known, place):
        for name in value.keys() - known:
            self._findings.warn(place / name, "is not read.", near(name, known))
