"""Tasks of the streaming proxy."""

from skirret_host.native import native


@native
def fetch_channel_stats():
    """Sends `channel_stats`."""
