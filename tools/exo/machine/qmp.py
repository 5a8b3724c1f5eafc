"""QEMU's control socket (QMP): stops a machine and saves its memory."""

from __future__ import annotations

import json
import os
import socket
import time

CONNECT_LIMIT = 10.0  # seconds until QEMU must have opened its socket
ENDS = ("STOP", "SHUTDOWN", "GUEST_PANICKED")


def options(path: str) -> list[str]:
    """For QEMU's command line: a socket at `path`; a machine that has ended stays until it is looked at."""
    return ["-qmp", f"unix:{path},server=on,wait=off", "-no-reboot", "-no-shutdown"]


class Refused(Exception):
    """QEMU does not do what it is told."""


class Monitor:
    """A connection to a QEMU that was started with `options(path)`."""

    def __init__(self, path: str) -> None:
        """Errors: OSError when QEMU does not open its socket."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._rest = b""
        self.has_ended = False  # by itself
        deadline = time.monotonic() + CONNECT_LIMIT
        while True:
            try:
                self._socket.connect(path)
                break
            except OSError:
                if time.monotonic() > deadline:
                    self._socket.close()
                    raise
                time.sleep(0.02)
        self._line()  # the greeting
        self.order("qmp_capabilities")

    def __enter__(self) -> Monitor:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def fileno(self) -> int:
        """For select(2): there are events to `take`."""
        return self._socket.fileno()

    def order(self, command: str, **arguments) -> object:
        """Errors: Refused, OSError when QEMU is gone."""
        self._socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while True:
            answer = json.loads(self._line())
            self._note(answer)
            if "error" in answer:
                raise Refused(f"QEMU refuses {command}: {answer['error'].get('desc', answer['error'])}")
            if "return" in answer:
                return answer["return"]

    def take(self) -> None:
        """Reads the events that are there. Errors: OSError when QEMU is gone."""
        self._note(json.loads(self._line()))
        while b"\n" in self._rest:
            self._note(json.loads(self._line()))

    def save_memory(self, address: int, size: int, path: str) -> None:
        """`size` bytes of physical memory, of a machine that stands still. Errors: Refused."""
        self.order("stop")
        self.order("pmemsave", val=address, size=size, filename=os.path.abspath(path))

    def _note(self, answer: dict) -> None:
        if answer.get("event") in ENDS:
            self.has_ended = True

    def _line(self) -> bytes:
        while b"\n" not in self._rest:
            chunk = self._socket.recv(1 << 16)
            if not chunk:
                raise ConnectionError("QEMU has closed its control socket")
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        return line
