"""One direction of one stream: bytes from a descriptor to another, through a bounded buffer, never waiting.

A sink outside may be any kind of file and is left in blocking mode, because the mode belongs to everyone who
shares it. So only as much is written at once as cannot block: poll(2) promises room for PIPE_BUF bytes in a pipe.
"""

from __future__ import annotations

import os
import select
import stat

BUFFER_LIMIT = 256 * 1024
READ_SIZE = 64 * 1024
END_OF_INPUT = b"\x04"  # Ctrl-D
ALWAYS_REPORTED = select.POLLERR | select.POLLHUP | select.POLLNVAL


class Waiting:
    """What one call of poll(2) waits for. A descriptor may be read by one pump and written by another: the terminal's."""

    def __init__(self) -> None:
        self._calls: dict[int, list[tuple[int, object]]] = {}

    def add(self, fd: int, event: int, call) -> None:
        self._calls.setdefault(fd, []).append((event, call))

    def wait(self, milliseconds: float | None) -> None:
        """Waits, and calls what was added for each event that came; an end or an error counts as every event."""
        poll = select.poll()
        for fd, calls in self._calls.items():
            events = 0
            for event, _ in calls:
                events |= event
            poll.register(fd, events)
        for fd, came in poll.poll(milliseconds):
            for event, call in self._calls[fd]:
                if came & (event | ALWAYS_REPORTED):
                    call()


class Pump:
    """Moves bytes from `source` to `sink`; -1 stands for an end that is closed or was never there."""

    def __init__(self, source: int, sink: int, *, on_end=None, on_sink_gone=None, closing_words=None) -> None:
        """What `closing_words` makes of the last bytes that came is written behind them at the end."""
        self.source = source
        self.sink = sink
        self.received = 0
        self.last = b""
        self._expected: int | None = None
        self.is_paused = False
        self._buffer = bytearray()
        self._on_end = on_end
        self.on_data = None  # called with all that comes
        self._closing_words = closing_words
        self._on_sink_gone = on_sink_gone
        self._is_ended = False
        self._can_block = _can_block(sink)
        self._write_size = select.PIPE_BUF if self._can_block else BUFFER_LIMIT

    @property
    def is_idle(self) -> bool:
        """Nothing is left to write."""
        return not self._buffer

    @property
    def is_finished(self) -> bool:
        return self.source < 0 and not self._buffer

    def register(self, waiting: Waiting) -> None:
        """Says what to wait for."""
        if self.source >= 0 and not self.is_paused and len(self._buffer) < BUFFER_LIMIT:
            waiting.add(self.source, select.POLLIN, self.fill)
        if self._buffer:
            waiting.add(self.sink, select.POLLOUT, self.flush)

    def fill(self) -> None:
        try:
            data = os.read(self.source, READ_SIZE)
        except BlockingIOError:
            return
        except OSError:  # a terminal that hung up (EIO), a connection that was reset
            data = b""
        if not data:
            if self._closing_words and self.sink >= 0:
                self._buffer += self._closing_words(self.last)
            self.end()
            return
        self.received += len(data)
        self.last = data
        if self.on_data:
            self.on_data(data)
        if self.sink >= 0:
            self._buffer += data
            if not self._can_block:
                self.flush()
        self._check_expected()

    def flush(self) -> None:
        if self.sink < 0:  # lost since the caller asked poll()
            return
        try:
            written = os.write(self.sink, memoryview(self._buffer)[:self._write_size])
        except BlockingIOError:
            return
        except OSError as error:
            self._lose_sink(error)
            return
        del self._buffer[:written]
        self._announce_end()

    def end(self) -> None:
        """Takes no more from the source; what is buffered still goes out."""
        self.source = -1
        self._announce_end()

    def expect(self, count: int, on_end) -> None:
        """Ends once `count` bytes have come, and calls `on_end` when they are written."""
        self._expected = count
        self._on_end = on_end
        self._check_expected()

    def abandon(self) -> None:
        """Nobody wants what comes: drops it, and takes no more."""
        self._buffer.clear()
        self.end()

    def _check_expected(self) -> None:
        if self._expected is not None and self.received >= self._expected and self.source >= 0:
            self.end()

    def _announce_end(self) -> None:
        if self.is_finished and not self._is_ended:
            self._is_ended = True
            if self._on_end:
                self._on_end()

    def _lose_sink(self, error: OSError) -> None:
        self.sink = -1
        self._buffer.clear()
        self.source = -1
        self._is_ended = True
        if self._on_sink_gone:
            self._on_sink_gone(error)


def _can_block(fd: int) -> bool:
    """Whether a large write could wait for somebody."""
    try:
        return os.get_blocking(fd) and not stat.S_ISREG(os.fstat(fd).st_mode)
    except OSError:
        return True


def end_of_input(last: bytes) -> bytes:
    """What a terminal's input ends with when nobody types any more: Ctrl-D, and one before it to push out a line that is
    not complete (as script(1) does)."""
    return END_OF_INPUT if last.endswith(b"\n") or not last else 2 * END_OF_INPUT


def give_up(fd: int) -> None:
    """Lets whoever is at the other end of a standard stream see that it is closed, keeping its number in use."""
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    os.dup2(null, fd)
    os.close(null)
