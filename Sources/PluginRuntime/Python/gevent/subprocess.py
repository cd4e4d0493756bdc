"""Programs, started as Python does it."""

from subprocess import *  # noqa: F403
from subprocess import __all__  # noqa: F401
