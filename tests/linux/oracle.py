"""Linux as the judge: Debian's cloud kernel, fetched into build/oracle, and what the tests did on it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil

import image  # first: it makes tools/exo importable
import machine
import programs
from exo.machine import counted_machine, debian_kernel

RESULTS = os.path.join(programs.ROOT, "build", "oracle", "results")


def kernel() -> str:
    """The path of the oracle's kernel, which is fetched when it is not there. Its name carries its version."""
    return debian_kernel.ensure().path


def _key(test: programs.Test) -> str:
    parts = [test.hash(), image.base_hash(), os.path.basename(kernel()), machine.COMMAND_LINE, str(machine.MEMORY_MIB), *(("-accel", "kvm") if counted_machine.is_kvm() else counted_machine.COUNTED)]
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
