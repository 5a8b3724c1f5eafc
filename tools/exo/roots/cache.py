"""What was fetched and made: below XDG_CACHE_HOME/exo, one writer at a time, and nothing under its name before it is whole."""

from __future__ import annotations

import fcntl
import json
import os

from ..errors import ExoError
from ..process import say


def folder(*parts: str) -> str:
    """A path in the cache. Source of the place: the XDG Base Directory Specification."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not base.startswith("/"):
        base = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "exo", *parts)


class Lock:
    """Held while something is added to the cache; the kernel drops it when its holder ends, however it ends (flock(2))."""

    def __enter__(self) -> None:
        path = folder("lock")
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise ExoError(f"the cache {os.path.dirname(path)} cannot be written: {error.strerror}; XDG_CACHE_HOME names "
                           "another place") from None
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another exo that makes a root")
            fcntl.flock(self._fd, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)


class Beside:
    """A file that is written beside `path` and gets its name when it is whole; after a failure nothing is left of it."""

    def __init__(self, path: str, mode: str = "wb") -> None:
        self._path = path
        self._temporary = f"{path}.new"
        self._mode = mode

    def __enter__(self):
        os.makedirs(os.path.dirname(self._path), exist_ok=True)
        self._file = open(self._temporary, self._mode)
        return self._file

    def __exit__(self, kind, error, _: object) -> None:
        try:
            self._file.close()
        except OSError as late:
            kind, error = type(late), late
        if kind is None:
            os.replace(self._temporary, self._path)
            return
        os.unlink(self._temporary)
        if isinstance(error, OSError) and not isinstance(error, ExoError) and error.errno is not None:
            raise ExoError(f"{self._path}: {error.strerror}") from None


def read_json(path: str):
    """The content, or None where the file is not there or was damaged from outside."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def write_json(path: str, value) -> None:
    with Beside(path, "w") as file:
        json.dump(value, file, indent=1, sort_keys=True)
        file.write("\n")
