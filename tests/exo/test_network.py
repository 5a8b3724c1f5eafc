"""`--network` and `--publish`: what is published, what QEMU and passt are told, and what happens where one cannot be had."""

import os
import socket
import time

import pytest
from exo import packages
from exo.building import build
from exo.errors import ExoError, UsageError
from exo.machine import passt, qemu
from exo.machine.passt import Passt
from exo.options import parse
from exo.running import network, publish, run
from exo.running.network import Network


def ports(text: str) -> list[tuple]:
    return [(each.address, each.host, each.guest, each.protocol) for each in publish.publish(text)]


@pytest.mark.parametrize("text, expected", [
    ("8080:80", [("127.0.0.1", 8080, 80, "tcp")]),
    ("8080:80/tcp", [("127.0.0.1", 8080, 80, "tcp")]),
    ("5353:53/udp", [("127.0.0.1", 5353, 53, "udp")]),
    ("0.0.0.0:8080:80", [("0.0.0.0", 8080, 80, "tcp")]),
    ("localhost:8080:80", [("127.0.0.1", 8080, 80, "tcp")]),
    ("80", [("127.0.0.1", 0, 80, "tcp")]),
    (":80", [("127.0.0.1", 0, 80, "tcp")]),
    ("192.0.2.1::80/udp", [("192.0.2.1", 0, 80, "udp")]),
    ("9000-9001:80-81", [("127.0.0.1", 9000, 80, "tcp"), ("127.0.0.1", 9001, 81, "tcp")]),
    ("80-81", [("127.0.0.1", 0, 80, "tcp"), ("127.0.0.1", 0, 81, "tcp")]),
    ("65535:65535", [("127.0.0.1", 65535, 65535, "tcp")])])
def test_what_is_published(text, expected):
    assert ports(text) == expected


@pytest.mark.parametrize("text, message", [
    ("", publish.FORM), ("8080:", publish.FORM), ("1:2:3:4", publish.FORM),
    ("http:80", "http is no port, which is a number from 1 to 65535"), ("0:80", "0 is no port"), ("65536", "65536 is no port"),
    ("80-", "80- is no port"), ("٣:80", "٣ is no port"),
    ("9001-9000:1-2", "the range 9001-9000 ends before it begins"),
    ("9000-9002:80-81", "3 ports here cannot lead to 2 of the machine"), ("9000-9001:80", "2 ports here cannot lead to 1 of the machine"),
    ("80:80/sctp", "behind the slash it should be tcp or udp"), ("[::1]:80:80", "machines have no IPv6 yet"),
    ("example.org:80:80", "example.org is no IPv4 address"), ("127.1:80:80", "127.1 is no IPv4 address")])
def test_what_cannot_be_published(text, message):
    with pytest.raises(ValueError, match=message.replace("[", r"\[")):
        publish.publish(text)


@pytest.fixture
def listener():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_taken_port_is_an_error_that_says_what_to_do(listener):
    with pytest.raises(ExoError) as failure:
        publish.check(publish.publish(f"{listener}:80"))
    assert str(failure.value) == (f"-p {listener}:80: tcp port {listener} of 127.0.0.1 is taken already; choose another "
                                  f"(-p {listener + 1}:80), or give the machine's port alone for a free one (-p 80)")


def test_a_port_is_taken_by_another_option(listener):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    publish.check(publish.publish(f"{number}:80") + publish.publish(f"{number}:80/udp"))
    with pytest.raises(ExoError, match="is taken already"):
        publish.check(publish.publish(f"{number}:80") + publish.publish(f"{number}:81"))


def test_an_address_that_is_not_ours():
    with pytest.raises(ExoError, match="this system has no address 203.0.113.77"):
        publish.check(publish.publish("203.0.113.77:8080:80"))


def test_free_ports_are_different():
    published = publish.publish("80-83") + publish.publish("53/udp")
    assert publish.choose_free(published) == published
    assert len({(port.protocol, port.host) for port in published}) == 5 and all(port.host for port in published)


@pytest.mark.parametrize("words", [["--network", "none", "-p", "8080:80"], ["--net=none", "--net-host-loopback"]])
def test_options_that_contradict_each_other(words):
    with pytest.raises(UsageError, match="contradict each other"):
        run.prepare(parse(run.COMMAND, words))


def test_a_taken_port_is_found_before_anything_is_built(listener, monkeypatch):
    monkeypatch.setattr(build, "ensure", lambda preset: pytest.fail("built"))
    with pytest.raises(ExoError, match="is taken already"):
        run.prepare(parse(run.COMMAND, ["-p", f"{listener}:80"]))


@pytest.mark.parametrize("words, expected", [([], False), (["--network", "none"], False), (["--net", "user"], True),
                                             (["-p", "80"], True), (["--net-host-loopback"], True)])
def test_which_options_ask_for_a_network(words, expected):
    assert (run._network(parse(run.COMMAND, words)) is not None) is expected


def machine_with(network: Network, board: str = "microvm") -> qemu.Machine:
    machine = qemu.Machine("kernel", 3, 256, 4, board, "quiet")
    machine.network = network
    return machine


def after(command: list[str], option: str) -> list[str]:
    return [word for before, word in zip(command, command[1:]) if before == option]


def test_qemus_own_network():
    own = Network(publish.publish("8080:80") + publish.publish("0.0.0.0:5353:53/udp"), False, False)
    command = machine_with(own).command()
    assert after(command, "-netdev") == ["user,id=net,ipv6=off,hostfwd=tcp:127.0.0.1:8080-:80,hostfwd=udp:0.0.0.0:5353-:53"]
    assert "virtio-net-device,netdev=net" in after(command, "-device")
    assert after(command, "-append") == ["console=ttyS0 rdinit=/.exo/init quiet ip=dhcp net.refuse=10.0.2.0/24"]
    assert own.inherited == []


def test_the_hosts_loopback_is_asked_for():
    assert Network([], True, False).words() == "ip=dhcp net.host_loopback=1"


def test_a_card_on_pci_has_no_rom():
    assert "virtio-net-pci,romfile=,netdev=net" in after(machine_with(Network([], False, False), "q35").command(), "-device")


def test_no_network_is_no_device():
    command = qemu.Machine("kernel", 3, 256, 4).command()
    assert not after(command, "-netdev") and not any("virtio-net" in word for word in command)


def test_what_passt_is_told():
    published = publish.publish("8080:80") + publish.publish("0.0.0.0:5353:53/udp")
    words = passt.command(7, published, False, "")
    assert words[1:] == ["--foreground", "--quiet", "--ipv4-only", "--fd", "7", "--no-map-gw", "--tcp-ports", "127.0.0.1/8080:80",
                         "--udp-ports", "0.0.0.0/5353:53"]
    words = passt.command(7, [], True, "198.18.0.53")
    assert words[1:] == ["--foreground", "--quiet", "--ipv4-only", "--fd", "7", "--dns-forward", "198.18.0.53"]


@pytest.mark.parametrize("text, expected", [
    ("nameserver 127.0.0.53\noptions edns0\n", True), ("# none\n", True), ("nameserver ::1\nnameserver 127.0.0.1\n", True),
    ("nameserver 127.0.0.1\nnameserver 192.0.2.1\n", False), ("search example.org\nnameserver 192.0.2.1\n", False)])
def test_resolvers_on_the_loopback(tmp_path, text, expected):
    path = tmp_path / "resolv.conf"
    path.write_text(text)
    assert passt.has_local_resolver(str(path)) is expected


class FakePasst:
    """A program in passt's place."""

    def __init__(self, tmp_path, monkeypatch, script: str) -> None:
        path = tmp_path / "passt"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")


def test_where_passt_cannot_start_the_network_is_qemus(tmp_path, monkeypatch, capfd):
    FakePasst(tmp_path, monkeypatch, "echo 'Failed to send 7 bytes to syslog' >&2; echo 'Failed to detach mount namespace' >&2; exit 1")
    own = Network(publish.publish("80"), False, True)
    own.start(True)
    own.settle()
    [port] = own._published
    assert own.arguments() == ["-netdev", f"user,id=net,ipv6=off,hostfwd=tcp:127.0.0.1:{port.host}-:80"]
    assert own.words() == "ip=dhcp net.refuse=10.0.2.0/24"
    own.close()
    own.stop()
    assert capfd.readouterr().err == (f"exo: 127.0.0.1:{port.host} leads to port 80/tcp of the machine\n"
                                      "exo: passt cannot be used (Failed to detach mount namespace); the network is QEMU's own\n")


def test_a_passt_that_never_works_is_ended(tmp_path, monkeypatch):
    FakePasst(tmp_path, monkeypatch, "exec sleep 1000")
    monkeypatch.setattr(passt, "START_SECONDS", 0.2)
    slow = Passt([], False)
    assert slow.why_not() == "it is not ready after 0.2 s"
    slow.stop()


@pytest.mark.skipif(not packages.PASST.is_there(), reason="passt is not installed")
def test_passt_takes_the_ports_and_ends_with_its_connection():
    own = Network(publish.publish("80"), False, False)
    own.start(True)
    own.settle()
    if own._passt is None:
        # passt does not work on this system (a container may forbid namespaces): the network is QEMU's own.
        assert own.arguments()[1].startswith("user,") and own.inherited == []
        return
    fd = own._passt.end.fileno()
    assert own.arguments() == ["-netdev", f"stream,id=net,server=off,addr.type=fd,addr.str={fd}"]
    assert own.inherited == [fd]
    with pytest.raises(ExoError, match="is taken already"):
        publish.check(own._published)
    process = own._passt._process
    own.close()
    deadline = time.monotonic() + 5
    while not process.has_ended() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert process.has_ended()
    publish.check(own._published)
    own.stop()
