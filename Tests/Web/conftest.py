"""A real browser against a real server.

    SKIRRET_URL=http://127.0.0.1:8080 SKIRRET_ADMIN_TOKEN=… python -m pytest Tests/Web

Whatever the browser complains about fails the test that made it complain: errors on the console, errors nobody
caught, requests that failed, and anything the content security policy refused.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright
from steps import DESKTOP

OUTPUT = Path(__file__).parent / "output"

# Milliseconds. Only failures take this long; on a busy machine everything else may take a while, too.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)

TELL_ABOUT_POLICY = """
addEventListener('securitypolicyviolation', event =>
    console.error(`policy: ${event.violatedDirective} refused ${event.blockedURI || event.sample}`));
"""


FADED_IN = """
() => Promise.all(document.getAnimations()
    .filter(one => one.effect.getTiming().iterations !== Infinity)
    .map(one => one.finished.catch(() => {})))
"""


class Watch:
    """Everything a page complained about, and what a test expects of it."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.expected: list[re.Pattern[str]] = []

    def follow(self, page: Page) -> None:
        note = self.complaints.append
        page.on("console", lambda message: message.type in {"error", "warning"} and note(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: note(f"uncaught: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", lambda answer: answer.status >= 400 and note(f"status {answer.status}: {answer.url}"))

    def _failed(self, request) -> None:
        # Leaving a page cancels what it was still fetching; that is no failure.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"failed: {request.method} {request.url} ({request.failure})")

    def expect(self, pattern: str) -> None:
        self.expected.append(re.compile(pattern))

    @property
    def surprises(self) -> list[str]:
        return [one for one in self.complaints if not any(pattern.search(one) for pattern in self.expected)]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = [name for name in ("SKIRRET_URL", "SKIRRET_ADMIN_TOKEN") if not os.environ.get(name)]
    reason = f"needs a running server: {' and '.join(missing)} not set" if missing else ""
    if not reason and not shutil.which("chromium"):
        reason = "needs a browser: apt install chromium"
    if reason:
        print(f"\nTests/Web skipped: {reason}")
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def url() -> str:
    return os.environ["SKIRRET_URL"].rstrip("/")


@pytest.fixture(scope="session")
def token() -> str:
    return os.environ["SKIRRET_ADMIN_TOKEN"]


@pytest.fixture(scope="session")
def browser():
    OUTPUT.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        # Without a sandbox: tests usually run as root in a container, where Chromium cannot make one.
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def watch():
    watch = Watch()
    yield watch
    assert not watch.surprises, "the browser complained:\n" + "\n".join(watch.surprises)


@pytest.fixture
def open_context(browser, url, watch):
    """A fresh browser profile; closed, like its pages, at the end of the test."""
    made: list[BrowserContext] = []

    def open_(**options) -> BrowserContext:
        context = browser.new_context(**{"base_url": url, "viewport": DESKTOP, "color_scheme": "dark", **options})
        context.set_default_timeout(PATIENCE)
        context.set_default_navigation_timeout(2 * PATIENCE)
        context.add_init_script(TELL_ABOUT_POLICY)
        context.on("page", watch.follow)
        made.append(context)
        return context

    yield open_
    for context in made:
        context.close()


@pytest.fixture(scope="session")
def session_state(browser, url, token) -> dict:
    """The cookies of a signed-in administrator."""
    context = browser.new_context(base_url=url)
    answer = context.request.post("/api/auth/session/", data={"token": token}, headers={"Origin": url})
    assert answer.ok, f"sign-in answered {answer.status}: {answer.text()}"
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def page(open_context, session_state) -> Page:
    return open_context(storage_state=session_state).new_page()


@pytest.fixture(scope="session")
def axe_problems():
    axe = Axe()

    def problems(page: Page) -> list[str]:
        page.evaluate(FADED_IN)  # Contrast is measured as painted.
        found = axe.run(page).response["violations"]
        return [f"{one['id']}: {one['help']} at {[node['target'] for node in one['nodes'][:5]]}" for one in found]

    return problems


@pytest.fixture
def picture():
    def take(page: Page, name: str) -> None:
        page.evaluate(FADED_IN)
        page.screenshot(path=OUTPUT / f"{name}.png", full_page=True)

    return take
