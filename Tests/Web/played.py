"""Plugins that exist in the browser only: their rows, their answers and their events are played."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from playwright.sync_api import Page, Route, WebSocketRoute, expect
from steps import play

Answer = dict | tuple[int, dict]


def plugin(**more) -> dict:
    """A row of the list, of an enabled plugin with nothing in it."""
    return {
        "key": "played", "name": "Played", "version": "1.0.0", "description": "", "author": "", "help_url": "", "logo_url": None,
        "enabled": True, "ever_enabled": True, "missing": False, "legacy": False, "loaded": True, "load_error": None, "warnings": [],
        "requirements": {"state": "none", "error": None}, "fields": [], "settings": {}, "actions": [], "ui_schema": None, **more,
    }  # fmt: skip


def list_of(page: Page, *rows: dict) -> None:
    play(page, "/api/plugins/plugins/$", {"plugins": list(rows)})


def bodies(route: Route) -> dict:
    """What was sent: JSON, or a form's fields as one text."""
    try:
        return json.loads(route.request.post_data or "{}")
    except ValueError:
        return {"form": (route.request.post_data_buffer or b"").decode("latin-1")}


def answers(page: Page, path: str, answer: Callable[[dict], Answer] | Answer, method: str | None = None) -> list[dict]:
    """Answers requests to addresses of this pattern, and returns the list that their bodies are noted in."""
    asked: list[dict] = []

    def reply(route: Route) -> None:
        if method and route.request.method != method:
            return route.fallback()
        asked.append(bodies(route))
        said = answer(asked[-1]) if callable(answer) else answer
        status, body = said if isinstance(said, tuple) else (200, said)
        route.fulfill(status=status, content_type="application/json", body=json.dumps(body))

    page.route(re.compile(path), reply)
    return asked


def runs(page: Page, answer: Callable[[dict], Answer] | Answer = {"status": "ok"}) -> list[dict]:
    """Plays `run` of the played plugin; an answer is what the plugin returns, or a status and a whole body."""

    def whole(body: dict) -> Answer:
        said = answer(body) if callable(answer) else answer
        return said if isinstance(said, tuple) else {"success": True, "result": said}

    return answers(page, "/plugins/played/run/$", whole)


def open_page(page: Page, layout: object, sources: dict | None = None, **more) -> None:
    """A plugin whose page is this layout, opened."""
    list_of(page, plugin(ui_schema={"version": 1, "layout": layout, "dataSources": sources or {}}, **more))
    page.goto("/plugins/played")
    expect(page.get_by_role("heading", name="Played", level=1)).to_be_visible()


class Live:
    """A live connection on which this test speaks, and that grants these topics. Made before the page is opened."""

    def __init__(self, page: Page, *topics: str) -> None:
        self._sockets: list[WebSocketRoute] = []
        self._topics = topics
        self.asked: list[dict] = []
        self.is_down = False
        page.route_web_socket(re.compile("/ws/"), self._connect)

    def _connect(self, socket: WebSocketRoute) -> None:
        if self.is_down:
            return socket.close(code=1012)
        self._sockets.append(socket)
        socket.on_message(lambda words: self._answer(socket, json.loads(words)))
        socket.send(json.dumps({"type": "connection_established"}))

    def _answer(self, socket: WebSocketRoute, asked: dict) -> None:
        self.asked.append(asked)
        if asked["type"] != "subscribe":
            return
        given = {"topics": [one for one in asked["topics"] if one in self._topics]} if self._topics else {}
        socket.send(json.dumps({"type": "subscribed", "data": {"epoch": "e", "offset": "1-0", "recovered": True, **given}}))

    def lose(self) -> None:
        self._sockets[-1].close(code=1012)

    def say(self, **data) -> None:
        self._sockets[-1].send(json.dumps({"type": "update", "data": data}))

    def event(self, event: str, **data) -> None:
        self.say(type="plugin_event", plugin="played", event=event, success=True, **data)
