"""Tasks that save and restore the database. All return {"status", "filename", "size"} or {"status", "error"}."""

from skirret_host.native import native


@native
def create_backup_task():
    """Writes a backup now."""


@native
def restore_backup_task(filename):
    """Restores the backup `filename`."""


@native
def scheduled_backup_task(retention_count=0):
    """Writes a backup and keeps the newest `retention_count`; 0 keeps all."""
