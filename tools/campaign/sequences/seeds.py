"""Where the numbers of a run's sequences start."""

from __future__ import annotations

import hashlib
import os
import time

from exo import paths

# What decides how a sequence behaves: the kernel, and what makes, runs and compares the sequences.
SOURCES = ("abi", "kernel", "tests", "tools", "userland")
CACHES = ("__pycache__", ".pytest_cache")
MOST = 1_000_000_000
DEFAULT = "made of the sources' bytes, so that one tree always runs the same sequences and every change runs others; with --time, the time"


def first(minutes: float | None) -> int:
    """The first seed of a run that is given none. `minutes`: what --time says."""
    return int(time.time()) if minutes is not None else of_sources(paths.ROOT)


def of_sources(root: str) -> int:
    """A number below MOST from the names and the contents of the files in SOURCES. Errors: OSError."""
    digest = hashlib.sha256()
    for folder in SOURCES:
        for path in _files(os.path.join(root, folder)):
            with open(path, "rb") as file:
                data = file.read()
            digest.update(f"{os.path.relpath(path, root)}\0{len(data)}\0".encode(errors="surrogateescape"))
            digest.update(data)
    return int.from_bytes(digest.digest()[:8], "little") % MOST


def _files(folder: str) -> list[str]:
    found: list[str] = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in CACHES]
        found += [path for path in (os.path.join(place, name) for name in names) if os.path.isfile(path)]
    return sorted(found)
