"""The loop of a running machine: bytes of the streams, signals, the control port, deadlines, and the end.

It ends when QEMU has ended and everything that it left in the sockets has been passed on.
"""

from __future__ import annotations

import os
import select
import signal
import time

from .control import Control
from .errors import STATUS_TIMEOUT
from .pump import Pump
from .terminal import Terminal, window_size

SECOND_INTERRUPT_SECONDS = 2.0
POWER_OFF_SECONDS = 2.0
INTERRUPT_BYTE = b"\x03"
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NAMES = ("stdin", "stdout", "stderr")


class Relay:
    """`ends` are our ends of the sockets, by the names of the ports and "console" for the terminal; `console_peer` is
    a duplicate of QEMU's end of the latter, or -1."""

    def __init__(self, process, ends: dict, console_peer: int, terminals: list[bool], timeout: float | None) -> None:
        self._process = process
        self._ends = ends
        self._console_peer = console_peer
        self._terminals = terminals
        self._deadline = time.monotonic() + timeout if timeout else None
        self._power_off_deadline: float | None = None
        self._last_interrupt = -SECOND_INTERRUPT_SECONDS
        self._expected: dict[str, int] = {}
        self._said_bye = False
        self._is_over = False
        self.status: int | None = None
        self.lost: list[str] = []
        self.control = Control(ends["control"].fileno(), self._prepare_console, self._stream_closed)
        self.outcome = self.control.outcome
        self._terminal = Terminal(0) if terminals[0] else None
        self._input: Pump | None = None
        self._outputs: dict[str, Pump] = {}
        self._connect()
        self._wake = self._catch_signals()

    def run(self) -> None:
        """Runs until the end. `status` is then set if we ended the machine, `outcome` says what init reported."""
        try:
            if self._terminal:
                self._input.is_paused = not self._terminal.acquire()
            while not self._is_done():
                self._step()
        finally:
            if self._terminal:
                self._terminal.release()
            signal.set_wakeup_fd(-1)

    # Setting up

    def _connect(self) -> None:
        for name, end in self._ends.items():
            end.setblocking(False)
            if name == "stdin":
                self._input = Pump(0, end.fileno(), on_end=lambda: self._half_close("stdin"))
            elif name == "console":
                # With a number of its own: standard input may be the same terminal, and poll() knows numbers only.
                screen = next((fd for fd in (1, 2) if self._terminals[fd]), 0)
                self._outputs[name] = Pump(end.fileno(), os.dup(screen))
                if self._terminals[0]:
                    self._input = Pump(0, end.fileno())
            elif name != "control":
                self._outputs[name] = Pump(end.fileno(), NAMES.index(name),
                                           on_sink_gone=lambda error, name=name: self._output_lost(name, error))

    def _catch_signals(self) -> int:
        reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in (*FORWARDED, signal.SIGWINCH, signal.SIGCONT, signal.SIGTSTP):
            # nohup(1) asks for SIGHUP to stay ignored. A shell script's background job has SIGINT ignored as well,
            # but whoever sends that to us on purpose means the program.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, lambda *_: None)
        return reader

    # The loop

    def _step(self) -> None:
        poll = select.poll()
        interest = {self._wake: self._take_signals}
        poll.register(self._wake, select.POLLIN)
        if not self._is_over:
            poll.register(self._process.exit_fd, select.POLLIN)
            interest[self._process.exit_fd] = self._machine_ended
            if self._input:
                self._input.register(poll, interest)
        for pump in self._outputs.values():
            pump.register(poll, interest)
        if self.control.fd >= 0:
            poll.register(self.control.fd, select.POLLIN | (select.POLLOUT if self.control.wants_to_write else 0))
            interest[self.control.fd] = self.control.fill
        for fd, events in poll.poll(self._wait_milliseconds()):
            if fd == self.control.fd and events & select.POLLOUT:
                self.control.flush()
            interest[fd]()
        self._check_type_ahead()
        self._check_end()

    def _wait_milliseconds(self) -> float | None:
        deadlines = [at for at in (self._deadline, self._power_off_deadline) if at is not None]
        if not deadlines or self._is_over:
            return None
        return max(0.0, min(deadlines) - time.monotonic()) * 1000 + 1

    def _is_done(self) -> bool:
        return self._is_over and self.control.fd < 0 and all(pump.is_finished for pump in self._outputs.values())

    def _check_end(self) -> None:
        if self._is_over:
            return
        now = time.monotonic()
        if self.outcome.status is not None and not self._said_bye and self._has_all_output():
            self._said_bye = True
            self._power_off_deadline = now + POWER_OFF_SECONDS
            self.control.send("bye")
        if self._deadline is not None and now >= self._deadline and self.outcome.status is None:
            self._end_machine(STATUS_TIMEOUT)
        elif self._power_off_deadline is not None and now >= self._power_off_deadline:
            self._process.stop()

    def _has_all_output(self) -> bool:
        return all(pump.is_finished for name, pump in self._outputs.items() if name in self._expected)

    def _machine_ended(self) -> None:
        self._process.wait()
        self._close_console_peer()
        self._is_over = True

    def _end_machine(self, status: int) -> None:
        """Ends the machine at once; `status` is then ours to say."""
        self.status = status
        self._process.stop()
        self._close_console_peer()
        self._is_over = True

    # Streams

    def _prepare_console(self) -> None:
        """Makes QEMU wait for us when the socket is full.

        Its virtconsole drops what its socket does not take at once (flush_buf in hw/char/virtio-console.c says why),
        so a program that prints faster than we read would lose output. Blocking is a property of the description,
        which our duplicate shares; QEMU has made it non-blocking when it started, and does not change it again.
        """
        if self._console_peer >= 0:
            os.set_blocking(self._console_peer, True)
            self._close_console_peer()
        self.control.send("go")

    def _close_console_peer(self) -> None:
        """While we hold it, the end of QEMU would not close the connection."""
        if self._console_peer >= 0:
            os.close(self._console_peer)
            self._console_peer = -1

    def _half_close(self, name: str) -> None:
        # Not a full close: QEMU would see the hang-up and drop what it has not read yet.
        import _socket
        try:
            self._ends[name].shutdown(_socket.SHUT_WR)
        except OSError:
            pass

    def _stream_closed(self, name: str, count: int) -> None:
        """The program closed its end. For an output, `count` bytes must come before it is closed outside too."""
        if name == "stdin":
            if self._input:
                self._input.abandon()
                _give_up(0)
        elif name in self._outputs:
            self._expected[name] = count
            # Standard error stays open outside: our own messages go there too.
            self._outputs[name].expect(count, lambda: _give_up(1) if name == "stdout" else None)

    def _output_lost(self, name: str, error: OSError) -> None:
        if not isinstance(error, BrokenPipeError):
            self.lost.append(f"{name}: {error.strerror}")
        self._ends[name].close()

    def _check_type_ahead(self) -> None:
        """Until the program runs, no terminal inside turns a Ctrl-C into a signal; so it is ours."""
        if not self.outcome.started and self._terminal and self._input and INTERRUPT_BYTE in self._input.last:
            self._end_machine(128 + signal.SIGINT)

    # Signals

    def _take_signals(self) -> None:
        for number in os.read(self._wake, 64):
            if number in FORWARDED:
                self._forward(number)
            elif number == signal.SIGWINCH:
                self._resize()
            elif number == signal.SIGTSTP and self._terminal:
                self._terminal.release()
                os.kill(os.getpid(), signal.SIGSTOP)
            elif number == signal.SIGCONT and self._terminal and self._input:
                self._input.is_paused = not self._terminal.acquire()

    def _forward(self, number: int) -> None:
        now = time.monotonic()
        is_second = number == signal.SIGINT and now - self._last_interrupt < SECOND_INTERRUPT_SECONDS
        if number == signal.SIGINT:
            self._last_interrupt = now
        if is_second or not self.outcome.started:
            self._end_machine(128 + number)
        else:
            self.control.send(f"signal {number}")

    def _resize(self) -> None:
        size = next((window_size(fd) for fd in (1, 2, 0) if self._terminals[fd]), None)
        if size:
            self.control.send(f"winsize {size[0]} {size[1]}")


def _give_up(fd: int) -> None:
    """Lets whoever is at the other end of a standard stream see that it is closed, keeping its number in use."""
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    os.dup2(null, fd)
    os.close(null)
