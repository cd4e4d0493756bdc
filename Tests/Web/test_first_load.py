"""What a first visit costs: bytes, which are limited, and the time until there is something to read, which is printed
with `-s` and never judged, as machines differ."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from steps import eventually

# Compressed, with headers, by a browser that has been nowhere.
MOST_BYTES = 600_000

NOTE_CONTENT = """
(wanted => {
    const look = () => {
        if (document.querySelector(wanted)) requestAnimationFrame(() => globalThis.contentAfter ??= performance.now());
        else requestAnimationFrame(look);
    };
    look();
})
"""


class Meter:
    """Counts what a page transfers, as the browser's own network panel does."""

    def __init__(self, page: Page) -> None:
        self.bytes = self.requests = self.waiting = 0
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", lambda event: self._begun())
        session.on("Network.loadingFinished", lambda event: self._ended(event["encodedDataLength"]))
        session.on("Network.loadingFailed", lambda event: self._ended(0))

    def _begun(self) -> None:
        self.requests += 1
        self.waiting += 1

    def _ended(self, size: float) -> None:
        self.bytes += int(size)
        self.waiting -= 1


def first_visit(page: Page, path: str, content: str) -> int:
    """The bytes of a page until all of it is there."""
    meter = Meter(page)
    page.add_init_script(f"{NOTE_CONTENT}({content!r})")
    page.goto(path)
    expect(page.locator(content).first).to_be_visible()
    page.evaluate("document.fonts.ready.then(() => undefined)")
    eventually(page, lambda: meter.waiting <= 0, lambda: f"{meter.waiting} requests are still waiting")
    after = page.evaluate("Math.round(globalThis.contentAfter)")
    print(f"\n{path}: {meter.bytes:,} bytes in {meter.requests} requests, content after {after} ms")
    return meter.bytes


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/plugins", "article[data-plugin]"),
        ("/plugins/service_monitor", ".stat"),
        ("/tasks", ".stat-value"),
        ("/sources", ".source-part-head"),
        ("/users", ".panel"),
        ("/events", ".events"),
    ],
)
def test_a_first_visit_transfers_little(page, url, path, content):
    # The gallery, which draws everything, is no measure of a first visit.
    for key, enabled in {"service_monitor": True, "gallery": False}.items():
        answer = page.request.post(f"/api/plugins/plugins/{key}/enabled/", data={"enabled": enabled}, headers={"Origin": url})
        assert answer.ok, answer.text()
    assert first_visit(page, path, content) <= MOST_BYTES


def test_signing_in_transfers_little(open_context):
    assert first_visit(open_context().new_page(), "/", ".login-card button[type=submit]") <= MOST_BYTES


def test_a_page_whose_files_are_gone_says_so_and_offers_to_load_anew(page, watch):
    watch.expect(r"status 404: .*/app/users/|status of 404|NotFetched|dynamically imported module")
    page.goto("/events")
    expect(page.get_by_role("heading", name="Events", level=1)).to_be_visible()
    page.route("**/app/users/*.js", lambda route: route.fulfill(status=404, body=""))
    page.get_by_role("link", name="Users").click()
    expect(page.get_by_text("This part could not be loaded")).to_be_visible()
    page.unroute("**/app/users/*.js")
    page.get_by_role("button", name="Load the page anew").click()
    expect(page.get_by_role("heading", name="Users", level=1)).to_be_visible()
