"""The way from the machine's trace port to standard error or a file: records in, text out, through a bounded buffer."""

from __future__ import annotations

import os

from ..running.pump import READ_SIZE, Pump
from .records import BadRecords


class TracePump(Pump):
    """Reads no more records while the text of those before has not been taken, so that a slow reader slows the traced program and
    loses nothing. What it writes ends with a line's end wherever the buffer allows it, because others write to the same place."""

    def __init__(self, source: int, sink: int, follower, output, *, is_raw, on_sink_gone, on_bad_records) -> None:
        """`is_raw()`: the sink is a terminal that wants a carriage return before each newline."""
        super().__init__(source, sink, on_sink_gone=on_sink_gone)
        self._follower = follower
        self._output = output
        self._is_raw = is_raw
        self._on_bad_records = on_bad_records
        self._is_over = False

    def fill(self) -> None:
        try:
            data = os.read(self.source, READ_SIZE)
        except BlockingIOError:
            return
        except OSError:  # the machine has ended, and the connection with it
            data = b""
        self.received += len(data)
        if not self._is_over:
            self._take(data)
        if not data or self._follower.is_complete or self._is_over:
            self.end()
        elif not self._can_block:
            self.flush()

    def _take(self, data: bytes) -> None:
        try:
            if data:
                self._follower.feed(data)
            self._follower.settle()
            self._output.settle(self._follower)
        except BadRecords as error:
            self._is_over = True
            self._on_bad_records(str(error))
        if not data or self._follower.is_complete or self._is_over:
            self._output.finish(self._follower)
        self._add(self._output.take())

    def _add(self, text: str) -> None:
        if text and self.sink >= 0:
            data = text.encode(errors="backslashreplace")
            self._buffer += data.replace(b"\n", b"\r\n") if self._is_raw() else data

    def end(self) -> None:
        super().end()
        if self._buffer and self.sink >= 0 and not self._can_block:
            self.flush()

    def flush(self) -> None:
        if self.sink < 0:
            return
        size = min(len(self._buffer), self._write_size)
        if size < len(self._buffer):
            size = self._buffer.rfind(b"\n", 0, size) + 1 or size
        try:
            written = os.write(self.sink, memoryview(self._buffer)[:size])
        except BlockingIOError:
            return
        except OSError as error:
            self._lose_sink(error)
            return
        del self._buffer[:written]
        self._announce_end()
