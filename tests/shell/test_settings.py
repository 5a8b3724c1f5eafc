"""Options that docker has too, and programs of container images, in a machine."""

import os
import sys

import pytest
from conftest import ROOT

sys.path.insert(0, os.path.join(ROOT, "tests", "exo"))

from image_support import Layout, entry  # noqa: E402

BUSYBOX = os.path.join(ROOT, "build", "busybox", "bin", "busybox")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def lines(done) -> list[str]:
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().splitlines()


def test_user_limits_name_and_file_systems(exo):
    done = exo.run("--hostname", "box", "--user", "7:8", "--ulimit", "nofile=70:80", "--tmpfs", "/new/place:size=1m,mode=1777",
                   "--read-only", "--", "sh", "-c",
                   "hostname; id -u; id -g; pwd; ulimit -n; ulimit -Hn; touch /x; echo a > /new/place/f && cat /new/place/f; "
                   "df /new/place | tail -1; echo to the log > /proc/self/fd/2")
    assert done.stderr == b"touch: /x: Read-only file system\nto the log\n"
    assert lines(done)[:7] == ["box", "7", "8", "/", "70", "80", "a"] and " 1024 " in lines(done)[7]


def test_a_user_by_name(exo):
    assert lines(exo.run("--user", "nobody", "--", "sh", "-c", "id -un; echo $HOME")) == ["nobody", "/nonexistent"]
    done = exo.run("--user", "nosuch", "--", "true")
    assert done.returncode == 125 and b"user nosuch: the root's /etc/passwd has no such user" in done.stderr


def test_variables_of_a_file(exo, tmp_path):
    (tmp_path / "env").write_text("A=1\nB=two words\n")
    assert lines(exo.run("--env-file", str(tmp_path / "env"), "-e", "A=3", "--", "sh", "-c", "echo $A $B")) == ["3 two words"]


def test_a_setting_that_cannot_be_made(exo):
    done = exo.run("--tmpfs", "/x:size=nonsense", "--", "true")
    assert done.returncode == 125
    assert done.stderr == b"exo: tmpfs size=nonsense /x: Invalid argument\n"


def test_a_container_image(exo, tmp_path, cache):
    with open(BUSYBOX, "rb") as file:
        busybox = file.read()
    layout = Layout(tmp_path / "image")
    base = [entry("bin", kind="folder"), entry("bin/busybox", busybox, mode=0o755), entry("bin/sh", "busybox", "link"),
            entry("etc", kind="folder"), entry("etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:1001:1002::/home/app:/bin/sh\n"),
            entry("etc/group", "app:x:1002:\nmore:x:1003:app\n"), entry("data", kind="folder"), entry("data/gone", "x"),
            entry("data/set", "four", mode=0o4711, uid=5, gid=6), entry("data/second", "data/set", "hard")]
    layout.add([base, [entry("data/.wh.gone"), entry("data/new", "n")]], {
        "Entrypoint": ["/bin/busybox"], "Cmd": ["sh", "-c", "/bin/busybox id; echo $HOME $WORD; pwd; cd /data; "
                                                "/bin/busybox stat -c '%n %a %u %g %h' *"],
        "Env": ["WORD=some words", "PATH=/bin"], "User": "app", "WorkingDir": "/made/for/it"})
    reference = f"oci:{tmp_path}/image"
    assert lines(exo.run("--image", reference)) == [
        "uid=1001(app) gid=1002(app) groups=1002(app),1003(more)", "/home/app some words", "/made/for/it", "new 644 0 0 1",
        "second 4711 5 6 2", "set 4711 5 6 2"]
    done = exo.run("--image", reference, "--user", "root", "-w", "/", "-e", "WORD=x", "--", "sh", "-c", "/bin/busybox id -u; pwd; echo $WORD")
    assert lines(done) == ["0", "/", "x"] and done.stderr == b""  # the second time says nothing
    assert lines(exo.run("--image", reference, "--entrypoint", "/bin/sh", "--", "-c", "echo other")) == ["other"]


def test_a_capability_of_a_file_arrives(exo, tmp_path, cache):
    """CAP_NET_BIND_SERVICE, permitted and effective, as setcap writes it."""
    with open(BUSYBOX, "rb") as file:
        busybox = file.read()
    value = (bytes([1, 0, 0, 2, 0, 4]) + bytes(14)).decode()
    layout = Layout(tmp_path / "image")
    layout.add([[entry("bin", kind="folder"), entry("bin/busybox", busybox, mode=0o755),
                 entry("bin/able", busybox, mode=0o755, SCHILY__xattr__security__capability=value),
                 entry("bin/late", mtime="1700000001.25"), entry("bin/grep", "able", "link"), entry("bin/stat", "busybox", "link")]])
    words = ("--image", f"oci:{tmp_path}/image", "--user", "7:8", "-e", "PATH=/bin")
    assert lines(exo.run(*words, "--", "grep", "^CapEff", "/proc/self/status")) == ["CapEff:\t0000000000000400"]
    assert lines(exo.run(*words, "--", "stat", "-c", "%y", "/bin/late")) == ["2023-11-14 22:13:21.250000000 +0000"]
    assert exo.run(*words, "--", "stat", "/.exo").returncode == 1


def test_two_roots_at_once_are_refused(exo):
    done = exo.run("--image", "oci:x", "--packages", "bash", "--", "true")
    assert done.returncode == 125 and b"--packages and --image name 2 root file systems" in done.stderr
