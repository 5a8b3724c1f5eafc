"""The keys that end a machine, looked for in what is typed (imported only where somebody can type)."""

from __future__ import annotations

WITHIN_SECONDS = 1.0


class KillKeys:
    """Remembers the last keys and when they came. All bytes reach the program as well: it may have its own use for them."""

    def __init__(self, wanted: bytes) -> None:
        self._wanted = wanted
        self._last: list[tuple[int, float]] = []

    def complete(self, data: bytes, now: float) -> bool:
        """Whether the keys, one directly after the other and all within a second, end in `data`, which has just come."""
        for byte in data:
            self._last = [*self._last, (byte, now)][-len(self._wanted):]
            is_all = bytes(key for key, _ in self._last) == self._wanted
            if is_all and now - self._last[0][1] <= WITHIN_SECONDS:
                return True
        return False
