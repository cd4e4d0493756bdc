"""Types for authors of plugins: what `run` is called with, and what a plugin declares.

    from __future__ import annotations
    from typing import TYPE_CHECKING

    if TYPE_CHECKING:  # so that the plugin also runs where this package is not
        from skirret_plugin import Action, Context, Field, Params, Result

    class Plugin:
        name = "Mine"
        actions: list[Action] = [{"id": "go", "label": "Go"}]

        def run(self, action: str, params: Params, context: Context) -> Result:
            context["report_progress"](50, "half way")
            return {"status": "ok", "message": "done"}

Point the editor at the folder that holds this package: it has the models and tasks (`apps`, `core`) too.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Literal, NotRequired, Protocol, TypeAlias, TypedDict

Json: TypeAlias = None | bool | int | float | str | list[Json] | dict[str, Json]
Params: TypeAlias = dict[str, Any]
Settings: TypeAlias = dict[str, Any]

# What a call gets

class EmitEvent(Protocol):
    def __call__(self, event: str, payload: Json = None, *, success: bool = True) -> None:
        """Tells everybody who watches this plugin. At most 1 MiB, and 200 a second."""

class ReportProgress(Protocol):
    def __call__(self, percent: float, message: str = "") -> None:
        """How far this call is, from 0 to 100."""

class DispatchTask(Protocol):
    def __call__(self, action: str, params: Params | None = None, *, time_limit: float = 3600) -> str:
        """Enqueues another action of this plugin, which may take `time_limit` seconds; the task's id.

        It survives a restart, a thread does not.
        """

class Upload:
    """One uploaded file; it is removed after the call."""

    name: str
    size: int
    content_type: str | None
    file: BinaryIO
    def read(self, size: int = -1) -> bytes: ...
    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]: ...
    def temporary_file_path(self) -> str: ...

class Files(Mapping[str, Upload]):
    """The uploads by form field; `getlist` for a field with several."""

    def __getitem__(self, key: str) -> Upload: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    def getlist(self, key: str) -> list[Upload]: ...

class Request:
    """What is left of the HTTP request."""

    data: dict[str, Any]
    FILES: Files
    method: str
    user: None
    @property
    def POST(self) -> dict[str, Any]: ...

class About(TypedDict):
    key: str
    name: str
    version: str
    description: str

class Context(TypedDict):
    settings: Settings
    """Saved settings over the defaults of the declared fields."""
    logger: logging.Logger
    """Each line is kept with this call."""
    actions: dict[str, Action]
    ui_schema: Ui | None
    plugin: About
    files: Files
    request: Request
    emit_event: EmitEvent
    report_progress: ReportProgress
    dispatch_task: DispatchTask
    reason: NotRequired[Literal["disable", "delete", "reload"]]
    """In `stop(context)` only."""

# What a plugin answers

class Download(TypedDict):
    filename: str
    content_type: NotRequired[str]
    data: NotRequired[str]
    """Base64."""
    url: NotRequired[str]

class Undo(TypedDict):
    action: str
    params: NotRequired[Params]
    label: NotRequired[str]

class KnownResult(TypedDict, total=False):
    status: Literal["ok", "success", "error", "queued", "skipped", "warning", "info"] | str
    message: str
    title: str
    error: str
    file: str
    """A path on the server, shown as "Output: …"."""
    download: Download
    undo: Undo

#: A page may ask for anything; those above are shown by themselves.
Result: TypeAlias = KnownResult | dict[str, Any]

# What a plugin declares

class Option(TypedDict):
    value: str | int | float | bool
    label: NotRequired[str]

class Field(TypedDict):
    id: str
    label: NotRequired[str]
    type: NotRequired[
        Literal["string", "number", "boolean", "select", "multiselect", "text", "info", "section", "table", "file"]
    ]
    default: NotRequired[Json]
    value: NotRequired[Json]
    help_text: NotRequired[str]
    description: NotRequired[str]
    placeholder: NotRequired[str]
    input_type: NotRequired[Literal["password"]]
    min: NotRequired[float]
    max: NotRequired[float]
    step: NotRequired[float]
    options: NotRequired[list[Option]]
    section: NotRequired[str]
    """Id of the field of type `section` under which this one stands."""
    collapsed: NotRequired[bool]
    """Of a `section`."""
    columns: NotRequired[list[Column]]
    """Of a `table`, whose value is a list of objects."""
    accept: NotRequired[str]
    """Of a `file`, as in HTML: `.csv,text/plain`."""

class Column(TypedDict):
    id: str
    label: NotRequired[str]
    type: NotRequired[Literal["string", "number", "boolean", "select"]]
    default: NotRequired[Json]
    placeholder: NotRequired[str]
    min: NotRequired[float]
    max: NotRequired[float]
    step: NotRequired[float]
    options: NotRequired[list[Option]]

class Confirm(TypedDict, total=False):
    required: bool
    title: str
    message: str
    confirmLabel: str

Variant: TypeAlias = Literal["filled", "outline", "light", "subtle", "default"]
EventName: TypeAlias = Literal[
    "channel_start", "channel_stop", "channel_reconnect", "channel_error", "channel_failover", "stream_switch",
    "recording_start", "recording_end", "epg_refresh", "m3u_refresh", "client_connect", "client_disconnect",
    "login_failed", "epg_blocked", "m3u_blocked", "vod_start", "vod_stop",
]  # fmt: skip

# `async` is a word of Python, so this one is written as a call.
Action = TypedDict(
    "Action",
    {
        "id": str,
        "label": NotRequired[str],
        "description": NotRequired[str],
        "confirm": NotRequired[bool | Confirm],
        "params": NotRequired[Params],
        "events": NotRequired[list[EventName | str]],
        "async": NotRequired[bool],
        "download": NotRequired[Download],
        "button_label": NotRequired[str],
        "button_variant": NotRequired[Variant],
        "button_color": NotRequired[str],
        "running_label": NotRequired[str],
        "variant": NotRequired[Variant],
        "color": NotRequired[str],
        "size": NotRequired[str],
        "icon": NotRequired[str],
        "success_title": NotRequired[str],
        "success_message": NotRequired[str],
        "success_color": NotRequired[str],
        "error_title": NotRequired[str],
        "error_message": NotRequired[str],
        "error_color": NotRequired[str],
    },
)

# Pages

class Refresh(TypedDict, total=False):
    interval: float
    """Seconds."""
    lazy: bool

class Subscription(TypedDict, total=False):
    event: str
    filter: dict[str, Json]
    """`{"plugin": "self"}` is this plugin; a list of values is any of them."""
    mode: Literal["refresh", "append", "patch"]
    path: str
    limit: int
    prepend: bool

class DataSource(TypedDict, total=False):
    type: Literal["action", "resource", "static", "url"]
    action: str
    resource: str
    url: str
    method: str
    headers: dict[str, str]
    params: Params
    value: Json
    default: Json
    extract: str
    responsePath: str
    path: str
    pick: list[str]
    refresh: Refresh
    allowDisabled: bool
    subscribe: Subscription

class KnownNode(TypedDict, total=False):
    type: str
    source: str
    dataSource: str | DataSource
    children: list[Node]

#: Every component has keys of its own.
Node: TypeAlias = KnownNode | dict[str, Any]

class Page(TypedDict):
    id: str
    layout: Node
    label: NotRequired[str]
    icon: NotRequired[str]
    placement: NotRequired[Literal["plugin", "sidebar", "hidden"]]
    route: NotRequired[str]
    requiresSetting: NotRequired[str]

class Ui(TypedDict, total=False):
    version: Literal[1]
    dataSources: dict[str, DataSource]
    layout: Node
    preview: Node
    pages: list[Page]

class PluginType(Protocol):
    """The least a class `Plugin` has. It may also have `name`, `version`, `description`, `author`, `help_url`,
    `fields`, `actions`, `ui`, `stop(context)`, `resolve_ui_resource(resource_id, params, context)`,
    `on_leader_acquired(context)` and `on_leader_lost(context)`."""

    def run(self, action: str, params: Params, context: Context) -> Result | Any: ...
