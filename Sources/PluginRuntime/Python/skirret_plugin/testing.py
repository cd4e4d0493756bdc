"""pytest's part of the kit: the fixture `plugin`. Loaded by `python -m skirret_plugin test`, or with
`pytest -p skirret_plugin.testing --skirret-plugin FOLDER`."""

import pytest

from .local import Local, Unusable


def pytest_addoption(parser):
    parser.addoption("--skirret-plugin", metavar="FOLDER", help="the plugin that the fixture `plugin` starts")
    parser.addoption("--skirret-no-sandbox", action="store_true", help="let it reach every file")


def pytest_configure(config):
    config.addinivalue_line("filterwarnings", "ignore::DeprecationWarning:celery.backends.redis")  # Celery's own
    # Tests import the models at their top: Django must know its tables before they are collected.
    config.skirret_local = None
    if folder := config.getoption("--skirret-plugin"):
        local = Local(folder, sandbox=not config.getoption("--skirret-no-sandbox"))
        try:
            config.skirret_local = local.__enter__()
        except Unusable as error:
            raise pytest.UsageError(str(error)) from None


def pytest_unconfigure(config):
    if getattr(config, "skirret_local", None) is not None:
        config.skirret_local.__exit__(None, None, None)


@pytest.fixture
def plugin(request):
    """The plugin in a process of its own, on empty tables and an empty Redis."""
    local = request.config.skirret_local
    if local is None:
        raise pytest.UsageError("which plugin? pytest --skirret-plugin FOLDER")
    yield local.start()
    local.reset()
