"""Finding plugins in repositories: on answers that are played here, good and bad ones, and once on a real repository."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from played import answers, list_of, plugin
from playwright.sync_api import Page, expect
from steps import DESKTOP, PHONE, card, closed, open_plugins, rows, toast

REPO = {
    "id": 1, "name": "Mine", "url": "https://example.org/mine.json", "is_official": False, "enabled": True, "public_key": "", "signature_verified": None,
    "registry_url": "", "plugin_count": 2, "last_fetched": "2026-11-23T02:00:00Z", "last_fetch_status": "200", "created_at": "2026-11-20T02:00:00Z", "updated_at": "2026-11-23T02:00:00Z",
}  # fmt: skip
OFFICIAL = {**REPO, "id": 2, "name": "Official", "is_official": True, "signature_verified": True}
WRONG = {**REPO, "id": 3, "name": "Changed", "signature_verified": False, "last_fetch_status": "404"}
OFFER = {
    "repo_id": 2, "repo_name": "Official", "is_official_repo": True, "signature_verified": True, "slug": "logos", "name": "Logos", "author": "Ann", "license": "MIT",
    "description": "Finds the logos of channels and keeps them.", "latest_version": "1.2.0", "latest_url": "https://example.org/logos-1.2.0.zip", "latest_sha256": "ab" * 32,
    "latest_size": 20480, "manifest_url": "https://example.org/logos.json", "repo_url": "https://example.org/logos", "installed": False, "installed_version": None, "install_status": "not_installed",
}  # fmt: skip
UPDATE = {**OFFER, "slug": "guide", "name": "Guide tools", "installed": True, "installed_version": "1.0.0", "install_status": "update_available", "key": "guide"}
HERE = {**OFFER, "slug": "here", "name": "Already here", "installed": True, "installed_version": "1.2.0", "install_status": "installed", "key": "here"}
BYHAND = {**OFFER, "repo_id": 1, "repo_name": "Mine", "is_official_repo": False, "signature_verified": None, "slug": "hand", "name": "By hand", "installed": True, "installed_version": "2.0.0", "install_status": "unmanaged", "key": "hand", "latest_sha256": None}
CHANGED = {**OFFER, "repo_id": 3, "repo_name": "Changed", "is_official_repo": False, "signature_verified": False, "slug": "changed", "name": "Changed one", "deprecated": True}
DETAIL = {"manifest": {"maintainers": ["Ann", "Ben"], "versions": [{"version": "1.2.0", "url": OFFER["latest_url"], "checksum_sha256": "ab" * 32, "size": 20480}, {"version": "1.1.0", "url": "https://example.org/logos-1.1.0.zip", "checksum_sha256": "cd" * 32, "prerelease": True}]}, "signature_verified": True}


@pytest.fixture
def hub(page: Page):
    """Opens the page on a server that answers as above."""
    list_of(page, plugin(key="here", name="Already here", enabled=False), plugin(key="guide", name="Guide tools", version="1.0.0", update_available=True))
    answers(page, "/api/plugins/repos/available/$", {"plugins": [OFFER, UPDATE, HERE, BYHAND, CHANGED]})
    answers(page, "/api/plugins/repos/$", lambda _: [OFFICIAL, WRONG, REPO], "GET")  # type: ignore[arg-type, return-value]
    answers(page, "/api/plugins/repos/settings/$", {"refresh_interval_hours": 6}, "GET")
    answers(page, "/api/plugins/repos/plugin-detail/$", DETAIL)

    def open_(path: str = "/plugins/browse") -> Page:
        page.goto(path)
        expect(page.locator('article[data-offer="logos"]')).to_be_visible()
        return page

    return open_


def offer(page: Page, slug: str):
    return page.locator(f'article[data-offer="{slug}"]')


@pytest.mark.parametrize(("name", "size", "scheme"), [("desktop", DESKTOP, "dark"), ("phone", PHONE, "dark"), ("desktop", DESKTOP, "light"), ("phone", PHONE, "light")])
def test_what_is_offered_fits_and_can_be_read(hub, page, axe_problems, picture, name, size, scheme):
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    hub()
    picture(page, f"plugins-browse-{name}-{scheme}")
    assert axe_problems(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Repositories").click()
    expect(page.get_by_role("dialog").get_by_label("Read them every")).to_be_visible()
    picture(page, f"plugins-repositories-{name}-{scheme}")
    assert axe_problems(page) == []


def test_offers_say_where_they_come_from_and_where_they_stand(hub):
    page = hub()
    expect(page.locator("article")).to_have_count(5)
    expect(page.locator("article").first).to_contain_text("Guide tools")
    expect(offer(page, "logos")).to_contain_text("Official: signed")
    expect(offer(page, "changed")).to_contain_text("Changed: signature wrong")
    expect(offer(page, "changed").get_by_role("button", name="Install: Changed one")).to_be_disabled()
    expect(offer(page, "hand")).to_contain_text("Installed by hand, here 2.0.0")
    expect(offer(page, "here").get_by_role("button", name="Enable Already here")).to_be_visible()
    page.get_by_label("Search what is offered").fill("guide")
    expect(page.locator("article")).to_have_count(1)
    page.get_by_label("Search what is offered").fill("no such words")
    expect(page.get_by_text("No plugin matches")).to_be_visible()


def test_a_plugin_is_installed_after_what_there_is_to_know(hub):
    page = hub()
    asked = answers(page, "/api/plugins/repos/install/$", (201, {"success": True, "plugin": plugin(key="logos", name="Logos", enabled=False)}))
    offer(page, "logos").get_by_role("button", name="Install: Logos").click()
    dialog = page.get_by_role("dialog", name="Install Logos 1.2.0?")
    expect(dialog).to_contain_text("Nothing of it runs until you enable it.")
    dialog.get_by_role("button", name="Install").click()
    expect(toast(page, "Logos 1.2.0. It is disabled until you enable it.")).to_be_visible()
    assert asked == [{"repo_id": 2, "slug": "logos", "version": "1.2.0", "download_url": OFFER["latest_url"], "sha256": "ab" * 32}]


def test_updates_and_replacements_warn_of_what_they_do(hub):
    page = hub()
    asked = answers(page, "/api/plugins/repos/install/$", {"success": True, "plugin": plugin(key="guide")})
    offer(page, "guide").get_by_role("button", name="Update to 1.2.0: Guide tools").click()
    page.get_by_role("dialog", name="Update Guide tools 1.2.0?").get_by_role("button", name="Update").click()
    expect(toast(page, "Guide tools 1.2.0")).to_be_visible()
    offer(page, "hand").get_by_role("button", name="Replace: By hand").click()
    dialog = page.get_by_role("dialog", name="Install By hand 1.2.0?")
    for words in ("put here by hand", "older than what is installed, 2.0.0", "no checksum", "Nobody vouches"):
        expect(dialog).to_contain_text(words)
    dialog.get_by_role("button", name="Cancel").click()
    assert len(asked) == 1


def test_an_older_version_is_chosen_among_the_details(hub):
    page = hub()
    asked = answers(page, "/api/plugins/repos/install/$", {"success": True, "plugin": plugin(key="logos")})
    offer(page, "logos").get_by_role("button", name="Details of Logos").click()
    dialog = page.get_by_role("dialog", name="Logos")
    expect(dialog).to_contain_text("Ann, Ben")
    dialog.get_by_role("button", name="Install version 1.1.0").click()
    question = page.get_by_role("dialog", name="Install Logos 1.1.0?")
    expect(question).to_contain_text("prerelease")
    question.get_by_role("button", name="Install").click()
    expect(toast(page, "Logos 1.1.0")).to_be_visible()
    assert asked[0]["sha256"] == "cd" * 32 and asked[0]["prerelease"] is True


def test_what_fails_says_what_helps(hub, watch):
    watch.expect("status 400|status of 400")
    page = hub()
    answers(page, "/api/plugins/repos/install/$", (400, {"success": False, "error": "SHA256 integrity check failed - download discarded.", "code": "wrong_checksum"}))
    offer(page, "logos").get_by_role("button", name="Install: Logos").click()
    page.get_by_role("dialog").get_by_role("button", name="Install").click()
    note = page.get_by_role("alert").filter(has_text="SHA256 integrity check failed")
    expect(note).to_contain_text("Refresh the repository and try again.")


def test_a_repository_is_looked_at_added_read_switched_and_removed(hub, watch):
    watch.expect("status (400|502)|status of (400|502)")
    page = hub()
    page.get_by_role("button", name="Repositories").click()
    dialog = page.get_by_role("dialog", name="Repositories")
    expect(dialog.locator(".repo").filter(has_text="Changed")).to_contain_text("not at this address any more (404)")
    expect(dialog.get_by_role("button", name="Remove Official")).to_be_disabled()

    previews = answers(page, "/api/plugins/repos/preview/$", lambda body: {"valid": False, "registry_name": "", "signature_verified": None, "plugin_count": 0, "errors": ["It is no JSON."]} if "bad" in body["url"] else {"valid": True, "registry_name": "New ones", "registry_url": "", "signature_verified": True, "plugin_count": 4, "errors": []})
    address = dialog.get_by_label("Address of its manifest")
    address.fill("ftp://example.org")
    expect(dialog.get_by_text("An address begins with http:// or https://.")).to_be_visible()
    expect(dialog.get_by_role("button", name="Look")).to_be_disabled()
    address.fill("https://example.org/bad.json")
    dialog.get_by_role("button", name="Look").click()
    expect(dialog.get_by_text("It is no JSON.")).to_be_visible()
    expect(dialog.get_by_role("button", name="Add", exact=True)).to_be_disabled()
    address.fill("https://example.org/new.json")
    dialog.get_by_label("Public key", exact=True).fill("-----BEGIN PGP")
    dialog.get_by_role("button", name="Look").click()
    expect(dialog.get_by_text("New ones")).to_be_visible()
    added = answers(page, "/api/plugins/repos/$", (400, {"success": False, "error": "plugin repo with this url already exists.", "code": "duplicate"}), "POST")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_text("It is in the list already")).to_be_visible()
    answers(page, "/api/plugins/repos/$", (201, {**REPO, "id": 4, "name": "New ones", "plugin_count": 4}), "POST")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(toast(page, "New ones: 4 plugins")).to_be_visible()
    assert previews[-1] == added[0] == {"url": "https://example.org/new.json", "public_key": "-----BEGIN PGP"}

    refreshed = answers(page, "/api/plugins/repos/1/refresh/$", (502, {"success": False, "error": "Failed to fetch manifest. Check the URL and try again.", "hint": "example.org did not answer."}))
    dialog.get_by_role("button", name="Read Mine again").click()
    expect(page.get_by_role("alert").filter(has_text="example.org did not answer.")).to_be_visible()
    assert len(refreshed) == 1
    changed = answers(page, "/api/plugins/repos/1/$", REPO, "PUT")
    dialog.locator('[data-repo="1"] .mantine-Switch-track').click()
    removed = answers(page, "/api/plugins/repos/1/$", {"success": True}, "DELETE")
    dialog.get_by_role("button", name="Remove Mine").click()
    page.get_by_role("dialog", name="Remove Mine?").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("dialog", name="Remove Mine?")).to_have_count(0)
    assert changed == [{"enabled": False}]
    assert len(removed) == 1


def test_how_often_they_are_read_is_changed(hub):
    page = hub()
    page.get_by_role("button", name="Repositories").click()
    asked = answers(page, "/api/plugins/repos/settings/$", {"refresh_interval_hours": 0}, "PUT")
    dialog = page.get_by_role("dialog", name="Repositories")
    dialog.get_by_label("Read them every").fill("0")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(toast(page, "read only when you ask")).to_be_visible()
    assert asked == [{"refresh_interval_hours": 0}]


def test_a_repository_that_nobody_has_read_is_read_at_once(hub, page):
    read = answers(page, "/api/plugins/repos/2/refresh/$", OFFICIAL)
    answers(page, "/api/plugins/repos/$", lambda _: [{**OFFICIAL, "last_fetched": None, "last_fetch_status": ""}, REPO], "GET")  # type: ignore[arg-type, return-value]
    with page.expect_response("**/repos/2/refresh/"):
        page.goto("/plugins/browse")
    assert len(read) == 1


def archive(version: str) -> bytes:
    """A plugin as its author would pack it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as members:
        members.writestr("offered/plugin.json", json.dumps({"name": "Offered", "version": version, "description": "From a repository"}))
        members.writestr("offered/plugin.py", "class Plugin:\n    name = 'Offered'\n\n    def run(self, action, params, context):\n        return {'status': 'ok'}\n")
    return packed.getvalue()


@pytest.fixture
def repository():
    """A repository of one plugin on this machine; its `files` are what lies at its addresses."""
    files: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = files.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        server.files = files  # type: ignore[attr-defined]
        yield server
        server.shutdown()
        thread.join()


def publish(repository, version: str, checksum: str | None = None) -> str:
    """Offers this version, and gives the address of the manifest."""
    url = f"http://127.0.0.1:{repository.server_address[1]}"
    packed = archive(version)
    offer = {"slug": "offered", "name": "Offered", "author": "Ann", "latest_version": version, "latest_url": f"{url}/{version}.zip", "latest_sha256": checksum or hashlib.sha256(packed).hexdigest(), "latest_size": len(packed)}
    repository.files[f"/{version}.zip"] = packed
    repository.files["/manifest.json"] = json.dumps({"registry_name": "On this machine", "plugins": [offer]}).encode()
    return f"{url}/manifest.json"


def test_a_real_repository_is_added_its_plugin_installed_updated_and_removed(page, url, repository, watch):
    """The whole way on the server: manifest, checksum, archive, card, update."""
    # The official repository cannot be reached from where tests run.
    watch.expect(r"/refresh/|status of 50\d")
    origin = {"Origin": url}
    for repo in page.request.get("/api/plugins/repos/").json():
        if not repo["is_official"]:
            page.request.delete(f"/api/plugins/repos/{repo['id']}/", headers=origin)
    if "offered" in rows(page):
        page.request.delete("/api/plugins/plugins/offered/delete/", headers=origin)
    watch.expect(r"status 400: .*/install/|status of 400")

    page.goto("/plugins/browse")
    page.get_by_role("button", name="Repositories").first.click()
    dialog = page.get_by_role("dialog", name="Repositories")
    dialog.get_by_label("Address of its manifest").fill(publish(repository, "1.0.0", checksum="0" * 64))
    dialog.get_by_role("button", name="Look").click()
    expect(dialog.get_by_text("On this machine")).to_be_visible()
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(toast(page, "On this machine: 1 plugin")).to_be_visible()
    page.keyboard.press("Escape")
    closed(page)

    this = offer(page, "offered")
    expect(this).to_contain_text("On this machine: not signed")
    this.get_by_role("button", name="Install: Offered").click()
    page.get_by_role("dialog").get_by_role("button", name="Install").click()
    expect(page.get_by_role("alert").filter(has_text="SHA256 integrity check failed")).to_be_visible()
    assert "offered" not in rows(page)

    def read_again() -> None:
        page.get_by_role("button", name="Repositories").first.click()
        with page.expect_response(lambda answer: answer.url.endswith("/repos/available/")):
            dialog.get_by_role("button", name="Read On this machine again").click()
        page.keyboard.press("Escape")
        closed(page)

    publish(repository, "1.0.0")
    read_again()
    this.get_by_role("button", name="Install: Offered").click()
    page.get_by_role("dialog").get_by_role("button", name="Install").click()
    expect(this.get_by_role("button", name="Enable Offered")).to_be_visible()
    row = rows(page)["offered"]
    assert (row["version"], row["is_managed"], row["source_repo_name"], row["enabled"]) == ("1.0.0", True, "On this machine", False)

    publish(repository, "1.1.0")
    read_again()
    open_plugins(page)
    card(page, "offered").get_by_role("link", name="Update Offered").click()
    this.get_by_role("button", name="Update to 1.1.0: Offered").click()
    page.get_by_role("dialog", name="Update Offered 1.1.0?").get_by_role("button", name="Update").click()
    expect(this.get_by_role("button", name="Enable Offered")).to_be_visible()
    assert rows(page)["offered"]["version"] == "1.1.0"

    page.request.delete("/api/plugins/plugins/offered/delete/", headers=origin)
    page.get_by_role("button", name="Repositories").first.click()
    dialog.get_by_role("button", name="Remove On this machine").click()
    page.get_by_role("dialog", name="Remove On this machine?").get_by_role("button", name="Remove").click()
    expect(dialog.get_by_text("On this machine", exact=True)).to_have_count(0)
