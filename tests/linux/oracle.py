"""Linux as the judge: Debian's cloud kernel, fetched into build/oracle, and what the tests did on it."""

from __future__ import annotations

import hashlib
import glob
import json
import os
import re
import shutil
import subprocess

import image
import machine
import programs

FOLDER = os.path.join(programs.ROOT, "build", "oracle")
RESULTS = os.path.join(FOLDER, "results")
META_PACKAGE = "linux-image-cloud-amd64"


def kernel() -> str:
    """The path of the oracle's kernel, which is fetched when it is not there. Its name carries its version."""
    found = glob.glob(os.path.join(FOLDER, "linux", "boot", "vmlinuz-*"))
    if not found:
        image.packages.download(_package(), os.path.join(FOLDER, "linux"))
        found = glob.glob(os.path.join(FOLDER, "linux", "boot", "vmlinuz-*"))
    return found[0]


def _package() -> str:
    listing = subprocess.run(["apt-cache", "depends", META_PACKAGE], capture_output=True, text=True, check=True).stdout
    return re.search(r"Depends: (linux-image-\S+)", listing)[1]


def _key(test: programs.Test) -> str:
    parts = [test.hash(), image.base_hash(), os.path.basename(kernel()), machine.COMMAND_LINE, str(machine.MEMORY_MIB), *machine.CLOCK]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()


def _path(test: programs.Test) -> str:
    return os.path.join(RESULTS, test.name.replace("/", "--") + ".json")


def cached(test: programs.Test) -> machine.Result | None:
    try:
        with open(_path(test), encoding="utf-8") as file:
            entry = json.load(file)
    except (OSError, ValueError):
        return None
    return machine.Result(entry["status"], entry["output"]) if entry["key"] == _key(test) else None


def save(test: programs.Test, result: machine.Result) -> None:
    os.makedirs(RESULTS, exist_ok=True)
    temporary = _path(test) + f".{os.getpid()}"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump({"key": _key(test), "status": result.status, "output": result.output}, file)
    os.replace(temporary, _path(test))


def complaint(result: machine.Result) -> str | None:
    """Why a test cannot be believed when Linux gives this result."""
    if result.status != "exit 0":
        return f"it ends with `{result.status}` on Linux"
    return None if result.output.strip() else "it prints nothing on Linux"


def forget() -> None:
    shutil.rmtree(RESULTS, ignore_errors=True)
