"""Puts records together to events: calls that begin and end, signals, and tasks that start and end."""

from __future__ import annotations

from . import records
from .call_names import CALLS
from .text_of import escaped
from .values import Call, signed

RESTART_SYSCALL = "restart_syscall"


class Task:
    """`process`: the number of its process; `call`: the one that it is in."""

    __slots__ = ("tid", "process", "call", "interrupted")

    def __init__(self, tid: int, process: int) -> None:
        self.tid = tid
        self.process = process
        self.call: Call | None = None
        self.interrupted = ""  # the call that restart_syscall would go on with


class Follower:
    """Tells `output` of events, in the order in which they happened.

    The methods of `output`: call_began(task, call), call_copied(task, call), call_ended(task, call), signal(task, time, values),
    stopped(task, time, signal), ended(task, time, status), replaced(task, time, old tid),
    and, where a timeline was asked for, scheduled(cpu, events, how many are missing before them).
    """

    def __init__(self, descriptions: list[dict], output) -> None:
        self._descriptions = {one["number"]: one for one in descriptions}
        self._output = output
        self._reader = records.Reader()
        self.tasks: dict[int, Task] = {}
        self.realtime_offset = 0
        self.is_complete = False  # no traced task is left
        self._last_exit: Call | None = None
        self._handlers = {records.HELLO: self._hello, records.START: self._start, records.ENTER: self._enter, records.COPY: self._copy,
                          records.PATH: self._path, records.EXIT: self._exit, records.SIGNAL: self._signal, records.STOPPED: self._stopped,
                          records.ENDED: self._ended, records.RENAMED: self._renamed, records.TIMELINE: self._timeline}

    def feed(self, data: bytes) -> None:
        """Errors: records.BadRecords."""
        for record in self._reader.feed(data):
            # The path of a result comes behind the result.
            if self._last_exit is not None and record.kind != records.PATH:
                self._tell_of_exit()
            self._handlers[record.kind](record)

    def settle(self) -> None:
        """Tells of what is known, though more might belong to it: nothing else has come."""
        if self._last_exit is not None:
            self._tell_of_exit()

    def _tell_of_exit(self) -> None:
        call, self._last_exit = self._last_exit, None
        self._output.call_ended(self.task(call.tid), call)

    def task(self, tid: int) -> Task:
        found = self.tasks.get(tid)
        if found is None:
            found = self.tasks[tid] = Task(tid, tid)
        return found

    def _hello(self, record) -> None:
        if record.detail != records.VERSION:
            raise records.BadRecords(f"version {record.detail} of the records instead of {records.VERSION}")
        (self.realtime_offset,) = record.values

    def _start(self, record) -> None:
        self.tasks[record.tid] = Task(record.tid, record.values[0])

    def _enter(self, record) -> None:
        task = self.task(record.tid)
        number, *words = record.values
        description = self._descriptions.get(number)
        name = description["name"] if description else CALLS[number][0] if number in CALLS else f"syscall_{number:#x}"
        task.call = Call(record.tid, number, name, description, tuple(words), record.time)
        if name == RESTART_SYSCALL:
            task.call.resumes = task.interrupted
        task.interrupted = ""
        self._output.call_began(task, task.call)

    def _copy(self, record) -> None:
        call = self.task(record.tid).call
        if call is None:
            return
        address, size, captured = record.values
        if record.detail in (records.FROM_USER, records.STRING_FROM_USER):
            call.read.add(address, record.data[:captured])
        elif record.detail == records.ZEROS_TO_USER:
            call.written.add_zeros(address, size)
        else:
            call.written.add(address, record.data[:captured])
        self._output.call_copied(self.task(record.tid), call)

    def _path(self, record) -> None:
        call = self._last_exit if record.detail == records.RESULT_PLACE else self.task(record.tid).call
        if call is not None and call.tid == record.tid:
            call.paths[record.detail] = escaped(record.data[:record.values[1]])

    def _exit(self, record) -> None:
        task = self.task(record.tid)
        call, task.call = task.call, None
        if call is None:
            return
        call.tid = record.tid
        call.end = record.time
        call.result = signed(record.values[0])
        call.restart = record.detail
        call.is_done = True
        if call.restart:
            task.interrupted = call.resumes or call.name
        self._last_exit = call

    def _signal(self, record) -> None:
        self._output.signal(self.task(record.tid), record.time, record.values)

    def _stopped(self, record) -> None:
        self._output.stopped(self.task(record.tid), record.time, record.detail)

    def _ended(self, record) -> None:
        task = self.task(record.tid)
        self._output.ended(task, record.time, record.values[0])
        self.tasks.pop(record.tid, None)
        self.is_complete = self.is_complete or record.detail == 1

    def _timeline(self, record) -> None:
        _, lost = record.values
        self._output.scheduled(record.detail, list(records.TIMELINE_EVENT.iter_unpack(record.data)), lost)

    def _renamed(self, record) -> None:
        (old, _) = record.values
        task = self.tasks.pop(old, None) or Task(record.tid, record.tid)
        self._output.replaced(task, record.time, record.tid)
        task.tid = record.tid
        if task.call is not None:
            task.call.tid = record.tid
        self.tasks[record.tid] = task
