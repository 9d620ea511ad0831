"""The errors that loading data can raise, one class for each thing that can be wrong."""

from __future__ import annotations


class DataFileError(ValueError):
    """A file is there, but its bytes are not what they should be."""


class DatasetNotFoundError(RuntimeError):
    """A dataset is not on disk, and downloading it was not asked for."""


class DownloadError(RuntimeError):
    """No mirror gave the file that was asked for."""


class LockTimeoutError(TimeoutError):
    """Another process has been holding a lock for longer than we may wait."""
