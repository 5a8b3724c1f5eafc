"""The initramfs of a test machine: the driver as /init, busybox, a few files of /etc, and the tests of this boot."""

from __future__ import annotations

import functools
import hashlib
import io
import os
import stat
import subprocess
import sys

import programs

sys.path.insert(0, os.path.join(programs.ROOT, "tools"))

from exo import packages  # noqa: E402
from exo.archive import cpio  # noqa: E402

ETC = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:A user:/home/user:/bin/sh\n",
    "etc/group": "root:x:0:\nuser:x:1000:\nstaff:x:50:user\n",
}
FOLDERS = ("bin", "dev", "etc", "home", "home/user", "mnt", "proc", "root", "sys", "tests", "tmp", "desk")


def ensure_busybox() -> None:
    if not os.path.exists(programs.BUSYBOX):
        packages.download("busybox-static", os.path.join(programs.ROOT, "build", "busybox"), "bin/busybox")


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


@functools.cache
def _applets() -> tuple[str, ...]:
    listing = subprocess.run([programs.BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout
    return tuple(name for name in listing.split() if name != "busybox")


@functools.cache
def base_hash() -> str:
    """Of all that a test sees besides itself."""
    parts = _read(programs.driver_path()) + _read(programs.BUSYBOX) + repr((ETC, FOLDERS)).encode()
    return hashlib.sha256(parts).hexdigest()


def make(tests: list[programs.Test], cpus: int = 1) -> bytes:
    stream = io.BytesIO()
    writer = cpio.Writer(stream)
    writer.add_directory(".")
    folders = {os.path.dirname(test.guest_path) for test in tests}
    for folder in (*FOLDERS, *sorted(folders)):
        writer.add_directory(folder, 0o1777 if folder == "tmp" else 0o755)
    writer.add_file("init", _read(programs.driver_path()), 0o755)
    writer.add("dev/console", stat.S_IFCHR | 0o600, device=os.makedev(5, 1))
    writer.add_file("bin/busybox", _read(programs.BUSYBOX), 0o755)
    for applet in _applets():
        writer.add_symlink("bin/" + applet, "busybox")
    for name, content in ETC.items():
        writer.add_file(name, content.encode())
    for test in tests:
        writer.add_file(test.guest_path, _read(test.content_path), 0o755)
    writer.add_file("tests.list", "".join(test.list_line(cpus) for test in tests).encode())
    writer.finish()
    return stream.getvalue()
