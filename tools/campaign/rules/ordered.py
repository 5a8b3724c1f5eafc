"""Which sequences have one outcome on any number of CPUs, whose clock is the host's.

The executor makes one call at a time, so the order of the calls is given. What is left out depends on how fast the host is, or tells how
many CPUs there are.
"""

from __future__ import annotations

from campaign.sequences.sequence import Sequence

MOST_TASKS = 4
LEFT_OUT_AREAS = ("time", "timers")
# Calls whose results, or whose callers' states after the executor's patience, are a matter of time.
TIMED = {
    "alarm", "setitimer", "times", "timer_settime", "timerfd_settime", "nanosleep", "clock_nanosleep",
}
# Calls that tell about CPUs.
ABOUT_CPUS = {"sched_setaffinity", "sched_getaffinity", "getcpu", "rseq"}


def is_ordered(sequence: Sequence) -> bool:
    tasks = {call.actor for call in sequence.calls}
    names = {call.name for call in sequence.calls}
    return 2 <= len(tasks) <= MOST_TASKS and sequence.area not in LEFT_OUT_AREAS and not names & (TIMED | ABOUT_CPUS)
