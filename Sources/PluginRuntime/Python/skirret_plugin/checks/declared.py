"""The manifest, settings fields and actions: what is dropped, ignored, or cannot be meant."""

from skirret_host.descriptors import ACTION_TEXTS, ACTION_VALUES, FIELD_TEXTS, FIELD_TYPES, FIELD_VALUES

from .findings import near
from .positions import UNKNOWN

MANIFEST = {
    "name", "version", "description", "author", "help_url", "fields", "actions", "ui", "ui_schema", "slug", "license",
    "maintainers", "repo_url", "discord_thread", "min_dispatcharr_version", "max_dispatcharr_version", "deprecated",
    "tags", "manifest_version", "capabilities", "offline",
}  # fmt: skip
TEXTS = ("name", "version", "description", "author", "help_url")
FIELD = {"id", "type", "options", "help", "required", *FIELD_TEXTS, *FIELD_VALUES, "section", "columns", "collapsed"}
ACTION = {"id", "events", *ACTION_TEXTS, *ACTION_VALUES}
VARIANTS = ("filled", "outline", "light", "subtle", "default")
EVENTS = (
    "channel_start", "channel_stop", "channel_reconnect", "channel_error", "channel_failover", "stream_switch",
    "recording_start", "recording_end", "epg_refresh", "m3u_refresh", "client_connect", "client_disconnect",
    "login_failed", "epg_blocked", "m3u_blocked", "vod_start", "vod_stop",
)  # fmt: skip
KINDS = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}


def kind(value):
    """`a list`, for a sentence."""
    return "nothing" if value is None else KINDS.get(type(value), f"a {type(value).__name__}")


def check_manifest(value, place, findings):
    """The top of plugin.json."""
    if not isinstance(value, dict):
        return findings.error(place, f"expected an object, found {kind(value)}.", 'Begin with {"name": "…"}.')
    for name in value.keys() - MANIFEST:
        findings.warn(place / name, "is not read.", near(name, MANIFEST))
    check_texts(value, place, findings)


def check_texts(value, place, findings):
    """Name, version and their like."""
    for name in TEXTS:
        found = value.get(name, UNKNOWN)
        if found is not UNKNOWN and not isinstance(found, str):
            findings.error(place / name, f"expected text, found {kind(found)}; it is ignored.", f'Write "{found}".')


def check_fields(fields, place, findings):
    """Settings fields; returns their ids."""
    return _each(fields, place, findings, "field", FIELD, _check_field)


def check_actions(actions, place, findings):
    """Actions; returns their ids."""
    return _each(actions, place, findings, "action", ACTION, _check_action)


def _each(entries, place, findings, what, known, check):
    """The ids of the entries, or None when some are computed."""
    ids, is_whole = set(), True
    if entries is UNKNOWN:
        return None
    if entries is not None and not isinstance(entries, (list, tuple)):
        findings.error(place, f"expected a list, found {kind(entries)}.", 'Write [{"id": "…"}].')
    for index, entry in enumerate(entries if isinstance(entries, (list, tuple)) else ()):
        here = place / index
        if entry is UNKNOWN:
            is_whole = False
            continue
        if not isinstance(entry, dict):
            findings.error(here, f"expected an object, found {kind(entry)}; it is dropped.", 'Write {"id": "…"}.')
            continue
        identifier = entry.get("id")
        if identifier is UNKNOWN:
            is_whole = False
        elif not isinstance(identifier, str) or not identifier.strip():
            findings.error(here, f"has no id; the {what} is dropped.", 'Add "id": a short name that never changes.')
        elif identifier in ids:
            findings.error(here / "id", f"another {what} has the id {identifier!r}; this one is dropped.", "Rename it.")
        else:
            ids.add(identifier)
        for name in entry.keys() - known:
            findings.warn(here / name, "is not read.", near(name, known))
        check(entry, here, findings)
    return ids if is_whole else None


def _check_field(field, place, findings):
    typed = field.get("type", "string")
    if typed is UNKNOWN:
        return
    if typed not in FIELD_TYPES:
        findings.warn(place / "type", f"{typed!r} is no type of field; it is edited as text.", near(typed, FIELD_TYPES))
    default, options = field.get("default"), field.get("options")
    if typed in ("select", "multiselect"):
        _check_options(default, options, place, findings)
    if typed == "number":
        for name in ("default", "min", "max", "step"):
            value = field.get(name)
            if value is not None and value is not UNKNOWN and (isinstance(value, (bool, str, list, dict))):
                findings.warn(place / name, f"expected a number, found {kind(value)}.", f"Write {name} without quotes.")
        low, high = field.get("min"), field.get("max")
        if isinstance(low, (int, float)) and isinstance(high, (int, float)) and low > high:
            findings.error(place / "min", f"{low} is more than max, {high}.", "Exchange them.")
    if typed == "boolean" and default is not None and default is not UNKNOWN and not isinstance(default, bool):
        findings.warn(place / "default", f"expected true or false, found {kind(default)}.", "A text is always true.")
    if typed == "table" and not isinstance(field.get("columns"), (list, type(UNKNOWN))):
        findings.error(place, "a table needs columns; the field is dropped.", 'Add "columns": [{"id": "…"}].')
    if typed in ("multiselect", "table") and not isinstance(default, (list, type(None), type(UNKNOWN))):
        findings.error(
            place / "default", f"expected a list, found {kind(default)}; the field is dropped.", "Write […]."
        )


def _check_options(default, options, place, findings):
    if options is UNKNOWN:
        return
    if not isinstance(options, list) or not options:
        return findings.warn(place, "has nothing to choose from.", 'Add "options": [{"value": "a", "label": "A"}].')
    values = [one.get("value") if isinstance(one, dict) else one for one in options]
    for index, (one, value) in enumerate(zip(options, values, strict=True)):
        if isinstance(one, dict) and "value" not in one:
            findings.error(place / "options" / index, "has no value; the field is dropped.", 'Add "value".')
        label = one.get("label", "") if isinstance(one, dict) else ""
        if label is not UNKNOWN and not isinstance(label, str):
            findings.error(
                place / "options" / index / "label", "is no text; the field is dropped.", f'Write "{label}".'
            )
        if value is UNKNOWN:
            return
    wanted = default if isinstance(default, list) else [] if default in (None, "", UNKNOWN) else [default]
    for one in wanted:
        if one is not UNKNOWN and str(one) not in map(str, values):
            findings.warn(place / "default", f"{one!r} is none of the options.", near(one, values, "Options are"))


def _check_action(action, place, findings):
    events = action.get("events", [])
    if events is not UNKNOWN and not isinstance(events, (list, tuple)):
        findings.error(
            place / "events", f"expected a list, found {kind(events)}; the action is dropped.", 'Write ["…"].'
        )
    for index, event in enumerate(events if isinstance(events, (list, tuple)) else ()):
        if event is not UNKNOWN and event not in EVENTS:
            text = f"{event!r} is no event of the product; only plugins can log it."
            findings.warn(place / "events" / index, text, near(event, EVENTS))
    confirm = action.get("confirm")
    if isinstance(confirm, dict):
        for name in confirm.keys() - {"required", "title", "message", "confirmLabel"}:
            findings.warn(place / "confirm" / name, "is not read.", "Known are required, title, message, confirmLabel.")
    elif confirm is not None and confirm is not UNKNOWN and not isinstance(confirm, bool):
        findings.error(
            place / "confirm", f"expected true or an object, found {kind(confirm)}.", 'Write {"title": "…"}.'
        )
    variant = action.get("button_variant")
    if isinstance(variant, str) and variant not in VARIANTS:
        findings.warn(place / "button_variant", f"{variant!r} is no variant.", near(variant, VARIANTS))
