"""How often each call was made, how long it took, and how often it failed: the table of `strace -cw`."""

from __future__ import annotations

from .values import Call

ENOSYS = 38
RULE = "------ ----------- ----------- --------- --------- ----------------"


class Count:
    __slots__ = ("calls", "errors", "nanoseconds")

    def __init__(self) -> None:
        self.calls = 0
        self.errors = 0
        self.nanoseconds = 0


class Summary:
    """Counts the calls of all tasks."""

    def __init__(self, chooser) -> None:
        self._chooser = chooser
        self._counts: dict[str, Count] = {}
        self._missing: dict[str, None] = {}

    def take(self) -> str:
        return ""

    def call_began(self, task, call: Call) -> None:
        pass

    def call_copied(self, task, call: Call) -> None:
        pass

    def call_ended(self, task, call: Call) -> None:
        if not self._chooser.wants_call(call):
            return
        count = self._counts.setdefault(call.name, Count())
        count.calls += 1
        count.nanoseconds += call.end - call.begin
        if call.error:
            count.errors += 1
        if call.error == ENOSYS:
            self._missing[call.name] = None

    def signal(self, task, when: int, values: tuple) -> None:
        pass

    def stopped(self, task, when: int, signal: int) -> None:
        pass

    def ended(self, task, when: int, status: int) -> None:
        if task.call is not None and self._chooser.wants_call(task.call):
            count = self._counts.setdefault(task.call.name, Count())
            count.calls += 1
            count.nanoseconds += when - task.call.begin

    def replaced(self, task, when: int, tid: int) -> None:
        pass

    def settle(self, follower) -> None:
        pass

    def finish(self, follower) -> None:
        pass

    def table(self) -> str:
        """Nothing if no call was made."""
        if not self._counts:
            return ""
        total = Count()
        for count in self._counts.values():
            total.calls += count.calls
            total.errors += count.errors
            total.nanoseconds += count.nanoseconds
        lines = ["% time     seconds  usecs/call     calls    errors syscall", RULE]
        for name, count in sorted(self._counts.items(), key=lambda item: (-item[1].nanoseconds, item[0])):
            lines.append(_row(count, total, name))
        lines += [RULE, _row(total, total, "total")]
        if self._missing:
            lines.append("calls that the kernel lacks (ENOSYS): " + ", ".join(sorted(self._missing)))
        return "\n".join(lines) + "\n"


def _row(count: Count, total: Count, name: str) -> str:
    share = 100 * count.nanoseconds / total.nanoseconds if total.nanoseconds else 0.0
    microseconds = count.nanoseconds // 1000 // count.calls if count.calls else 0
    errors = str(count.errors) if count.errors else ""
    return f"{share:6.2f} {count.nanoseconds / 1e9:11.6f} {microseconds:11} {count.calls:9} {errors:>9} {name}"
