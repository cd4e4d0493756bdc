"""For authors of plugins: `python -m skirret_plugin new|validate|run|test|install`."""

import argparse
import os
import sys

from . import commands

#: As people call it: `skirret plugins` says so when it starts this.
PROGRAM = os.environ.get("SKIRRET_PLUGIN_PROGRAM", "python -m skirret_plugin")

EXAMPLES = """
examples:
  python -m skirret_plugin new clean_names           a plugin to start from, in ./clean_names
  python -m skirret_plugin validate clean_names      what is wrong with it, with line and remedy
  python -m skirret_plugin run clean_names clean --params '{"suffix": " HD"}'
  python -m skirret_plugin test clean_names          its tests, each on a fresh database
  python -m skirret_plugin install clean_names       the packages of its requirements.txt

COMMAND --help says more.
"""


def main(arguments=None):
    """Parses the command line and runs the command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description="What authors of plugins need. It works without a server.",
        epilog=EXAMPLES.replace("python -m skirret_plugin", PROGRAM),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    choices = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in commands.ALL:
        about = command.__doc__.splitlines()
        sub = choices.add_parser(
            command.NAME, help=command.HELP, description="\n".join(about),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        command.add_arguments(sub)
        sub.set_defaults(perform=command.perform)
    given = parser.parse_args(arguments)
    return given.perform(given)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
