"""The desk's memory: rows in a database, files by their hash."""

from storage.blobs import FolderBlobs
from storage.opening import open_storage
from storage.writer import SQLiteStorage, StorageError

__all__ = ["FolderBlobs", "SQLiteStorage", "StorageError", "open_storage"]
