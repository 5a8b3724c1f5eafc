"""Threads that run against each other: they end, execute, stop and are killed at the same time, wait on words that others unmap, and
close the descriptors that others use.

The calls are those of the rules for threads, futexes, sockets and the like; half of what these make is wrong, and in a race nobody
waits for his turn.
"""

from __future__ import annotations

import random
import struct

from campaign.hostile.nasty import HURTING, WRAPPING, NastyMaker, Stepper, execute, handle, survive_faults
from campaign.rules.futex_rules import HEAD
from campaign.rules.thread_rules import CLONE_FILES, CLONE_FS, CLONE_PIDFD, CLONE_VFORK, CLONE_VM, SIGCHLD, THREAD
from campaign.sequences.model import ARENA, PAGE, WORDS
from campaign.sequences.sequence import (
    BRIEF, CALL_FORK, CALL_LOAD, CALL_PEEK, CALL_POKE, CALL_SET_WORD, IDLE, IN, IN_OUT, OUT, Argument, Buffer, Handler, Leader,
    Pointer, Process)
from campaign.sequences.values import MASK

SIGKILL, SIGSTOP, SIGCONT, SIGTSTP = 9, 19, 18, 20
HANDLED = (1, 2, 10, 12, 14, 15, 17, 34)
FUTEX_WAITV = 449
_FAMILIES = ("use_socket", "use_events", "use_transfer", "use_lock", "use_pty")
_BEGINNINGS = ("begin_sockets", "begin_events", "begin_transfers", "begin_locks", "begin_ptys")
MOST_LIKELY_OPEN = 16


def make_families(maker: NastyMaker, rng: random.Random) -> None:
    """One after the other: descriptors of all kinds, with wrong arguments."""
    maker.is_nasty = False
    survive_faults(maker, 0)
    for begin in rng.sample(_BEGINNINGS, 2):
        getattr(maker, begin)(0)
    maker.is_nasty = True
    for _ in range(rng.randrange(25, 70)):
        getattr(maker, rng.choice(_FAMILIES))(rng.choice(maker.world.ready() or [0]))


def make_threads(maker: NastyMaker, rng: random.Random) -> None:
    """One after the other: threads with wrong arguments, lists of locks that lead anywhere."""
    maker.is_nasty = False
    survive_faults(maker, 0)
    maker.begin_threads(0)
    racer = _Racer(maker)
    for _ in range(rng.randrange(25, 60)):
        maker.is_nasty = rng.random() < 0.6
        actor = rng.choice(maker.world.ready() or [0])
        rng.choice((maker.use_thread, maker.use_futex, maker.use_futex, racer.robust_list, racer.clone))(actor)


def make_thread_race(maker: NastyMaker, rng: random.Random) -> int:
    """A process looks on, signals and waits, while the threads of another do everything at once."""
    actors = _begin(maker, rng, has_watcher=True)
    racer = _Racer(maker)
    racer.steps = ((racer.clone, 12), (racer.signal, 12), (racer.end, 3), (racer.execute, 2), (racer.map, 10), (racer.touch, 8),
                   (racer.copy, 10), (racer.futex, 8), (racer.settings, 8), (racer.reap, 6), (racer.robust_list, 4), (racer.report, 5),
                   (racer.use_descriptor, 6), (racer.handle, 4))
    return racer.race(actors, 60, 160)


def make_futex_race(maker: NastyMaker, rng: random.Random) -> int:
    actors = _begin(maker, rng, has_watcher=False)
    racer = _Racer(maker)
    racer.steps = ((racer.futex, 40), (racer.wait_for_several, 4), (racer.set_word, 14), (racer.robust_list, 8), (racer.clone, 6),
                   (racer.unmap_words, 4), (racer.signal, 5), (racer.end, 1), (racer.touch, 3), (racer.settings, 2))
    return racer.race(actors, 60, 180)


def make_descriptor_race(maker: NastyMaker, rng: random.Random) -> int:
    actors = _begin(maker, rng, has_watcher=False)
    for begin in rng.sample(_BEGINNINGS, rng.choice((1, 2, 3))):
        getattr(maker, begin)(0)
    racer = _Racer(maker)
    racer.families = rng.sample(_FAMILIES, 3)
    racer.steps = ((racer.use_family, 40), (racer.close, 14), (racer.duplicate, 8), (racer.pass_on, 8), (racer.nest, 8),
                   (racer.use_descriptor, 14), (racer.clone, 3), (racer.signal, 2), (racer.copy, 3))
    return racer.race(actors, 60, 180)


def _begin(maker: NastyMaker, rng: random.Random, has_watcher: bool) -> list[int]:
    """Several threads with handlers, words and a few descriptors. The first actor looks on, or is one of them."""
    maker.is_nasty = False
    first = 0
    if has_watcher:
        maker.fork_process(0)
        first = maker.world.living()[-1]
    survive_faults(maker, first)
    for number in HANDLED:
        handle(maker, first, number, Handler(rng.choice((0, 1, 2))), rng.choice((0, 0x10000000)))
    maker.provide_words(first)
    maker.make(first, "pipe2")
    maker.make(first, "open")
    for _ in range(rng.choice((2, 3))):
        maker.start_thread(first)
    maker.is_nasty = rng.random() < 0.4
    return list(maker.world.actors)


class _Racer(Stepper):
    """Makes calls of threads."""

    families: tuple[str, ...] | list[str] = _FAMILIES

    def _someone(self) -> int:
        return self.rng.choice(list(self.maker.world.actors))

    # ---- Beginning and ending

    def clone(self, actor: int) -> None:
        """Children that end at once or wait for a signal, with any flags: their stack and their memory may be another's."""
        rng = self.rng
        flags = rng.choice((THREAD, THREAD, THREAD, THREAD & ~CLONE_FS, CLONE_VM | SIGCHLD, CLONE_VM | CLONE_FILES, SIGCHLD, 0,
                            CLONE_VM | CLONE_VFORK | SIGCHLD, CLONE_VFORK | SIGCHLD, rng.getrandbits(64)))
        flags |= rng.choice((0, 0x1300000, 0x200000, 0x100000, 0x1000000, CLONE_PIDFD, 0x800000, 0x8000))
        flags &= ~(0x7E020000 | 0x80)  # namespaces
        kind = rng.choice((BRIEF, BRIEF, BRIEF, IDLE))
        words = [rng.choice((0, WORDS, WORDS + 4, WORDS + 8, *HURTING)) for _ in range(3)]
        if rng.random() < 0.6:
            self.maker.add(actor, "fork", (kind, 2, flags, *words), number=CALL_FORK)
            return
        size = rng.choice((64, 80, 88, 88, 88, 0, 63, 96, 4096, 5000))
        fields = [flags & ~0xFF, words[0], words[1], words[2], flags & 0x7F, 0, 0, WORDS, 0, 0, 0]
        for _ in range(rng.choice((0, 0, 1, 2))):
            fields[rng.randrange(1, 11)] = rng.choice((*HURTING, *WRAPPING, rng.getrandbits(64)))
        data = struct.pack("<11Q", *fields).ljust(size, rng.choice((b"\0", b"\0", b"x")))[:size]
        self.maker.add(actor, "fork", (kind, 3, Buffer(size, data, IN, (), "clone_args"), size), number=CALL_FORK)

    def end(self, actor: int) -> None:
        self.maker.add(actor, self.rng.choice(("exit", "exit", "exit", "exit_group")), (self.rng.choice((0, 3)),))

    def execute(self, actor: int) -> None:
        execute(self.maker, actor)

    def reap(self, actor: int) -> None:
        options = self.rng.choice((1, 3, 11, 1)) | self.rng.choice((0, 0x40000000, 0x20000000))
        self.maker.add(actor, "wait4", (MASK, Buffer(4, b"", OUT), options, 0))

    # ---- Signals and settings

    def signal(self, actor: int) -> None:
        rng, target = self.rng, self._someone()
        number = rng.choice((*HANDLED, *HANDLED, SIGCONT, SIGCONT, SIGSTOP, SIGTSTP))
        if target != 0 and rng.random() < 0.03:
            number = SIGKILL
        if target == 0 and number in (SIGSTOP, SIGTSTP):
            number = SIGCONT
        pick = rng.random()
        if pick < 0.4:
            self.maker.add(actor, "tgkill", (Leader(target), Process(target), number))
        elif pick < 0.6:
            self.maker.add(actor, "tkill", (Process(target), number))
        elif pick < 0.8:
            self.maker.add(actor, "kill", (Leader(target), number))
        else:
            bits = rng.choice((0, MASK, rng.getrandbits(64), 1 << (rng.choice(HANDLED) - 1)))
            self.maker.add(actor, "rt_sigprocmask", (rng.choice((0, 1, 1, 2)), Buffer(8, struct.pack("<Q", bits)), 0, 8))

    def handle(self, actor: int) -> None:
        handle(self.maker, actor, self.rng.choice(HANDLED), Handler(self.rng.choice((0, 1, 2))), self.rng.choice((0, 0x40000000, 0x10000000)))

    def settings(self, actor: int) -> None:
        self.maker.make(actor, self.rng.choice(("unshare", "setpriority", "sched_setaffinity", "setresuid", "prctl", "set_tid_address", "setsid",
                                                "get_robust_list", "prlimit64", "sigaltstack", "rt_sigtimedwait", "capget", "nanosleep")))

    def report(self, actor: int) -> None:
        self.maker.read_report(actor)

    # ---- Memory

    def _place(self) -> tuple[int, int]:
        return ARENA + self.rng.randrange(16) * PAGE, self.rng.choice((1, 1, 2, 4, 8)) * PAGE

    def map(self, actor: int) -> None:
        address, length = self._place()
        pick = self.rng.random()
        if pick < 0.45:
            self.maker.add(actor, "mmap", (address, length, self.rng.choice((3, 3, 1, 0)), self.rng.choice((0x31, 0x32, 0x8032)), MASK, 0))
        elif pick < 0.8:
            self.maker.add(actor, "munmap", (address, length))
        elif pick < 0.9:
            self.maker.add(actor, "mprotect", (address, length, self.rng.choice((0, 1, 3))))
        else:
            self.maker.add(actor, "madvise", (address, length, 4))

    def touch(self, actor: int) -> None:
        address, length = self._place()
        self.maker.add(actor, *self.rng.choice((("poke", (address, length, 1, 1)), ("peek", (address, 8)))),
                       number=self.rng.choice((CALL_POKE, CALL_PEEK)))

    def copy(self, actor: int) -> None:
        """In and out of memory that others take away."""
        address, length = self._place()
        fd = self.rng.randrange(3, 8)
        name = self.rng.choice(("read", "write", "write", "getcwd", "getrandom", "pread64", "pipe2"))
        arguments: dict[str, tuple[Argument, ...]] = {
            "read": (fd, address, length), "write": (fd, address, length), "getcwd": (address, length), "getrandom": (address, length, 0),
            "pread64": (fd, address, length, 0), "pipe2": (address + PAGE - 4, 0o4000)}
        self.maker.add(actor, name, arguments[name])

    # ---- Futexes

    def futex(self, actor: int) -> None:
        rng = self.rng
        if rng.random() < 0.5:
            self.maker.use_futex(actor)
            return
        words = (WORDS, WORDS + 4, WORDS + 8, WORDS + 12)
        place = rng.choice(words) if rng.random() < 0.9 else rng.choice((*HURTING, WORDS + PAGE - 4, WORDS + PAGE, ARENA))
        operation = rng.choice((0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)) | rng.choice((0, 128, 128, 256, 384))
        limit: Argument = Buffer(16, struct.pack("<qq", 0, rng.choice((0, 1, 100_000, 5_000_000))), IN, (), "timespec")
        if operation & 127 in (3, 4, 5, 12):
            limit = rng.choice((0, 1, 2, 0x7FFFFFFF))
        self.maker.add(actor, "futex", (place, operation, rng.choice((0, 0, 1, 2, MASK)) & 0xFFFFFFFF, rng.choice((limit, limit, 0)),
                                        rng.choice(words), rng.choice((0, 1, MASK, rng.getrandbits(32)))))

    def wait_for_several(self, actor: int) -> None:
        count = self.rng.choice((1, 2, 4))
        data = b"".join(struct.pack("<QQII", self.rng.choice((0, 0, 1)), WORDS + 4 * self.rng.randrange(4), self.rng.choice((2, 130)), 0)
                        for _ in range(count))
        limit = Buffer(16, struct.pack("<qq", 0, 1), IN, (), "timespec")
        self.maker.add(actor, "futex", (Buffer(len(data), data), self.rng.choice((count, 0, 129)), 0, limit, 1), number=FUTEX_WAITV)

    def set_word(self, actor: int) -> None:
        value: Argument = self.rng.choice((0, 1, 2, Process(self._someone()), Process(self._someone()), self.rng.getrandbits(32)))
        self.maker.add(actor, "set word", (WORDS + 4 * self.rng.randrange(4), value, self.rng.choice((0, 0x80000000, 0x40000000))),
                       number=CALL_SET_WORD)

    def unmap_words(self, actor: int) -> None:
        self.maker.add(actor, *self.rng.choice((("munmap", (WORDS, PAGE)), ("mmap", (WORDS, PAGE, 3, 0x31, MASK, 0)),
                                                ("mmap", (WORDS, PAGE, 3, 0x32, MASK, 0)), ("mprotect", (WORDS, PAGE, 1)),
                                                ("mprotect", (WORDS, PAGE, 3)), ("madvise", (WORDS, PAGE, 4)))))

    def robust_list(self, actor: int) -> None:
        """A list that is a circle, leads to the kernel, or ends in nothing; then the thread may end with it."""
        rng = self.rng
        places = [HEAD, HEAD + 32, HEAD + 64, HEAD + 96]
        for place in places:
            words: list[Argument] = [rng.choice((*places, *places, *HURTING, rng.getrandbits(64))), rng.choice((16, 8, 0, MASK, -HEAD & MASK, 1 << 63)),
                                     rng.choice((0, *places, *HURTING))]
            data = struct.pack("<QQQ", *(word if isinstance(word, int) else 0 for word in words))
            pointers = ((16, Process(actor)),) if rng.random() < 0.5 else ()
            self.maker.add(actor, "load", (place, Buffer(24, data, IN, pointers), 24), number=CALL_LOAD)
        self.maker.add(actor, "set_robust_list", (rng.choice((HEAD, HEAD, HEAD, *HURTING)), 24))
        if self.is_racing and rng.random() < 0.3:
            self.clone(actor)

    # ---- Descriptors

    def _descriptor(self) -> int:
        return self.rng.randrange(3, MOST_LIKELY_OPEN)

    def use_family(self, actor: int) -> None:
        getattr(self.maker, self.rng.choice(self.families))(actor)
        # Nobody ends or forks here but by the steps for it.
        calls = self.maker.calls
        if calls[-1].number == CALL_FORK or calls[-1].name in ("exit", "exit_group", "execve"):
            calls.pop()

    def close(self, actor: int) -> None:
        self.maker.add(actor, "close", (self._descriptor(),))

    def duplicate(self, actor: int) -> None:
        self.maker.add(actor, "dup2", (self._descriptor(), self._descriptor()))

    def pass_on(self, actor: int) -> None:
        """Sockets through sockets, themselves among them, and none of them taken out."""
        rng, fd = self.rng, self._descriptor()
        if rng.random() < 0.2:
            self.maker.add(actor, "socketpair", (1, rng.choice((1, 2, 5)) | 0o4000, 0, Buffer(8, b"", OUT, (), "descriptors")))
            return
        count = rng.choice((1, 2, 4))
        control = struct.pack("<QII", 16 + 4 * count, 1, 1) + b"".join(struct.pack("<i", self._descriptor()) for _ in range(count))
        size = (len(control) + 7) & ~7
        header = struct.pack("<QIIQQQQII", 0, 0, 0, 0, 1, 0, size, 0, 0)
        vectors, byte = Buffer(16, struct.pack("<QQ", 0, 1), IN, ((0, Pointer(2)),), "iovec"), Buffer(1, b"x")
        message = Buffer(56, header, IN_OUT, ((16, Pointer(1)), (32, Pointer(3))), "msghdr")
        name = rng.choice(("sendmsg", "sendmsg", "recvmsg"))
        self.maker.add(actor, name, (fd, message, 0x40), (vectors, byte, Buffer(size, control.ljust(size, b"\0"), IN_OUT)))

    def nest(self, actor: int) -> None:
        """An epoll in an epoll, perhaps in a circle."""
        if self.rng.random() < 0.25:
            self.maker.add(actor, "epoll_create1", (0,))
            return
        event = Buffer(12, struct.pack("<IQ", (self.rng.choice((1, 5, 0x1D)) | self.rng.choice((0, 1 << 31, 1 << 30, 1 << 28))) & 0xFFFFFFFF, 7), IN, (),
                       "epoll_event")
        self.maker.add(actor, "epoll_ctl", (self._descriptor(), self.rng.choice((1, 1, 1, 2, 3)), self._descriptor(), event))

    def use_descriptor(self, actor: int) -> None:
        """Reads, writes and waits, for a short time."""
        fd = self._descriptor()
        pick = self.rng.randrange(8)
        if pick == 0:
            self.maker.add(actor, "epoll_wait", (fd, Buffer(48, b"", OUT), 4, self.rng.choice((0, 1, 5))))
        elif pick == 1:
            word = Buffer(24, b"".join(struct.pack("<ihh", self._descriptor(), 0x1F, 0) for _ in range(3)), IN_OUT, (), "pollfd")
            self.maker.add(actor, "poll", (word, 3, self.rng.choice((0, 1, 5))))
        elif pick == 2:
            self.maker.add(actor, "splice", (fd, 0, self._descriptor(), 0, 5000, 2))
        elif pick == 3:
            self.maker.add(actor, "accept4", (fd, 0, 0, 0o4000))
        elif pick in (4, 5):
            self.maker.add(actor, "write", (fd, Buffer(100, b"y" * 100), 100))
        else:
            self.maker.add(actor, "read", (fd, Buffer(200, b"", OUT), 200))
