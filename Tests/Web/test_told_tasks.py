"""A real task as it runs: the server tells how far it is and what it says, and nobody asks."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect
from steps import enable, eventually, open_plugins


def lines(page: Page) -> int:
    """The newest step that the log on the page tells of."""
    found = re.findall(r"Working at step (\d+)", page.get_by_role("log").inner_text())
    return max(map(int, found), default=0)


def test_progress_and_lines_of_a_real_task_arrive_without_a_request(page, url):
    open_plugins(page)
    enable(page, "gallery")
    headers = {"Origin": url, "Prefer": "respond-async"}
    started = page.request.post("/api/plugins/plugins/gallery/run/", data={"action": "long_work", "params": {"steps": 600, "pause": 0.2}}, headers=headers)
    assert started.ok, started.text()
    task = f"/api/tasks/{started.json()['task_id']}/"
    try:
        read: list[str] = []
        page.on("request", lambda request: task in request.url and read.append(request.url))
        page.goto(f"/tasks/id/{started.json()['task_id']}")
        expect(page.get_by_role("log")).to_contain_text("Working at step")
        bar = page.get_by_role("main").get_by_role("progressbar", name="Progress")
        expect(bar).to_be_visible()

        # Other tasks come and go on this server, and a page looks now and then all the same: some stretch has to be free of that.
        for _ in range(20):
            before, asked, share = lines(page), len(read), bar.get_attribute("aria-valuenow")
            eventually(page, lambda: lines(page) >= before + 20 and bar.get_attribute("aria-valuenow") != share, lambda: f"nothing came after step {before} and {share} %", 60)
            if len(read) == asked:
                break
        else:
            raise AssertionError(f"each new line was asked for: {read[-10:]}")
    finally:
        page.request.delete(task, headers={"Origin": url})
    expect(page.get_by_text("Revoked", exact=False).first).to_be_visible()
    expect(bar).to_have_count(0)
