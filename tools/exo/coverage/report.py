"""What llvm-cov says of the kernel's sources, by folder."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess

from .. import paths, process
from ..errors import ExoError
from .counters import Image

COV = "llvm-cov-19"
KINDS = ("lines", "regions", "branches", "functions")
KERNEL = paths.in_root("kernel")


@dataclasses.dataclass
class Share:
    """So many of so many."""

    covered: int = 0
    count: int = 0

    def add(self, other: Share) -> None:
        self.covered += other.covered
        self.count += other.count

    @property
    def percent(self) -> str:
        return f"{100 * self.covered / self.count:.1f}" if self.count else "-"

    def __str__(self) -> str:
        return f"{self.covered:>6}/{self.count:<6}{self.percent:>5}%"


Row = dict[str, Share]


@dataclasses.dataclass(frozen=True)
class Function:
    """One in the source; of a template, all that was made of it."""

    name: str
    file: str  # below the folder
    line: int
    is_reached: bool


def _export(image: Image, profile: str, options: list[str], sources: str) -> dict:
    """Errors: ExoError."""
    command = [COV, "export", "-format=text", f"-instr-profile={profile}", *options, image.path, sources]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError as error:
        raise ExoError(f"{COV}: {error.strerror}") from None
    if done.returncode != 0:
        raise ExoError(f"{COV} cannot read the profile: {done.stderr.decode(errors='replace').strip()}")
    return json.loads(done.stdout)["data"][0]


def folders(image: Image, profile: str) -> dict[str, Row]:
    """A row for each folder of kernel/ and for each of their folders, and `total`. Errors: ExoError."""
    return rows({os.path.relpath(entry["filename"], KERNEL): entry["summary"]
                 for entry in _export(image, profile, ["-summary-only"], KERNEL)["files"]})


def rows(summaries: dict[str, dict]) -> dict[str, Row]:
    """The same of llvm-cov's summaries by file."""
    found: dict[str, Row] = {}
    for file in sorted(summaries):
        parts = os.path.dirname(file).split(os.sep) if os.path.dirname(file) else []
        for place in {"/".join(parts[:1]) or ".", "/".join(parts[:2]) or ".", "total"}:
            row = found.setdefault(place, {kind: Share() for kind in KINDS})
            for kind in KINDS:
                row[kind].add(Share(summaries[file][kind]["covered"], summaries[file][kind]["count"]))
    return found


def table(found: dict[str, Row], alone: dict[str, dict[str, Row]] | None = None) -> str:
    """`alone`: rows of parts, of which a column shows the share of lines."""
    parts = alone or {}
    places = sorted(place for place in found if place != "total")
    lines = [f"{'':<18}" + "".join(f"{kind:>20}" for kind in KINDS) + "".join(f"{name:>9}" for name in parts)]
    for place in (*places, "total"):
        name = "  " + place.split("/")[1] if "/" in place else place
        lines.append(f"{name:<18}" + "".join(f"{found[place][kind]!s:>20}" for kind in KINDS)
                     + "".join(f"{rows_of[place]['lines'].percent:>8}%" for rows_of in parts.values()))
    return "\n".join(lines)


def as_json(found: dict[str, Row]) -> dict:
    return {place: {kind: dataclasses.asdict(share) for kind, share in row.items()} for place, row in found.items()}


def functions(image: Image, profile: str, sources: str = KERNEL) -> list[Function]:
    """Those of a folder, in the order of the sources. Errors: ExoError."""
    return merged(_export(image, profile, ["-skip-branches", "-skip-expansions"], sources)["functions"], sources)


def merged(exported: list[dict], sources: str = KERNEL) -> list[Function]:
    """llvm-cov's list has a function for each instance of a template; a place in the source is one function here."""
    found: dict[tuple[str, int, int], tuple[str, int]] = {}
    for entry in exported:
        file = os.path.relpath(entry["filenames"][0], sources)
        if file.startswith(".."):
            continue
        line, column = entry["regions"][0][:2]
        name, count = found.get((file, line, column), (entry["name"], 0))
        found[file, line, column] = name, count + entry["count"]
    return [Function(name.rpartition(":")[2], file, line, count > 0) for (file, line, _), (name, count) in sorted(found.items())]


def never_reached(all_functions: list[Function], folder: str) -> list[str]:
    """Lines `FILE:LINE NAME` for a folder or file below kernel/."""
    wanted = folder.removeprefix("kernel/").strip("/")
    missing = [function for function in all_functions if not function.is_reached
               and (not wanted or function.file == wanted or function.file.startswith(wanted + "/"))]
    names = _plain_names([function.name for function in missing])
    return [f"kernel/{function.file}:{function.line} {name}" for function, name in zip(missing, names)]


def doubts(all_functions: list[Function], must_run: str, must_not_run: str) -> list[str]:
    """What cannot be right of functions of which it is known whether they run."""
    reached: dict[str, bool] = {}
    for function, name in zip(all_functions, _plain_names([function.name for function in all_functions])):
        name = name.partition("(")[0]
        reached[name] = reached.get(name, False) or function.is_reached
    found = [f"{name} is not among the functions" for name in (must_run, must_not_run) if name not in reached]
    if reached.get(must_run) is False:
        found.append(f"{must_run} has run, and its counter says that it has not")
    if reached.get(must_not_run):
        found.append(f"{must_not_run} has not run, and its counter says that it has")
    return found


def _plain_names(names: list[str]) -> list[str]:
    try:
        done = subprocess.run(["llvm-cxxfilt-19"], input="\n".join(names), capture_output=True, text=True, check=False)
    except OSError:
        return names
    plain = done.stdout.splitlines()
    return plain if len(plain) == len(names) else names


def write_pages(image: Image, profile: str, folder: str) -> None:
    """llvm-cov's own pages. Errors: ExoError."""
    process.run([COV, "show", "-format=html", "-show-branches=count", "-show-line-counts-or-regions",
                 f"-instr-profile={profile}", f"-output-dir={folder}", image.path, KERNEL], "writing the pages")
