"""Random sequences: the same seed gives the same sequence."""

from __future__ import annotations

import random
from typing import NamedTuple

from campaign.rules.rules import NOT_DIRECT, Maker
from campaign.sequences.model import World
from campaign.sequences.sequence import Sequence

# Areas, by the files of the handlers (`family` in the descriptions), and how often a program forks or looks at memory.
AREAS = {
    "files": ("paths", "attributes", "extended_attributes", "descriptors", "read_write", "lock_calls", "splice_calls"),
    "pipes": ("descriptors", "read_write", "poll", "select", "control_calls", "epoll_calls", "socket_calls", "message_calls", "socket_options"),
    "process": ("process_calls", "pidfd_calls", "process_settings", "identity_calls", "limit_calls", "scheduling", "cpu_time_calls"),
    "memory": ("memory_calls", "futex_calls", "memfd", "membarrier", "rseq"),
    "signals": ("signal_calls", "signalfd", "timers", "sleep", "poll", "futex_calls"),
    "time": ("time_calls", "timerfd", "timers", "posix_timer_calls", "sleep", "cpu_time_calls"),
    "tty": ("control_calls", "read_write", "poll", "process_calls"),
    "proc": ("paths", "descriptors", "process_settings", "identity_calls", "limit_calls", "scheduling", "signal_calls"),
    "programs": ("process_calls", "descriptors", "sleep", "limit_calls"),
    "system": ("system_info", "mounts", "process_settings", "limit_calls", "paths"),
    "threads": ("process_calls", "signal_calls", "scheduling", "process_settings", "identity_calls", "futex_calls", "limit_calls"),
    "futexes": ("futex_calls", "signal_calls", "process_calls"),
    "sockets": ("socket_calls", "message_calls", "socket_options", "control_calls", "read_write", "poll", "descriptors", "attributes"),
    "events": ("epoll_calls", "timerfd", "signalfd", "pidfd_calls", "poll", "select", "signal_calls", "descriptors", "control_calls"),
    "transfers": ("splice_calls", "read_write", "descriptors", "memfd"),
    "locks": ("lock_calls", "control_calls", "descriptors", "process_calls"),
    "ptys": ("control_calls", "read_write", "poll", "process_calls"),
    "timers": ("timers", "signal_calls", "process_calls", "sleep"),
    "attributes": ("extended_attributes", "paths", "attributes", "descriptors"),
}
# Of these, fresh sequences still show differences that are known (docs/roadmap.md).
UNSETTLED = ("transfers",)
FORKS = {"process": 0.5, "programs": 0.5, "signals": 0.4, "pipes": 0.35, "memory": 0.3, "tty": 0.5}


class OwnRules(NamedTuple):
    """An area whose calls mostly come from rules of its own: Maker's methods, and the share of the second one."""

    begin: str
    step: str
    share: float


OWN_RULES = {"threads": OwnRules("begin_threads", "use_thread", 0.85), "futexes": OwnRules("begin_futexes", "use_futex", 0.8),
             "sockets": OwnRules("begin_sockets", "use_socket", 0.8), "events": OwnRules("begin_events", "use_events", 0.8),
             "transfers": OwnRules("begin_transfers", "use_transfer", 0.85), "locks": OwnRules("begin_locks", "use_lock", 0.85),
             "ptys": OwnRules("begin_ptys", "use_pty", 0.85), "timers": OwnRules("begin_timers", "use_timers", 0.9),
             "attributes": OwnRules("begin_attributes", "use_attribute", 0.85)}
HELPERS = ("open", "openat", "pipe", "pipe2", "read", "write", "close", "mmap")
LONGEST = 24
LONGER = 12  # at most so many calls more than its parent has a child
OTHER_AREA = 0.25
STOPS_WAITING = 0.1  # chance that who seems to wait is spoken to nevertheless


class Turn(NamedTuple):
    """Where a child leaves its parent's way (lineage.py): after so many calls it goes on with a random stream of its own.

    `again`: actors and names of calls that it makes first, with arguments of its own.
    """

    calls: int
    stream: str
    again: tuple[tuple[int, str], ...] = ()


class Generator:
    """Makes sequences out of the exported descriptions."""

    def __init__(self, calls: list[dict], areas: tuple[str, ...] = tuple(AREAS)) -> None:
        self.descriptions = {call["name"]: call for call in calls}
        self._names = {area: [call["name"] for call in calls if call["family"] in AREAS[area]] for area in areas}
        self.areas = tuple(area for area in areas if self._names[area])
        known = set().union(*AREAS.values())
        unknown = sorted({call["family"] for call in calls} - known)
        if unknown:
            raise ValueError(f"generate.py: no area has the calls of {', '.join(unknown)}")

    def sequence(self, seed: int, turns: tuple[Turn, ...] = (), name: str = "") -> Sequence:
        """`turns` in the order in which they come, for a sequence called `name`."""
        rng = random.Random(seed)
        area = rng.choice(self.areas)
        names = self._names[area]
        world = World(rng)
        maker = Maker(world, self.descriptions)
        if area == "tty":
            maker.begin_terminal(0)
        if area in OWN_RULES:
            getattr(maker, OWN_RULES[area].begin)(0)
        elif rng.random() < FORKS.get(area, 0.1):
            maker.fork(0)
        wanted = rng.randrange(10, LONGEST)
        ahead, again = list(turns), []
        for _ in range(3 * LONGEST * (1 + len(turns))):
            while ahead and len(maker.calls) >= ahead[0].calls:
                again = list(ahead[0].again)
                rng.seed(ahead.pop(0).stream)  # that of the model too
                wanted = len(maker.calls) + len(again) + rng.randrange(1, LONGER)
                if rng.random() < OTHER_AREA:
                    names = self._names[rng.choice(self.areas)]
            if len(maker.calls) >= wanted:
                break
            living = world.living()
            if again:
                actor, call = again.pop(0)
                if actor in living and call in self.descriptions and call not in NOT_DIRECT:
                    maker.make(actor, call)
                continue
            actor = rng.choice(living if rng.random() < STOPS_WAITING else world.ready()) if living else 0
            self._step(maker, area, names, actor)
        return Sequence(tuple(maker.calls), name or seed, area)

    def _step(self, maker: Maker, area: str, names: list[str], actor: int) -> None:
        pick = maker.rng.random()
        if pick < 0.04 + 0.06 * FORKS.get(area, 0):
            maker.fork(actor)
        elif pick < (0.25 if area == "memory" else 0.06):
            maker.look_at_memory(actor) if area == "memory" else maker.check_registers(actor)
        elif area in OWN_RULES and pick < OWN_RULES[area].share:
            getattr(maker, OWN_RULES[area].step)(actor)
        elif area == "tty" and pick < 0.8:
            maker.use_terminal(actor)
        elif area == "proc" and pick < 0.6:
            maker.read_report(actor)
        elif area == "programs" and pick < 0.7:
            maker.use_program(actor)
        elif pick < 0.25 and area in ("files", "pipes"):
            maker.make(actor, maker.rng.choice(HELPERS))
        elif pick < 0.28:
            maker.make(actor, maker.rng.choice(("execve", "wait4", "exit", "kill", "rt_sigaction")))
        else:
            name = maker.rng.choice(names)
            if name not in NOT_DIRECT:
                maker.make(actor, name)
