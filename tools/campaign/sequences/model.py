"""What a generated program is believed to have at some point: descriptors, names, children, mappings.

It is a guess, made so that most calls succeed; nothing is compared with it.
"""

from __future__ import annotations

import random

from campaign.sequences.sequence import ACTORS, Argument

FILE, FOLDER, PIPE_READ, PIPE_WRITE, EVENT, DEVICE = "file", "folder", "pipe to read", "pipe to write", "event", "device"
TERMINAL, REPORT = "terminal", "report"  # a report: a file in /proc
SOCKET, EPOLL, TIMER, SIGNALS, PIDFD, PTY = "socket", "epoll", "timer", "signals", "pidfd", "pty"

# What the guest's box holds at the start (guest/controller.c).
FIRST_FILES = ("a", "b", "d/c")
FIRST_FOLDERS = (".", "d", "d/e")
FIRST_LINKS = ("l", "m")
FIRST_FIFOS = ("p",)
DEVICES = ("/dev/null", "/dev/zero", "/dev/full")

ARENA, ARENA_PAGES, PAGE = 0x10000000, 64, 4096
# Where words that threads wait on lie; mmap is what puts something there (thread_rules.py).
WORDS = 0x18000000


class Pipe:
    """What is in a pipe or an eventfd, or what was typed into a terminal, as far as one can tell."""

    def __init__(self) -> None:
        self.size = 0


class Descriptor:
    """An open descriptor: how later calls name it, and what can be done with it."""

    def __init__(self, name: Argument, kind: str, can_read: bool, can_write: bool, pipe: Pipe | None = None,
                 path: str | None = None) -> None:
        self.name = name
        self.kind = kind
        self.can_read = can_read
        self.can_write = can_write
        self.pipe = pipe
        self.path = path  # of a file, where it is known
        self.out: Pipe | None = None  # where what is written goes, if that is not what is read
        self.waits = True  # unless it was opened with O_NONBLOCK

    def would_wait(self) -> bool:
        """A read of it waits for somebody."""
        return self.waits and self.pipe is not None and self.pipe.size == 0


class Socket(Descriptor):
    """A socket, and how far it has come."""

    def __init__(self, name: Argument, kind: int, incoming: Pipe, outgoing: Pipe, waits: bool) -> None:
        super().__init__(name, SOCKET, True, True, incoming)
        self.out = outgoing
        self.waits = waits
        self.type = kind
        self.address: bytes | None = None
        self.is_listening = False
        self.is_connected = False
        self.pending = 0  # connections that nobody has accepted


class Names:
    """Paths by what is believed to be there."""

    def __init__(self) -> None:
        self.files = list(FIRST_FILES)
        self.folders = list(FIRST_FOLDERS)
        self.links = list(FIRST_LINKS)
        self.fifos = list(FIRST_FIFOS)
        self._count = 0

    def existing(self, rng: random.Random) -> str:
        return rng.choice(self.files * 3 + self.folders + self.links + self.fifos + list(DEVICES[:1]))

    def fresh(self, rng: random.Random) -> str:
        self._count += 1
        folder = rng.choice(self.folders) if rng.random() < 0.4 else "."
        name = f"n{self._count}"
        return name if folder == "." else f"{folder}/{name}"

    def add(self, path: str, kind: str) -> None:
        {"file": self.files, "folder": self.folders, "link": self.links, "fifo": self.fifos}[kind].append(path)

    def remove(self, path: str) -> None:
        for names in (self.files, self.folders, self.links, self.fifos):
            if path in names and path != ".":
                names.remove(path)


class Actor:
    """A process or a thread. Actors that share a table of descriptors share the list, and threads what their process has."""

    def __init__(self, descriptors: list[Descriptor], leader: int) -> None:
        self.descriptors = descriptors
        self.leader = leader  # the first thread of its process
        self.is_waiting = False  # for what others do
        self.children: list[int] = []
        self.parent: int | None = None
        self.has_death_signal = False  # what prctl's PR_SET_PDEATHSIG asks for
        self.is_alive = True
        self.may_block = False
        self.is_root = True
        self.handled: set[int] = set()  # signals that do not end it
        self.blocked: set[int] = set()  # by timer_rules.py
        self.maps: list[tuple[int, int]] = []  # (first page in the arena, pages)


class World:
    """Everything together."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.names = Names()
        self.typed = Pipe()
        null = [Descriptor(fd, DEVICE, True, True) for fd in range(3)]
        self.actors: dict[int, Actor] = {0: Actor(null, 0)}
        self.addresses: list[bytes] = []  # that sockets were bound to
        self.timers: dict[int, list] = {}  # of processes (timer_rules.py)
        self.has_rseq: set[int] = set()  # threads with a registered area
        self.pipes_show_files = False  # pages of theirs, by splice
        self.has_words: set[int] = set()  # processes with memory at WORDS

    def living(self) -> list[int]:
        return [number for number, actor in self.actors.items() if actor.is_alive]

    def ready(self) -> list[int]:
        """Those that nothing holds up; if there is none, all."""
        return [number for number in self.living() if not self.actors[number].is_waiting] or self.living()

    def threads_of(self, actor: int) -> list[int]:
        """Of its process, itself among them."""
        leader = self.actors[actor].leader
        return [number for number, one in self.actors.items() if one.leader == leader]

    def end_process(self, actor: int) -> None:
        for number in self.threads_of(actor):
            self.actors[number].is_alive = False

    def free_place(self) -> int | None:
        """For a child: places of the dead are used again only if the parent has waited, so not at all."""
        free = [number for number in range(ACTORS) if number not in self.actors]
        return free[0] if free else None

    def fork(self, parent: int, child: int, shares_descriptors: bool) -> None:
        old = self.actors[parent]
        new = Actor(old.descriptors if shares_descriptors else list(old.descriptors), child)
        if old.leader in self.has_words:
            self.has_words.add(child)
        new.is_root, new.maps, new.handled, new.blocked = old.is_root, list(old.maps), set(old.handled), set(old.blocked)
        if parent in self.has_rseq:
            self.has_rseq.add(child)
        old.children.append(child)
        new.parent = parent
        self.actors[child] = new

    def start_thread(self, actor: int, child: int) -> None:
        old = self.actors[actor]
        new = Actor(old.descriptors, old.leader)
        new.is_root, new.maps, new.handled, new.children, new.parent = old.is_root, old.maps, old.handled, old.children, old.parent
        new.blocked = set(old.blocked)
        self.actors[child] = new

    def find(self, actor: int, wanted: str) -> Descriptor | None:
        """An open descriptor of which `wanted` is true: readable, writable, seekable, directory, file, start."""
        candidates = [entry for entry in self.actors[actor].descriptors if _fits(entry, wanted)]
        return self.rng.choice(candidates) if candidates else None


def _fits(entry: Descriptor, wanted: str) -> bool:
    match wanted:
        case "readable":
            return entry.can_read and entry.kind in (FILE, DEVICE, PIPE_READ, EVENT, TERMINAL, REPORT, SOCKET, TIMER, SIGNALS, PTY)
        case "writable":
            return entry.can_write and entry.kind != FOLDER
        case "seekable":
            return entry.kind == FILE
        case "directory" | "start":
            return entry.kind == FOLDER
        case "terminal" | "socket" | "epoll" | "timer" | "signals" | "pidfd" | "pty" | "event" | "pipe to read" | "pipe to write":
            return entry.kind == wanted
        case _:
            return True
