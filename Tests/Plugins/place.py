"""Where the tests and the plugin host's sources are; whoever imports this can import the authors' kit."""

import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parent
SOURCES = TESTS.parent.parent / "Sources/PluginRuntime/Python"

if str(SOURCES) not in sys.path:
    sys.path.append(str(SOURCES))
