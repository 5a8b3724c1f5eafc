"""`./exo images`: the roots that are kept, and taking them away."""

from __future__ import annotations

import os
import time

from ..errors import ExoError, UsageError
from ..options import Command, Option, parse
from . import cache

COMMAND = Command("images", "Shows the root file systems that --image and --packages have made, or takes them away.",
                  "[rm ID|NAME… | rm --all]", [Option("--all", "", "with rm: all of them, and what was fetched for them")], """
A root is made again when it is asked for. What the cache holds lies below $XDG_CACHE_HOME/exo, or ~/.cache/exo.""")

UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


class Root:
    """One that is kept. `used`: seconds since the epoch."""

    def __init__(self, identity: str, name: str, size: int, used: float) -> None:
        self.identity = identity
        self.name = name
        self.size = size
        self.used = used


def main(arguments: list[str]) -> int:
    # Options may stand behind the word rm.
    words = [*(word for word in arguments if word.startswith("-")), *(word for word in arguments if not word.startswith("-"))]
    options = parse(COMMAND, words)
    if options.wants_help:
        print(COMMAND.help())
        return 0
    if options.words[:1] == ["rm"]:
        return _remove(options.words[1:], options.all)
    if options.words or options.all:
        raise UsageError(f"unknown word {(options.words or ['--all'])[0]}", "images")
    roots = kept()
    if not roots:
        print("no root is kept yet; './exo run --image' and './exo run --packages' make them")
    for root in roots:
        print(f"{root.identity[:12]}  {root.size / (1 << 20):7.1f} MiB  {_age(time.time() - root.used):>14}  {root.name}")
    return 0


def kept() -> list[Root]:
    """Those used last first."""
    found = []
    folder = cache.folder("roots")
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        identity, suffix = os.path.splitext(name)
        if suffix != ".cpio":
            continue
        about = cache.read_json(os.path.join(folder, f"{identity}.json"))
        status = os.stat(os.path.join(folder, name))
        found.append(Root(identity, _name(about), status.st_size, status.st_mtime))
    return sorted(found, key=lambda root: -root.used)


def _name(about) -> str:
    if not isinstance(about, dict):
        return "?"
    return str(about.get("reference") or ",".join(about.get("words", [])) or "?")


def _age(seconds: float) -> str:
    size, unit = next(((size, unit) for size, unit in UNITS if seconds >= size), UNITS[-1])
    count = int(max(seconds, 0) // size)
    return f"{count} {unit}{'' if count == 1 else 's'} ago"


def _remove(words: list[str], is_all: bool) -> int:
    if bool(words) == is_all:
        raise UsageError("rm needs names or --all, and not both", "images")
    with cache.Lock():
        roots = kept()
        chosen = roots if is_all else [root for word in words for root in _matching(word, roots)]
        for root in chosen:
            for suffix in ("cpio", "json"):
                path = cache.folder("roots", f"{root.identity}.{suffix}")
                if os.path.exists(path):
                    os.unlink(path)
        if is_all:
            import shutil
            for name in ("requests", "apt"):
                shutil.rmtree(cache.folder(name), ignore_errors=True)
    return 0


def _matching(word: str, roots: list[Root]) -> list[Root]:
    found = [root for root in roots if root.name == word] or [root for root in roots if len(word) >= 4 and root.identity.startswith(word)]
    if not found:
        raise ExoError(f"images: there is no root {word} ('./exo images' lists them)")
    return found
