"""How long tables that people scroll and logs that run keep the browser. Printed, with `-s`, and never judged: machines
differ. What is judged is that nothing is lost."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

ROWS = 1000
SECONDS = 5
RATE = 200

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


KEEP_SOCKET = """
globalThis.WebSocket = class extends WebSocket {
    constructor(...given) {
        super(...given);
        globalThis.line = this;
    }
};
"""

# As many events as were due by now, as the socket would bring them.
TELL_AND_COUNT = """
async ({ seconds, rate }) => {
    const frames = [];
    const began = performance.now();
    let told = 0;
    for (let last = began; last < began + seconds * 1000;) {
        for (const due = (last - began) * rate / 1000; told < due; told++) {
            const data = { type: 'plugin_event', plugin: 'playground', event: 'line', payload: { level: 'info', message: `Line ${told} of a stream that does not end` } };
            line.onmessage({ data: JSON.stringify({ type: 'update', data }) });
        }
        const now = await new Promise(requestAnimationFrame);
        frames.push(now - last);
        last = now;
    }
    frames.sort((a, b) => a - b);
    return { perSecond: Math.round(frames.length / seconds), slowest: Math.round(frames.at(-1)), late: frames.filter(one => one > 50).length, told };
}
"""


def measured(page: Page, name: str, work) -> dict:
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
    return frames


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


def test_a_log_takes_two_hundred_events_a_second(page):
    page.add_init_script(KEEP_SOCKET)
    source = {"type": "static", "data": [], "subscribe": {"mode": "append", "limit": 5000, "filter": {"event": "line"}}}
    draw(page, {"dataSources": {"lines": source}, "layout": {"type": "logStream", "title": "Stream", "source": "lines", "limit": 5000}})
    drawn = page.get_by_role("region", name="The page as it is drawn")
    expect(drawn.get_by_role("log")).to_be_visible()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    frames = measured(page, f"{RATE} events a second", lambda: page.evaluate(TELL_AND_COUNT, {"seconds": SECONDS, "rate": RATE}))
    expect(drawn.get_by_role("log")).to_contain_text(f"Line {frames['told'] - 1} of")
    expect(drawn).to_contain_text(f"{frames['told']:,} lines")
