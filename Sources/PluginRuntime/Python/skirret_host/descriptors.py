"""Fields and actions as plugins declare them, checked entry by entry.

A bad entry is dropped with a warning and the rest stay: one typing slip must not take a plugin's
whole settings page away. Pure values: `describe` uses it on what it read, `loader` on what it imported.
"""

import copy

FIELD_TYPES = frozenset("string number boolean select multiselect text info section table file".split())
#: Those that show something and have no value.
SHOWN_ONLY = frozenset({"info", "section"})
#: What a table's column may hold.
COLUMN_TYPES = frozenset({"string", "number", "boolean", "select"})
#: `section` is the id of the field of that type under which this one stands; `accept` is a file's, as in HTML.
FIELD_TEXTS = ("label", "help_text", "description", "placeholder", "input_type", "section", "accept")
FIELD_VALUES = ("default", "value", "min", "max", "step", "collapsed")
ACTION_TEXTS = (
    "label", "description", "button_label", "button_variant", "button_color", "running_label", "variant",
    "color", "size", "icon", "success_title", "success_message", "success_color", "error_title",
    "error_message", "error_color",
)  # fmt: skip
ACTION_VALUES = ("confirm", "params", "download", "async")

#: Entries. A settings page of more is a mistake, not a form.
MAX_ENTRIES = 500


def checked_fields(declared):
    """(fields, warnings) from whatever the plugin declared as `fields`."""
    return _checked(declared, "field", _field)


def checked_actions(declared):
    """(actions, warnings) from whatever the plugin declared as `actions`."""
    return _checked(declared, "action", _action)


def with_sidebar_switch(fields, ui_schema):
    """`fields`, and a switch `show_sidebar` for a plugin that has a page in the sidebar."""
    pages = ui_schema.get("pages") if isinstance(ui_schema, dict) else None
    in_sidebar = isinstance(pages, list) and any(
        isinstance(page, dict) and page.get("placement") == "sidebar" for page in pages
    )
    if not in_sidebar or any(field["id"] == "show_sidebar" for field in fields):
        return fields
    switch = {"id": "show_sidebar", "label": "Show in sidebar", "type": "boolean", "default": True}
    return [*fields, switch]


def defaults(fields):
    """The settings a plugin has before anybody saved any."""
    valued = (field for field in fields if "default" in field and field["type"] not in SHOWN_ONLY)
    # Copies: a plugin may change its settings in place, and a declared list is one object for all calls.
    return {field["id"]: copy.deepcopy(field["default"]) for field in valued}


def _checked(declared, kind, check):
    if declared is None:
        return [], []
    if not isinstance(declared, (list, tuple)):
        return [], [f"{kind}s: expected a list, got a {type(declared).__name__}"]
    entries, warnings, seen = [], [], set()
    if len(declared) > MAX_ENTRIES:
        warnings.append(f"{kind}s: {len(declared)} entries, the first {MAX_ENTRIES} are used")
    for index, entry in enumerate(declared[:MAX_ENTRIES]):
        try:
            entry = check(entry)
            if entry["id"] in seen:
                raise ValueError(f"another {kind} has the id {entry['id']!r}")
        except ValueError as error:
            warnings.append(f"{kind}s[{index}]: {error}; dropped")
        else:
            seen.add(entry["id"])
            entries.append(entry)
    return entries, warnings


def _identified(entry):
    if not isinstance(entry, dict):
        raise ValueError(f"expected an object, got a {type(entry).__name__}")
    identifier = entry.get("id")
    if not isinstance(identifier, str) or not identifier.strip():
        raise ValueError("has no id")
    return {"id": identifier, "label": identifier}


def _field(entry):
    field = _identified(entry)
    field["type"] = entry["type"] if isinstance(entry.get("type"), str) else "string"
    if field["type"] not in FIELD_TYPES:
        field["type"] = "text"
    _copy_texts(entry, field, FIELD_TEXTS)
    if "help_text" not in field and isinstance(entry.get("help"), str):
        field["help_text"] = entry["help"]
    field.update({key: entry[key] for key in FIELD_VALUES if key in entry})
    if "options" in entry:
        field["options"] = [_option(option) for option in _list(entry["options"], "options")]
    if field["type"] == "table":
        field["columns"] = [_column(column) for column in _list(entry.get("columns"), "columns")]
    if field["type"] in ("multiselect", "table") and not isinstance(field.setdefault("default", []), (list, tuple)):
        raise ValueError("its default is not a list")
    return field


def _column(column):
    checked = _identified(column)
    checked["type"] = column.get("type", "string")
    if checked["type"] not in COLUMN_TYPES:
        raise ValueError(
            f"column {checked['id']!r} is of type {checked['type']!r}, not {', '.join(sorted(COLUMN_TYPES))}"
        )
    _copy_texts(column, checked, ("label", "placeholder"))
    checked.update({key: column[key] for key in ("default", "min", "max", "step") if key in column})
    if "options" in column:
        checked["options"] = [_option(option) for option in _list(column["options"], "options")]
    return checked


def _option(option):
    if not isinstance(option, dict):
        option = {"value": option}
    if "value" not in option or isinstance(option["value"], (dict, list, type(None))):
        raise ValueError("an option has no plain value")
    value = str(option["value"])
    label = option.get("label", value)
    if not isinstance(label, str):
        raise ValueError(f"the label of option {value!r} is not text")
    return {"value": value, "label": label}


def _action(entry):
    action = _identified(entry)
    _copy_texts(entry, action, ACTION_TEXTS)
    action.update({key: entry[key] for key in ACTION_VALUES if key in entry})
    if "events" in entry:
        action["events"] = [event for event in _list(entry["events"], "events") if isinstance(event, str)]
    return action


def _copy_texts(source, target, keys):
    target.update({key: source[key] for key in keys if isinstance(source.get(key), str)})


def _list(value, name):
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{name} is not a list")
    return value
