"""Events as lines of text, in the form of `strace -f`."""

from __future__ import annotations

import time

from . import names, structures
from .values import Call, NotYet, Values

RESULT_COLUMN = 40
NANOSECONDS = 1_000_000_000
NEVER_RETURN = ("exit", "exit_group")


class Style:
    """What the command line asks for. `stamps`: 0 to 3 as with -t; `shows_every_tid`: also while there is one task only."""

    __slots__ = ("stamps", "shows_durations", "shows_every_tid", "shows_calls")

    def __init__(self, stamps: int = 0, shows_durations: bool = False, shows_every_tid: bool = False, shows_calls: bool = True) -> None:
        self.stamps = stamps
        self.shows_durations = shows_durations
        self.shows_every_tid = shows_every_tid
        self.shows_calls = shows_calls


class TextOutput:
    """Collects text in `take()`. The line of the call that began last stays open until it ends or something else happens."""

    def __init__(self, style: Style, values: Values, chooser, count_tasks, offset) -> None:
        """`chooser` is a filters.Chooser; `count_tasks` and `offset` say how many tasks there are and what real time is ahead."""
        self._style = style
        self._values = values
        self._chooser = chooser
        self._count_tasks = count_tasks
        self._offset = offset
        self._text: list[str] = []
        self._open: Call | None = None  # whose line is not ended
        self._column = 0

    def take(self) -> str:
        text = "".join(self._text)
        self._text.clear()
        return text

    # ---- Events.

    def call_began(self, task, call: Call) -> None:
        if self._chooser.wants_call(call):
            self._close_line()
            self._open = call
            call.shown = -1  # not even its name
            call.has_company = self._count_tasks() > 1

    def call_copied(self, task, call: Call) -> None:
        pass

    def call_ended(self, task, call: Call) -> None:
        if not self._chooser.wants_call(call):
            return
        if self._open is not call:
            self._close_line()
            self._begin_line(call.tid, call.end)
            self._write(f"<... {call.name} resumed>")
        else:
            self._show_name(call)
        self._show_arguments(call)
        self._write(")")
        self._end_line(self._values.result(call), call.end - call.begin)
        self._open = None

    def signal(self, task, when: int, values: tuple) -> None:
        if self._chooser.wants_signal(values[0]):
            number, code, error, sender, uid, status, value, _, user_time, system_time = values
            self._whole_line(task.tid, when, f"--- {names.signal(number)} " + structures.signal_details(
                number, code, error, sender, uid, status, value, user_time, system_time) + " ---")

    def stopped(self, task, when: int, signal: int) -> None:
        if self._chooser.wants_signal(signal):
            self._whole_line(task.tid, when, f"--- stopped by {names.signal(signal)} ---")

    def ended(self, task, when: int, status: int) -> None:
        call = task.call
        if call is not None and self._chooser.wants_call(call):
            self._end_pending(task, call, when)
        how = f"killed by {names.signal(status & 0x7f)}" if status & 0x7f else f"exited with {status >> 8 & 0xff}"
        self._whole_line(task.tid, when, f"+++ {how} +++")

    def replaced(self, task, when: int, tid: int) -> None:
        self._whole_line(task.tid, when, f"+++ superseded by execve in pid {tid} +++")

    def settle(self, follower) -> None:
        """Nothing else has come: what is known of the open call is shown."""
        if self._open is not None:
            self._show_name(self._open)
            self._show_arguments(self._open)

    def finish(self, follower) -> None:
        """The trace is over."""
        if self._open is not None:
            self._close_line()

    # ---- Lines.

    def _end_pending(self, task, call: Call, when: int) -> None:
        """A call that never returns, or that the end of its task has cut off."""
        if self._open is call:
            self._show_name(call)
        else:
            self._close_line()
            self._begin_line(task.tid, when)
            self._write(f"<... {call.name} resumed>")
        self._show_arguments(call)
        self._write(")" if call.name in NEVER_RETURN or self._open is not call else " <unfinished ...>)")
        self._end_line("?", None)
        self._open = None

    def _whole_line(self, tid: int, when: int, text: str) -> None:
        self._close_line()
        self._begin_line(tid, when)
        self._write(text + "\n")

    def _close_line(self) -> None:
        if self._open is not None:
            self._show_name(self._open)
            self._show_arguments(self._open)
            self._write(" <unfinished ...>\n")
            self._open = None

    def _show_name(self, call: Call) -> None:
        if call.shown >= 0:
            return
        call.shown = 0
        self._begin_line(call.tid, call.begin, call.has_company)
        self._write(f"{call.name}(")
        if call.resumes:
            self._write(f"<... resuming interrupted {call.resumes} ...>")

    def _show_arguments(self, call: Call) -> None:
        """Those that are known and have not been shown."""
        arguments = self._values.arguments(call)
        while call.shown < len(arguments):
            argument = arguments[call.shown]
            if argument.at_end and not call.is_done:
                return
            try:
                text = argument.show()
            except NotYet:
                return
            call.shown += 1
            self._write(text + (", " if call.shown < len(arguments) else ""))

    def _begin_line(self, tid: int, when: int, has_company: bool | None = None) -> None:
        self._column = 0
        if self._style.shows_every_tid:
            self._write(f"{tid:<5} ")
        elif self._count_tasks() > 1 if has_company is None else has_company:
            self._write(f"[pid {tid:5}] ")
        if self._style.stamps:
            self._write(stamp(when + self._offset(), self._style.stamps) + " ")

    def _end_line(self, result: str, duration: int | None) -> None:
        self._write(" " * max(RESULT_COLUMN - self._column - 1, 0) + f" = {result}")
        if self._style.shows_durations and duration is not None:
            self._write(f" <{duration // NANOSECONDS}.{duration % NANOSECONDS // 1000:06}>")
        self._write("\n")

    def _write(self, text: str) -> None:
        if self._style.shows_calls:
            self._text.append(text)
        self._column += len(text)


def stamp(nanoseconds: int, kind: int) -> str:
    """1: the time of day in seconds, 2: with microseconds, 3: seconds since 1970 with microseconds."""
    seconds, rest = divmod(nanoseconds, NANOSECONDS)
    if kind >= 3:
        return f"{seconds}.{rest // 1000:06}"
    day = time.strftime("%H:%M:%S", time.localtime(seconds))
    return day if kind == 1 else f"{day}.{rest // 1000:06}"
