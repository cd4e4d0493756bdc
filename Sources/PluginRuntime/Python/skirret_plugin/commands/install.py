"""Installs the packages that a plugin's requirements.txt names, in a folder that only this plugin sees.

Wheels of the package index only, by name and versions. What the plugin host has is not installed again, and a plugin
that needs another version of it is refused. Where to: --into, or $SKIRRET_DATA_DIR/plugin-packages.
Reload the plugins afterwards, if a server runs.
"""

import json
import sys

from skirret_host import requirements

NAME, HELP = "install", "install the packages of its requirements.txt"


def add_arguments(parser):
    parser.add_argument("folder", help="the plugin's folder")
    parser.add_argument("--into", help="the folder of all plugins' packages")
    parser.add_argument("--json", action="store_true", help="progress and outcome as JSON, one object a line")


def perform(arguments):
    if arguments.json:
        return requirements.main([arguments.folder, *(["--into", arguments.into] if arguments.into else [])])
    try:
        target = requirements.install(arguments.folder, arguments.into, _tell)
    except (requirements.RequirementsError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(target or f"{json.dumps(arguments.folder)} asks for no packages")
    return 0


def _tell(percent, message):
    print(f"{percent:3.0f} %  {message}", file=sys.stderr, flush=True)
