"""Rules for terminals: a program opens one, somebody types, programs read, write, and change how it works and whose it is."""

from __future__ import annotations

from campaign.sequences.arguments import Arguments
from campaign.sequences.model import TERMINAL, Descriptor
from campaign.sequences.sequence import CALL_TYPE, IN, OUT, Buffer, Process, Result
from campaign.sequences.values import AT_FDCWD

_SET_GROUP, _DRAIN = 0x5410, 0x5409  # TIOCSPGRP; TCSBRK with an argument
O_RDWR, O_NOCTTY, O_NONBLOCK = 2, 0o400, 0o4000
SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU = 1, 2, 3, 20, 21, 22
_PATHS = (b"/dev/ttyS1\0", b"/dev/tty\0")
_WRITTEN = (b"x", b"hello\n", b"a\tb\tc\n", b"one\rtwo\n", b"\b\b", b"UPPER lower\n", b"\xc3\xa9\xff\0\n", b"0123456789" * 10, b"\n\n\n")
# How often a request is made, beside one for all others.
_FREQUENT = {"SetAttributes": 6, "SetAttributesFlush": 3, "SetAttributesWait": 2, "SetAttributes2": 2, "GetAttributes": 2, "SetGroup": 3,
             "GetGroup": 2, "SetControlling": 2, "FlowControl": 3, "Flush": 2, "Fionread": 3, "HangUp": 0.3, "SimulateInput": 0}


class TerminalRules:
    """A part of Maker (rules.py)."""

    def begin_terminal(self, actor: int) -> None:
        """Most of what a key can send is survived."""
        for number in self.rng.sample((SIGINT, SIGQUIT, SIGTSTP, SIGHUP, SIGTTIN, SIGTTOU), 2):
            self.call_rt_sigaction(actor, number)
        self._open_terminal(actor, b"/dev/ttyS1\0")

    def _open_terminal(self, actor: int, path: bytes) -> None:
        flags = O_RDWR | self.rng.choice((0, 0, 0, O_NOCTTY, O_NONBLOCK))
        index = self.add(actor, "openat", (AT_FDCWD, Buffer(len(path), path, IN, (), "path"), flags, 0))
        entry = Descriptor(Result(index), TERMINAL, True, True, self.world.typed)
        entry.waits = not flags & O_NONBLOCK
        self.world.actors[actor].descriptors.append(entry)

    def use_terminal(self, actor: int) -> None:
        entry = self.world.find(actor, "terminal")
        if entry is None or self.rng.random() < 0.04:
            self._open_terminal(actor, self.rng.choice(_PATHS))
            return
        pick = self.rng.random()
        if pick < 0.3:
            self._type(actor, entry)
        elif pick < 0.6:
            self._request(actor, entry)
        elif pick < 0.75:
            self._read_terminal(actor, entry)
        elif pick < 0.87:
            text = self.rng.choice(_WRITTEN)
            self.add(actor, "write", (entry.name, Buffer(len(text), text), len(text)))
        elif pick < 0.92:
            self.make(actor, "poll")
        else:
            self._job(actor, entry)

    def _type(self, actor: int, entry: Descriptor) -> None:
        text = self.values(actor).typed()
        if actor != 0:  # who ends the leader ends too, before its own call returns or after it
            text = text.translate(None, b"\3\34\32") or b"x"
        self.add(actor, "type", (entry.name, Buffer(len(text), text), len(text)), number=CALL_TYPE)
        self.world.typed.size += text.count(b"\n")

    def _read_terminal(self, actor: int, entry: Descriptor) -> None:
        if entry.waits and self.world.typed.size == 0 and self.rng.random() < 0.85:
            self._type(actor, entry)
        length = self.rng.choice((0, 1, 2, 3, 10, 100, 4096))
        self.add(actor, "read", (entry.name, Buffer(length, b"", OUT), length))
        self.world.typed.size = max(self.world.typed.size - 1, 0)

    def _request(self, actor: int, entry: Descriptor) -> None:
        commands = self.descriptions["ioctl"]["arguments"][1]["commands"]
        command = self.rng.choices(commands, [_FREQUENT.get(command["name"], 1) for command in commands])[0]
        # A break takes a quarter of a second: what others do meanwhile depends on how fast they are.
        if command["name"].startswith("SendBreak") and (len(self.world.living()) > 1 or self.rng.random() < 0.7):
            self.add(actor, "ioctl", (entry.name, _DRAIN, 1))
            return
        # A hang-up ends the session's leader, and that ends those who wait in the terminal: before they return, or after.
        if command["name"] == "HangUp" and (actor != 0 or SIGHUP not in self.world.actors[0].handled):
            return
        if command["name"] == "SetGroup":
            self._set_group(actor, entry)
            return
        given = self.descriptions["ioctl"]["arguments"]
        arguments = Arguments(self.values(actor), {"arguments": [given[0], {**given[1], "commands": [command]}, given[2]]})
        made = arguments.make()
        self.add(actor, "ioctl", (entry.name, *made[1:]))

    def _set_group(self, actor: int, entry: Descriptor) -> None:
        group = self.rng.choice(list(self.world.actors))
        self.add(actor, "ioctl", (entry.name, _SET_GROUP, Buffer(8, b"", IN, ((0, Process(group, self.rng.random() < 0.05)),))))

    def _job(self, actor: int, entry: Descriptor) -> None:
        """As a shell does: a child in a group of its own, which may get the terminal."""
        before = set(self.world.actors)
        self.fork(actor)
        child = next(iter(set(self.world.actors) - before), None)
        if child is None or not self.world.actors[child].is_alive:
            return
        self.add(self.rng.choice((actor, child)), "setpgid", (Process(child), 0))
        if self.rng.random() < 0.6:
            self.add(actor, "ioctl", (entry.name, _SET_GROUP, Buffer(8, b"", IN, ((0, Process(child)),))))


