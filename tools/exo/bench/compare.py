"""`./exo bench compare`: this tree beside another commit."""

from __future__ import annotations

import dataclasses
import math

from .. import process
from ..errors import ExoError, UsageError
from ..options import Command, Option
from . import settings, suite, worktree
from .table import WIDTH, few

NOTEWORTHY = 0.005

COMMAND = Command("bench compare", "Compares the instructions of this tree's kernel with those of another commit's.",
                  "REVISION [OPTION]…", [
                      *settings.SUITE_OPTIONS,
                      Option("--keep", "", "leave the commit's work tree in build/bench/worktrees")], """
The commit's kernel is built in a work tree of its own. Both kernels run the guest suite of this tree. What changed by more
than 0.5 % comes first, the largest change at the top.""")


@dataclasses.dataclass(frozen=True)
class Change:
    """An operation before and now; None where a kernel does not have it."""

    name: str
    before: suite.Operation | None
    now: suite.Operation | None

    @property
    def share(self) -> float | None:
        """0.1: a tenth more."""
        return self.now.instructions / self.before.instructions - 1 if self.before and self.now else None

    @property
    def is_noteworthy(self) -> bool:
        return abs(self.share) > NOTEWORTHY if self.share is not None else self.before is not self.now


def main(arguments: list[str]) -> int:
    options = settings.parse_anywhere(COMMAND, arguments)
    if options.wants_help:
        print(COMMAND.help())
        return 0
    if not options.words:
        raise UsageError("with which commit? Name one, like HEAD", COMMAND.name)
    revision = options.words[0]
    commit = worktree.resolve(revision)
    settings.check(COMMAND, options, words=1)
    other = worktree.kernel_of(commit, options.keep)
    kernel = settings.kernel(options)
    runs = []
    for path, title in ((other, revision), (kernel, "this tree")):
        process.say(f"counting on {title}")
        runs.append(suite.run(path, title, options.rounds, options.only))
    print(report(changes(*runs), revision))
    return 0


def changes(before: suite.Run, now: suite.Run) -> list[Change]:
    """Those that are noteworthy first, by size; the others in the suite's order."""
    names = list(dict.fromkeys([*now.names, *before.names]))
    found = [Change(name, before.operations.get(name), now.operations.get(name)) for name in names]
    found = [change for change in found if change.before or change.now]
    if not found:
        raise ExoError("neither kernel has any of these operations")
    return sorted(found, key=lambda change: (not change.is_noteworthy, change.share is not None,
                                             -abs(change.share or 0) if change.is_noteworthy else 0))


def report(found: list[Change], revision: str) -> str:
    name_width = max(len("operation"), *(len(change.name) for change in found))
    title = revision if len(revision) <= 12 else revision[:12]
    lines = [f"{'operation':{name_width}} {title:>12} {'this tree':>12} {'change':>8}  events for one operation that changed"]
    for change in found:
        share = "" if change.share is None else f"{change.share:+.1%}"
        start = f"{change.name:{name_width}} {_cell(change.before)} {_cell(change.now)} {share:>8}  "
        lines.append((start + _events(change, WIDTH - len(start))).rstrip())
    return "\n".join([*lines, "", _summary(found)])


def _cell(operation: suite.Operation | None) -> str:
    return f"{operation.instructions:12,.0f}" if operation else f"{'none':>12}"


def _events(change: Change, room: int) -> str:
    if not change.before or not change.now:
        return ""
    words: list[str] = []
    for event in suite.EVENTS:
        before, now = few(change.before.events[event]), few(change.now.events[event])
        if before != now and abs(change.before.events[event] - change.now.events[event]) >= 0.1:
            words.append(f"{event} {before} to {now}")
    while words and len(", ".join(words)) > room:
        words.pop()
    return ", ".join(words)


def _summary(found: list[Change]) -> str:
    shares = [change.share for change in found if change.share is not None]
    fewer = sum(share < -NOTEWORTHY for share in shares)
    more = sum(share > NOTEWORTHY for share in shares)
    text = f"{fewer} need fewer instructions, {more} more, {len(shares) - fewer - more} as many to within {NOTEWORTHY:.1%}"
    if shares:
        mean = math.exp(math.fsum(math.log1p(share) for share in shares) / len(shares)) - 1
        text += f"; geometric mean over {len(shares)} rows: {mean:+.2%}"
    return text
