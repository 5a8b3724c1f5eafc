"""Rules for timers of timer_create, and for what threads register with the kernel: areas of rseq, and membarrier.

A timer is over some time after its call and before the sleep that follows ends, or not for years: then which call its signal comes in has
one answer.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from campaign.sequences.model import WORDS
from campaign.sequences.sequence import CALL_GET_WORD, CALL_LOAD, IN, OUT, Argument, Buffer, Field, Process
from campaign.sequences.values import MASK

SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD, SIGEV_THREAD_ID = 0, 1, 2, 4
ABSOLUTE = 1
_CLOCKS = (0, 1, 1, 7, 11)  # those that go on by themselves
_CPU_CLOCKS = (2, 3)
_ALARM = 14
_SIGNALS = (1, 12, 15, 17, 34, 35, 64)
FAR = 1 << 33
# The machines' clocks start with this (normal.TODAY), and run for less than the second figure.
_START, _LONG = 1704067200, 1_000_000
AREA, SIGNATURE = WORDS + 0xC00, 0x53053053  # of rseq
UNREGISTER = 1
# Query, and those that a kernel of one CPU does: what a query lists depends on how it was configured.
_BARRIERS = (1, 2, 4, 8, 16, 32, 64)


class Timer(NamedTuple):
    """As far as one can tell. `signal`: what its expiry sends; none: nothing."""

    name: Argument
    is_of_cpu: bool
    signal: int | None


class TimerRules:
    """A part of Maker (rules.py)."""

    def begin_timers(self, actor: int) -> None:
        for number in self.rng.sample(_SIGNALS, 3):
            self.call_rt_sigaction(actor, number)
        if self.rng.random() < 0.6:
            self._block(actor, self.rng.sample(_SIGNALS, self.rng.choice((1, 2))))
        if self.rng.random() < 0.4:
            self.start_thread(actor)
        for _ in range(self.rng.choice((1, 2))):
            self._create_timer(actor)

    def use_timers(self, actor: int) -> None:
        pick = self.rng.random()
        if pick < 0.14:
            self._create_timer(actor)
        elif pick < 0.44:
            self._set_posix_timer(actor)
        elif pick < 0.54:
            self.add(actor, "timer_gettime", (self._timer(actor), Buffer(32, b"", OUT, (), "itimerspec")))
        elif pick < 0.63:
            self.add(actor, "timer_getoverrun", (self._timer(actor),))
        elif pick < 0.68:
            self._delete_timer(actor)
        elif pick < 0.78:
            self._take_signal(actor)
        elif pick < 0.86:
            self._rseq(actor)
        elif pick < 0.92:
            self._membarrier(actor)
        elif pick < 0.94:
            self.start_thread(actor)
        else:
            self.make(actor, self.rng.choice(("fork", "execve", "exit", "kill", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "sigaltstack")))

    def _block(self, actor: int, numbers: list[int]) -> None:
        bits = struct.pack("<Q", sum(1 << (number - 1) for number in numbers))
        self.add(actor, "rt_sigprocmask", (0, Buffer(8, bits, IN, (), "signal_set"), 0, 8))
        self.world.actors[actor].blocked.update(numbers)

    def _survived(self, actor: int) -> list[int]:
        """Signals that end nobody of the actor's process."""
        threads = [self.world.actors[number] for number in self.world.threads_of(actor)]
        survived = set.intersection(*(one.handled | one.blocked for one in threads)) & set(_SIGNALS)
        return sorted(survived | {17})

    # ---- Timers

    def _create_timer(self, actor: int) -> None:
        values = self.values(actor)
        is_of_cpu = self.rng.random() < 0.15
        clock = self.rng.choice(_CPU_CLOCKS if is_of_cpu else _CLOCKS)
        if values.is_odd():
            clock = self.rng.choice((4, 5, 6, 8, 9, 10, 12, 16, 100, MASK))
        notify = self.rng.choice((SIGEV_SIGNAL, SIGEV_SIGNAL, SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD, SIGEV_THREAD_ID, SIGEV_THREAD_ID))
        number = self.rng.choice(self._survived(actor))
        if values.is_odd():
            notify, number = self.rng.choice(((3, number), (5, number), (8, number), (SIGEV_SIGNAL, 0), (SIGEV_SIGNAL, 65), (SIGEV_NONE, 99), (-1, number)))
        data = struct.pack("<Qii", self.rng.choice((0, 7, 1 << 32 | 5)), number, notify).ljust(64, b"\0")
        pointers: tuple[tuple[int, Argument], ...] = ()
        if notify == SIGEV_THREAD_ID:
            others = self.world.threads_of(actor) if not values.is_odd() else list(self.world.actors)
            pointers = ((16, Process(self.rng.choice(others))),)
        event: Argument = Buffer(64, data, IN, pointers, "sigevent")
        if _ALARM in self.world.actors[actor].handled and self.rng.random() < 0.3:
            event = 0
        place: Argument = Buffer(4, b"", OUT) if not values.is_odd() else values.bad_address()
        index = self.add(actor, "timer_create", (clock, event, place))
        if isinstance(place, Buffer):
            signal = _ALARM if event == 0 else None if notify == SIGEV_NONE else number
            timer = Timer(Field(index, 0, 0), is_of_cpu, signal)
            self.world.timers.setdefault(self.world.actors[actor].leader, []).append(timer)

    def _timer(self, actor: int) -> Argument:
        timers = self.world.timers.get(self.world.actors[actor].leader)
        if not timers or self.values(actor).is_odd():
            return self.rng.choice((0, 1, 2, 5, 100, MASK, 0x7FFFFFFF))
        return self.rng.choice(timers).name

    def _interrupts_nobody(self, actor: int, timer: Timer) -> bool:
        """That it goes off is not seen between two calls, whose order would be chance."""
        return timer.signal is None or all(timer.signal in self.world.actors[one].blocked for one in self.world.threads_of(actor))

    def _set_posix_timer(self, actor: int) -> None:
        timer = self._timer(actor)
        known = [one for of_process in self.world.timers.values() for one in of_process if one.name == timer]
        flags, interval, value = 0, self.rng.choice(((0, 0), (0, 0), (FAR, 0))), self.rng.choice(((0, 2_000_000), (0, 2_000_000), (FAR, 0), (0, 0)))
        sleeps = value[1] > 0
        pick = self.rng.random()
        if not known or known[0].is_of_cpu:
            value, sleeps = self.rng.choice(((FAR, 0), (0, 0))), False
        elif pick < 0.3 and self._interrupts_nobody(actor, known[0]):
            # Long ago, if it counts by the clock of day: it has gone off a number of times that is known.
            flags, interval, value, sleeps = ABSOLUTE, (_LONG, 0), (_START - self.rng.choice((1, 3, 10)) * _LONG - _LONG // 2, 0), True
        elif pick < 0.4:
            flags, value, sleeps = ABSOLUTE, (FAR, 0), False
        if self.values(actor).is_odd():
            value, sleeps = self.rng.choice(((0, -1), (0, 10**9), (-1, 0))), False
            flags = self.rng.choice((0, 1, 2, MASK >> 32))
        old: Argument = Buffer(32, b"", OUT, (), "itimerspec") if self.rng.random() < 0.3 else 0
        self.add(actor, "timer_settime", (timer, flags, Buffer(32, struct.pack("<qqqq", *interval, *value), IN, (), "itimerspec"), old))
        if sleeps:
            self.sleep(actor)

    def _delete_timer(self, actor: int) -> None:
        timer = self._timer(actor)
        self.add(actor, "timer_delete", (timer,))
        of_process = self.world.timers.get(self.world.actors[actor].leader, [])
        of_process[:] = [entry for entry in of_process if entry.name != timer or self.rng.random() < 0.2]

    def _take_signal(self, actor: int) -> None:
        """What has been blocked, and what came with it."""
        blocked = sorted(self.world.actors[actor].blocked)
        if not blocked or self.rng.random() < 0.25:
            self.add(actor, "rt_sigpending", (Buffer(8, b"", OUT, (), "signal_set"), 8))
            return
        bits = struct.pack("<Q", sum(1 << (number - 1) for number in blocked))
        limit = Buffer(16, struct.pack("<qq", 0, 0), IN, (), "timespec")
        self.add(actor, "rt_sigtimedwait", (Buffer(8, bits, IN, (), "signal_set"), Buffer(128, b"", OUT, (), "siginfo"), limit, 8))

    # ---- What a thread registers

    def _rseq(self, actor: int) -> None:
        """The area is the program's to leave alone as long as it is registered: else it may be ended at any time."""
        self.provide_words(actor)
        place = AREA + 32 * actor
        if actor in self.world.has_rseq:
            pick = self.rng.random()
            if pick < 0.3:
                self.add(actor, "word", (place + self.rng.choice((0, 4, 16)),), number=CALL_GET_WORD)
            elif pick < 0.6:
                self.add(actor, "rseq", (place, 32, UNREGISTER, SIGNATURE))
                self.world.has_rseq.discard(actor)
            else:  # none of them changes anything
                self.add(actor, "rseq", self.rng.choice(((place, 32, 0, SIGNATURE), (place, 32, 0, 1), (place + 32, 32, 0, SIGNATURE), (place, 64, 0, SIGNATURE),
                                                         (place, 32, UNREGISTER, 1), (place + 32, 32, UNREGISTER, SIGNATURE), (place, 64, UNREGISTER, SIGNATURE),
                                                         (place, 32, 2, SIGNATURE), (place, 32, 3, SIGNATURE))))
        elif self.rng.random() < 0.7:
            self.add(actor, "load", (place, Buffer(32, b"\0" * 32), 32), number=CALL_LOAD)
            self.add(actor, "rseq", (place, 32, 0, SIGNATURE))
            self.world.has_rseq.add(actor)
        else:
            self.add(actor, "rseq", self.rng.choice(((place + 8, 32, 0, SIGNATURE), (place, 31, 0, SIGNATURE), (place, 0, 0, 0), (MASK - 31, 32, 0, SIGNATURE),
                                                     (place, 32, UNREGISTER, SIGNATURE), (place, 32, 2, SIGNATURE), (0, 32, UNREGISTER, SIGNATURE))))

    def _membarrier(self, actor: int) -> None:
        command = self.rng.choice(_BARRIERS) if not self.values(actor).is_odd() else self.rng.choice((3, 1 << 20, MASK, 1 << 31))
        self.add(actor, "membarrier", (command, 0 if not self.values(actor).is_odd() else self.rng.choice((1, 2)), self.rng.choice((0, 0, 1, MASK))))
