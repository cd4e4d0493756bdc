"""Runs one action of a plugin without a server: the real host, a private Redis, and a database of its own.

The result goes to standard output as JSON, and everything else to standard error: lines of log, progress, events, and
the tasks that were enqueued. The plugin's own tasks are run; Skirret's are named and not run.

--database works on a copy of that file: nothing in it changes. Without it the tables are empty.
Exit code 0: answered. 1: raised, died, or was too slow. 2: cannot be started.
"""

import argparse
import json
import os
import sys
import threading

NAME, HELP = "run", "run one action, without a server"


def add_arguments(parser):
    parser.add_argument("folder", help="the plugin's folder")
    parser.add_argument("action", nargs="?", help="the action's id; without it the plugin's actions are listed")
    parser.add_argument("--params", type=_object, default={}, metavar="JSON", help="its parameters, as an object")
    parser.add_argument(
        "--settings", type=_object, default={}, metavar="JSON", help="saved settings, over the defaults"
    )
    parser.add_argument("--file", action="append", default=[], type=_file, metavar="FIELD=PATH", help="an upload")
    parser.add_argument("--resource", action="store_true", help="the id is a resource of a page, not an action")
    parser.add_argument("--event", metavar="NAME", help="call it as a hook of this event; --params is its payload")
    parser.add_argument("--database", metavar="FILE", help="work on a copy of this skirret.db")
    parser.add_argument(
        "--no-sandbox", action="store_true", help="let it reach every file, as nothing in a server does"
    )
    parser.add_argument("--seconds", type=float, default=60, help="its time (default 60)")


def perform(arguments):
    # Not before it is needed: `--help` and `new` work without Django.
    from ..local import Died, Local, PluginFailed, Unusable

    try:
        with Local(arguments.folder, arguments.database, not arguments.no_sandbox) as local:
            plugin = local.start(arguments.seconds)
            if not arguments.action:
                return _list(plugin)
            return _run(plugin, arguments)
    except Unusable as error:
        print(error, file=sys.stderr)
        return 2
    except (PluginFailed, Died) as error:
        print(error, file=sys.stderr)
        return 1


def _list(plugin):
    actions = plugin.describe()["actions"]
    for action in actions:
        print(f"{action['id']:24} {action.get('label', '')}")
    if not actions:
        print("The plugin declares no action; any id may be tried.", file=sys.stderr)
    return 0


def _run(plugin, arguments):
    plugin.settings = arguments.settings
    files = {}
    for field, path in arguments.file:
        files.setdefault(field, []).append(path)
    params = {"event": arguments.event, "payload": arguments.params} if arguments.event else arguments.params
    over = threading.Event()
    told = threading.Thread(target=_tell, args=(plugin, over))
    told.start()
    try:
        if arguments.resource:
            result = plugin.resource(arguments.action, params)
        else:
            result = plugin.run(arguments.action, params, files=files)
        tasks = plugin.settle()
    finally:
        over.set()
        told.join()
        for line in plugin.printed():
            print(line, file=sys.stderr)
    for task in tasks:
        print(f"task {task.outcome}: {task}", file=sys.stderr)
        if task.outcome == "failed":
            print(task.result, file=sys.stderr)
    print(json.dumps(result, indent=2, ensure_ascii=False))
    return 0


def _tell(plugin, over):
    """Prints what the plugin says while it says it."""
    ended = False
    while not ended:
        ended = over.wait(0.05)  # once more after the end: the last lines came with the result
        for said in plugin.said():
            print(_line(said), file=sys.stderr, flush=True)


def _line(said):
    match said["type"]:
        case "log":
            return f"{said['level']:8} {said['logger']}: {said['message']}"
        case "progress":
            return f"progress {said['percent']:.0f} % {said['message']}".rstrip()
        case "event":
            outcome = "" if said["success"] else " (no success)"
            return f"event    {said['event']}{outcome} {json.dumps(said['payload'], ensure_ascii=False)}"
        case _:
            return f"update   {json.dumps(said['data'], ensure_ascii=False)}"


def _object(text):
    try:
        value = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not JSON: {error}. Quote it, like '{{\"limit\": 5}}'") from None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError(f"expected an object, like '{{\"limit\": 5}}', got {text[:40]!r}")
    return value


def _file(text):
    field, found, path = text.partition("=")
    if not found or not os.path.isfile(path):
        raise argparse.ArgumentTypeError(f"expected FIELD=PATH of a file that exists, got {text!r}")
    return field, path
