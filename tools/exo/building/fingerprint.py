"""Whether anything changed since a result was made: the list of its inputs with their sizes and times.

The list itself is kept, not a digest of it: comparing text costs less than hashing does, and `diff` can say what
changed. Walking some hundred files takes a few milliseconds, a run of ninja ten times that.
"""

from __future__ import annotations

import os


def of(paths: list[str]) -> str:
    """One line for each file below `paths`: name, size, time in nanoseconds, mode. Missing paths count as empty. One file has one name,
    however it was reached (`tests/../tools`)."""
    lines: list[str] = []
    for path in map(os.path.abspath, paths):
        try:
            status = os.stat(path)
        except OSError:
            lines.append(f"{path} missing")
            continue
        if os.path.isdir(path):
            _walk(path, lines)
        else:
            lines.append(f"{path} {status.st_size} {status.st_mtime_ns} {status.st_mode:o}")
    return "\n".join(lines)


def _walk(folder: str, lines: list[str]) -> None:
    folders: list[str] = []
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda found: found.name):
            if entry.name in ("__pycache__", ".git"):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            status = entry.stat(follow_symlinks=False)
            lines.append(f"{entry.path} {status.st_size} {status.st_mtime_ns} {status.st_mode:o}")
    for below in folders:
        _walk(below, lines)


def matches(stamp: str, fingerprint: str) -> bool:
    """Whether the result beside this stamp was made from these inputs."""
    try:
        with open(stamp, encoding="utf-8", errors="surrogateescape") as file:
            return file.read() == fingerprint
    except OSError:
        return False


def save(stamp: str, fingerprint: str) -> None:
    temporary = f"{stamp}.{os.getpid()}"
    with open(temporary, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(fingerprint)
    os.replace(temporary, stamp)
