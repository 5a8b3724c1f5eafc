"""What all runs of the suites on the same kernel image have made together, in build/cross/tally.json.

Several runs may add to it at the same time. An image is told apart by a hash of it.
"""

from __future__ import annotations

import collections
import contextlib
import fcntl
import hashlib
import json
import os
import subprocess

from campaign.machines import machine
from exo import paths

PATH = os.path.join(machine.BUILD, "tally.json")
RAREST = 12


class Portion:
    """What is added at once: sequences, how often each call was made and how often it succeeded, seconds, failures."""

    def __init__(self) -> None:
        self.sequences = 0
        self.failures = 0
        self.seconds = 0.0
        self.made: collections.Counter[str] = collections.Counter()
        self.succeeded: collections.Counter[str] = collections.Counter()

    def add(self, other: Portion) -> None:
        self.sequences += other.sequences
        self.failures += other.failures
        self.seconds += other.seconds
        self.made.update(other.made)
        self.succeeded.update(other.succeeded)

    @property
    def calls(self) -> int:
        return sum(self.made.values())

    def as_json(self) -> dict:
        return {"sequences": self.sequences, "failures": self.failures, "seconds": round(self.seconds, 1),
                "made": dict(sorted(self.made.items())), "succeeded": dict(sorted(self.succeeded.items()))}

    @staticmethod
    def of_json(entry: dict) -> Portion:
        portion = Portion()
        portion.sequences, portion.failures, portion.seconds = entry["sequences"], entry["failures"], entry["seconds"]
        portion.made.update(entry["made"])
        portion.succeeded.update(entry["succeeded"])
        return portion


class Tally:
    """One suite's sums on one kernel image, brought up to date after each batch."""

    def __init__(self, suite: str, image: str, path: str = PATH) -> None:
        """Errors: OSError if there is no such image."""
        with open(image, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()[:12]
        self._key = f"{suite} {digest}"
        self._about = {"suite": suite, "image": digest, "commit": _commit()}
        self._path = path

    def add(self, portion: Portion) -> None:
        with _changing(self._path) as entries:
            entry = entries.get(self._key)
            total = Portion.of_json(entry) if entry else Portion()
            total.add(portion)
            entries[self._key] = {**self._about, **total.as_json()}


def _commit() -> str:
    done = subprocess.run(["git", "-C", paths.ROOT, "describe", "--always", "--dirty", "--abbrev=9"], capture_output=True,
                          text=True, check=False)
    return done.stdout.strip()


def read(path: str = PATH) -> dict[str, dict]:
    """Of a file that is not there or not whole: nothing."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


@contextlib.contextmanager
def _changing(path: str):
    """The entries, written back if nothing goes wrong; one program at a time."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        entries = read(path)
        yield entries
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(entries, file, indent=1)
        os.replace(path + ".new", path)


def text(suite: str, path: str = PATH) -> str:
    """A line for each image, then the sums."""
    entries = [entry for entry in read(path).values() if entry["suite"] == suite]
    if not entries:
        return f"{suite} has not run yet"
    total, lines = Portion(), []
    for entry in entries:
        portion = Portion.of_json(entry)
        total.add(portion)
        lines.append(f"image {entry['image']} (last at commit {entry['commit'] or '?'}): {_sums(portion)}")
    lines.append(f"together: {_sums(total)}")
    rarest = sorted(total.made.items(), key=lambda item: (item[1], item[0]))[:RAREST]
    lines.append(f"{len(total.made)} different calls; the rarest: "
                 + ", ".join(f"{name} {_share(total, name)}" for name, _ in rarest))
    if total.succeeded:
        never = sorted(name for name in total.made if not total.succeeded[name])
        lines.append(f"{len(never)} that never succeeded: {' '.join(never)}" if never else "each succeeded at least once")
    return "\n".join(lines)


def _sums(portion: Portion) -> str:
    share = f", {sum(portion.succeeded.values()) / portion.calls:.1%} succeeded" if portion.succeeded else ""
    return (f"{portion.sequences} sequences, {portion.calls} calls{share}, {portion.failures} failures, "
            f"{portion.seconds / 60:.1f} minutes")


def _share(portion: Portion, name: str) -> str:
    return f"{portion.made[name]} ({portion.succeeded[name]} succeeded)" if portion.succeeded else str(portion.made[name])
