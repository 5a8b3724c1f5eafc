"""passt: a machine's network without privileges. It makes ordinary sockets of this system out of the machine's packets.

It is a process of its own, which talks with QEMU over a pair of sockets and ends with it. Source: passt(1).
"""

from __future__ import annotations

import time

from .. import packages
from . import qemu

START_SECONDS = 5.0
LOOK_SECONDS = 0.002
RESOLV_CONF = "/etc/resolv.conf"
# Where the machine asks for names if this system's own resolver is on its loopback, which the machine cannot reach: an address of the
# range for benchmarks (RFC 2544), which nobody routes.
NAME_SERVER = "198.18.0.53"
NO_LOG = "to syslog"


class Passt:
    """A running passt. `end` is QEMU's end of the connection, until close()."""

    def __init__(self, published: list, reaches_host: bool) -> None:
        """`published`: those of running/publish.py. `reaches_host`: the address of the machine's router is this system's loopback.

        Errors: ExoError (there is no process or descriptor left).
        """
        import _socket
        ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
        self.end = ours
        self.name_server = NAME_SERVER if has_local_resolver() else ""
        self.command = command(theirs.fileno(), published, reaches_host, self.name_server)
        self._process = qemu.Process(self.command, [theirs.fileno()])
        theirs.close()

    def why_not(self) -> str:
        """Waits until it works, and returns "", or why it does not.

        Before that it makes itself namespaces, which not every system lets it; when it installs its filter of system calls, all that
        can fail is over.
        """
        ours = _filters("self")
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.has_ended():
                return _last_line(self._process.messages()) or f"exit status {self._process.wait()}"
            if _filters(str(self._process.pid)) != ours:
                return ""
            time.sleep(LOOK_SECONDS)
        return f"it is not ready after {START_SECONDS:g} s"

    def close(self) -> None:
        """QEMU has its end."""
        self.end.close()

    def stop(self) -> None:
        self.end.close()
        self._process.stop()


def command(fd: int, published: list, reaches_host: bool, name_server: str) -> list[str]:
    words = [packages.find_program("passt") or packages.PASST.probe, "--foreground", "--quiet", "--ipv4-only", "--fd", str(fd)]
    if not reaches_host:
        words.append("--no-map-gw")
    if name_server:
        words += ["--dns-forward", name_server]
    for port in published:
        option = "--tcp-ports" if port.protocol == "tcp" else "--udp-ports"
        words += [option, f"{port.address}/{port.host}:{port.guest}"]
    return words


def has_local_resolver(path: str = RESOLV_CONF) -> bool:
    """Whether all name servers of this system are on its loopback (resolv.conf(5): with none, there is one)."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            words = [line.split() for line in file]
    except OSError:
        return False
    servers = [line[1] for line in words if len(line) > 1 and line[0] == "nameserver"]
    return all(server.startswith("127.") or server == "::1" for server in servers)


def _filters(process: str) -> list[str]:
    """The lines on filters of system calls of a process; none when it has gone."""
    try:
        with open(f"/proc/{process}/status", encoding="ascii", errors="replace") as file:
            return [line for line in file if line.startswith("Seccomp")]
    except OSError:
        return []


def _last_line(messages: str) -> str:
    """passt complains, too, that nobody listens to its log."""
    lines = [line for line in messages.split("\n") if line and NO_LOG not in line]
    return lines[-1] if lines else ""
