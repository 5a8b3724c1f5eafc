"""Our end of the control port: lines of text to and from the init inside (docs/run_protocol.md)."""

from __future__ import annotations

import os


class Outcome:
    """How the session ended, as far as init has said."""

    def __init__(self) -> None:
        self.started = False
        self.process = 0  # the program's number in the machine
        self.status: int | None = None
        self.message = ""
        self.signal = 0  # that ended the program
        self.used: tuple[int, ...] | None = None  # microseconds in user mode and in the kernel, KiB of the largest process


class Control:
    """Reads lines as they come and keeps what they said; queues lines to send."""

    def __init__(self, fd: int, on_ready, on_started, on_closed) -> None:
        self.fd = fd
        self.outcome = Outcome()
        self._on_ready = on_ready
        self._on_started = on_started
        self._on_closed = on_closed
        self._input = bytearray()
        self._output = bytearray()

    @property
    def wants_to_write(self) -> bool:
        return bool(self._output) and self.fd >= 0

    def send(self, line: str) -> None:
        if self.fd >= 0:
            self._output += line.encode() + b"\n"
            self.flush()

    def flush(self) -> None:
        try:
            del self._output[:os.write(self.fd, self._output)]
        except BlockingIOError:
            pass
        except OSError:
            self._output.clear()

    def fill(self) -> None:
        try:
            data = os.read(self.fd, 4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.fd = -1
            return
        self._input += data
        *lines, rest = bytes(self._input).split(b"\n")
        self._input = bytearray(rest)
        for line in lines:
            self._take(line.decode(errors="replace"))

    def _take(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == "started":
            self.outcome.started = True
            self.outcome.process = int(rest) if rest.isdigit() else 0
            self._on_started()
        elif word == "ready":
            self._on_ready()
        elif word == "exited" and rest.isdigit():
            self.outcome.status = int(rest) & 0xFF
        elif word == "killed" and rest.isdigit():
            self.outcome.signal = int(rest)
        elif word == "used" and rest.count(" ") == 2 and rest.replace(" ", "").isdigit():
            self.outcome.used = tuple(map(int, rest.split(" ")))
        elif word == "failed":
            code, _, self.outcome.message = rest.partition(" ")
            self.outcome.status = int(code) if code.isdigit() else 125
        elif word == "closed":
            name, _, count = rest.partition(" ")
            if count.isdigit():
                self._on_closed(name, int(count))
        # Anything else is from an init of another version; what it means is not needed here.
