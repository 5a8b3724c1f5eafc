"""Events as JSON, one object a line."""

from __future__ import annotations

import json

from . import names, structures
from .call_names import CALLS
from .values import Call, NotYet, Values


class JsonOutput:
    """Collects lines in `take()`. Times are nanoseconds since 1970."""

    def __init__(self, values: Values, chooser, offset) -> None:
        self._values = values
        self._chooser = chooser
        self._offset = offset
        self._text: list[str] = []

    def take(self) -> str:
        text = "".join(self._text)
        self._text.clear()
        return text

    def call_began(self, task, call: Call) -> None:
        pass

    def call_copied(self, task, call: Call) -> None:
        pass

    def call_ended(self, task, call: Call) -> None:
        if self._chooser.wants_call(call):
            self._add_call(task, call)

    def _add_call(self, task, call: Call) -> None:
        event = {"event": "call", "time": call.begin + self._offset(), "tid": call.tid, "pid": task.process, "call": call.name,
                 "number": call.number, "arguments": [self._shown(one) for one in self._values.arguments(call)],
                 "words": list(call.words[:_count(call)])}
        if call.resumes:
            event["resumes"] = call.resumes
        if call.is_done:
            event["duration"] = call.end - call.begin
            event["result"] = None if call.restart else call.result if not call.error else -1
            event["result_text"] = self._values.result(call)
            if call.error:
                event["error"] = names.error(call.error)
            if call.restart:
                event["restart"] = names.RESTARTS[call.restart][0]
        else:
            event["result"] = None
        self._add(event)

    @staticmethod
    def _shown(argument) -> str | None:
        try:
            return argument.show()
        except NotYet:
            return None

    def signal(self, task, when: int, values: tuple) -> None:
        if not self._chooser.wants_signal(values[0]):
            return
        number, code, error, sender, uid, status, value, _, user_time, system_time = values
        self._add({"event": "signal", "time": when + self._offset(), "tid": task.tid, "pid": task.process, "signal": names.signal(number),
                   "info": structures.signal_details(number, code, error, sender, uid, status, value, user_time, system_time),
                   "code": code})

    def stopped(self, task, when: int, signal: int) -> None:
        if self._chooser.wants_signal(signal):
            self._add({"event": "stopped", "time": when + self._offset(), "tid": task.tid, "pid": task.process,
                       "signal": names.signal(signal)})

    def ended(self, task, when: int, status: int) -> None:
        if task.call is not None and self._chooser.wants_call(task.call):
            self._add_call(task, task.call)
        event = {"event": "exit", "time": when + self._offset(), "tid": task.tid, "pid": task.process}
        self._add(event | ({"signal": names.signal(status & 0x7f)} if status & 0x7f else {"status": status >> 8 & 0xff}))

    def replaced(self, task, when: int, tid: int) -> None:
        self._add({"event": "superseded", "time": when + self._offset(), "tid": task.tid, "pid": task.process, "by": tid})

    def settle(self, follower) -> None:
        pass

    def finish(self, follower) -> None:
        """Calls that have not ended come last."""
        for task in follower.tasks.values():
            if task.call is not None and self._chooser.wants_call(task.call):
                self._add_call(task, task.call)

    def _add(self, event: dict) -> None:
        self._text.append(json.dumps(event, separators=(",", ":")) + "\n")


def _count(call: Call) -> int:
    """How many words are arguments of the call."""
    if call.description:
        return len(call.description["arguments"])
    return CALLS[call.number][1] if call.number in CALLS else len(call.words)
