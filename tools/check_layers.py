#!/usr/bin/python3
"""Checks that each folder of kernel/ includes only itself and folders below it.

usage: check_layers.py [--draw] [REPOSITORY]

The order is the list LAYERS: a folder may include those that come after it. What the rule forbids is a call upwards
that the compiler would accept; a lower layer that must call a higher one declares an interface of its own
(`vm::PageSource`, `log::Sink`, `arch/upcalls.hpp`) which the higher one implements, and so needs no include.

Inside a layer that is in INNER_ORDERS, its folders have an order of their own by the same rule; files beside the folders stand above
them. In every other layer no folder may reach itself through others.

Also checked: outside kernel/arch only arch's own interface is included, never the files of one home (arch/x86_64,
arch/hosted); abi/ includes nothing of the kernel; no header includes itself through others; no folder has more than MOST_FILES files.

Prints one line for each wrong include, FILE:LINE: message, and exits with 1 if there is any. With --draw it prints the tree of
layers and folders instead, from the top to the bottom, with their files and lines.
"""

from __future__ import annotations

import os
import re
import sys

# From the top to the bottom. main.cpp stands above all of them. A group in one tuple shares a line of the design:
# its folders may include each other in one direction only.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("agents",), ("posix_x",), ("syscall",), ("net",), ("ipc",), ("fs",), ("drivers",), ("security",), ("vm",),
    ("scheduler",), ("memory",), ("time", "log"), ("boot",), ("sync",), ("arch",), ("utils",),
)
# The order of the folders inside a layer, from the top to the bottom.
INNER_ORDERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "fs": (("initramfs",), ("devfs",), ("tmpfs", "pseudo"), ("operations",), ("file",), ("tree",), ("node",), ("locks",), ("cache",)),
    "net": (("dhcp",), ("socket",), ("tcp", "udp"), ("icmp",), ("ip",), ("link",), ("packet",)),
    "posix_x": (("procfs",), ("devices",), ("lifecycle",), ("elf",), ("files", "socket"), ("fast_path",), ("polling", "futex"), ("memory", "system"), ("time",),
                ("scheduling",), ("pty",), ("credentials",), ("terminal",), ("signal",), ("x86_64",), ("trace",), ("syscalls",), ("process",)),
}
INNER_RANK = {layer: {folder: rank for rank, group in enumerate(order) for folder in group} for layer, order in INNER_ORDERS.items()}
MOST_FILES = 28
RANK = {folder: rank for rank, group in enumerate(LAYERS) for folder in group}
HOMES = ("x86_64", "hosted")
SOURCE = (".hpp", ".cpp", ".h", ".S", ".inc")
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]')


class Include:
    """One include of a file of this repository; both paths are relative to its root."""

    __slots__ = ("file", "line", "target")

    def __init__(self, file: str, line: int, target: str) -> None:
        self.file = file
        self.line = line
        self.target = target

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def sources(root: str, folder: str) -> list[str]:
    found = []
    for path, folders, names in os.walk(os.path.join(root, folder)):
        folders.sort()
        found += [os.path.relpath(os.path.join(path, name), root) for name in sorted(names) if name.endswith(SOURCE)]
    return found


def resolve(root: str, file: str, name: str) -> str | None:
    """The included file, looked for as the compiler does: beside the file, then in kernel/, then in the root.

    None for what is not ours: a header of the standard library.
    """
    for base in (os.path.dirname(file), "kernel", ""):
        path = os.path.normpath(os.path.join(base, name))
        if os.path.isfile(os.path.join(root, path)):
            return path
    return None


def includes_of(root: str, file: str) -> list[Include]:
    found = []
    with open(os.path.join(root, file), encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line)
            target = resolve(root, file, match[1]) if match else None
            if target:
                found.append(Include(file, number, target))
    return found


def layer_of(path: str) -> str | None:
    """The folder of kernel/ that a file belongs to; None for main.cpp and for what is outside kernel/."""
    parts = path.split("/")
    return parts[1] if len(parts) > 2 and parts[0] == "kernel" else None


def folder_of(path: str) -> str | None:
    """The folder inside its layer that a file belongs to; None where it lies beside them."""
    parts = path.split("/")
    return parts[2] if len(parts) > 3 and parts[0] == "kernel" else None


def wrong_inside(layer: str, include: Include) -> str | None:
    """What is wrong with an include between two files of one layer."""
    ranks = INNER_RANK.get(layer)
    source, target = folder_of(include.file), folder_of(include.target)
    if ranks is None or source is None or source == target:
        return None
    if target is None:
        return f"{layer}/{source} may not include {include.target}: it lies above the folders"
    for folder in (source, target):
        if folder not in ranks:
            return f"{layer}/{folder} is not in the order of {layer}'s folders"
    if ranks[target] < ranks[source]:
        return f"{layer}/{source} may not include {include.target}: {layer}/{target} is above it"
    return None


def wrong(include: Include) -> str | None:
    """What is wrong with an include, or None."""
    source, target = layer_of(include.file), layer_of(include.target)
    if include.file.startswith("abi/"):
        return None if include.target.startswith("abi/") else "abi/ includes nothing of the kernel"
    if source is None:
        return None
    if include.target == "kernel/main.cpp" or include.target.startswith("tests/"):
        return f"{source} may not include {include.target}"
    if target is None:
        return None
    if target == source:
        return wrong_inside(source, include)
    if target not in RANK:
        return f"{target} is not in the list of layers"
    if source not in RANK:
        return f"{source} is not in the list of layers"
    if RANK[target] < RANK[source]:
        return f"{source} may not include {include.target}: {target} is a layer above it"
    parts = include.target.split("/")
    if target == "arch" and len(parts) > 3 and parts[2] in HOMES:
        return f"{source} may not include {include.target}: only arch's own interface, not one of its homes"
    return None


def both_ways(includes: list[Include]) -> list[str]:
    """Folders of one line of the list that include each other in both directions."""
    first: dict[tuple[str | None, str | None], Include] = {}
    for include in includes:
        first.setdefault((layer_of(include.file), layer_of(include.target)), include)
    return [f"{first[a, b]}: {a} includes {b}, and {b} includes {a} in {first[b, a]}"
            for group in LAYERS for a in group for b in group
            if a < b and (a, b) in first and (b, a) in first]


def cycles(includes: list[Include]) -> list[str]:
    """Headers that include themselves through others."""
    graph: dict[str, list[Include]] = {}
    for include in includes:
        graph.setdefault(include.file, []).append(include)
    done: set[str] = set()
    found = []

    def visit(file: str, trail: list[str]) -> None:
        for include in graph.get(file, []):
            if include.target in trail:
                circle = trail[trail.index(include.target):] + [include.target]
                found.append(f"{include}: a circle of includes: {' -> '.join(circle)}")
            elif include.target not in done:
                visit(include.target, trail + [include.target])
        done.add(file)

    for file in graph:
        if file not in done:
            visit(file, [file])
    return found


def folder_circles(includes: list[Include]) -> list[str]:
    """Folders of one layer that reach themselves through others."""
    arrows: dict[str, dict[str, Include]] = {}
    for include in includes:
        layer = layer_of(include.file)
        source, target = folder_of(include.file), folder_of(include.target)
        if layer is None or layer != layer_of(include.target) or layer in INNER_ORDERS or None in (source, target) or source == target:
            continue
        arrows.setdefault(f"{layer}/{source}", {}).setdefault(f"{layer}/{target}", include)
    found = []

    def visit(folder: str, trail: list[str]) -> None:
        for target, include in sorted(arrows.get(folder, {}).items()):
            if target == trail[0]:
                found.append(f"{include}: a circle of folders: {' -> '.join(trail + [target])}")
            elif target not in trail and target > trail[0]:
                visit(target, trail + [target])

    for folder in sorted(arrows):
        visit(folder, [folder])
    return found


def full_folders(files: list[str]) -> list[str]:
    counts: dict[str, int] = {}
    for file in files:
        counts[os.path.dirname(file)] = counts.get(os.path.dirname(file), 0) + 1
    return [f"{folder}: {count} files, at most {MOST_FILES}" for folder, count in sorted(counts.items())
            if folder.startswith("kernel/") and count > MOST_FILES]


def unknown_folders(root: str) -> list[str]:
    kernel = os.path.join(root, "kernel")
    return [f"kernel/{name}: a folder that is not in the list of layers (tools/check_layers.py)"
            for name in sorted(os.listdir(kernel)) if os.path.isdir(os.path.join(kernel, name)) and name not in RANK]


def check(root: str) -> list[str]:
    """Every violation in the repository, one line each."""
    files = [file for folder in ("kernel", "abi") if os.path.isdir(os.path.join(root, folder)) for file in sources(root, folder)]
    includes = [include for file in files for include in includes_of(root, file)]
    problems = unknown_folders(root) + [f"{include}: {what}" for include in includes if (what := wrong(include))]
    return problems + both_ways(includes) + cycles(includes) + folder_circles(includes) + full_folders(files)


def line_count(root: str, file: str) -> int:
    with open(os.path.join(root, file), encoding="utf-8", errors="replace") as lines:
        return sum(1 for _ in lines)


def draw(root: str) -> str:
    """The layers from the top to the bottom, and the folders inside each: in their order where they have one."""
    counts: dict[tuple[str, str], list[int]] = {}
    for file in sources(root, "kernel"):
        layer = layer_of(file)
        if layer is not None:
            counts.setdefault((layer, folder_of(file) or ""), []).append(line_count(root, file))

    def row(indent: int, name: str, lines: list[int]) -> str:
        return f"{' ' * indent}{name:{28 - indent}}{len(lines):5} files{sum(lines):7} lines"

    text = []
    for layer in (layer for group in LAYERS for layer in group):
        inside = {folder: lines for (of, folder), lines in counts.items() if of == layer}
        if not inside:
            continue
        text.append(row(0, layer, [count for lines in inside.values() for count in lines]))
        ranks = INNER_RANK.get(layer, {})
        for folder in sorted(filter(None, inside), key=lambda name: (ranks.get(name, -1), name)):
            text.append(row(2, folder, inside[folder]))
    return "\n".join(text)


def main(arguments: list[str]) -> int:
    draws = "--draw" in arguments
    folders = [argument for argument in arguments if argument != "--draw"]
    root = folders[0] if folders else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if draws:
        print(draw(root))
        return 0
    problems = check(root)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
