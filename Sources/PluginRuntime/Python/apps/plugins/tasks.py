"""Tasks of the plugin hub."""

from skirret_host.native import native


@native
def refresh_plugin_repos():
    """Fetches every plugin repository's manifest."""
