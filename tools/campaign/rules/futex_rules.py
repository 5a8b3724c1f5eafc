"""Rules for futexes and robust lists: words in a page that threads, and children too, have in common.

A wait has no time, or one that is over before anybody looks: then who waits, and who is woken, has one answer.
"""

from __future__ import annotations

import struct

from campaign.sequences.model import WORDS
from campaign.sequences.sequence import CALL_GET_WORD, CALL_LOAD, CALL_SET_WORD, IN, OUT, Argument, Buffer, Process
from campaign.sequences.values import MASK

WAIT, WAKE, FD, REQUEUE, CMP_REQUEUE, WAKE_OP, WAIT_BITSET, WAKE_BITSET = 0, 1, 2, 3, 4, 5, 9, 10
PRIVATE, REALTIME = 128, 256
WAITERS, OWNER_DIED = 0x80000000, 0x40000000
COUNT = 4  # of words
HEAD, ENTRIES, LOCK_OFFSET = WORDS + 0x400, WORDS + 0x440, 16
_SHORT = (0, 1, 1_000_000, 3_000_000)
_VALUES = (0, 0, 1, 2, MASK)
_BITS = (MASK, 1, 2, 3, 0x80000000, 0)
_COUNTS = (0, 1, 1, 2, 0x7FFFFFFF, MASK)


class FutexRules:
    """A part of Maker (rules.py)."""

    def begin_futexes(self, actor: int) -> None:
        self.begin_threads(actor)

    def word(self, actor: int) -> int:
        self.provide_words(actor)
        return WORDS + 4 * self.rng.randrange(COUNT)

    def use_futex(self, actor: int) -> None:
        pick = self.rng.random()
        if pick < 0.35:
            self._futex_wait(actor)
        elif pick < 0.6:
            self._futex_wake(actor)
        elif pick < 0.72:
            self._requeue(actor)
        elif pick < 0.8:
            self._wake_op(actor)
        elif pick < 0.86:
            value: Argument = Process(self.rng.choice(list(self.world.actors))) if self.rng.random() < 0.3 else self.rng.choice(_VALUES)
            self.add(actor, "set word", (self.word(actor), value, self.rng.choice((0, 0, WAITERS, OWNER_DIED))), number=CALL_SET_WORD)
        elif pick < 0.9:
            self.add(actor, "word", (self.word(actor),), number=CALL_GET_WORD)
        else:
            self._robust_list(actor)

    def _operation(self, operation: int) -> int:
        return operation | self.rng.choice((0, PRIVATE, PRIVATE)) | (REALTIME if self.rng.random() < 0.04 else 0)

    def _futex_place(self, actor: int) -> int:
        self.provide_words(actor)
        return self.word(actor) if not self.values(actor).is_odd() else self.rng.choice((0, WORDS + 1, WORDS + 4094, WORDS + 4096, MASK - 3, 1 << 47))

    def _futex_wait(self, actor: int) -> None:
        limit: Argument = 0
        others = [other for other in self.world.ready() if other != actor]
        if not others or self.rng.random() < 0.4:
            limit = Buffer(16, struct.pack("<qq", 0, self.rng.choice(_SHORT)), IN, (), "timespec")
            if self.values(actor).is_odd():
                limit = Buffer(16, struct.pack("<qq", *self.rng.choice(((-1, 0), (0, -1), (0, 10**9)))), IN, (), "timespec")
        value = self.rng.choice(_VALUES)
        place = self._futex_place(actor)
        if self.rng.random() < 0.6:  # what is there, so that it waits
            self.add(actor, "set word", (place, value, 0), number=CALL_SET_WORD)
        if self.rng.random() < 0.6:
            self.add(actor, "futex", (place, self._operation(WAIT), value & 0xFFFFFFFF, limit, 0, 0))
        else:
            self.add(actor, "futex", (place, self._operation(WAIT_BITSET), value & 0xFFFFFFFF, limit, 0, self.rng.choice(_BITS)))
        self.world.actors[actor].is_waiting = limit == 0

    def _everybody_may_go_on(self) -> None:
        for one in self.world.actors.values():
            one.is_waiting = False

    def _futex_wake(self, actor: int) -> None:
        if self.rng.random() < 0.65:
            self.add(actor, "futex", (self._futex_place(actor), self._operation(WAKE), self.rng.choice(_COUNTS), 0, 0, 0))
        else:
            self.add(actor, "futex", (self._futex_place(actor), self._operation(WAKE_BITSET), self.rng.choice(_COUNTS), 0, 0, self.rng.choice(_BITS)))
        self._everybody_may_go_on()

    def _requeue(self, actor: int) -> None:
        operation = self._operation(self.rng.choice((REQUEUE, CMP_REQUEUE, CMP_REQUEUE)))
        self.add(actor, "futex", (self._futex_place(actor), operation, self.rng.choice((0, 0, 1, 2, MASK)), self.rng.choice((0, 1, 2, 0x7FFFFFFF, MASK)),
                                  self._futex_place(actor), self.rng.choice(_VALUES) & 0xFFFFFFFF))

    def _wake_op(self, actor: int) -> None:
        change, compare = self.rng.choice((0, 1, 2, 3, 4, 8, 9, 10, 11, 5)), self.rng.choice((0, 1, 2, 3, 4, 5, 6))
        encoded = change << 28 | compare << 24 | self.rng.choice((0, 1, 5, 31, 32, 0xFFF)) << 12 | self.rng.choice((0, 1, 0xFFF))
        first, second = self._futex_place(actor), self._futex_place(actor)
        if WORDS <= second < WORDS + 4 * COUNT and second % 4 == 0:  # what becomes of a thread's id depends on the number that it is
            self.add(actor, "set word", (second, self.rng.choice(_VALUES), 0), number=CALL_SET_WORD)
        self.add(actor, "futex", (first, self._operation(WAKE_OP), self.rng.choice(_COUNTS), self.rng.choice((0, 1, 2)), second, encoded))
        self._everybody_may_go_on()

    # ---- Robust lists

    def _robust_list(self, actor: int) -> None:
        """A list of locks that the thread holds, or does not; then it may end."""
        pick = self.rng.random()
        if pick < 0.25:
            who: Argument = self.rng.choice((0, Process(self.rng.choice(list(self.world.actors))), 99_999))
            self.add(actor, "get_robust_list", (who, Buffer(8, b"", OUT), Buffer(8, b"", OUT)))
            return
        if pick < 0.35:
            self.add(actor, "set_robust_list", (self.rng.choice((0, HEAD, MASK)), self.rng.choice((24, 24, 23, 0, 25))))
            return
        self.provide_words(actor)
        count = self.rng.choice((0, 1, 2, 3))
        places = [ENTRIES + 32 * index for index in range(count)]
        following = [*places[1:], HEAD]
        if count > 0 and self.rng.random() < 0.1:
            following[-1] = self.rng.choice((places[0], 8, MASK - 7, 1 << 47, HEAD + 1))
        pending = self.rng.choice((0, 0, *(ENTRIES + 32 * 3,), *places))
        head = struct.pack("<QqQ", places[0] if places else HEAD, LOCK_OFFSET, pending)
        self.add(actor, "load", (HEAD, Buffer(24, head), 24), number=CALL_LOAD)
        for place, after in zip(places, following):
            self.add(actor, "load", (place, Buffer(8, struct.pack("<Q", after)), 8), number=CALL_LOAD)
        for place in (*places, ENTRIES + 32 * 3):
            owner: Argument = Process(actor if self.rng.random() < 0.8 else self.rng.choice(list(self.world.actors)))
            self.add(actor, "set word", (place + LOCK_OFFSET, owner, self.rng.choice((0, WAITERS))), number=CALL_SET_WORD)
        self.add(actor, "set_robust_list", (HEAD, 24))
        others = [other for other in self.world.ready() if other in self.world.threads_of(actor) and other != actor]
        if others and self.rng.random() < 0.7:
            self.end(actor)
            self._everybody_may_go_on()
            for place in (*places, ENTRIES + 32 * 3):
                self.add(self.rng.choice(others), "word", (place + LOCK_OFFSET,), number=CALL_GET_WORD)
