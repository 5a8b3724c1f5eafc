"""The loop of a running machine: bytes of the streams, signals, the control port, deadlines, and the end.

It ends when QEMU has ended and everything that it left in the sockets has been passed on.
"""

from __future__ import annotations

import os
import select
import signal
import time

from ..errors import STATUS_KILLED, STATUS_TIMEOUT, complain
from ..machine.control import Control
from .pump import Pump, Waiting, end_of_input, give_up
from .terminal import Terminal, window_size

SECOND_INTERRUPT_SECONDS = 2.0
POWER_OFF_SECONDS = 2.0
FALLING_BACK = "falling back to"
INTERRUPT_BYTE = b"\x03"
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NAMES = ("stdin", "stdout", "stderr")


class Relay:
    """`ends` are our ends of the sockets, by the names of the ports and "console" for the terminal; `console_peer` is
    a duplicate of QEMU's end of the latter, or -1. `request` and `settings` are those of request.py and session.py."""

    def __init__(self, process, ends: dict, console_peer: int, request, settings, tracer=None) -> None:
        self._process = process
        self._ends = ends
        self._console_peer = console_peer
        self._settings = settings
        self._tracer = tracer
        self._outside = request.outside
        # Where standard input or output is a terminal inside and none here: --tty.
        self._is_terminal_forced = request.terminals != request.outside
        self._terminals = request.terminals
        self._deadline = time.monotonic() + settings.timeout if settings.timeout else None
        self._stop_deadline: float | None = None
        self._drain_deadline: float | None = None
        self._power_off_deadline: float | None = None
        self._last_interrupt = -SECOND_INTERRUPT_SECONDS
        self._expected: dict[str, int] = {}
        self._said_bye = False
        self._is_over = False
        self.status: int | None = None
        self.reason = ""
        self.lost: list[str] = []
        self.control = Control(ends["control"].fileno(), self._prepare_console, self._report_accelerator, self._stream_closed)
        self.outcome = self.control.outcome
        self._terminal = Terminal(0) if self._outside[0] else None
        self._input: Pump | None = None
        self._outputs: dict[str, Pump] = {}
        self._connect()
        self._wake = self._catch_signals()

    @property
    def leaves_line_open(self) -> bool:
        """The terminal's cursor may be behind something that the program printed."""
        return "console" in self._outputs and self._outside[2] and not self._outputs["console"].last.endswith(b"\n")

    def run(self) -> None:
        """Runs until the end. `status` (and for most ends `reason`) is then set if we ended the machine, `outcome` says what
        init reported."""
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
                self._outputs[name] = Pump(end.fileno(), os.dup(self._screen()), on_sink_gone=self._screen_lost)
                if self._outside[0]:
                    self._input = Pump(0, end.fileno(), on_end=self._hang_up)
                    self._watch_keys()
                elif self._terminals[0]:
                    self._input = Pump(0, end.fileno(), closing_words=end_of_input)
            elif self._tracer and name == self._tracer.PORT:
                end.sendall(self._tracer.settings())
                self._outputs[name] = self._tracer.pump(
                    end.fileno(), is_raw=lambda: self._terminal is not None and self._terminal.is_raw,
                    on_sink_gone=lambda error, name=name: self._output_lost(name, error), on_bad_records=self._trace_lost)
            elif name != "control":
                self._outputs[name] = Pump(end.fileno(), NAMES.index(name),
                                           on_sink_gone=lambda error, name=name: self._output_lost(name, error))

    def _watch_keys(self) -> None:
        if self._settings.kill_keys:
            from .kill_keys import KillKeys
            self._kill_keys = KillKeys(self._settings.kill_keys)
            self._input.on_data = self._look_for_kill_keys

    def _screen(self) -> int:
        if self._is_terminal_forced:
            return 1
        return next((fd for fd in (1, 2) if self._outside[fd]), 0)

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
        waiting = Waiting()
        waiting.add(self._wake, select.POLLIN, self._take_signals)
        if not self._is_over:
            waiting.add(self._process.exit_fd, select.POLLIN, self._machine_ended)
            if self._input:
                self._input.register(waiting)
        for pump in self._outputs.values():
            pump.register(waiting)
        if self.control.fd >= 0:
            waiting.add(self.control.fd, select.POLLIN, self.control.fill)
            if self.control.wants_to_write:
                waiting.add(self.control.fd, select.POLLOUT, self.control.flush)
        waiting.wait(self._wait_milliseconds())
        self._check_type_ahead()
        self._check_end()

    def _wait_milliseconds(self) -> float | None:
        wanted = (self._drain_deadline,) if self._is_over else (self._deadline, self._stop_deadline, self._power_off_deadline)
        deadlines = [at for at in wanted if at is not None]
        if not deadlines:
            return None
        return max(0.0, min(deadlines) - time.monotonic()) * 1000 + 1

    def _is_done(self) -> bool:
        if self._is_over and self._drain_deadline is not None and time.monotonic() >= self._drain_deadline:
            return True
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
            self._end_machine(STATUS_TIMEOUT, f"timed out after {self._settings.timeout:g} s")
        elif self._stop_deadline is not None and now >= self._stop_deadline:
            self._end_machine(STATUS_KILLED, f"the program did not end within {self._settings.stop_timeout:g} s of being asked "
                                             "to; its machine was ended")
        elif self._power_off_deadline is not None and now >= self._power_off_deadline:
            self._process.stop()

    def _has_all_output(self) -> bool:
        expected = set(self._expected)
        if self._tracer and self.outcome.started and self._kernel_traces():
            expected.add(self._tracer.PORT)
        return all(pump.is_finished for name, pump in self._outputs.items() if name in expected)

    def _machine_ended(self) -> None:
        self._process.wait()
        self._close_console_peer()
        self._is_over = True

    def _end_machine(self, status: int, reason: str = "") -> None:
        """Ends the machine at once; `status` is then ours to say. What has come from it already is passed on, if whoever
        reads our output takes it soon."""
        if self._is_over:
            return
        self.status = status
        self.reason = reason
        self._drain_deadline = time.monotonic() + POWER_OFF_SECONDS
        self._process.stop()
        self._close_console_peer()
        self._is_over = True

    def _report_accelerator(self) -> None:
        """QEMU itself says it when KVM is there and cannot be used."""
        if self._settings.accelerator == "kvm" and FALLING_BACK in self._process.messages():
            complain("KVM cannot be used: QEMU emulates instead")

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
                give_up(0)
        elif name in self._outputs:
            self._expected[name] = count
            # Standard error stays open outside: our own messages go there too.
            self._outputs[name].expect(count, lambda: give_up(1) if name == "stdout" else None)

    def _output_lost(self, name: str, error: OSError) -> None:
        if not isinstance(error, BrokenPipeError):
            self.lost.append(f"{name}: {error.strerror}")
        self._ends[name].close()

    def _kernel_traces(self) -> bool:
        """A kernel that traces says so before the program starts. One that does not will never say that the trace is complete."""
        trace = self._outputs[self._tracer.PORT]
        if not trace.received and not trace.is_finished:
            self.lost.append("trace: this kernel records no system calls")
            trace.abandon()
        return trace.received > 0

    def _trace_lost(self, reason: str) -> None:
        """The program goes on untraced."""
        self.lost.append(f"trace: the kernel sent {reason}; is it of this version?")
        self._ends[self._tracer.PORT].close()

    def _screen_lost(self, error: OSError) -> None:
        """Whoever shows the program's terminal has gone."""
        if not isinstance(error, BrokenPipeError):
            self.lost.append(f"terminal: {error.strerror}")
        if self._terminals[0]:
            self._input = None  # it writes to the same socket
        self._ends["console"].close()
        self._hang_up()

    def _hang_up(self) -> None:
        """The program hears what it would hear from a terminal that hangs up, and has as long to end as after SIGTERM."""
        if not self.outcome.started:
            self._end_machine(128 + signal.SIGHUP)
        elif self._stop_deadline is None:
            self.control.send(f"signal {int(signal.SIGHUP)}")
            self._stop_deadline = time.monotonic() + self._settings.stop_timeout

    def _look_for_kill_keys(self, data: bytes) -> None:
        if self._kill_keys.complete(data, time.monotonic()):
            self._end_machine(STATUS_KILLED, "the machine was ended by its kill keys")

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
        if self._is_over:  # all that is left is output which nobody takes
            self.status = 128 + number
            self._drain_deadline = now
            return
        is_second = number == signal.SIGINT and now - self._last_interrupt < SECOND_INTERRUPT_SECONDS
        if number == signal.SIGINT:
            self._last_interrupt = now
        if is_second or not self.outcome.started:
            self._end_machine(128 + number)
            return
        if number == signal.SIGTERM:
            if self._stop_deadline is not None:
                self._end_machine(STATUS_KILLED, "the machine was ended by a second SIGTERM")
                return
            self._stop_deadline = now + self._settings.stop_timeout
        self.control.send(f"signal {number}")

    def _resize(self) -> None:
        size = next((window_size(fd) for fd in (1, 2, 0) if self._outside[fd]), None)
        if size:
            self.control.send(f"winsize {size[0]} {size[1]}")
