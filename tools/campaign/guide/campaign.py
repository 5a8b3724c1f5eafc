"""Batches of sequences on both kernels at the same time, and what differs."""

from __future__ import annotations

import concurrent.futures
import time

from campaign.compare import compare
from campaign.compare.compare import Difference
from campaign.guide.guide import Guide
from campaign.machines import frames, machine
from campaign.machines.tally import Portion
from campaign.sequences.sequence import Sequence


class Found:
    """One kind of difference: the first sequence that showed it, and how many did."""

    def __init__(self, sequence: Sequence, difference: Difference) -> None:
        self.sequence = sequence
        self.difference = difference
        self.count = 1


class Started:
    """A batch on its way."""

    def __init__(self, sequences: list[Sequence], theirs: concurrent.futures.Future, ours: concurrent.futures.Future) -> None:
        self.sequences = sequences
        self.theirs = theirs
        self.ours = ours


class Campaign:
    """Runs batches, at most `jobs` machines at once, and collects what differs.

    `start` returns at once; `finish` waits. Whoever keeps `jobs` batches started keeps all machines busy. `guide` hears what
    each sequence reached, if the kernel counts that.
    """

    def __init__(self, exo: machine.Kernel, calls: list[dict], jobs: int, guide: Guide) -> None:
        self.linux, self.exo = machine.linux(), exo
        self.linux.spread_over = exo.spread_over
        self.comparison = compare.Comparison({call["name"]: call for call in calls}, compare.read_rules())
        self.found: dict[tuple[str, str], Found] = {}
        self.failures: list[str] = []
        self.total = Portion()
        self.guide = guide
        self._pool = concurrent.futures.ThreadPoolExecutor(jobs)
        self._last_end = time.monotonic()

    def start(self, sequences: list[Sequence]) -> Started:
        return Started(sequences, *(self._pool.submit(self._run_all, kernel, sequences) for kernel in (self.linux, self.exo)))

    def finish(self, batch: Started) -> Portion:
        """What the batch adds to the sums."""
        theirs, ours = batch.theirs.result(), batch.ours.result()
        portion, failures = Portion(), len(self.failures)
        for index, sequence in enumerate(batch.sequences):
            if index not in theirs or index not in ours:
                continue
            portion.sequences += 1
            portion.made.update(call.name for call in sequence.calls)
            portion.succeeded.update(_succeeded(theirs[index], sequence))
            self.guide.note(sequence, frames.decode(ours[index]).reached)
            difference = self.comparison.difference(sequence, theirs[index], ours[index])
            if difference is None:
                continue
            portion.failures += 1
            if difference.signature in self.found:
                self.found[difference.signature].count += 1
            else:
                self.found[difference.signature] = Found(sequence, difference)
        portion.failures += len(self.failures) - failures
        now = time.monotonic()
        portion.seconds, self._last_end = now - self._last_end, now
        self.total.add(portion)
        return portion

    def _run_all(self, kernel: machine.Kernel, sequences: list[Sequence]) -> dict[int, bytes]:
        """Boots again behind a sequence that a machine does not survive."""
        payloads: dict[int, bytes] = {}
        start = 0
        while start < len(sequences):
            run = machine.run(kernel, sequences[start:])
            payloads |= {start + index: payload for index, payload in run.payloads.items()}
            if run.is_complete:
                break
            last = start + len(run.payloads)
            seed = sequences[last].seed if last < len(sequences) else "?"
            self.failures.append(f"{kernel.name}, seed {seed}: {run.end}\n{run.words}")
            start = last + 1
        return payloads

    def waiting_calls(self, sequence: Sequence) -> frozenset[int]:
        """The calls that wait on Linux."""
        payload = machine.run(self.linux, [sequence]).payloads.get(0)
        return compare.waiting_calls(payload) if payload else frozenset()

    def shows(self, sequences: list[Sequence], signature: tuple[str, str]) -> list[bool]:
        batch = self.start(sequences)
        theirs, ours = batch.theirs.result(), batch.ours.result()
        shown = []
        for index, sequence in enumerate(sequences):
            difference = None
            if index in theirs and index in ours:
                difference = self.comparison.difference(sequence, theirs[index], ours[index])
            shown.append(difference is not None and difference.signature == signature)
        return shown


def _succeeded(payload: bytes, sequence: Sequence) -> list[str]:
    """The names of the calls that were answered without an error."""
    return [sequence.calls[event.call].name for event in frames.decode(payload).events
            if event.kind == frames.REPLY and event.call < len(sequence.calls) and not -4096 < event.result < 0]
