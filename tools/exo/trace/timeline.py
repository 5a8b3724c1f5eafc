"""The scheduler's events as trace-event JSON, which ui.perfetto.dev and chrome://tracing show: a line for each CPU with the threads that
ran there, and a line for each thread with the times when it ran and when it waited for a CPU.

https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU has the format; times are microseconds.
"""

from __future__ import annotations

import json

from . import records

CPUS, THREADS = 1, 2  # the "processes" that the lines are grouped in
HOW_LEFT = {records.READY: "preempted", records.BLOCKED: "waits", records.TERMINATED: "ended"}


class Thread:
    """`since`: when its present state began."""

    __slots__ = ("thread", "number", "name", "shown_name", "since")

    def __init__(self, thread: int) -> None:
        self.thread = thread
        self.number = 0
        self.name = ""
        self.shown_name = ""  # the one that the file has for its line
        self.since: int | None = None  # when it became runnable, if it is and does not run

    def rename(self, number: int, name: str) -> None:
        self.number, self.name = number, name

    @property
    def label(self) -> str:
        return f"{self.name} ({self.number})" if self.number else f"[{self.name}]"


class TimelineOutput:
    """Collects text in `take()`. Events of different CPUs come in pieces, so they are put in order at the end."""

    def __init__(self) -> None:
        self._events: list[tuple[int, int, tuple]] = []
        self._lost = 0
        self._text = ""

    def take(self) -> str:
        text, self._text = self._text, ""
        return text

    def scheduled(self, cpu: int, events: list[tuple], lost: int) -> None:
        self._lost += lost
        self._events += [(event[0], cpu, event) for event in events]

    def finish(self, _follower) -> None:
        self._events.sort(key=lambda one: one[:2])
        events = [*_timeline(self._events), *([_lost(self._lost, self._events)] if self._lost else [])]
        self._text = '{"displayTimeUnit": "ns", "traceEvents": [\n' + ",\n".join(json.dumps(event) for event in events) + "\n]}\n"

    def settle(self, follower) -> None:
        pass

    def _ignore(self, *_) -> None:
        pass

    call_began = call_copied = call_ended = signal = stopped = ended = replaced = _ignore


def _timeline(events: list[tuple[int, int, tuple]]) -> list[dict]:
    out: list[dict] = [_name("process_name", CPUS, 0, "CPUs"), _name("process_name", THREADS, 0, "threads")]
    threads: dict[int, Thread] = {}
    running: dict[int, tuple[Thread, int] | None] = {}  # by CPU: who runs and since when; None: it idles
    begin = events[0][0] if events else 0

    def known(event: tuple) -> Thread:
        thread = threads.setdefault(event[1], Thread(event[1]))
        thread.rename(event[2], event[6].split(b"\0")[0].decode(errors="replace"))
        if thread.label != thread.shown_name:
            thread.shown_name = thread.label
            out.append(_name("thread_name", THREADS, thread.thread, thread.label))
        return thread

    def end(cpu: int, now: int, how: str) -> None:
        if not (before := running.get(cpu)):
            return
        thread, since = before
        out.append(_slice(CPUS, cpu, thread.label, since - begin, now - since, {"number": thread.number, "then": how}))
        out.append(_slice(THREADS, thread.thread, f"runs on CPU {cpu}", since - begin, now - since, {"then": how}))
        if how == "preempted":
            thread.since = now

    for now, cpu, event in events:
        if cpu not in running:
            out.append(_name("thread_name", CPUS, cpu, f"CPU {cpu}"))
            running[cpu] = None
        if event[3] == records.NAME:
            known(event)
            continue
        if event[3] == records.WAKE:
            known(event).since = now
            out.append({"ph": "i", "s": "t", "pid": CPUS, "tid": cpu, "ts": (now - begin) / 1000, "name": f"wakes {known(event).label}"})
            continue
        end(cpu, now, HOW_LEFT.get(event[4], ""))
        running[cpu] = None
        if event[5]:
            continue
        thread = known(event)
        if thread.since is not None:
            out.append(_slice(THREADS, thread.thread, "waits for a CPU", thread.since - begin, now - thread.since, {}))
            thread.since = None
        running[cpu] = (thread, now)
    for cpu in running:
        end(cpu, events[-1][0], "")
    return out


def _slice(group: int, line: int, name: str, begin: int, duration: int, arguments: dict) -> dict:
    return {"ph": "X", "pid": group, "tid": line, "name": name, "ts": begin / 1000, "dur": duration / 1000, "args": arguments}


def _name(what: str, group: int, line: int, name: str) -> dict:
    return {"ph": "M", "pid": group, "tid": line, "name": what, "args": {"name": name}}


def _lost(count: int, events: list) -> dict:
    end = (events[-1][0] - events[0][0]) / 1000 if events else 0
    return {"ph": "i", "s": "g", "pid": CPUS, "tid": 0, "ts": end, "name": f"{count} events are missing: the host took them too slowly"}
