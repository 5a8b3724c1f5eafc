"""How much of a sequence has not been tried yet, and of which calls that is worth trying.

What is looked at: each argument of each call by its kind (a small number itself, a large one by its size, a path by its text,
a structure by its first bytes), and which call of an actor follows which.
"""

from __future__ import annotations

import collections

from campaign.sequences.sequence import Argument, Buffer, Call, Process, Sequence

SEEN_OFTEN = 3  # what has been tried so many times is nothing new
SMALL = 1 << 16
FIRST_BYTES = 8
SHORT_PATH = 40
WEIGHT_OF_ORDER = 0.5
HOPE = 0.2  # of a call that has found nothing yet
MOST_GAIN = 16
FADING = 0.9

Feature = tuple


def _kind(argument: Argument) -> object:
    if isinstance(argument, int):
        return argument if argument < SMALL else (argument.bit_length(), argument & 15)
    if isinstance(argument, Buffer):
        if argument.shape == "path":
            return argument.data[:SHORT_PATH]
        start = argument.data[:FIRST_BYTES] if argument.shape else b""
        return argument.shape, argument.direction, argument.length.bit_length(), len(argument.data).bit_length(), start
    if isinstance(argument, Process):
        return "process", argument.is_group
    return type(argument).__name__


def features(sequence: Sequence) -> set[Feature]:
    """Each begins with the name of the call that it is about."""
    found: set[Feature] = set()
    before: dict[int, Call] = {}
    for call in sequence.calls:
        found.update((call.name, place, _kind(argument)) for place, argument in enumerate(call.arguments))
        if call.actor in before:
            found.add((call.name, before[call.actor].name))
        before[call.actor] = call
    return found


class Novelty:
    """Counts what has been tried, and what it has brought."""

    def __init__(self) -> None:
        self._tried: collections.Counter[Feature] = collections.Counter()
        self._uses: collections.Counter[str] = collections.Counter()
        self._gains: collections.Counter[str] = collections.Counter()
        self._first: dict[int | str, set[str]] = {}

    def score(self, sequence: Sequence) -> float:
        """For each call, so that long sequences are not better."""
        total = 0.0
        for feature in features(sequence):
            count = self._tried[feature]
            if count < SEEN_OFTEN:
                hope = HOPE + self._gains[feature[0]] / (SEEN_OFTEN + self._uses[feature[0]])
                total += hope / (1 + count) * (WEIGHT_OF_ORDER if len(feature) == 2 else 1)
        return total / max(len(sequence.calls), 1)

    def take(self, sequence: Sequence) -> None:
        """It will be run."""
        found = features(sequence)
        self._first[sequence.seed] = {feature[0] for feature in found if not self._tried[feature]}
        self._tried.update(found)
        self._uses.update(call.name for call in sequence.calls)

    def credit(self, sequence: Sequence, gain: int) -> None:
        """What it found is due to the calls in it that were new in some way."""
        names = self._first.pop(sequence.seed, None) or {call.name for call in sequence.calls}
        for name in names if gain else ():
            self._gains[name] += min(gain, MOST_GAIN) / len(names)

    def fade(self) -> None:
        """What was worth trying long ago may be known by now."""
        for counts in (self._gains, self._uses):
            for name in counts:
                counts[name] *= FADING
