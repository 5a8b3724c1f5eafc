"""Rules for threads: they begin and end, share and part, execute, and get signals of their own. The controller says whose turn
it is, so that all is in one order."""

from __future__ import annotations

import struct

from campaign.sequences.model import PIDFD, WORDS, Descriptor
from campaign.sequences.sequence import CALL_FORK, CALL_GET_WORD, IN, OUT, Argument, Buffer, Leader, Process, Result
from campaign.sequences.values import MASK

CLONE_VM, CLONE_FS, CLONE_FILES, CLONE_SIGHAND, CLONE_PIDFD, CLONE_VFORK = 0x100, 0x200, 0x400, 0x800, 0x1000, 0x4000
CLONE_PARENT, CLONE_THREAD, CLONE_SYSVSEM, CLONE_SETTLS, CLONE_PARENT_SETTID = 0x8000, 0x10000, 0x40000, 0x80000, 0x100000
CLONE_CHILD_CLEARTID, CLONE_UNTRACED, CLONE_CHILD_SETTID, CLONE_CLEAR_SIGHAND = 0x200000, 0x800000, 0x1000000, 1 << 32
THREAD = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM
SIGCHLD = 17
# What a clone is refused for (clone(2), ERRORS), or what it may have beside the rest.
_REFUSED = (CLONE_SIGHAND, CLONE_THREAD, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_SIGHAND, THREAD | CLONE_PIDFD,
            CLONE_PIDFD | CLONE_PARENT_SETTID, CLONE_SIGHAND | CLONE_CLEAR_SIGHAND, THREAD | 0x20000000, THREAD | 0x10000000, 0x20200)
_WORD = {CLONE_PARENT_SETTID: 3, CLONE_CHILD_SETTID: 4, CLONE_CHILD_CLEARTID: 4}
_NAMES = (b"worker\0", b"a name that is far too long\0", b"\0", b"(x) y\0")
_UNSHARED = (CLONE_FS, CLONE_FILES, CLONE_SYSVSEM, CLONE_FS | CLONE_FILES, CLONE_THREAD, CLONE_SIGHAND, CLONE_VM, 0, 1)
PR_SET_NAME, PR_GET_NAME, PR_GET_TID_ADDRESS = 15, 16, 40
P_PID, P_PIDFD = 1, 3
WNOTHREAD, WALL, WCLONE, WNOHANG = 0x20000000, 0x40000000, 0x80000000, 1


class ThreadRules:
    """A part of Maker (rules.py)."""

    def begin_threads(self, actor: int) -> None:
        """In the first process, or in a child whose end it can see."""
        if self.rng.random() < 0.4:
            self.fork_process(actor)
            actor = self.world.living()[-1]
        self.provide_words(actor)
        for _ in range(self.rng.choice((1, 2, 2, 3))):
            self.start_thread(actor)

    def provide_words(self, actor: int) -> None:
        """Memory for words that threads wait on."""
        if self.world.actors[actor].leader in self.world.has_words:
            return
        share, file = self.rng.choice((0x32, 0x32, 0x31)), MASK
        if self.rng.random() < 0.2:  # of a file that nobody looks at afterwards: there are ids in it
            made = self.add(actor, "memfd_create", (Buffer(2, b"w\0", IN, (), "text"), 0))
            self.add(actor, "ftruncate", (Result(made), 4096))
            share, file = self.rng.choice((0x11, 0x12)), Result(made)
        self.add(actor, "mmap", (WORDS, 4096, 3, share, file, 0))
        self.world.has_words.add(self.world.actors[actor].leader)

    def fork_process(self, actor: int) -> None:
        child = self.world.free_place()
        if child is not None:
            self.add(actor, "fork", (child, 0, SIGCHLD), number=CALL_FORK)
            self.world.fork(actor, child, False)

    def start_thread(self, actor: int) -> None:
        child = self.world.free_place()
        if child is None:
            return
        flags, words = THREAD, [0, 0]
        for bit, share in ((CLONE_FS, 0.15), (CLONE_FILES, 0.15), (CLONE_SYSVSEM, 0.2)):
            flags ^= bit if self.rng.random() < share else 0
        for bit, place in _WORD.items():
            if self.rng.random() < 0.35:
                flags |= bit
                words[place - 3] = self.word(actor) if self.rng.random() < 0.95 else self.rng.choice((0, 1, 8, WORDS + 4094, MASK))
        flags |= self.rng.choice((0, 0, 0, CLONE_SETTLS, CLONE_UNTRACED, CLONE_PARENT))
        if self.rng.random() < 0.7:
            self.add(actor, "fork", (child, 2, flags, words[0], words[1], self.rng.choice((0, WORDS))), number=CALL_FORK)
        else:
            self.add(actor, "fork", (child, 3, *self._clone_arguments(flags, words[0], words[1], 0)), number=CALL_FORK)
        shares_files = bool(flags & CLONE_FILES)
        self.world.start_thread(actor, child)
        if not shares_files:
            self.world.actors[child].descriptors = list(self.world.actors[actor].descriptors)

    def _clone_arguments(self, flags: int, parent_word: int, child_word: int, signal: int) -> tuple[Argument, ...]:
        """A structure of clone3, and its size."""
        size = self.rng.choice((64, 80, 88, 88)) if self.rng.random() < 0.95 else self.rng.choice((0, 63, 72, 96, 200, 4097))
        words = [flags, WORDS + 64, child_word, parent_word, signal, 0, 0, WORDS, 0, 0, 0]
        if self.rng.random() < 0.05:
            words[self.rng.randrange(11)] = self.rng.choice((1, 17, 1 << 40, MASK))
        data = struct.pack("<11Q", *words).ljust(max(size, 0), b"\0")[:size]
        return Buffer(size, data, IN, (), "clone_args"), size

    def clone_process(self, actor: int) -> None:
        """With flags that programs rarely give."""
        child = self.world.free_place()
        if child is None:
            return
        if self.rng.random() < 0.25:
            flags = self.rng.choice(_REFUSED)
            self.add(actor, "fork", (child, *((2, flags, self.word(actor), 0, 0) if flags < 1 << 32 else
                                              (3, *self._clone_arguments(flags, 0, 0, SIGCHLD)))), number=CALL_FORK)
            return
        flags = 0
        for bit in (CLONE_VM, CLONE_FS, CLONE_FILES, CLONE_PARENT, CLONE_CHILD_SETTID, CLONE_CHILD_CLEARTID):
            flags |= bit if self.rng.random() < 0.3 else 0
        flags |= CLONE_SIGHAND if flags & CLONE_VM and self.rng.random() < 0.5 else 0
        survived = [number for number in (10, 34, 64) if number in self.world.actors[actor].handled]
        signal = self.rng.choice((SIGCHLD, SIGCHLD, 0, *survived)) if not flags & CLONE_PARENT else SIGCHLD
        self.provide_words(actor)
        gets_descriptor = self.rng.random() < 0.35
        flags |= CLONE_PIDFD if gets_descriptor else 0
        if self.rng.random() < 0.5:
            place = self.word(actor)
            made: tuple[Argument, ...] = (2, flags | signal, place, self.word(actor), 0)
        else:
            place = WORDS + 64
            flags |= CLONE_CLEAR_SIGHAND if not flags & CLONE_SIGHAND and self.rng.random() < 0.3 else 0
            made = (3, *self._clone_arguments(flags, 0, self.word(actor), 0 if flags & CLONE_PARENT else signal))
        self.add(actor, "fork", (child, *made), number=CALL_FORK)
        self.world.fork(actor, child, bool(flags & CLONE_FILES))
        if flags & CLONE_VM:
            self.world.actors[child].maps = self.world.actors[actor].maps
        if flags & CLONE_CLEAR_SIGHAND:
            self.world.actors[child].handled = set()
        if gets_descriptor:
            index = self.add(actor, "word", (place,), number=CALL_GET_WORD)
            self.world.actors[actor].descriptors.append(Descriptor(Result(index), PIDFD, False, False))

    # ---- Steps of threads

    def use_thread(self, actor: int) -> None:
        pick = self.rng.random()
        if pick < 0.1:
            self.start_thread(actor)
        elif pick < 0.15:
            self.clone_process(actor)
        elif pick < 0.25:
            self._signal_thread(actor)
        elif pick < 0.33:
            self.make(actor, self.rng.choice(("rt_sigprocmask", "rt_sigaction", "rt_sigpending", "sigaltstack", "rt_sigtimedwait", "kill")))
        elif pick < 0.41:
            self._thread_name(actor)
        elif pick < 0.53:
            self._settings(actor)
        elif pick < 0.58:
            self.add(actor, "unshare", (self.rng.choice(_UNSHARED),))
        elif pick < 0.64:
            if len(self.world.living()) > 1:
                self.end(actor)
        elif pick < 0.66:
            self._call_execve(actor)
        elif pick < 0.75:
            self._wait_for_child(actor)
        elif pick < 0.83:
            self._report_of_thread(actor)
        else:
            self.use_futex(actor)

    def end(self, actor: int) -> None:
        status = self.rng.choice((0, 1, 3, 127, 255, 256, MASK))
        threads = [number for number in self.world.threads_of(actor) if self.world.actors[number].is_alive]
        name = self.rng.choice(("exit", "exit", "exit_group") if len(threads) > 1 else ("exit", "exit_group"))
        self.add(actor, name, (status,))
        if name == "exit":
            self.world.actors[actor].is_alive = False
        else:
            self.world.end_process(actor)

    def _someone(self, actor: int) -> Process:
        """A thread, mostly of the actor's own process."""
        if self.rng.random() < 0.75:
            return Process(self.rng.choice(self.world.threads_of(actor)))
        return Process(self.rng.choice(list(self.world.actors)))

    def _signal_thread(self, actor: int) -> None:
        target, number = self._victim(actor)
        pick = self.rng.random()
        if pick < 0.4:
            leader: Argument = Leader(target) if self.rng.random() < 0.9 else self.rng.choice((Process(target), 0, MASK, Leader(actor)))
            self.add(actor, "tgkill", (leader, Process(target), number))
        elif pick < 0.6:
            self.add(actor, "tkill", (Process(target), number))
        elif pick < 0.8:
            self.add(actor, "kill", (self.rng.choice((Leader(target), Process(target))), number))
        else:
            code = self.rng.choice((-1, -1, -2, -6, 0))
            data = struct.pack("<iiiiIIQ", number & 127, 0, code, 0, 1, 2, self.rng.randrange(1000)).ljust(128, b"\0")
            self.add(actor, "rt_tgsigqueueinfo", (Leader(target), Process(target), number & 127, Buffer(128, data, IN, (), "siginfo")))

    def _thread_name(self, actor: int) -> None:
        if self.rng.random() < 0.5:
            name = self.rng.choice(_NAMES)
            self.add(actor, "prctl", (PR_SET_NAME, Buffer(len(name), name, IN, (), "text"), 0, 0, 0))
        else:
            self.add(actor, "prctl", (PR_GET_NAME, Buffer(16, b"", OUT), 0, 0, 0))

    def _settings(self, actor: int) -> None:
        """Of one thread: nice value, scheduler, processors, identity, limits."""
        who: Argument = self.rng.choice((0, self._someone(actor), self._someone(actor)))
        pick = self.rng.random()
        if pick < 0.2:
            self.add(actor, "setpriority", (0, who, self.rng.choice((0, 1, 5, 19))))
        elif pick < 0.35:
            self.add(actor, "getpriority", (self.rng.choice((0, 0, 1, 2)), who))
        elif pick < 0.45:
            self.add(actor, "sched_setscheduler", (who, self.rng.choice((0, 3, 5, 0x40000000)), Buffer(4, b"\0" * 4, IN, (), "sched_param")))
        elif pick < 0.55:
            self.add(actor, self.rng.choice(("sched_getscheduler", "sched_getscheduler")), (who,))
        elif pick < 0.62:
            self.add(actor, "sched_getaffinity", (who, 8, Buffer(8, b"", OUT)))
        elif pick < 0.68:
            self.add(actor, "sched_setaffinity", (who, 8, Buffer(8, struct.pack("<Q", self.rng.choice((1, 1, 0, 2, MASK))))))
        elif pick < 0.78:
            identity = self.rng.choice((0, 1000, 1001, MASK & 0xFFFFFFFF))
            self.add(actor, self.rng.choice(("setfsuid", "setresuid", "setresgid", "setuid")), (identity, identity, identity))
        elif pick < 0.88:
            self.add(actor, self.rng.choice(("getresuid", "getresgid")), tuple(Buffer(4, b"", OUT) for _ in range(3)))
        else:
            self.make(actor, self.rng.choice(("prlimit64", "getrusage", "capget", "umask", "chdir", "getcwd", "gettid", "getppid", "setsid")))

    def _wait_for_child(self, actor: int) -> None:
        kind = self.rng.choice((0, WNOTHREAD, WALL, WCLONE, WALL | WNOTHREAD))
        children = self.world.actors[actor].children
        who: Argument = Process(self.rng.choice(children)) if children and self.rng.random() < 0.4 else MASK
        self.add(actor, "wait4", (who, Buffer(4, b"", OUT, (), "wait_status"), kind | WNOHANG | self.rng.choice((0, 2, 8)), 0))

    def _report_of_thread(self, actor: int) -> None:
        path = self.rng.choice(("/proc/thread-self/comm", "/proc/self/comm", "/proc/thread-self/status", "/proc/self/status",
                                "/proc/thread-self/stat", "/proc/self/stat", "/proc/self/task/"))
        if path.endswith("/"):
            index = self._open_report(actor, path[:-1], 0o200000)
            self.add(actor, "getdents64", (Result(index), Buffer(1024, b"", OUT, (), path), 1024))
            return
        index = self._open_report(actor, path, 0)
        self.add(actor, "read", (Result(index), Buffer(4096, b"", OUT, (), path), 4096))
        self.add(actor, "close", (Result(index),))
        self.world.actors[actor].descriptors.pop()
