"""`./exo check`: the formatting, the names and the order of the layers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from . import packages, paths
from .building import build
from .options import Command, Option, parse_all
from .process import say

FOLDERS = ("kernel", "abi", "sdk", "userland", "tests", "benches", os.path.join("tools", "call_table"))
SUFFIXES = (".cpp", ".hpp", ".c", ".h")
DATABASES = ("release", "hosted", "debug")
FAST_SECONDS = 45
FORMAT_BATCH = 64
NAMING = "[readability-identifier-naming"
PRECOMPILED = re.compile(r" -Winvalid-pch -Xclang -include-pch -Xclang \S+ -Xclang -include -Xclang \S+")

COMMAND = Command("check", "Checks the formatting, the names and the order of the layers.", "[--fast | --layers]",
                  [Option("--fast", "", "only the files that differ from the base branch, in at most 50 s"),
                   Option("--layers", "", "check nothing: draw the layers and their folders, with their files and lines")],
                  "Layout: .clang-format. Names: .clang-tidy. Layers: tools/check_layers.py.")


class Deadline:
    """When to stop starting work; None: never."""

    def __init__(self, seconds: float | None) -> None:
        self._end = time.monotonic() + seconds if seconds else None

    def left(self) -> float | None:
        return None if self._end is None else max(self._end - time.monotonic(), 0)


def main(arguments: list[str]) -> int:
    options = parse_all(COMMAND, arguments)
    if options.wants_help:
        print(COMMAND.help())
        return 0
    if options.layers:
        return subprocess.run([sys.executable, paths.in_root("tools", "check_layers.py"), "--draw"], check=False).returncode
    packages.ensure(packages.RUN + packages.TEST, "checking")
    deadline = Deadline(FAST_SECONDS if options.fast else None)
    files = changed_files() if options.fast else all_files()
    results = [_report("layers", check_layers()), _report("format", check_format(files)),
               _report("names", check_names(files, deadline))]
    return 0 if all(results) else 1


def all_files() -> list[str]:
    found = []
    for folder in FOLDERS:
        for path, _, names in os.walk(paths.in_root(folder)):
            found += [os.path.relpath(os.path.join(path, name), paths.ROOT) for name in names]
    return sorted(name for name in found if name.endswith(SUFFIXES))


def changed_files() -> list[str]:
    """What differs from the base (the upstream branch, or origin/main) or from HEAD, and what git does not know yet."""
    base = next((found for name in ("@{upstream}", "origin/main") if (found := _git("merge-base", "HEAD", name))), ["HEAD"])
    changed = set(_git("diff", "--name-only", "--diff-filter=d", base[0]))
    changed.update(_git("ls-files", "--others", "--exclude-standard"))
    return sorted(name for name in changed if name.endswith(SUFFIXES) and name.startswith(tuple(f"{folder}/" for folder in FOLDERS))
                  and os.path.exists(paths.in_root(name)))


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=paths.ROOT, capture_output=True, text=True)
    return done.stdout.split("\n")[:-1] if done.returncode == 0 else []


def check_layers() -> list[str]:
    done = subprocess.run([sys.executable, paths.in_root("tools", "check_layers.py"), paths.ROOT],
                          capture_output=True, text=True)
    return (done.stdout + done.stderr).split("\n")[:-1] if done.returncode else []


def check_format(files: list[str]) -> list[str]:
    problems = []
    for start in range(0, len(files), FORMAT_BATCH):
        done = subprocess.run(["clang-format-19", "--dry-run", "--Werror", *files[start:start + FORMAT_BATCH]],
                              cwd=paths.ROOT, capture_output=True, text=True)
        if done.returncode:
            wrong = sorted({line.split(":")[0] for line in done.stderr.split("\n") if "error:" in line})
            problems += [f"{name}: not formatted; clang-format-19 -i {name}" for name in wrong] or [done.stderr]
    return problems


def check_names(files: list[str], deadline: Deadline) -> list[str]:
    """Runs clang-tidy on each source that has a compile command. A header is checked with the sources that include
    it, or, when only the header is asked for, by itself with the flags of a source near it."""
    if any(name.startswith("kernel/") for name in files):
        for preset in DATABASES[:2]:
            build.ensure_configured(preset)
    commands = _compile_commands()
    wanted = [name for name in files if name in commands or name.startswith(build.INIT_FOLDER)
              or (name.endswith(".hpp") and deadline.left() is not None and name.startswith("kernel/"))]
    problems: list[str] = []
    late: list[str] = []

    def check_one(name: str) -> None:
        left = deadline.left()
        if left is not None and left <= 0:
            late.append(name)
            return
        try:
            problems.extend(_tidy(name, commands.get(name), left))
        except subprocess.TimeoutExpired:
            late.append(name)

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(check_one, wanted))
    if late:
        say(f"{len(late)} of {len(wanted)} files were not checked for names in time; './exo check' checks all")
    return sorted(set(problems))


def _compile_commands() -> dict[str, str]:
    """Which build folder knows how a source is compiled. clang-tidy gets a copy of each folder's commands (_database)."""
    found: dict[str, str] = {}
    for preset in DATABASES:
        path = paths.in_build(preset, "compile_commands.json")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                entries = json.load(file)
            for entry in entries:
                name = os.path.relpath(os.path.join(entry["directory"], entry["file"]), paths.ROOT)
                found.setdefault(name, preset)
                entry["command"] = without_precompiled_headers(entry["command"])
            os.makedirs(_database(preset), exist_ok=True)
            with open(os.path.join(_database(preset), "compile_commands.json"), "w", encoding="utf-8") as file:
                json.dump(entries, file)
    return found


def _database(preset: str) -> str:
    return paths.in_build("tidy", preset)


def without_precompiled_headers(command: str) -> str:
    """clang-tidy parses nothing of a file whose precompiled header is not built, or older than a header of it."""
    return PRECOMPILED.sub("", command)


def _tidy(name: str, preset: str | None, timeout: float | None) -> list[str]:
    arguments = ["clang-tidy-19", "--quiet", name]
    if name.startswith(build.INIT_FOLDER):
        arguments += ["--", "-xc++", *build.INIT_FLAGS]
    else:
        arguments += ["-p", _database(preset or DATABASES[0])]
    done = subprocess.run(arguments, cwd=paths.ROOT, capture_output=True, text=True, timeout=timeout)
    # What does not compile is the build's to report.
    return [line.replace(paths.ROOT + "/", "") for line in done.stdout.split("\n") if NAMING in line]


def _report(what: str, problems: list[str]) -> bool:
    for problem in problems:
        print(problem)
    print(f"{what}: {'ok' if not problems else f'{len(problems)} wrong'}", flush=True)
    return not problems
