"""The terminal outside: raw while the program inside owns it, and always restored.

In raw mode (cfmakeraw in termios(3)) every byte passes unchanged: echo, line editing and the signals of Ctrl-C,
Ctrl-Z and Ctrl-\\ are made by the terminal inside.
"""

from __future__ import annotations

import os
import struct

IFLAG, OFLAG, CFLAG, LFLAG, CC = 0, 1, 2, 3, 6  # places in what tcgetattr returns


class Terminal:
    """The terminal on a descriptor; use as a context so that it is restored however the work ends."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._saved: list | None = None

    def __enter__(self) -> "Terminal":
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    @property
    def is_raw(self) -> bool:
        return self._saved is not None

    def acquire(self) -> bool:
        """Goes raw. Does nothing in the background, where changing the terminal would stop us (SIGTTOU)."""
        import termios
        if self.is_raw:
            return True
        try:
            if os.tcgetpgrp(self.fd) != os.getpgrp():
                return False
            self._saved = termios.tcgetattr(self.fd)
            raw = termios.tcgetattr(self.fd)
            raw[IFLAG] &= ~(termios.IGNBRK | termios.BRKINT | termios.PARMRK | termios.ISTRIP | termios.INLCR
                            | termios.IGNCR | termios.ICRNL | termios.IXON)
            raw[OFLAG] &= ~termios.OPOST
            raw[LFLAG] &= ~(termios.ECHO | termios.ECHONL | termios.ICANON | termios.ISIG | termios.IEXTEN)
            raw[CFLAG] = (raw[CFLAG] & ~(termios.CSIZE | termios.PARENB)) | termios.CS8
            raw[CC] = list(raw[CC])
            raw[CC][termios.VMIN], raw[CC][termios.VTIME] = 1, 0
            termios.tcsetattr(self.fd, termios.TCSANOW, raw)
            return True
        except (OSError, termios.error):
            self._saved = None
            return False

    def release(self) -> None:
        """Restores what was there before. A terminal that has gone away needs nothing."""
        import termios
        if self._saved is None:
            return
        saved, self._saved = self._saved, None
        try:
            termios.tcsetattr(self.fd, termios.TCSANOW, saved)
        except (OSError, termios.error):
            pass


def window_size(fd: int) -> tuple[int, int] | None:
    """Rows and columns, or None if the terminal does not know (ioctl_tty(2), TIOCGWINSZ)."""
    import fcntl
    import termios
    try:
        rows, columns, _, _ = struct.unpack("HHHH", fcntl.ioctl(fd, termios.TIOCGWINSZ, bytes(8)))
    except OSError:
        return None
    return (rows, columns) if rows and columns else None
