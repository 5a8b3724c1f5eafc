"""Rules for pseudo-terminals: a pair is made, unlocked and opened, and both sides read, write and change it."""

from __future__ import annotations

import dataclasses
import struct

from campaign.sequences.arguments import Arguments
from campaign.sequences.model import PTY, Descriptor, Pipe
from campaign.sequences.sequence import IN, IN_OUT, OUT, Argument, Buffer, Result
from campaign.sequences.values import AT_FDCWD

O_RDWR, O_NOCTTY, O_NONBLOCK = 2, 0o400, 0o4000
TIOCSPTLCK, TIOCGPTLCK, TIOCGPTN, TIOCGPTPEER, TIOCPKT, TIOCGPKT, TIOCSIG = 0x40045431, 0x80045439, 0x80045430, 0x5441, 0x5420, 0x80045438, 0x40045436
_SLOW = ("SendBreak", "HangUp", "SimulateInput", "SetGroup", "StartBreak", "FlowControl")
# Linux gives these to the line discipline some time later, so that the signal comes during any call that follows. ISTRIP makes the
# second three of the first.
_SIGNALLING = b"\3\34\32\203\234\232"
_INSTEAD = bytes.maketrans(_SIGNALLING, b"x" * len(_SIGNALLING))
# What does not fit into a line discipline comes later, by a thread of the kernel.
_MOST_WRITTEN = 1000
# VINTR, VQUIT and VSUSP, by their places in termios, which therefore keep their characters.
_KEYS_OF_SIGNALS = {17 + 0: 3, 17 + 1: 28, 17 + 10: 26}
_WRITTEN = (b"x", b"hello\n", b"a\tb\n", b"one\rtwo\n", b"\xc3\xa9\xff\0\n", b"0123456789" * 10, b"\x04", b"ab\x7f\n")


class PtyRules:
    """A part of Maker (rules.py)."""

    def begin_ptys(self, actor: int) -> None:
        for number in (1, 2, 20, 21, 22):
            if self.rng.random() < 0.6:
                self.call_rt_sigaction(actor, number)
        self._open_master(actor)
        if self.rng.random() < 0.4:
            self.fork_process(actor)

    def use_pty(self, actor: int) -> None:
        entry, pick = self.world.find(actor, "pty"), self.rng.random()
        if entry is None or pick < 0.04:
            self._open_master(actor)
        elif pick < 0.12:
            self._open_other_side(actor, entry)
        elif pick < 0.4:
            text = self.rng.choice(_WRITTEN) if self.rng.random() < 0.7 else self.values(actor).typed()
            self.add(actor, "write", (entry.name, Buffer(len(text), text), len(text)))
        elif pick < 0.6:
            length = self.rng.choice((0, 1, 3, 10, 100, 4096))
            self.add(actor, "read", (entry.name, Buffer(length, b"", OUT), length))
        elif pick < 0.8:
            self._request_of_pty(actor, entry)
        elif pick < 0.88:
            self._pair_request(actor, entry)
        elif pick < 0.92:
            self.make(actor, "poll")
        else:
            self.make(actor, self.rng.choice(("close", "dup", "fstat", "fcntl", "lseek", "fork", "setsid", "kill")))

    def _open_master(self, actor: int) -> None:
        # Reads do not wait: what is written reaches the other side by a thread of the kernel.
        flags = O_RDWR | O_NONBLOCK | self.rng.choice((0, O_NOCTTY, O_NOCTTY))
        path = self.rng.choice((b"/dev/ptmx\0", b"/dev/ptmx\0", b"/dev/pts/ptmx\0"))
        index = self.add(actor, "openat", (AT_FDCWD, Buffer(len(path), path, IN, (), "path"), flags, 0))
        self.world.actors[actor].descriptors.append(_side(index))
        if self.rng.random() < 0.9:
            self.add(actor, "ioctl", (Result(index), TIOCSPTLCK, Buffer(4, b"\0" * 4)))
            self._open_other_side(actor, self.world.actors[actor].descriptors[-1])

    def _open_other_side(self, actor: int, entry: Descriptor) -> None:
        flags = O_RDWR | O_NONBLOCK | self.rng.choice((0, O_NOCTTY, O_NOCTTY, O_NOCTTY))
        if self.rng.random() < 0.5:
            index = self.add(actor, "ioctl", (entry.name, TIOCGPTPEER, flags))
        else:
            path = b"/dev/pts/%d\0" % self.rng.choice((0, 0, 0, 1))
            index = self.add(actor, "openat", (AT_FDCWD, Buffer(len(path), path, IN, (), "path"), flags, 0))
        self.world.actors[actor].descriptors.append(_side(index))

    def without_signals_of_ptys(self, actor: int, name: str, arguments: tuple[Argument, ...],
                                extra: tuple[Buffer, ...]) -> tuple[tuple[Argument, ...], tuple[Buffer, ...]]:
        """What an actor that has a side of a pty writes, or sets: no key sends a signal."""
        if not any(entry.kind == PTY for entry in self.world.actors[actor].descriptors):
            return arguments, extra

        def changed(argument: Argument) -> Argument:
            if not isinstance(argument, Buffer) or not argument.direction & IN:
                return argument
            if name == "ioctl":
                return _with_usual_keys(argument) if argument.shape.startswith("termios") else argument
            return argument if argument.pointers else dataclasses.replace(argument, data=argument.data.translate(_INSTEAD))

        arguments = tuple(map(changed, arguments))
        if name == "write" and isinstance(arguments[1], Buffer) and isinstance(arguments[2], int) and _MOST_WRITTEN < arguments[2] < 1 << 16:
            arguments = (arguments[0], dataclasses.replace(arguments[1], length=min(arguments[1].length, _MOST_WRITTEN)), _MOST_WRITTEN)
        return arguments, tuple(map(changed, extra))

    def _pair_request(self, actor: int, entry: Descriptor) -> None:
        request = self.rng.choice((TIOCSPTLCK, TIOCGPTLCK, TIOCGPTN, TIOCPKT, TIOCPKT, TIOCGPKT, TIOCSIG, 0x540E, 0x541B, 0x5411))
        if request == TIOCSIG:
            survived = sorted({2, 3, 20} & self.world.actors[actor].handled) or [0]
            self.add(actor, "ioctl", (entry.name, TIOCSIG, self.rng.choice((*survived, 65, 9))))
        elif request == 0x540E:
            self.add(actor, "ioctl", (entry.name, request, 0))
        else:
            self.add(actor, "ioctl", (entry.name, request, Buffer(4, struct.pack("<i", self.rng.choice((0, 1))), IN_OUT)))

    def _request_of_pty(self, actor: int, entry: Descriptor) -> None:
        given = self.descriptions["ioctl"]["arguments"]
        commands = [command for command in given[1]["commands"] if not command["name"].startswith(_SLOW)]
        commands += [command for command in commands if command["name"].startswith("SetAttributes")] * 2
        command = self.rng.choice(commands)
        made = Arguments(self.values(actor), {"arguments": [given[0], {**given[1], "commands": [command]}, given[2]]}).make()
        self.add(actor, "ioctl", (entry.name, *made[1:]))


def _with_usual_keys(settings: Buffer) -> Buffer:
    data = bytearray(settings.data)
    for place, key in _KEYS_OF_SIGNALS.items():
        if place < len(data):
            data[place] = key
    return dataclasses.replace(settings, data=bytes(data))


def _side(index: int) -> Descriptor:
    entry = Descriptor(Result(index), PTY, True, True, Pipe())
    entry.waits = False
    return entry
