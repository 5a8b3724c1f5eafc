"""Names of sequences that come from others: `20040.77.3` is child 3 of child 77 of what seed 20040 gives.

A child keeps its parent's first calls, as many as a number out of its own name says, and goes on as its own random stream
says. So the name alone, with the same areas, gives the same sequence again.
"""

from __future__ import annotations

import random

from generate import Generator, Turn
from sequence import Sequence


def is_name(text: str) -> bool:
    return all(part.isdecimal() for part in text.split("."))


def child(name: str, number: int) -> str:
    return f"{name}.{number}"


def sequence(generator: Generator, name: str) -> Sequence:
    """Errors: ValueError for what is no name."""
    if not is_name(name):
        raise ValueError(f"{name}: neither a seed nor a lineage like 20040.77")
    parts = name.split(".")
    seed, so_far, turns = int(parts[0]), parts[0], ()
    made = generator.sequence(seed)
    for part in parts[1:]:
        so_far = f"{so_far}.{part}"
        kept = random.Random(so_far).randint(1, max(len(made.calls), 1))
        turns = (*(turn for turn in turns if turn.calls < kept), Turn(kept, so_far))
        made = generator.sequence(seed, turns, so_far)
    return made
