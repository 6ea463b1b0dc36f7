"""The desk's memory: rows in a database, files by their hash."""

from storage.blobs import FolderBlobs
from storage.errors import LifeOver, NoAnswer, StorageError
from storage.examination import examined
from storage.health import Health, Server
from storage.opening import join_storage, migrate, open_storage
from storage.runs import BackupRuns
from storage.snapshot import SQLiteSnapshots, snapshots_of
from storage.sqlite.writing import SQLiteStorage

__all__ = [
    "BackupRuns",
    "FolderBlobs",
    "Health",
    "LifeOver",
    "NoAnswer",
    "SQLiteSnapshots",
    "SQLiteStorage",
    "Server",
    "StorageError",
    "examined",
    "join_storage",
    "migrate",
    "open_storage",
    "snapshots_of",
]
