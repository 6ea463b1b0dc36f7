"""The desk's memory: rows in a database, files by their hash."""

from storage.blobs import FolderBlobs
from storage.opening import migrate, open_storage
from storage.runs import BackupRuns
from storage.snapshot import SQLiteSnapshots
from storage.writer import SQLiteStorage, StorageError

__all__ = ["BackupRuns", "FolderBlobs", "SQLiteSnapshots", "SQLiteStorage", "StorageError", "migrate", "open_storage"]
