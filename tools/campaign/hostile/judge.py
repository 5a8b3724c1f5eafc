"""Runs batches of hostile sequences, judges what came of them, and finds out which sequence it was."""

from __future__ import annotations

import collections

from campaign.machines import frames, machine, tally
from campaign.sequences.sequence import Sequence

ROUNDS = 3
# What has gone once may be what the kernel has put by (stacks of threads, pages of tables), at a peak that the rounds before did not
# reach: only what goes in every round is lost.
MORE_ROUNDS = 4
# KiB by which two rounds of the same batch may differ. The controller keeps what it counts: 12 of them for 150 sequences. Objects of
# the kernel's are counted exactly.
SLACK = {"free": 24, "slab": 1, "shared": 0}


class Judge:
    """`options`: what else repeats a sequence, beside its seed."""

    def __init__(self, kernel: machine.Kernel, options: str = "") -> None:
        self.kernel = kernel
        self.options = options
        self.failures: list[str] = []
        self.kinds: collections.Counter[str] = collections.Counter()
        self.total = tally.Portion()

    def run(self, sequences: list[Sequence], rounds: int = ROUNDS) -> machine.Run:
        return machine.run(self.kernel, sequences * rounds, wants_counts=True)

    def judge(self, sequences: list[Sequence], run: machine.Run) -> tally.Portion:
        """What the batch adds to the sums."""
        portion = tally.Portion()
        portion.sequences = len(sequences)
        for sequence in sequences:
            self.kinds[sequence.area] += 1
            portion.made.update(call.name for call in sequence.calls)
        problem = _problem(sequences, run)
        if problem and _is_left_behind(sequences, run):
            run = self.run(sequences, ROUNDS + MORE_ROUNDS)
            problem = _problem(sequences, run, ROUNDS + MORE_ROUNDS)
        if problem:
            guilty, words = sequences, run.words
            if not run.races.all():  # where two CPUs meet differs from run to run, so fewer sequences would say nothing
                guilty, problem, words = self._narrow(sequences, run, problem)
            self.failures.append(f"{problem}\nagain: {self._again(guilty)}\n{words}")
            portion.failures = 1
        self.total.add(portion)
        return portion

    def _narrow(self, sequences: list[Sequence], run: machine.Run, problem: str) -> tuple[list[Sequence], str, str]:
        """The fewest in a row that still fail, with their problem and the machine's words: the last one alone that a machine
        was at, or half of a half."""
        if not run.is_complete and len(sequences) > 1:
            last = [sequences[_done(run) % len(sequences)]]
            alone = self.run(last)
            if found := _problem(last, alone):
                return last, found, alone.words
        while len(sequences) > 1:
            half = len(sequences) // 2
            for part in (sequences[:half], sequences[half:]):
                part_run = self.run(part)
                if found := _problem(part, part_run):
                    sequences, run, problem = part, part_run, found
                    break
            else:
                break
        return sequences, problem, run.words

    def _again(self, sequences: list[Sequence]) -> str:
        first = sequences[0].seed
        if isinstance(first, str):  # kept.py: `kept 3`
            return f"./exo test hostile --{first}" if len(sequences) == 1 else "./exo test hostile --count 1"
        return f"./exo test hostile --seed {first} --count {len(sequences)} --jobs 1{self.options}"


def _done(run: machine.Run) -> int:
    """How many sequences were finished."""
    return max(len(run.payloads), run.progress[0] if run.progress else 0)


def _problem(sequences: list[Sequence], run: machine.Run, rounds: int = ROUNDS) -> str:
    """Nothing, or what is wrong."""
    if races := run.races.all():
        end = "" if run.is_complete else f"; {run.end}"
        return (f"seeds {sequences[0].seed} to {sequences[-1].seed} show {len(races)} data races{end}:\n"
                + "\n\n".join(f"KCSAN: {race}" for race in races))
    if not run.is_complete:
        last = sequences[_done(run) % len(sequences)]
        return f"seed {last.seed} ({last.area}), in round {_done(run) // len(sequences) + 1}: {run.end}"
    if run.long_stays:
        return (f"seeds {sequences[0].seed} to {sequences[-1].seed} hold the machine up ({len(run.long_stays)} times):\n"
                + "\n".join(sorted(set(run.long_stays))[:5]))
    if not run.is_alive:
        return f"seeds {sequences[0].seed} to {sequences[-1].seed}: the known program does not run afterwards"
    return _left_behind(sequences, run, rounds)


def _is_left_behind(sequences: list[Sequence], run: machine.Run) -> bool:
    return run.is_complete and run.is_alive and bool(_left_behind(sequences, run, ROUNDS))


def _left_behind(sequences: list[Sequence], run: machine.Run, rounds: int) -> str:
    """From the end of the last round but one of the first ROUNDS to the end of the last of all, nothing may have gone."""
    size, passed = len(sequences), rounds - ROUNDS + 1
    before, after = (frames.decode(run.payloads[size * number - 1]).counts for number in (ROUNDS - 1, rounds))
    assert before is not None and after is not None
    lost = {"free": before.free - after.free, "slab": after.slab - before.slab, "shared": after.shared - before.shared}
    problems = [f"{name}: {amount} KiB" for name, amount in lost.items() if amount > SLACK[name] * passed]
    problems += [f"{name}: {getattr(before, name)}, then {getattr(after, name)}" for name in ("committed", "processes", "threads")
                 if getattr(before, name) != getattr(after, name)]
    if not problems:
        return ""
    return (f"seeds {sequences[0].seed} to {sequences[-1].seed} leave something behind: {', '.join(problems)} in {passed} rounds\n"
            f"before {before}\nafter  {after}")
