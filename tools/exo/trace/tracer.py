"""What a session needs to trace: the settings for the kernel, the output, and the pump between."""

from __future__ import annotations

import os

from . import records
from .filters import Chooser
from .follow import Follower
from .json_lines import JsonOutput
from .stream import TracePump
from .summary import Summary
from .text import Style, TextOutput
from .timeline import TimelineOutput
from .values import Values

class Both:
    """Tells several outputs of everything."""

    def __init__(self, *outputs) -> None:
        self._outputs = outputs

    def __getattr__(self, name: str):
        calls = [getattr(output, name) for output in self._outputs]

        def tell(*arguments):
            results = [call(*arguments) for call in calls]
            return "".join(results) if name == "take" else None
        return tell


class Tracer:
    """`kind`: "text", "json", "summary", "both" (text and the summary), or "timeline", which has no calls."""

    PORT = "trace"
    # The kernel traces in a machine that was started with this word (kernel/posix_x/trace/channel.hpp).
    KERNEL_WORD = "exo.trace"

    def __init__(self, descriptions: list[dict], chooser: Chooser, values: Values, style: Style, kind: str, path: str | None) -> None:
        self._descriptions = descriptions
        self._chooser = chooser
        self._values = values
        self._path = path
        self._wants_timeline = kind == "timeline"
        self._summary = Summary(chooser) if kind in ("summary", "both") else None
        outputs = []
        if kind in ("text", "both"):
            outputs.append(TextOutput(style, values, chooser, lambda: len(self._follower.tasks), lambda: self._follower.realtime_offset))
        elif kind == "timeline":
            outputs.append(TimelineOutput())
        elif kind == "json":
            outputs.append(JsonOutput(values, chooser, lambda: self._follower.realtime_offset))
        if self._summary:
            outputs.append(self._summary)
        self._output = outputs[0] if len(outputs) == 1 else Both(*outputs)
        self._follower = Follower(descriptions, self._output)
        self._sink = os.dup(2) if path is None else _open(path)
        self.problem = ""

    def settings(self) -> bytes:
        """What the kernel is told before it traces: how much of each buffer, and a byte for each call."""
        calls = bytearray(records.CALLS)
        if self._wants_timeline:
            return records.settings(0, bytes(calls), wants_timeline=True)
        last = records.CALLS - 1
        from .call_names import CALLS
        for number in range(last):
            calls[number] = records.IS_WANTED if number not in CALLS and self._chooser.wants_all_calls else 0
        calls[last] = records.IS_WANTED if self._chooser.wants_all_calls else 0
        for number, (name, _) in CALLS.items():
            if number < last and self._chooser.wants_name(name):
                calls[number] = records.IS_WANTED
        for one in self._descriptions:
            if one["number"] < last and self._chooser.wants_name(one["name"]):
                calls[one["number"]] = records.IS_WANTED | (_descriptor_places(one) if self._values.shows_paths else 0)
        limit = min(self._values.string_limit, records.MOST_CAPTURED)
        return records.settings(limit, bytes(calls))

    def pump(self, source: int, *, is_raw, on_sink_gone, on_bad_records) -> TracePump:
        is_terminal = self._path is None and os.isatty(self._sink)
        return TracePump(source, self._sink, self._follower, self._output, is_raw=lambda: is_terminal and is_raw(),
                         on_sink_gone=on_sink_gone, on_bad_records=on_bad_records)

    def conclude(self) -> None:
        """After the session: the table, if one is wanted. Errors: OSError."""
        if self._summary:
            data = self._summary.table().encode()
            while data:
                data = data[os.write(self._sink, data):]


def _descriptor_places(description: dict) -> int:
    """A bit for each argument that is a descriptor, and bit 6 for such a result."""
    places = 0
    for place, one in enumerate(description["arguments"]):
        if one["kind"] == "descriptor":
            places |= 1 << place
        elif one["kind"] == "command" and any(command["result"]["kind"] == "descriptor" for command in one["commands"]):
            places |= 1 << records.RESULT_PLACE
    if description["result"]["kind"] == "descriptor":
        places |= 1 << records.RESULT_PLACE
    return places


def _open(path: str) -> int:
    from ..errors import ExoError
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise ExoError(f"-o: {path}: {error.strerror}") from None
