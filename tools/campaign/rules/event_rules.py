"""Rules for what programs wait on by a descriptor: epoll, timers, signals, processes, eventfds."""

from __future__ import annotations

import struct

from campaign.sequences.model import EPOLL, EVENT, PIDFD, SIGNALS, TIMER, Descriptor, Pipe
from campaign.sequences.sequence import IN, OUT, Argument, Buffer, Leader, Process, Result
from campaign.sequences.values import MASK

NONBLOCK, CLOEXEC = 0o4000, 0o2000000
ADD, DELETE, MODIFY = 1, 2, 3
_EVENTS = (1, 1, 1, 4, 5, 0x2000, 0x2001, 0, 2, 8, 0x10)
_WAYS = (0, 0, 0, 1 << 31, 1 << 30, 1 << 31 | 1 << 30, 1 << 28, 1 << 28 | 1 << 31, 1 << 29)
# Clocks that both have; an alarm clock needs a device that this machine has not.
_CLOCKS = (0, 1, 1, 7)
_SIGNALS = (1, 10, 12, 17, 34, 35, 64)
P_PIDFD = 3


class EventRules:
    """A part of Maker (rules.py)."""

    def begin_events(self, actor: int) -> None:
        self._epoll(actor)
        for _ in range(2):
            self._source(actor)
        if self.rng.random() < 0.5:
            self.fork(actor) if self.rng.random() < 0.5 else self.start_thread(actor)

    def use_events(self, actor: int) -> None:
        pick = self.rng.random()
        if pick < 0.04:
            self._epoll(actor)
        elif pick < 0.16:
            self._source(actor)
        elif pick < 0.36:
            self._control_epoll(actor)
        elif pick < 0.56:
            self._wait_epoll(actor)
        elif pick < 0.66:
            self._set_timer(actor)
        elif pick < 0.82:
            self._something_happens(actor)
        elif pick < 0.9:
            self._pidfd_step(actor)
        else:
            self.make(actor, self.rng.choice(("read", "poll", "close", "dup", "fcntl", "fstat", "lseek", "ppoll")))

    def _add_descriptor(self, actor: int, index: int, kind: str, flags: int, can_read: bool = True, can_write: bool = False) -> None:
        entry = Descriptor(Result(index), kind, can_read, can_write, Pipe())
        entry.waits = not flags & NONBLOCK
        self.world.actors[actor].descriptors.append(entry)

    def _event_flags(self, actor: int) -> int:
        return self.rng.choice((0, NONBLOCK, NONBLOCK, CLOEXEC)) if not self.values(actor).is_odd() else self.rng.choice((1, 4, 0x100))

    def _epoll(self, actor: int) -> None:
        if self.rng.random() < 0.8:
            index = self.add(actor, "epoll_create1", (self.rng.choice((0, CLOEXEC)) if not self.values(actor).is_odd() else 1,))
        else:
            index = self.add(actor, "epoll_create", (self.rng.choice((1, 5, 0, MASK)),))
        self._add_descriptor(actor, index, EPOLL, 0, False)

    def _source(self, actor: int) -> None:
        pick, flags = self.rng.random(), self._event_flags(actor)
        if pick < 0.25:
            clock = self.rng.choice(_CLOCKS) if not self.values(actor).is_odd() else self.rng.choice((2, 3, 4, 5, 6, 100, MASK))
            index = self.add(actor, "timerfd_create", (clock, flags))
            self._add_descriptor(actor, index, TIMER, flags)
            self._set_timer(actor)
        elif pick < 0.45:
            self._signal_descriptor(actor, flags)
        elif pick < 0.6:
            index = self.add(actor, "eventfd2", (self.rng.choice((0, 0, 1, 5)), flags | self.rng.choice((0, 0, 1))))
            self._add_descriptor(actor, index, EVENT, flags, can_write=True)
        elif pick < 0.75:
            self._pidfd(actor)
        elif pick < 0.87:
            self._pipe(actor, "pipe2", (flags & (NONBLOCK | CLOEXEC),))
        else:
            self._pair(actor)

    # ---- epoll

    def _control_epoll(self, actor: int) -> None:
        epoll, entry = self.world.find(actor, "epoll"), self.world.find(actor, "file")
        if epoll is None or entry is None:
            self._epoll(actor)
            return
        operation = self.rng.choice((ADD, ADD, ADD, MODIFY, DELETE)) if not self.values(actor).is_odd() else self.rng.choice((0, 4))
        events = (self.rng.choice(_EVENTS) | self.rng.choice(_WAYS)) & 0xFFFFFFFF
        event: Argument = Buffer(12, struct.pack("<IQ", events, self.rng.randrange(100)), IN, (), "epoll_event")
        if self.values(actor).is_odd():
            event = 0
        self.add(actor, "epoll_ctl", (epoll.name, operation, entry.name, event))

    def _wait_epoll(self, actor: int) -> None:
        epoll = self.world.find(actor, "epoll")
        if epoll is None:
            self._epoll(actor)
            return
        count = self.rng.choice((1, 2, 5)) if not self.values(actor).is_odd() else self.rng.choice((0, MASK))
        room = Buffer(12 * (count if 0 < count < 6 else 1), b"", OUT, (), "epoll_event")
        others = [other for other in self.world.ready() if other != actor]
        blocks = bool(others) and self.rng.random() < 0.15
        limit = MASK & 0xFFFFFFFF if blocks else self.rng.choice((0, 0, 0, 1, 5))
        mask: Argument = Buffer(8, self.values(actor).signal_set(), IN, (), "signal_set") if self.rng.random() < 0.5 else 0
        pick = self.rng.random()
        if pick < 0.5:
            self.add(actor, "epoll_wait", (epoll.name, room, count, limit))
        elif pick < 0.75:
            self.add(actor, "epoll_pwait", (epoll.name, room, count, limit, mask, 8))
        else:
            wait: Argument = 0 if blocks else Buffer(16, struct.pack("<qq", 0, self.rng.choice((0, 1, 1_000_000))), IN, (), "timespec")
            self.add(actor, "epoll_pwait2", (epoll.name, room, count, wait, mask, 8))
        self.world.actors[actor].is_waiting = blocks

    def _call_epoll_pwait2(self, actor: int) -> None:
        self._wait_epoll(actor)

    # ---- Timers

    def _set_timer(self, actor: int) -> None:
        """Over before the next look, or not for long: what a read then counts has one answer."""
        entry = self.world.find(actor, "timer")
        if entry is None:
            return
        if self.rng.random() < 0.2:
            self.add(actor, "timerfd_gettime", (entry.name, Buffer(32, b"", OUT, (), "itimerspec")))
            return
        first = self.rng.choice(((0, 1), (0, 1_000_000), (1 << 33, 0), (0, 0))) if not self.values(actor).is_odd() else (0, self.rng.choice((-1, 10**9)))
        interval = self.rng.choice(((0, 0), (0, 0), (1 << 33, 0)))
        flags = self.rng.choice((0, 0, 0, 1, 2, 3)) if not self.values(actor).is_odd() else 4
        old: Argument = Buffer(32, b"", OUT, (), "itimerspec") if self.rng.random() < 0.3 else 0
        self.add(actor, "timerfd_settime", (entry.name, flags, Buffer(32, struct.pack("<qqqq", *interval, *first), IN, (), "itimerspec"), old))
        if entry.pipe is not None:
            entry.pipe.size = 8 if first in ((0, 1), (0, 1_000_000)) or flags & 1 and first != (0, 0) else 0
        if first[1] > 0:
            self.sleep(actor)

    def _call_timerfd_create(self, actor: int) -> None:
        flags = self._event_flags(actor)
        index = self.add(actor, "timerfd_create", (self.rng.choice(_CLOCKS), flags))
        self._add_descriptor(actor, index, TIMER, flags)

    # ---- Signals

    def _signal_set(self) -> tuple[bytes, list[int]]:
        numbers = self.rng.sample(_SIGNALS, self.rng.choice((1, 2, 3)))
        return struct.pack("<Q", sum(1 << (number - 1) for number in numbers)), numbers

    def _signal_descriptor(self, actor: int, flags: int) -> None:
        bits, numbers = self._signal_set()
        old = self.world.find(actor, "signals")
        target: Argument = old.name if old is not None and self.rng.random() < 0.3 else MASK
        if self.rng.random() < 0.85:
            index = self.add(actor, "signalfd4", (target, Buffer(8, bits, IN, (), "signal_set"), 8, flags))
        else:
            flags = 0
            index = self.add(actor, "signalfd", (target, Buffer(8, bits, IN, (), "signal_set"), 8))
        if target == MASK:
            self._add_descriptor(actor, index, SIGNALS, flags)
        self.add(actor, "rt_sigprocmask", (0, Buffer(8, bits, IN, (), "signal_set"), 0, 8))
        self.world.actors[actor].handled.update(numbers)  # they end nobody: they wait

    def _call_signalfd4(self, actor: int) -> None:
        self._signal_descriptor(actor, self._event_flags(actor))

    _call_signalfd = _call_signalfd4

    def _read_signals(self, actor: int, entry: Descriptor) -> None:
        length = self.rng.choice((128, 128, 256, 127, 300))
        self.add(actor, "read", (entry.name, Buffer(length, b"", OUT, (), "signalfd_siginfo"), length))

    # ---- Processes

    def _pidfd(self, actor: int) -> None:
        target = self.rng.choice(list(self.world.actors))
        who: Argument = self.rng.choice((Leader(target), Process(target))) if not self.values(actor).is_odd() else self.rng.choice((0, 99_999, MASK))
        flags = self.rng.choice((0, 0, NONBLOCK)) if not self.values(actor).is_odd() else self.rng.choice((1, CLOEXEC))
        index = self.add(actor, "pidfd_open", (who, flags))
        self._add_descriptor(actor, index, PIDFD, flags, False)

    def _pidfd_step(self, actor: int) -> None:
        entry, pick = self.world.find(actor, "pidfd"), self.rng.random()
        if entry is None or pick < 0.2:
            self._pidfd(actor)
        elif pick < 0.5:
            number = self.rng.choice((0, 17, 18, 23, 28, 10, 34))
            if number in (10, 34) and not all(number in one.handled for one in self.world.actors.values()):
                number = 0
            info: Argument = 0
            if self.rng.random() < 0.4:
                code = self.rng.choice((-1, -1, -6, 0))
                info = Buffer(128, struct.pack("<iiiiIIQ", number, 0, code, 0, 1, 2, 7).ljust(128, b"\0"), IN, (), "siginfo")
            self.add(actor, "pidfd_send_signal", (entry.name, number, info, 0 if not self.values(actor).is_odd() else 1))
        elif pick < 0.75:
            index = self.add(actor, "pidfd_getfd", (entry.name, self.rng.choice((0, 1, 2, 3, 4, 5, 6, 58, MASK)), 0))
            self.world.actors[actor].descriptors.append(Descriptor(Result(index), EVENT, False, False))
        else:
            options = self.rng.choice((4, 6, 12, 14, 4 | 0x1000000, 0)) | 1
            self.add(actor, "waitid", (P_PIDFD, entry.name, Buffer(128, b"", OUT, (), "siginfo"), options, 0))

    # ---- What wakes those who wait

    def _something_happens(self, actor: int) -> None:
        entry = self.world.find(actor, "file")
        if entry is None or entry.name in (0, 1, 2):
            entry = self.world.find(actor, "event")
        for one in self.world.actors.values():
            one.is_waiting = False
        match entry.kind if entry is not None else "":
            case "event":
                if self.rng.random() < 0.6:
                    self.add(actor, "write", (entry.name, Buffer(8, struct.pack("<Q", self.rng.choice((1, 2, MASK - 1, MASK, 0)))), 8))
                elif not entry.would_wait():
                    self.add(actor, "read", (entry.name, Buffer(8, b"", OUT), 8))
            case "signals":
                number = self.rng.choice(_SIGNALS)
                if number in self.world.actors[actor].handled and self.rng.random() < 0.7:
                    self.add(actor, self.rng.choice(("tkill", "kill")), (Process(actor), number))
                if not entry.waits or self.rng.random() < 0.4:
                    self._read_signals(actor, entry)
            case "timer":
                if not entry.would_wait():
                    self.add(actor, "read", (entry.name, Buffer(8, b"", OUT), self.rng.choice((8, 8, 8, 7, 9))))
            case "pipe to write":
                length = self.rng.choice((1, 5, 100))
                self.add(actor, "write", (entry.name, self.values(actor).bytes_in(length), length))
                if entry.pipe is not None:
                    entry.pipe.size += length
            case "pipe to read" if not entry.would_wait():
                self.add(actor, "read", (entry.name, Buffer(100, b"", OUT), 100))
                if entry.pipe is not None:
                    entry.pipe.size = 0
            case "socket":
                self.use_socket(actor)
            case "pidfd":
                others = [other for other in self.world.living() if other not in (0, actor)]
                if others and self.rng.random() < 0.4:
                    self.end(self.rng.choice(others))
            case _:
                self._source(actor)
