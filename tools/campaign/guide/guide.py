"""Which sequences are run, so that they reach more of the kernel.

Those that reached new code become parents of others. The rest are fresh ones, of which several are made for each that is run:
the one that tries most that has not been tried. A machine tells of each sequence what ran in it for the first time; what is
new among all machines, only the host knows.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable

from campaign.guide.novelty import Novelty
from campaign.rules import lineage
from campaign.sequences.sequence import Sequence

MOST_GAIN = 64  # the first sequences find much, and that is not their merit
SHARE_OF_CHILDREN = 0.3
CANDIDATES = 4


@dataclasses.dataclass
class Parent:
    name: str
    gain: int  # counters that moved for the first time
    children: int = 0

    def weight(self) -> float:
        """Who found more is asked more, and who has been asked often, less."""
        return min(self.gain, MOST_GAIN) ** 0.5 / (1 + self.children)


class Guide:
    """Keeps what has been reached, and the parents."""

    def __init__(self, make: Callable[[str], Sequence], seed: int, is_guiding: bool,
                 is_wanted: Callable[[Sequence], bool] | None = None) -> None:
        """Makes the sequences of the seeds from `seed` on, without those that `is_wanted` refuses. With `is_guiding` it also changes
        sequences that reached new code. The same results lead to the same sequences again."""
        self.reached: set[int] = set()
        self._make = make
        self._seed = seed
        self._is_guiding = is_guiding
        self._is_wanted = is_wanted
        self._parents: list[Parent] = []
        self._novelty = Novelty()
        self._rng = random.Random(f"guide {seed}")

    def batch(self, size: int) -> list[Sequence]:
        """The next ones to run."""
        if not self._is_guiding:
            return [self._fresh() for _ in range(size)]
        self._novelty.fade()
        return [self._next() for _ in range(size)]

    def note(self, sequence: Sequence, reached: tuple[int, ...]) -> None:
        """What came of one that was run."""
        new = set(reached) - self.reached
        self.reached |= new
        if not self._is_guiding:
            return
        self._novelty.credit(sequence, len(new))
        if new and lineage.is_name(str(sequence.seed)):
            self._parents.append(Parent(str(sequence.seed), len(new)))

    def _next(self) -> Sequence:
        if self._parents and self._rng.random() < SHARE_OF_CHILDREN:
            made = self._child()
        else:
            made = max((self._fresh() for _ in range(CANDIDATES)), key=self._novelty.score)
        self._novelty.take(made)
        return made

    def _fresh(self) -> Sequence:
        while True:
            self._seed += 1
            made = self._make(str(self._seed - 1))
            if self._is_wanted is None or self._is_wanted(made):
                return made

    def _child(self) -> Sequence:
        parent = self._rng.choices(self._parents, [parent.weight() for parent in self._parents])[0]
        parent.children += 1
        return self._make(lineage.child(parent.name, parent.children))
