"""Terminals: what cross makes (terminal_rules.py), with settings, sizes and pointers that make no sense; and races for one."""

from __future__ import annotations

import dataclasses
import random

from campaign.hostile.nasty import (
    CLONE_FILES, CLONE_FS, CLONE_VM, HURTING, SHARED, NastyMaker, Stepper, family, fork_again, prepare, survived_signal)
from campaign.sequences.model import TERMINAL, Descriptor
from campaign.sequences.sequence import CALL_TYPE, IN, IN_OUT, OUT, Argument, Buffer, Process, Result
from campaign.sequences.values import MASK

TIOCSCTTY, TIOCNOTTY, TIOCVHANGUP, TIOCSPGRP, TIOCSTI, TCSETS, TCSETS2, TIOCSWINSZ, TIOCSETD = \
    0x540E, 0x5422, 0x5437, 0x5410, 0x5412, 0x5402, 0x402C542B, 0x5414, 0x5423
POLLED = (1, 4, 5, 0x1F, 0xFFFF)
_STOPPED_KEYS = (b"\x13", b"\x13abc\n", b"\x11", b"\x03", b"\x1a", b"\x1c", b"\x04", b"\x04\x04", b"x" * 200, b"\xff" * 30, b"\n" * 40)
_FROM_TERMINALS = (1, 2, 3, 20, 21, 22, 28, 18)
_SIGNALS = (*_FROM_TERMINALS, *_FROM_TERMINALS, 9, 15, 19)


def make(maker: NastyMaker, rng: random.Random) -> None:
    prepare(maker)
    user = _begin(maker)
    for _ in range(rng.randrange(1, 3)):
        user.fork(0)
    for _ in range(rng.randrange(20, 70)):
        living = maker.world.living()
        actor = rng.choice(living) if living else 0
        maker.is_nasty = rng.random() < 0.4
        if rng.random() < 0.4:
            maker.use_terminal(actor)
        else:
            user.step(actor)


def make_race(maker: NastyMaker, rng: random.Random) -> int:
    """Readers, writers and pollers wait; others hang up, type, take the terminal away, end them, or are its leader and end."""
    prepare(maker)
    user = _begin(maker)
    user.is_racing = True
    flags = rng.choice((CLONE_FILES, CLONE_FILES | CLONE_VM, CLONE_VM, CLONE_FS))
    actors = family(maker, 4, flags)
    start = len(maker.calls)
    for _ in range(rng.randrange(40, 130)):
        maker.is_nasty = rng.random() < 0.2
        user.step(rng.choice(actors))
    return start


def _begin(maker: NastyMaker) -> _User:
    """Most of what a terminal sends is survived, or nobody would be left after a hang-up."""
    maker.is_nasty = False
    for number in _FROM_TERMINALS:
        if maker.rng.random() < 0.75:
            maker.call_rt_sigaction(0, number)
    maker.begin_terminal(0)
    return _User(maker)


class _User(Stepper):
    """Makes calls about terminals, whoever suffers from it."""

    def __init__(self, maker: NastyMaker) -> None:
        super().__init__(maker)
        self.steps = ((self.request, 30), (self.read, 10), (self.write, 10), (self.type, 14), (self.poll, 8), (self.open, 5),
                      (self.close, 3), (self.send, 12), (self.group, 5), (self.fork, 4), (self.hang_up, 2.5), (self.leave, 0.7),
                      (self.share, 3))

    def _entry(self, actor: int) -> Argument:
        entry = self.maker.world.find(actor, "terminal")
        return entry.name if entry is not None and self.rng.random() < 0.95 else self.rng.randrange(8)

    def request(self, actor: int) -> None:
        """Any request, with what fits, with noise, or with a bad pointer."""
        rng = self.rng
        command = rng.choice(self.maker.descriptions["ioctl"]["arguments"][1]["commands"])
        known = (TCSETS, TCSETS2, TIOCSWINSZ, TIOCSETD, TIOCSTI, TIOCSCTTY)
        value = rng.choice((command["value"],) * 6 + (*known, 0x5400 + rng.randrange(0x70)))
        pick = rng.random()
        argument: Argument
        if pick < 0.3:
            argument = Buffer(64, rng.randbytes(64), IN_OUT)
        elif pick < 0.5:
            # Few bits: settings of which most can be told from noise.
            words = bytes(rng.choice((0, 0, 0, 1, 2, 8, 0x40, 0xFF)) for _ in range(64))
            argument = Buffer(64, words, IN_OUT)
        elif pick < 0.65:
            argument = rng.choice(HURTING)
        else:
            argument = rng.choice((0, 1, 2, 3, SHARED, MASK, 1 << 31, rng.getrandbits(64)))
        if value == TIOCVHANGUP and rng.random() < 0.7:
            return
        self.maker.add(actor, "ioctl", (self._entry(actor), value, argument))

    def read(self, actor: int) -> None:
        length = self.rng.choice((0, 1, 3, 100, 4096, 4097, 8000))
        if self.rng.random() < 0.7:
            self.type(actor)
        name = self.rng.choice(("read", "read", "read", "pread64", "readv"))
        if name == "readv":
            self.maker.generic(actor, name)
        else:
            memory: Argument = self.rng.choice(HURTING) if self.rng.random() < 0.15 else Buffer(length, b"", OUT)
            self.maker.add(actor, name, (self._entry(actor), memory, length, *((0,) if name == "pread64" else ())))

    def write(self, actor: int) -> None:
        length = self.rng.choice((0, 1, 10, 300, 3000))
        noise = self.rng.random() < 0.5
        data = self.rng.randbytes(length) if noise else (b"a\tb\x08\r\n" * length)[:length]
        memory: Argument = self.rng.choice(HURTING) if self.rng.random() < 0.15 else Buffer(length, data)
        self.maker.add(actor, "write", (self._entry(actor), memory, length))

    def type(self, actor: int) -> None:
        text = self.rng.choice((*_STOPPED_KEYS, self.maker.values(actor).typed(), self.maker.values(actor).typed()))
        self.maker.add(actor, "type", (self._entry(actor), Buffer(len(text), text), len(text)), number=CALL_TYPE)

    def poll(self, actor: int) -> None:
        events = self.rng.choice(POLLED)
        entry = self.maker.world.find(actor, "terminal")
        if entry is None:
            return
        name = dataclasses.replace(entry.name, plus=events << 32) if isinstance(entry.name, Result) else entry.name
        self.maker.add(actor, "poll", (Buffer(8, b"\0" * 8, IN_OUT, ((0, name),), "pollfd"), 1, self.rng.choice((0, 5, 30, 30, 100, MASK))))

    def open(self, actor: int) -> None:
        path = self.rng.choice((b"/dev/ttyS1\0", b"/dev/tty\0"))
        flags = self.rng.choice((0, 1, 2, 2, 2)) | self.rng.choice((0, 0, 0o400, 0o4000, 0o2000000, 0o200000, 0o1000))
        index = self.maker.add(actor, "open", (Buffer(len(path), path, IN, (), "path"), flags, 0))
        self.maker.world.actors[actor].descriptors.append(Descriptor(Result(index), TERMINAL, True, True, self.maker.world.typed))

    def close(self, actor: int) -> None:
        entry = self.maker.world.find(actor, "terminal")
        if entry is not None:
            self.maker.add(actor, "close", (entry.name,))
            self.maker.world.actors[actor].descriptors.remove(entry)

    def share(self, actor: int) -> None:
        entry = self.maker.world.find(actor, "terminal")
        if entry is not None:
            index = self.maker.add(actor, "dup", (entry.name,))
            self.maker.world.actors[actor].descriptors.append(Descriptor(Result(index), TERMINAL, True, True, entry.pipe))
        self.maker.add(actor, "fcntl", (self._entry(actor), 4, self.rng.choice((0, 0o4000, 0o2000))))

    def send(self, actor: int) -> None:
        target = self.rng.choice(list(self.maker.world.actors))
        if target != 0 or self.rng.random() < 0.5:
            number = survived_signal(self.maker, target) if self.rng.random() < 0.8 else self.rng.choice(_SIGNALS)
            self.maker.add(actor, "kill", (Process(target, self.rng.random() < 0.2), number))

    def fork(self, actor: int) -> None:
        """In a race nobody would speak to the child."""
        if not self.is_racing:
            fork_again(self.maker, actor)

    def group(self, actor: int) -> None:
        """Of whom the terminal is: a session of its own, a group, the foreground one."""
        other = Process(self.rng.choice(list(self.maker.world.actors)))
        pick = self.rng.random()
        if pick < 0.3:
            self.maker.add(actor, "setpgid", (other, self.rng.choice((0, other))))
        elif pick < 0.45:
            self.maker.add(actor, "setsid", ())
        elif pick < 0.8:
            self.maker.add(actor, "ioctl", (self._entry(actor), TIOCSPGRP, Buffer(8, b"", IN, ((0, other),))))
        else:
            request = self.rng.choice((TIOCSCTTY, TIOCSCTTY, TIOCNOTTY))
            self.maker.add(actor, "ioctl", (self._entry(actor), request, self.rng.choice((0, 1))))

    def hang_up(self, actor: int) -> None:
        self.maker.add(actor, "ioctl", (self._entry(actor), TIOCVHANGUP, 0))

    def leave(self, actor: int) -> None:
        """The leader too."""
        if actor == 0 and self.rng.random() < 0.6:
            return
        self.maker.add(actor, "exit_group", (0,))

