"""Housekeeping tasks."""

from skirret_host.native import native


@native
def beat_periodic_task():
    """Proves that beat is alive."""


@native
def scan_and_process_files():
    """Takes in new playlists, guides and logos that were dropped into the data folder."""


@native
def rehash_streams(keys):
    """Gives every stream a new hash over `keys` and merges the duplicates. Sends `stream_rehash`."""


@native
def check_for_version_update():
    """Notifies about a newer release."""
