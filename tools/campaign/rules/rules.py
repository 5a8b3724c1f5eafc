"""What descriptions do not say: calls that need company, calls that only a program can make, and what calls leave behind."""

from __future__ import annotations

import copy
import struct

from campaign.rules.attribute_rules import AttributeRules
from campaign.rules.event_rules import EventRules
from campaign.rules.futex_rules import FutexRules
from campaign.rules.lock_rules import LockRules
from campaign.rules.program_rules import ProgramRules
from campaign.rules.pty_rules import PtyRules
from campaign.rules.report_rules import ReportRules
from campaign.rules.socket_rules import SocketRules
from campaign.rules.terminal_rules import TerminalRules
from campaign.rules.thread_rules import ThreadRules
from campaign.rules.timer_rules import TimerRules
from campaign.rules.transfer_rules import TransferRules
from campaign.sequences.arguments import Arguments
from campaign.sequences.model import ARENA, ARENA_PAGES, DEVICE, EVENT, FILE, FOLDER, PAGE, PIPE_READ, PIPE_WRITE, Descriptor, Pipe, World
from campaign.sequences.sequence import (
    CALL_FORK, CALL_PEEK, CALL_POKE, CALL_REGISTERS, IN, IN_OUT, OUT, RESTORER, Argument, Buffer, Call, Field, Handler, Leader, Process, Result)
from campaign.sequences.values import AT_FDCWD, MASK, Values, texts

O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NONBLOCK = 1, 2, 0o100, 0o200, 0o1000, 0o2000, 0o200000, 0o4000
MAP_SHARED, MAP_PRIVATE, MAP_FIXED, MAP_ANONYMOUS = 1, 2, 0x10, 0x20
CLONE_FS, CLONE_FILES, SIGCHLD = 0x200, 0x400, 17

# Never made with arguments that could succeed: they end or change the machine for everyone after.
GLOBAL = {"reboot", "sethostname", "setdomainname", "settimeofday", "clock_settime", "adjtimex", "clock_adjtime", "syslog",
          "umount2"}
# Only a program as a whole makes these (processes by CALL_FORK, a signal's return by its handler), or program_rules.py.
NOT_DIRECT = {"fork", "vfork", "clone", "clone3", "rt_sigreturn", "restart_syscall", "execve", "execveat",
              # Made by timer_rules.py: else a timer's expiry would come at any time, as would the end of a program whose area of rseq others
              # write into.
              "timer_create", "rseq"}
# Only by their rules, which know what waits for ever, and which sockets are there on both sides.
ONLY_BY_RULE = {"socket", "socketpair", "accept", "accept4", "timerfd_create", "signalfd", "signalfd4", "epoll_pwait2", "flock", "splice",
                "tee", "vmsplice"}
# Signals whose default is to be ignored: SIGCHLD, SIGCONT, SIGURG, SIGWINCH.
HARMLESS = {17, 18, 23, 28}
# They wait until something happens: only while another actor can make it happen, or as the last.
WAITING = {"pause", "rt_sigsuspend"}
# After these a file may have another name.
NAMING = {"link", "linkat", "symlink", "symlinkat", "rename", "renameat", "renameat2"}
SENDING = {"kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal"}
_WRITING = {"write", "writev", "pwrite64", "pwritev", "pwritev2"}
PR_SET_PDEATHSIG = 1
SIGTTIN, SIGTTOU, SA_RESTART, SA_RESETHAND = 21, 22, 0x10000000, 0x80000000
STOPPING, SIGCONT, SIGQUIT, SIGTERM = {19, 20, 21, 22}, 18, 3, 15


class Maker(ThreadRules, FutexRules, SocketRules, EventRules, TransferRules, LockRules, PtyRules, TimerRules, AttributeRules, TerminalRules,
            ReportRules, ProgramRules):
    """Makes calls and keeps the model up to date. `calls` is the sequence so far."""

    def __init__(self, world: World, descriptions: dict[str, dict]) -> None:
        self.world = world
        self.rng = world.rng
        self.descriptions = descriptions
        self.calls: list[Call] = []

    def add(self, actor: int, name: str, arguments: tuple[Argument, ...], extra: tuple[Buffer, ...] = (),
            number: int | None = None) -> int:
        """The call's place in the sequence."""
        if name in SENDING:
            arguments = self._no_late_end_among_threads(actor, self._not_to_the_death(actor, arguments))
        elif name in _WRITING or name == "ioctl":
            arguments, extra = self.without_signals_of_ptys(actor, name, arguments, extra)
        elif name in ("splice", "sendfile"):
            arguments = self.apart_behind_pipes(name, self.world.actors[actor].descriptors, arguments)
        elif name == "prctl" and arguments and arguments[0] == PR_SET_PDEATHSIG:
            self.world.actors[actor].has_death_signal = True
        self.calls.append(Call(actor, self.descriptions[name]["number"] if number is None else number, name, arguments, extra))
        return len(self.calls) - 1

    def _not_to_the_death(self, actor: int, arguments: tuple[Argument, ...]) -> tuple[Argument, ...]:
        """Who ends its parent, and with it itself, may or may not return from the call: it sends to itself instead."""
        one = self.world.actors[actor]
        if not one.has_death_signal or one.parent is None:
            return arguments
        return tuple(Process(actor, argument.is_group) if isinstance(argument, Process) and argument.actor == one.parent else argument
                     for argument in arguments)

    def _no_late_end_among_threads(self, actor: int, arguments: tuple[Argument, ...]) -> tuple[Argument, ...]:
        """A thread that stops its process, or ends it with a core, may return from the call before another thread has taken the
        signal, or after."""
        if len(self.world.threads_of(actor)) == 1:
            return arguments
        others = {number: SIGCONT for number in STOPPING}
        if SIGQUIT not in self.world.actors[actor].handled:
            others[SIGQUIT] = SIGTERM
        return tuple(others.get(argument, argument) if place > 0 and isinstance(argument, int) else argument
                     for place, argument in enumerate(arguments))

    def values(self, actor: int) -> Values:
        return Values(self.world, actor)

    def generic(self, actor: int, name: str) -> None:
        values = self.values(actor)
        arguments = Arguments(values, self.descriptions[name])
        made = arguments.make()
        if name in GLOBAL:
            made = tuple(MASK if description["kind"] in ("magic", "choice", "command") else
                         0xFFFFFFFFFFFFF000 if isinstance(argument, Buffer) else argument
                         for argument, description in zip(made, self.descriptions[name]["arguments"]))
            if not any(argument in (MASK, 0xFFFFFFFFFFFFF000) for argument in made):
                return
        if name == "sendfile":
            made = self._apart(actor, made)
        if name == "statfs" and isinstance(made[0], Buffer) and made[0].data.startswith(b"/proc/self/exe"):
            return  # the executor lies in a file system that is as large as the kernel leaves memory for
        index = self.add(actor, name, made, arguments.extra)
        self._note(actor, name, index, made)

    def _apart(self, actor: int, made: tuple[Argument, ...]) -> tuple[Argument, ...]:
        """Sent within a file, no more than a byte: what comes of pieces that overlap is up to the kernel's memcpy."""
        entries = self.world.actors[actor].descriptors
        ends = [next((entry for entry in entries if entry.name == argument), None) for argument in made[:2]]
        paths = [end.path for end in ends if end is not None]
        is_one_by_each_name = not any(call.name in NAMING for call in self.calls)
        is_between_two = len(paths) == 2 and None not in paths and paths[0] != paths[1] and is_one_by_each_name
        # The first three may have been closed, and be anything by now.
        if is_between_two or any(end is not None and end.kind != FILE and end.name not in (0, 1, 2) for end in ends):
            return made
        return (*made[:3], 1)

    def make(self, actor: int, name: str) -> None:
        if name in WAITING and (len(self.world.living()) < 2 or self.rng.random() < 0.7):
            return
        rule = getattr(self, "_call_" + name, None)
        if rule is not None and (name in ONLY_BY_RULE or self.rng.random() < 0.9):
            rule(actor)
        elif name not in NOT_DIRECT:
            self._provide(actor, name)
            self.generic(actor, name)

    def _provide(self, actor: int, name: str) -> None:
        """What a call needs to have something to do: a mapping, an open descriptor of the right kind."""
        if self.rng.random() < 0.15:
            return
        description = self.descriptions[name]
        if description["family"] == "memory_calls" and not self.world.actors[actor].maps:
            self._call_mmap(actor)
        for argument in description["arguments"]:
            of = argument.get("of", "")
            if argument["kind"] == "descriptor" and of in ("directory", "seekable", "writable", "readable") \
                    and self.world.find(actor, of) is None:
                self._open_as(actor, of)

    def _open_as(self, actor: int, of: str) -> None:
        path = self.rng.choice(self.world.names.folders if of == "directory" else self.world.names.files or ["a"])
        text = path.encode("utf-8", "surrogateescape") + b"\0"
        index = self.add(actor, "open", (Buffer(len(text), text, IN, (), "path"), 0 if of == "directory" else O_RDWR, 0))
        kind = FOLDER if of == "directory" else FILE
        self.world.actors[actor].descriptors.append(Descriptor(Result(index), kind, True, kind == FILE, path=path))

    # ---- Bytes

    def _call_read(self, actor: int) -> None:
        entry = self.world.find(actor, "readable")
        if entry is None or entry.would_wait() and self.rng.random() < 0.93:
            self._open_as(actor, "readable")
            entry = self.world.actors[actor].descriptors[-1]
        length = self.values(actor).length()
        self.add(actor, "read", (entry.name, self.values(actor).memory("out", length), length))
        if entry.pipe is not None:
            entry.pipe.size = max(entry.pipe.size - length, 0)

    def _call_write(self, actor: int) -> None:
        entry = self.world.find(actor, "writable")
        if entry is None:
            self.generic(actor, "write")
            return
        if entry.kind == EVENT:
            length, data = 8, Buffer(8, struct.pack("<Q", self.rng.choice((1, 2, 1000))))
        else:
            length = self.values(actor).length()
            data = self.values(actor).memory("in", length)
        self.add(actor, "write", (entry.name, data, length))
        target = entry.out or entry.pipe
        if target is not None:
            target.size += length

    # ---- What calls leave behind.

    def _note(self, actor: int, name: str, index: int, arguments: tuple[Argument, ...]) -> None:
        entries = self.world.actors[actor].descriptors
        result = self.descriptions[name]["result"]
        if name in ("dup", "dup2", "dup3", "fcntl"):
            old = next((entry for entry in entries if entry.name == arguments[0]), None)
            if old is not None and name != "fcntl":
                twin = copy.copy(old)
                twin.name = Result(index)
                entries.append(twin)
        elif name == "close":
            entries[:] = [entry for entry in entries if entry.name != arguments[0] or entry.name in (0, 1, 2)]
        elif name in ("eventfd", "eventfd2"):
            entries.append(Descriptor(Result(index), EVENT, True, True, Pipe()))
        elif result["kind"] == "descriptor" and result.get("of") == "new":
            entries.append(Descriptor(Result(index), FILE, True, True))
        for argument, description in zip(arguments, self.descriptions[name]["arguments"]):
            if description["kind"] == "path" and isinstance(argument, Buffer):
                self._note_path(name, description.get("of", ""), argument.data.rstrip(b"\0"))

    def _note_path(self, name: str, of: str, raw: bytes) -> None:
        path = raw.decode("utf-8", "surrogateescape")
        if of in ("removed", "removed_directory", "moved"):
            self.world.names.remove(path)
        elif of in ("created", "replaced") and 0 < len(path) < 100 and ".." not in path:
            kind = {"mkdir": "folder", "mkdirat": "folder", "symlink": "link", "symlinkat": "link"}.get(name, "file")
            self.world.names.add(path, kind)

    # ---- Files

    def _open(self, actor: int, name: str, before: tuple[Argument, ...]) -> None:
        values, names = self.values(actor), self.world.names
        pick = self.rng.random()
        access = self.rng.choice((0, O_WRONLY, O_RDWR, O_RDWR))
        kind = FILE
        if pick < 0.25:
            path, flags = names.fresh(self.rng), access | O_CREAT | self.rng.choice((0, O_EXCL, O_TRUNC, O_APPEND))
            names.add(path, "file")
        elif pick < 0.65:
            path, flags = self.rng.choice(names.files or ["a"]), access | self.rng.choice((0, 0, O_TRUNC, O_APPEND, O_CREAT, O_NONBLOCK))
        elif pick < 0.85:
            path, flags, access, kind = self.rng.choice(names.folders), self.rng.choice((0, O_DIRECTORY)), 0, FOLDER
        elif pick < 0.9:
            path, flags, kind = self.rng.choice(("/dev/null", "/dev/zero", "/dev/full")), access, DEVICE
        elif pick < 0.95 and names.fifos:
            path, flags, kind = self.rng.choice(names.fifos), access | O_NONBLOCK, PIPE_READ
        else:
            self.generic(actor, name)
            return
        text = path.encode("utf-8", "surrogateescape") + b"\0"
        index = self.add(actor, name, (*before, Buffer(len(text), text, IN, (), "path"), flags, values.mode()))
        can_read, can_write = access in (0, O_RDWR), access in (O_WRONLY, O_RDWR)
        self.world.actors[actor].descriptors.append(Descriptor(Result(index), kind, can_read, can_write, path=path))

    def _call_open(self, actor: int) -> None:
        self._open(actor, "open", ())

    def _call_openat(self, actor: int) -> None:
        self._open(actor, "openat", (AT_FDCWD,))

    def _pipe(self, actor: int, name: str, more: tuple[Argument, ...]) -> None:
        index = self.add(actor, name, (Buffer(8, b"", OUT, (), "descriptors"), *more))
        entries = self.world.actors[actor].descriptors
        pipe = Pipe()
        entries.append(Descriptor(Field(index, 0, 0), PIPE_READ, True, False, pipe))
        entries.append(Descriptor(Field(index, 0, 4), PIPE_WRITE, False, True, pipe))

    def _call_pipe(self, actor: int) -> None:
        self._pipe(actor, "pipe", ())

    def _call_pipe2(self, actor: int) -> None:
        self._pipe(actor, "pipe2", (self.rng.choice((0, O_NONBLOCK, O_NONBLOCK, 0o2000000, O_NONBLOCK | 0o2000000)),))

    def _call_close_range(self, actor: int) -> None:
        # The executor's own descriptors begin at 60.
        first = self.rng.randrange(3, 50)
        last = self.rng.choice((first, first + 3, 59, first - 1))
        self.add(actor, "close_range", (first, last, self.rng.choice((0, 0, 4, 2, 1))))

    def _poll(self, actor: int, name: str, rest: tuple[Argument, ...]) -> None:
        values = self.values(actor)
        count = self.rng.choice((0, 1, 1, 2, 3))
        data, words = values.pollfds(count), []
        for index in range(count):
            entry = self.world.find(actor, "file")
            events = self.rng.choice((1, 4, 5, 0, 2))
            if entry is not None and isinstance(entry.name, Result):
                words.append((8 * index, Result(entry.name.call, entry.name.plus + (events << 32))))
        self.add(actor, name, (Buffer(8 * count, data, IN_OUT, tuple(words), "pollfd"), count, *rest))

    def _call_poll(self, actor: int) -> None:
        self._poll(actor, "poll", (self.rng.choice((0, 0, 1, 5)),))

    def _call_ppoll(self, actor: int) -> None:
        values = self.values(actor)
        limit = Buffer(16, struct.pack("<qq", 0, self.rng.choice((0, 1000, 1000000))), IN_OUT, (), "timespec")
        mask: Argument = Buffer(8, values.signal_set(), IN, (), "signal_set") if self.rng.random() < 0.5 else 0
        self._poll(actor, "ppoll", (limit, mask, 8))

    # ---- Memory

    def _place(self) -> tuple[int, int]:
        count = self.rng.choice((1, 1, 2, 3, 4, 8))
        return self.rng.randrange(ARENA_PAGES - count), count

    def _call_mmap(self, actor: int) -> None:
        first, count = self._place()
        protection = self.rng.choice((3, 3, 3, 1, 0, 5, 7))
        share = self.rng.choice((MAP_PRIVATE, MAP_PRIVATE, MAP_SHARED))
        entry = self.world.find(actor, "seekable") if self.rng.random() < 0.35 else None
        flags = share | MAP_FIXED | (MAP_ANONYMOUS if entry is None else 0) | self.rng.choice((0, 0, 0x8000, 0x4000, 0x100))
        self.add(actor, "mmap", (ARENA + first * PAGE, count * PAGE, protection, flags,
                                 MASK if entry is None else entry.name, self.rng.choice((0, 0, PAGE))))
        self.world.actors[actor].maps.append((first, count))

    def _call_mremap(self, actor: int) -> None:
        values = self.values(actor)
        first, count = self._place()
        flags = self.rng.choice((0, 1, 3, 3))
        self.add(actor, "mremap", (values.page(), values.range_length(), values.range_length(), flags, ARENA + first * PAGE))
        if flags == 3:
            self.world.actors[actor].maps.append((first, count))

    def _call_brk(self, actor: int) -> None:
        start = self.add(actor, "brk", (0,))
        self.add(actor, "brk", (Result(start, self.rng.choice((0, 1, PAGE, 3 * PAGE, 1 << 20, 1 << 45))),))
        self.add(actor, "brk", (Result(start, self.rng.choice((0, PAGE, 100))),))

    def look_at_memory(self, actor: int) -> None:
        values = self.values(actor)
        if self.rng.random() < 0.5:
            self.add(actor, "peek", (values.page(), self.rng.choice((1, 8, PAGE))), number=CALL_PEEK)
        else:
            self.add(actor, "poke", (values.page(), self.rng.choice((1, 8, PAGE)), self.rng.randrange(256)), number=CALL_POKE)

    def check_registers(self, actor: int) -> None:
        self.add(actor, "registers", (), number=CALL_REGISTERS)

    # ---- Processes

    def fork(self, actor: int) -> None:
        child = self.world.free_place()
        if child is None:
            return
        kind = self.rng.choice((0, 0, 0, 1, 2))
        flags = SIGCHLD | (self.rng.choice((0, CLONE_FS, CLONE_FILES, CLONE_FS | CLONE_FILES)) if kind == 2 else 0)
        self.add(actor, "fork", (child, kind, flags), number=CALL_FORK)
        self.world.fork(actor, child, bool(flags & CLONE_FILES))
        if kind == 1:
            # The parent sleeps until the child executes or ends.
            if self.rng.random() < 0.5:
                self._call_execve(child)
            else:
                self.end(child)

    def _call_exit(self, actor: int) -> None:
        if actor != 0:
            self.end(actor)

    _call_exit_group = _call_exit

    def _call_execve(self, actor: int) -> None:
        self.limit_before_exec(actor)
        words: tuple[bytes, ...]
        if self.rng.random() < 0.85:
            words, path = self.words_of(actor), b"/exe\0"
        else:
            words, path = (b"/exe", b"nothing"), self.values(actor).path_text("program") + b"\0"
        array, extra = texts(words, 2)
        self.add(actor, "execve", (Buffer(len(path), path, IN, (), "path"), array, 0), extra)
        if path == b"/exe\0":
            self.note_execution(actor)

    def note_execution(self, actor: int) -> None:
        """Nothing is left of its memory, nor of other threads."""
        one = self.world.actors[actor]
        for other in self.world.threads_of(actor):
            self.world.actors[other].is_alive = other == actor
        one.maps, one.handled = [], set()
        self.world.timers.pop(one.leader, None)
        self.world.has_rseq.discard(actor)
        self.world.has_words.discard(one.leader)

    def words_of(self, actor: int) -> tuple[bytes, ...]:
        """With which the executor goes on as this actor."""
        return b"/exe", b"actor%d" % actor, *(b"x" * self.rng.choice((0, 1, 100)) for _ in range(self.rng.randrange(3)))

    def _call_wait4(self, actor: int) -> None:
        children = self.world.actors[actor].children
        if not children and self.rng.random() < 0.7:
            self.fork(actor)
            children = self.world.actors[actor].children
        blocks = any(not self.world.actors[child].is_alive for child in children) and self.rng.random() < 0.5
        options = self.rng.choice((0, 2, 8)) | (0 if blocks else 1)
        who: Argument = Process(self.rng.choice(children)) if children and self.rng.random() < 0.5 else MASK
        usage: Argument = Buffer(144, b"", OUT, (), "rusage") if self.rng.random() < 0.2 else 0
        self.add(actor, "wait4", (who, Buffer(4, b"", OUT, (), "wait_status"), options, usage))

    def _call_waitid(self, actor: int) -> None:
        children = self.world.actors[actor].children
        kind, who = self.rng.choice(((0, 0), (1, Process(self.rng.choice(children)) if children else 5)))
        options = self.rng.choice((4, 6, 12, 4 | 0x1000000)) | 1
        self.add(actor, "waitid", (kind, who, Buffer(128, b"", OUT, (), "siginfo"), options, 0))

    # ---- Signals

    def _call_rt_sigaction(self, actor: int) -> None:
        self.call_rt_sigaction(actor, self.values(actor).signal())

    def call_rt_sigaction(self, actor: int, number: int) -> None:
        values = self.values(actor)
        kind = self.rng.choice((0, 1, 2, 1))
        flags = 0x04000000 | (4 if kind else 0)
        for bit in (0x10000000, 0x40000000, 0x80000000, 1, 2):
            if self.rng.random() < 0.15:
                flags |= bit
        pick = self.rng.random()
        handler: Argument = Handler(kind) if pick < 0.7 else 0 if pick < 0.85 else 1
        if handler == Handler(0) and number in (7, 8, 4, 11):
            handler = Handler(1)
        if number in (SIGTTIN, SIGTTOU) and flags & SA_RESTART:
            # The call that begins again sends its group the signal again, and then stops. Others of the group get both signals or one,
            # as they have run in between or not.
            flags &= ~SA_RESETHAND
        if handler == Handler(2) and len(self.world.threads_of(actor)) > 1 and (number == 10 or 10 not in self.world.actors[actor].handled):
            # The handler sends its process signal 10. If it handles that one, threads take turns without end, in an order of their own.
            # If 10 ends the process, a thread that signalled another one has its call answered before, or never.
            handler = Handler(1)
        data = b"\0" * 8 + struct.pack("<Q", flags) + b"\0" * 8 + values.signal_set()
        pointers = ((16, Handler(RESTORER)), *(((0, handler),) if not isinstance(handler, int) else ()))
        if isinstance(handler, int):
            data = struct.pack("<Q", handler) + data[8:]
        handled = self.world.actors[actor].handled
        if not isinstance(handler, int) or handler == 1:
            handled.add(number)
        else:
            handled.discard(number)
        old: Argument = Buffer(32, b"", OUT, (), "kernel_sigaction") if self.rng.random() < 0.3 else 0
        self.add(actor, "rt_sigaction", (number, Buffer(32, data, IN, pointers, "kernel_sigaction"), old, 8))

    def _victim(self, actor: int) -> tuple[int, int]:
        """Whom a signal goes to, and which: mostly one that is survived."""
        living = self.world.living() or [actor]
        target = actor if self.rng.random() < 0.6 else self.rng.choice(living)
        number = self.values(actor).signal()
        survives = self.world.actors[target].handled | HARMLESS
        is_first = self.world.actors[target].leader == 0
        if number not in survives and 0 < number < 65 and (is_first or self.rng.random() < 0.6):
            number = self.rng.choice(sorted(survives))
        if number not in survives and 0 < number < 65:
            self.world.end_process(target)
        return target, number

    def _call_kill(self, actor: int) -> None:
        target, number = self._victim(actor)
        self.add(actor, "kill", (Process(target), number))

    def _call_tkill(self, actor: int) -> None:
        target, number = self._victim(actor)
        self.add(actor, "tkill", (Process(target), number))

    def _call_tgkill(self, actor: int) -> None:
        target, number = self._victim(actor)
        self.add(actor, "tgkill", (Leader(target), Process(target), number))

    def _call_rt_sigqueueinfo(self, actor: int) -> None:
        target, number = self._victim(actor)
        number &= 127
        data = struct.pack("<iiiiIIQ", number, 0, self.rng.choice((-1, -1, -2, 0, 5)), 0, 1, 2, self.rng.randrange(1000))
        self.add(actor, "rt_sigqueueinfo", (Process(target), number, Buffer(128, data.ljust(128, b"\0"), IN, (), "siginfo")))

    def _call_setitimer(self, actor: int) -> None:
        soon = self.rng.random() < 0.4
        which = 0 if soon else self.rng.choice((0, 1, 2))
        value = struct.pack("<qqqq", 0, 0, *((0, 2000) if soon else (self.rng.choice((0, 10000)), 0)))
        old: Argument = Buffer(32, b"", OUT, (), "itimerval") if self.rng.random() < 0.5 else 0
        self.add(actor, "setitimer", (which, Buffer(32, value, IN, (), "itimerval"), old))
        if soon:
            self.sleep(actor)

    def sleep(self, actor: int) -> None:
        """Long enough for what is due soon."""
        self.add(actor, "nanosleep", (Buffer(16, struct.pack("<qq", 0, 10_000_000), IN, (), "timespec"), 0))

    def _call_alarm(self, actor: int) -> None:
        self.add(actor, "alarm", (self.rng.choice((0, 1000, 100000)),))

    def _call_rt_sigtimedwait(self, actor: int) -> None:
        values = self.values(actor)
        limit = Buffer(16, struct.pack("<qq", 0, self.rng.choice((0, 1_000_000))), IN, (), "timespec")
        self.add(actor, "rt_sigtimedwait", (Buffer(8, values.signal_set(), IN, (), "signal_set"),
                                            Buffer(128, b"", OUT, (), "siginfo"), limit, 8))

    def _call_set_tid_address(self, actor: int) -> None:
        self.add(actor, "set_tid_address", (self.rng.choice((0, ARENA, MASK)),))
