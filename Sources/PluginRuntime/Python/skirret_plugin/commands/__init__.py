"""One module per command: NAME, HELP, `add_arguments(parser)`, `perform(arguments)`, which returns the exit code."""

from . import install, new, run, test, validate

ALL = (new, validate, run, test, install)
