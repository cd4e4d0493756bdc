"""Says what is wrong with a plugin, each with file, line, place and remedy.

Reads plugin.json, the class Plugin, its fields, actions, pages, imports and requirements.txt. Then it loads the plugin
in a host of its own, without a server, and looks at what is computed; --no-load leaves that out, and runs no line of it.

Exit code 0: no errors (warnings may be). 1: errors. 2: not a plugin.
"""

import json
import os
import sys

from skirret_host.describe import MAX_MANIFEST, entry_file

from ..checks import code, declared, imports, pages, positions
from ..checks.findings import ERROR, Findings, Place

NAME, HELP = "validate", "say what is wrong with it, with line and remedy"


def add_arguments(parser):
    parser.add_argument("folder", help="the plugin's folder")
    parser.add_argument("--no-load", action="store_true", help="only read it")
    parser.add_argument("--strict", action="store_true", help="warnings count as errors")
    parser.add_argument("--json", action="store_true", help="a list of objects instead of lines")


def perform(arguments):
    folder = os.path.abspath(arguments.folder)
    if entry_file(folder) is None:
        print(f"{arguments.folder} is no plugin: it has neither plugin.py nor __init__.py", file=sys.stderr)
        return 2
    findings = Findings()
    known = check(folder, findings)
    if not arguments.no_load and not any(one.level == ERROR for one in findings.sorted()):
        _load(folder, known, findings)
    found = findings.sorted()
    errors = sum(one.level == ERROR for one in found)
    if arguments.json:
        print(json.dumps([one.as_json() for one in found], indent=2, ensure_ascii=False))
    else:
        for one in found:
            print(one)
        print(f"{_counted(errors, 'error')}, {_counted(len(found) - errors, 'warning')}")
    return 1 if errors or (arguments.strict and found) else 0


def _counted(count, what):
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"


def check(folder, findings):
    """Everything that can be seen without running it; what was seen, as (values, lines)."""
    _check_name(folder, findings)
    manifest, manifest_lines = _manifest(folder, findings)
    source = code.Code(folder, os.path.basename(entry_file(folder)), findings)
    source.check()
    imports.check_imports(folder, source.file, findings)
    values, lines = source.declared()
    in_code, in_manifest = Place(source.file, lines), Place("plugin.json", manifest_lines)
    declared.check_manifest(manifest, in_manifest, findings)
    declared.check_texts(values, in_code, findings)
    known = {}
    for name, check_entries in (("fields", declared.check_fields), ("actions", declared.check_actions)):
        for declares, place in ((values, in_code), (manifest, in_manifest)):
            # An empty attribute leaves it to the manifest, as in the host.
            if isinstance(declares, dict) and declares.get(name):
                found = check_entries(declares[name], place / name, findings)
                known.setdefault(name, found)
        # Without a list of actions run() may know any; without fields there are none.
        known.setdefault(name, set() if source.plugin and name == "fields" else None)
    if isinstance(known["fields"], set):
        known["fields"].add("show_sidebar")
    for name in ("ui", "ui_schema"):
        for declares, place in ((values, in_code), (manifest, in_manifest)):
            if isinstance(declares, dict):
                pages.Pages(findings, known["actions"], known["fields"]).check(declares.get(name), place / name)
    return {name: (values.get(name), in_code / name) for name in ("fields", "actions", "ui", "ui_schema")}


def _check_name(folder, findings):
    name = os.path.basename(folder)
    if not name.isidentifier():
        text = f"the folder's name {name!r} cannot be imported, and an imported zip gets another key than this folder."
        findings.warn(name, text, f"Call it {''.join(c if c.isalnum() else '_' for c in name.lower())!r}.")
    elif name in sys.stdlib_module_names:
        findings.warn(name, "has the name of a module of Python; `import` finds that one.", "Rename the folder.")


def _manifest(folder, findings):
    path = os.path.join(folder, "plugin.json")
    if not os.path.isfile(path):
        text = "there is none; before it is enabled, nothing is known of a plugin that computes what it says."
        findings.warn("plugin.json", text, "Write name, version, fields and actions there.")
        return {}, {}
    with open(path, "rb") as stream:
        data = stream.read(MAX_MANIFEST + 1)
    if len(data) > MAX_MANIFEST:
        findings.error("plugin.json", f"is larger than {MAX_MANIFEST // 1024} KiB; it is not read.", "Shorten it.")
        return {}, {}
    try:
        return positions.read_json(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        findings.error("plugin.json", f"is not UTF-8: {error.reason} at byte {error.start}.", "Save it as UTF-8.")
    except ValueError as error:
        line, said = error.args
        findings.error(Place("plugin.json", {(): line}), f"is no JSON: {said}.", "The whole file is ignored.")
    except RecursionError:
        findings.error("plugin.json", "is nested too deep.", "The whole file is ignored.")
    return {}, {}


def _load(folder, known, findings):
    """Loads the plugin, and looks at what only running it tells."""
    try:
        from ..local import Died, Local, PluginFailed, Unusable

        with Local(folder) as local:
            said = local.start().describe()
    except (ImportError, Unusable) as error:
        return findings.warn(
            os.path.basename(folder), f"could not be loaded here: {error}.", "--no-load says so no more."
        )
    except (PluginFailed, Died) as error:
        return findings.error(*_load_error(folder, error))
    actions, fields = ({one["id"] for one in said[name]} for name in ("actions", "fields"))
    for name in ("fields", "actions", "ui", "ui_schema"):
        value, place = known[name]
        if value is not positions.UNKNOWN:
            continue
        # What is computed has only the line on which it is computed.
        place = Place(place.file, {(): place.line}, place.path)
        if name.startswith("ui"):
            pages.Pages(findings, actions, fields).check(said["ui_schema"], place)
        for warning in said["warnings"]:
            if warning.startswith(name):
                findings.error(Place(place.file, {(): place.line}), f"{warning}.")
    return None


def _load_error(folder, error):
    """(place, text, remedy) of a plugin that raised while it was loaded."""
    lines = str(error).splitlines()
    places = [line.strip() for line in lines if line.strip().startswith(f'File "{folder}')]
    if not places:
        return os.path.basename(folder), f"cannot be loaded: {lines[-1]}", ""
    file, line, *_ = places[-1].split('"')[1], places[-1].split("line ")[-1].split(",")[0]
    place = Place(os.path.relpath(file, folder), {(): int(line)})
    return place, f"cannot be loaded: {lines[-1]}", ""
