"""benches/baseline.json: what each operation cost at best, and where its instructions went then.

The file's history counts, not only the file: an operation is compared with the least that it has cost since it was last
raised, so that many small steps are not taken for none. To raise one is recorded in the file with a reason.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess

from .. import paths
from ..errors import ExoError
from . import profile
from .files import write

NAME = "benches/baseline.json"
FUNCTIONS = 12  # the largest of each operation are kept


@dataclasses.dataclass(frozen=True)
class Entry:
    """One operation: its instructions, and the own instructions of its largest functions."""

    instructions: float
    functions: dict[str, float]


@dataclasses.dataclass
class Baseline:
    operations: dict[str, Entry] = dataclasses.field(default_factory=dict)
    raised: list[dict] = dataclasses.field(default_factory=list)  # operation, from, to, reason; the newest last

    def times_raised(self, name: str) -> int:
        return sum(entry["operation"] == name for entry in self.raised)

    def text(self) -> str:
        operations = ",\n".join(f"  {json.dumps(name)}: {json.dumps(dataclasses.asdict(entry))}"
                                for name, entry in self.operations.items())
        raised = ",\n".join(f"  {json.dumps(entry)}" for entry in self.raised)
        return f'{{"operations": {{\n{operations}\n}},\n"raised": [\n{raised}\n]}}\n'


def parse(text: str) -> Baseline:
    """Errors: ValueError, KeyError, TypeError when the text is none."""
    data = json.loads(text)
    return Baseline({name: Entry(**entry) for name, entry in data["operations"].items()}, data["raised"])


def load(path: str | None = None) -> Baseline:
    """The file as it is; an empty baseline where there is none. Errors: ExoError when it cannot be understood."""
    try:
        with open(path or paths.in_root(NAME), encoding="utf-8") as file:
            return parse(file.read())
    except FileNotFoundError:
        return Baseline()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ExoError(f"{NAME}: not a baseline: {error}") from None


def save(baseline: Baseline) -> None:
    write(paths.in_root(NAME), baseline.text())


def entry_of(instructions: float, functions: list[profile.Row]) -> Entry:
    return Entry(round(instructions, 1), {row.frame.name: round(row.own, 1) for row in functions[:FUNCTIONS]
                                         if row.own >= 0.1})


def best(versions: list[Baseline]) -> dict[str, Entry]:
    """Of each operation in the newest version, the cheapest entry since it was last raised. `versions`: newest first."""
    return {name: _best_of(name, versions) for name in versions[0].operations}


def _best_of(name: str, versions: list[Baseline]) -> Entry:
    found = versions[0].operations[name]
    for older, newer in zip(versions[1:], versions):
        if newer.times_raised(name) != older.times_raised(name):
            break  # what it cost before that does not count any more
        entry = older.operations.get(name)
        if entry and entry.instructions < found.instructions:
            found = entry
    return found


def history(root: str = paths.ROOT) -> list[Baseline]:
    """The file in the work tree and as each commit left it, newest first. Without git, or with a part of its history
    only: just the file."""
    versions = [load(f"{root}/{NAME}")]
    if _git(root, "rev-parse", "--is-shallow-repository").strip() != "false":
        return versions
    commits = _git(root, "log", "--first-parent", "--format=%H", "--", NAME).split()
    for commit in commits:
        text = _git(root, "show", f"{commit}:{NAME}")
        try:
            versions.append(parse(text))
        except (ValueError, KeyError, TypeError):
            break  # an older form of the file
    return versions


def _git(root: str, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", root, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""
