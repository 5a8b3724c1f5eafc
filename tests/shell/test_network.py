"""`./exo run --network` and `-p`: a machine's network, and what it does not reach."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import urllib.request

import pytest

PAGE = "x" * 40_000


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def server_of_the_host():
    """A server on this system's loopback that says "reached" to everybody; yields its port and the number of its callers."""
    callers = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, address = listener.accept()
                    callers.append(address)
                    with connection:
                        connection.sendall(b"reached\n")
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1], callers


def test_without_a_network_there_is_the_loopback(exo) -> None:
    script = "ifconfig | grep -c encap; nc -l -p 80 -e echo local & sleep 0.5; nc 127.0.0.1 80; nc -w 2 192.0.2.1 80; ls /etc/resolv.conf"
    done = exo.sh(script)
    assert done.stdout == b"1\nlocal\n"
    assert b"unreachable" in done.stderr


def test_a_machine_gets_an_address_and_name_servers(exo) -> None:
    done = exo.run("--network", "user", "--", "sh", "-c", "ifconfig eth0 | grep -c 'inet addr'; route -n | grep -c ^0.0.0.0; grep -c ^nameserver /etc/resolv.conf")
    address, routes, servers = done.stdout.split()
    assert (address, routes) == (b"1", b"1") and int(servers) >= 1, done


@pytest.mark.parametrize("machine", ["microvm", "q35"])
def test_a_published_port_leads_to_the_program(exo, machine: str) -> None:
    port = free_port()
    script = f"mkdir /www; yes x | head -c 80000 | tr -d '\\n' >/www/page; exec httpd -f -p 80 -h /www"
    running = exo.start("--machine", machine, "-p", f"{port}:80", "--", "sh", "-c", script)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/page", timeout=20) as answer:
                    assert answer.read().decode() == PAGE
                break
            except OSError:
                assert time.monotonic() < deadline and running.poll() is None, running.stderr.read()
                time.sleep(0.2)
        for _ in range(5):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/page", timeout=20) as answer:
                assert answer.read().decode() == PAGE
    finally:
        running.terminate()
        running.communicate(timeout=20)


def test_a_taken_port_is_said_before_the_boot(exo) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = exo.run("-p", f"{port}:80", "--", "true", timeout=20)
    assert done.returncode == 125 and str(port).encode() in done.stderr


# Every address by which the host's loopback might be reached: the router, the loopback itself, link-local and metadata addresses.
ATTEMPTS = ("for a in $(route -n | awk '/^0.0.0.0/ {{print $2}}') 127.0.0.2 169.254.169.254 169.254.1.1; do "
            "timeout 3 nc -w 2 $a {port}; done; echo over")


def test_a_machine_does_not_reach_the_loopback_of_the_host(exo) -> None:
    with server_of_the_host() as (port, callers):
        done = exo.run("--network", "user", "--", "sh", "-c", ATTEMPTS.format(port=port))
    assert done.stdout == b"over\n" and callers == [], done


def test_a_machine_reaches_it_when_asked_to(exo) -> None:
    with server_of_the_host() as (port, callers):
        done = exo.run("--net-host-loopback", "--", "sh", "-c", ATTEMPTS.format(port=port))
    assert b"reached\n" in done.stdout and len(callers) >= 1, done
