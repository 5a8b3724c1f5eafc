"""`--network user`: what carries a machine's packets, and what the kernel is told of it (docs/how_to/network.md)."""

from __future__ import annotations

from ..errors import complain
from .publish import Published, choose_free

NAME = "net"
# QEMU's own network: every address of it is this system's loopback, apart from the name server's.
QEMU_NETWORK = "10.0.2.0/24"


class Network:
    """The network of one machine."""

    def __init__(self, published: list[Published], reaches_host: bool, is_verbose: bool) -> None:
        self._published = published
        self._reaches_host = reaches_host
        self._is_verbose = is_verbose
        self._passt = None

    def start(self, is_there: bool) -> None:
        """Chooses free ports and starts passt, if it is there. Errors: ExoError (a port is taken)."""
        for port in choose_free(self._published):
            complain(f"{port.address}:{port.host} leads to port {port.guest}/{port.protocol} of the machine")
        if not is_there:
            return
        from ..machine.passt import Passt
        self._passt = Passt(self._published, self._reaches_host)

    def settle(self) -> None:
        """Waits until passt works. Where it does not, QEMU's own network takes its place."""
        if self._passt is None:
            return
        reason = self._passt.why_not()
        if reason:
            self._passt.stop()
            self._passt = None
            if self._is_verbose:
                complain(f"passt cannot be used ({reason}); the network is QEMU's own")
        elif self._is_verbose:
            complain(" ".join(self._passt.command))

    @property
    def inherited(self) -> list[int]:
        """Descriptors that QEMU needs."""
        return [self._passt.end.fileno()] if self._passt else []

    def arguments(self) -> list[str]:
        """QEMU's, without the device."""
        if self._passt:
            return ["-netdev", f"stream,id={NAME},server=off,addr.type=fd,addr.str={self._passt.end.fileno()}"]
        rules = [f"hostfwd={port.protocol}:{port.address}:{port.host}-:{port.guest}" for port in self._published]
        return ["-netdev", ",".join(["user", f"id={NAME}", "ipv6=off", *rules])]

    def words(self) -> str:
        """Words of the kernel's command line."""
        words = ["ip=dhcp"]
        if self._reaches_host:
            words.append("net.host_loopback=1")
        elif not self._passt:
            words.append(f"net.refuse={QEMU_NETWORK}")
        if self._passt and self._passt.name_server:
            words.append(f"net.dns={self._passt.name_server}")
        return " ".join(words)

    def close(self) -> None:
        """QEMU has started."""
        if self._passt:
            self._passt.close()

    def stop(self) -> None:
        if self._passt:
            self._passt.stop()
