"""COMPONENTS.md is true: of the registry, of the gallery that uses everything, and of the tests that show it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from steps import enable, open_plugins, rows

HERE = Path(__file__).parent
CODE = HERE.parents[1] / "Sources/API/Web/js"
DOCUMENT = (HERE / "COMPONENTS.md").read_text(encoding="utf-8")
TESTS = {name for file in HERE.glob("test_*.py") for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)}

Line = tuple[str, str, list[list[str]]]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def lines() -> Iterator[Line]:
    """Each line as (section, table, cells)."""
    section = table = ""
    for line in DOCUMENT.splitlines():
        if line.startswith("## "):
            section = line[3:]
        elif line.startswith("### "):
            table = line[4:]
        elif line.startswith("| `"):
            yield section, table, [quoted(cell) for cell in line.strip()[1:-1].split("|")]


LINES = list(lines())


def plain(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).lower()


def objects(value: object) -> Iterator[dict]:
    """Every object within a value, itself included."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from objects(inner)


@pytest.fixture(scope="module")
def gallery(browser, url, session_state) -> dict:
    """The gallery's row, as the server describes it once it is enabled."""
    context = browser.new_context(base_url=url, storage_state=session_state)
    page = context.new_page()
    open_plugins(page)
    enable(page, "gallery")
    row = rows(page)["gallery"]
    context.close()
    return row


def test_every_line_names_code_that_has_it_and_a_test_that_there_is():
    wrong = []
    for _, table, cells in LINES:
        [name], files, tests = cells[0][:1], cells[-2], cells[-1]
        last = re.split(r"[.:\s]+", name.strip("{} "))[-1]
        for file in files:
            if not (CODE / file).is_file():
                wrong.append(f"{table}, {name}: there is no {file}")
            elif not re.search(rf"\b{re.escape(last)}\b", (CODE / file).read_text(encoding="utf-8")):
                wrong.append(f"{table}, {name}: {file} does not speak of {last}")
        wrong += [f"{table}, {name}: there is no {test}" for test in tests if test not in TESTS]
        if not files or not tests:
            wrong.append(f"{table}, {name}: without code or test")
    assert wrong == []
    assert len(LINES) > 200


def module(page: Page, path: str) -> str:
    """The address of a module of this page's build."""
    return page.evaluate("path => document.querySelector('script[type=module]').src.replace(/js\\/main\\.js$/, path)", f"js/{path}")


def test_the_document_lists_exactly_what_is_registered(page):
    open_plugins(page)
    registered = set(page.evaluate("async address => [...(await import(address)).names()]", module(page, "render/registry.js")))
    components = [cells for section, _, cells in LINES if section == "Components"]
    listed = {plain(name) for cells in components for name in cells[0] + cells[1]}
    charts = set(page.evaluate("async address => (await import(address)).CHARTS", module(page, "components/charts/chart.js")))
    # Each chart is a component besides, by its own name.
    assert {name for name in registered if not (name.endswith("chart") and name != "chart")} == listed
    assert {plain(name) for _, table, cells in LINES if table == "Charts" for name in cells[0]} <= charts
    inputs = set(page.evaluate("async address => (await import(address)).INPUT_TYPES", module(page, "components/inputs/field.js")))
    assert {plain(cells[0][0]) for _, table, cells in LINES if table == "Inputs of forms"} == inputs - {"upload", "table"}


def has(everything: list[dict], words: str, name: str) -> bool:
    """Whether a name is used: `key`, `inner.key`, `key: value`, or `{{ scope }}`."""
    if name.startswith("{{"):
        return re.search(rf"\{{\{{\s*{name.strip('{} ')}\b", words) is not None
    path, _, value = name.partition(": ")
    *outer, key = path.split(".")
    for one in everything:
        inner = one
        for step in outer:
            inner = inner.get(step) if isinstance(inner, dict) else None
        found = [inner] if isinstance(inner, dict) else [each for each in inner if isinstance(each, dict)] if isinstance(inner, list) else []
        if any(key in each and (not value or each[key] == value or (isinstance(each[key], list) and value in each[key])) for each in found):
            return True
    return False


def test_the_gallery_uses_every_component_input_chart_and_option(gallery):
    import json

    ui = gallery["ui_schema"]
    everything = list(objects([ui, {"fields": gallery["fields"]}, {"actions": gallery["actions"]}]))
    words = json.dumps(ui)
    used = {plain(str(one["type"])) for one in everything if "type" in one}
    charts = {plain(one["chartType"]) for one in everything if "chartType" in one}
    settings = {field["type"] for field in gallery["fields"]}
    missing = []
    for section, table, cells in LINES:
        name = cells[0][0]
        if section == "Components" and plain(name) not in used:
            missing.append(f"component {name}")
        elif table == "Inputs of forms" and plain(name) not in used:
            missing.append(f"input {name}")
        elif table == "Types of settings" and name not in settings:
            missing.append(f"setting {name}")
        elif section == "Inputs and charts" and table == "Charts" and plain(name) not in charts:
            missing.append(f"chart {name}")
        elif section == "Options" and table != "Results" and not has(everything, words, name):
            missing.append(f"{table}: {name}")
    assert missing == []


def test_the_playground_finds_nothing_wrong_with_the_gallery_but_what_is(page, gallery):
    open_plugins(page)
    messages = page.evaluate(
        """async ([validate, registry, ui, known]) =>
            (await import(validate)).validate(ui, { types: (await import(registry)).names(), ...known })""",
        [
            module(page, "core/validate.js"),
            module(page, "render/registry.js"),
            gallery["ui_schema"],
            {kind: [one["id"] for one in gallery[kind]] for kind in ("actions",)} | {"settings": [one["id"] for one in gallery["fields"]]},
        ],
    )
    assert [one["message"] for one in messages] == ["There is no component “no_such_type”."]


# Notes every component that is drawn, by wrapping each in one that says so.
WATCH_DRAWING = """
async address => {
    const { fetchType, lookup, names, register } = await import(address);
    await Promise.all([...names()].map(fetchType));
    globalThis.drawn = new Set();
    for (const name of names()) {
        const Part = lookup(name);
        register(name, props => {
            globalThis.drawn.add(name);
            if (props.node.chartType) globalThis.drawn.add(`chart ${props.node.chartType}`.toLowerCase());
            return Part(props);
        });
    }
}
"""


# The pages of the gallery, each with a part that is seen once the page is drawn.
SEEN = {"Overview": ".carousel", "Gallery: data": ".recharts-surface", "Inputs": ".drop-zone", "Options": ".item-card", "Live": ".log", "Settings": ".section"}


def test_every_component_of_the_gallery_is_drawn_without_a_word(page, gallery):
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    open_plugins(page)
    page.evaluate(WATCH_DRAWING, module(page, "render/registry.js"))
    page.get_by_role("link", name="Open Gallery").click()
    tabs = page.get_by_role("navigation", name="Pages of Gallery")
    expect(tabs.get_by_role("link")).to_have_text(list(SEEN))
    for name, part in SEEN.items():
        tabs.get_by_role("link", name=name, exact=True).click()
        # A dozen charts at once take their time on a machine that is busy with something else.
        expect(page.locator(part).first).to_be_visible(timeout=90_000)
    drawn = set(page.evaluate("[...globalThis.drawn]"))
    named = {plain(name) for section, _, cells in LINES if section == "Components" for name in cells[0]}
    assert named - drawn == set()
    charts = {f"chart {plain(cells[0][0])}" for _, table, cells in LINES if table == "Charts"}
    assert charts - drawn == set()
    # One part asks for what nobody knows, to show how a page takes it; nothing else is in trouble.
    page.get_by_role("link", name="Overview").click()
    expect(page.locator(".problem")).to_have_text([re.compile("no_such_type")])
    assert said == []
