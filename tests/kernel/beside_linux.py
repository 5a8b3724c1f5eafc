"""Odd boot archives and command lines, on Linux and on Exo-OS: what init finds must be the same.

The archives' /init is a script of busybox that lists the tree, its arguments and its environment.
"""

from __future__ import annotations

import gzip
import os
import stat
import sys

import machine
from build import ROOT, Built
from protocol import Outcome

sys.path.insert(0, os.path.join(ROOT, "tools"))

from exo.archive import rootfs  # noqa: E402
from exo.machine import debian_kernel  # noqa: E402

MEMORY_MIB = 256
# Seconds of the host's time. Linux takes some ten to boot.
TIME_LIMIT = 240
FILE, FOLDER, LINK, NODE, PIPE = stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO

SCRIPT = b"""#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
echo "@begin"
for argument; do echo "argument $argument"; done
$b env | $b sort
$b cat /proc/sys/kernel/panic
cd /t
$b find . | $b sort | while read -r name; do
    case $name in ./cut*) time=;; *) time=%Y;; esac
    $b stat -c "%n %f %u %g %h %t:%T $time" "$name"
    if [ -f "$name" ] && [ ! -L "$name" ]; then $b wc -c < "$name"; $b md5sum < "$name"; fi
    if [ -L "$name" ]; then $b readlink "$name"; fi
done
echo "@end"
$b poweroff -f
"""

# Words that Linux takes for itself, with a value, without, and either; and such that it hands on.
WORDS = ('ro rw=1 root rootwait rootwait=3 nokaslr mce=off panic=0x10 panic=abc panic= reboot=k no_timer_check some.thing '
         'other=1 other=2 "quoted=a b" bare noreplace_smp tsc=reliable hugepages random.trust_cpu=on systemd.unit=x ip=dhcp '
         'consoleblank=0 nomodule ima_appraise=log')
# LINUX: a value that is refused, as panic=abc is, loses what follows the two dashes.
WORDS_WITH_DASHES = 'first panic=-010 rw quiet "bare word" -- last=1 ro "two words"'


class Archive:
    """Entries that no tool would write."""

    def __init__(self, magic: bytes = b"070701") -> None:
        self.data = b""
        self._magic = magic
        self._inode = 100

    def add(self, name: bytes, mode: int, data: bytes = b"", *, tail: bytes = b"\0", links: int = 1, inode: int = 0,
            device: tuple[int, int] = (0, 0), mtime: int = 1_000_000_000, checksum: int | None = None,
            fields: dict[int, bytes] | None = None) -> "Archive":
        self._inode += 1
        total = sum(data) & 0xFFFFFFFF if checksum is None else checksum
        numbers = [inode or self._inode, mode, 7, 8, links, mtime, len(data), 0, 0, *device, len(name + tail), total]
        texts = [b"%08x" % number for number in numbers]
        for index, text in (fields or {}).items():
            texts[index] = text
        header = self._magic + b"".join(texts) + name + tail
        self.data += header + bytes(-len(header) % 4) + data + bytes(-len(data) % 4)
        return self

    def trailer(self) -> "Archive":
        return self.add(b"TRAILER!!!", 0)


def _root() -> bytes:
    with open(rootfs.busybox_path(), "rb") as file:
        busybox = file.read()
    archive = Archive()
    for name in (b"bin", b"proc", b"t", b"dev"):
        archive.add(name, FOLDER | 0o755)
    archive.add(b"bin/busybox", FILE | 0o755, busybox).add(b"init", FILE | 0o755, SCRIPT)
    # What stands in the way: built-in nodes, other types, folders that are not empty.
    archive.add(b"dev/console", NODE | 0o644, device=(5, 1)).add(b"t/node", NODE | 0o600, device=(1, 3))
    archive.add(b"t/node", NODE | 0o644, device=(1, 5)).add(b"t/was file", FILE | 0o644, b"1")
    archive.add(b"t/was file", FOLDER | 0o755, mtime=1_111_111_111).add(b"t/was file/in", FILE | 0o600, b"2")
    archive.add(b"t/was file", FILE | 0o600, b"3").add(b"t/was link", LINK | 0o777, b"node")
    archive.add(b"t/was link", FILE | 0o600, b"4").add(b"t/was link 2", FILE | 0o600, b"5")
    archive.add(b"t/was link 2", LINK | 0o777, b"nowhere")
    # Texts that end early, and numbers that are none.
    archive.add(b"t/padded", FILE | 0o640, b"6", tail=bytes(200)).add(b"t/link", LINK | 0o777, b"padded\0")
    archive.add(b"t/link 2", LINK | 0o640, b"pad\0ded")
    archive.add(b"t/number", FILE | 0o644, b"7", fields={2: b"000000xx", 3: b"0x000012", 5: b"3b9aca0 "})
    # What Linux makes nothing of.
    archive.add(b"t/folder with data", FOLDER | 0o755, b"data").add(b"", FILE | 0o644, b"nameless")
    archive.add(b"t/missing/file", FILE | 0o644, b"8").add(b"t/type", 0o1000644).add(b"t/" + b"n" * 4100, FILE | 0o644)
    archive.add(b"t/long link", LINK | 0o777, b"l" * 4096).add(b"t/longer link", LINK | 0o777, b"l" * 4097)
    # Hard links, also of nodes, and of a file that changes afterwards.
    archive.add(b"t/one", FILE | 0o600, links=2, inode=5).add(b"t/two", FILE | 0o644, b"linked", links=2, inode=5)
    archive.add(b"t/pipe", PIPE | 0o600, links=2, inode=6).add(b"t/pipe 2", PIPE | 0o644, links=2, inode=6)
    archive.add(b"t/one", FILE | 0o640, b"later")
    archive.add(b"t/folder", FOLDER | 0o700, mtime=1_200_000_000).add(b"t/folder", FOLDER | 0o711, mtime=1_100_000_000)
    return archive.data


def _odd() -> bytes:
    """No trailer, zeros, an archive that gzip has compressed, another plain one, and one whose checksum is wrong."""
    data = _root()
    data += bytes(-len(data) % 512)
    zipped = Archive().add(b"t/zipped", FILE | 0o4755, bytes(range(256)) * 1000)
    zipped.add(b"t/three", FILE | 0o600, links=2, inode=5).trailer().add(b"t/four", FILE | 0o600, b"4", links=2, inode=5)
    data += gzip.compress(zipped.data) + gzip.compress(Archive().add(b"t/fast", FILE | 0o600, b"fast" * 50).data, 1)
    data += bytes(-len(data) % 4)
    checked = Archive(b"070702").add(b"t/good", FILE | 0o600, b"good").add(b"t/none", FILE | 0o600)
    checked.add(b"t/bad", FILE | 0o606, b"bad", checksum=1).add(b"t/never", FILE | 0o600, b"never")
    return data + checked.data


def _cut_file() -> bytes:
    whole = Archive().add(b"t/before", FILE | 0o600, b"1").add(b"t/cut", FILE | 0o640, b"c" * 9000)
    return _root() + whole.data[:-5000]


def _cut_gzip() -> bytes:
    whole = Archive().add(b"t/before", FILE | 0o600, b"1").add(b"t/cut", FILE | 0o640, os.urandom(90000)).trailer()
    return _root() + gzip.compress(whole.data)[:50000]


def _unterminated_name() -> bytes:
    return _root() + Archive().add(b"t/before", FILE | 0o600).add(b"t/name", FILE | 0o600, tail=b"").add(
        b"t/never", FILE | 0o600).data


CASES = {"odd_archives": (_odd, WORDS), "cut_file": (_cut_file, WORDS_WITH_DASHES), "cut_gzip": (_cut_gzip, ""),
         "unterminated_name": (_unterminated_name, "")}


def _seen(run: machine.Run) -> list[str]:
    """What /init printed."""
    if "@begin" not in run.lines or "@end" not in run.lines:
        raise RuntimeError(f"/init did not run to its end; {run.end}\n{run.tail()}")
    return run.lines[run.lines.index("@begin") + 1:run.lines.index("@end")]


def compare(built: Built, preset: str, where: str, name: str) -> Outcome:
    make, words = CASES[name]
    archive = os.path.join(built.folder, f"{preset}-{where}-{name}")
    with open(archive, "wb") as file:
        file.write(make())
    seen = []
    for kernel in (debian_kernel.ensure().path, built.image(preset)):
        run = machine.boot_kernel(kernel, where, f"console=ttyS0 quiet {words}", archive, memory=MEMORY_MIB,
                                  limit=TIME_LIMIT)
        try:
            seen.append(_seen(run))
        except RuntimeError as error:
            return Outcome(f"{preset}/{where}", name, f"  {os.path.basename(kernel)}: {error}")
    linux, ours = seen
    if linux == ours:
        return Outcome(f"{preset}/{where}", name)
    import difflib
    lines = difflib.unified_diff(linux, ours, "Linux", "Exo-OS", lineterm="", n=1)
    return Outcome(f"{preset}/{where}", name, "\n".join("  " + line for line in lines))


def add(suite, built: Built, preset: str, where: str) -> None:
    """On one machine with one build: the unpacking is the same code on all."""
    if (preset, where) != ("release", "q35"):
        return
    for name in CASES:
        if suite.wants(f"{preset}/{where}", name):
            rootfs.ensure(None)
            suite.add(compare, built, preset, where, name)
