"""Names of sequences that come from others: `20040.77.3` is child 3 of child 77 of what seed 20040 gives.

A child keeps its parent's first calls, as many as its own name says. Then most children make the rest of the calls again, with
other arguments, and all end with calls of their own. The name alone, with the same areas, gives the same sequence again.
"""

from __future__ import annotations

import random

from campaign.rules.generate import Generator, Turn
from campaign.sequences.sequence import Sequence


SHARE_OF_AGAIN = 0.75


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
        choices = random.Random(so_far)
        kept = choices.randint(1, max(len(made.calls), 1))
        again = made.calls[kept:] if choices.random() < SHARE_OF_AGAIN else ()
        turn = Turn(kept, so_far, tuple((call.actor, call.name) for call in again))
        turns = (*(earlier for earlier in turns if earlier.calls < kept), turn)
        made = generator.sequence(seed, turns, so_far)
    return made
