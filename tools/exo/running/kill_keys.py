"""The keys that end a machine, looked for in what is typed (imported only where somebody can type)."""

from __future__ import annotations

WITHIN_SECONDS = 1.0


class KillKeys:
    """Remembers the last keys and when they came. All bytes reach the program as well: it may have its own use for them."""

    def __init__(self, wanted: bytes) -> None:
        self._wanted = wanted
        self._keys = b""  # the last ones, one fewer than are wanted
        self._times: list[float] = []

    def complete(self, data: bytes, now: float) -> bool:
        """Whether the keys, one directly after the other and all within a second, end in `data`, which has just come."""
        keys = self._keys + data
        start = keys.find(self._wanted)
        while start >= 0:
            first = self._times[start] if start < len(self._times) else now
            if now - first <= WITHIN_SECONDS:
                return True
            start = keys.find(self._wanted, start + 1)
        kept = len(self._wanted) - 1
        self._times = [*self._times, *[now] * min(len(data), kept)][-kept:] if kept else []
        self._keys = keys[-kept:] if kept else b""
        return False
