"""How long tables that people scroll keep the browser. Printed, with `-s`, and never judged: machines differ."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

ROWS = 1000
SECONDS = 5

COUNT_FRAMES = """
async ({ seconds, step }) => {
    const box = document.querySelector('.drawn .table-scroll');
    const frames = [];
    const end = performance.now() + seconds * 1000;
    for (let last = performance.now(); last < end;) {
        if (box && step) box.scrollTop = (box.scrollTop + step) % (box.scrollHeight - box.clientHeight);
        const now = await new Promise(requestAnimationFrame);
        frames.push(now - last);
        last = now;
    }
    frames.sort((a, b) => a - b);
    return { perSecond: Math.round(frames.length / seconds), slowest: Math.round(frames.at(-1)), late: frames.filter(one => one > 50).length };
}
"""


def measured(page: Page, name: str, work) -> None:
    """Runs it, and prints frames and how much of the time the page's one thread was busy."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def busy() -> dict[str, float]:
        return {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}

    before = busy()
    frames = work()
    after = busy()
    spent = after["TaskDuration"] - before["TaskDuration"]
    scripts = after["ScriptDuration"] - before["ScriptDuration"]
    print(f"\n{name}: {frames['perSecond']} frames a second, slowest {frames['slowest']} ms, {frames['late']} over 50 ms; "
          f"busy {spent / (after['Timestamp'] - before['Timestamp']):.0%}, scripts {scripts:.2f} s")


def draw(page: Page, document: dict) -> None:
    page.goto("/playground")
    page.get_by_label("The page as JSON").fill(json.dumps(document))


def test_a_table_of_a_thousand_rows_is_scrolled(page):
    rows = [{"id": i, "name": f"Row {i}", "group": ("alpha", "beta")[i % 2], "size": i * 1024, "share": i % 100, "seen": "2026-11-23T02:00:00Z"} for i in range(ROWS)]
    columns = [{"id": "name", "sortable": True}, {"id": "group", "badge": True}, {"id": "size", "format": "bytes"}, {"id": "share", "render": "progress"}, {"id": "seen", "format": "datetime"}]
    table = {"type": "table", "rows": rows, "columns": columns, "pagination": False, "selectable": True, "rowActions": [{"id": "touch", "label": "Touch"}], "title": "Many"}
    draw(page, {"layout": table})
    drawn = page.get_by_role("region", name="The page as it is drawn")
    expect(drawn.locator("table")).to_have_attribute("aria-rowcount", str(ROWS))
    measured(page, f"{ROWS} rows scrolled", lambda: page.evaluate(COUNT_FRAMES, {"seconds": SECONDS, "step": 60}))
    assert drawn.locator("tbody tr[aria-rowindex]").count() < ROWS / 5, "only what is in view is drawn"

