"""`--packages`: a root file system out of Debian packages, made once and kept.

The packages' files are put into a boot archive as they stand in the packages, with their owners; nothing is unpacked on the host.
A machine on our kernel then runs the maintainer scripts and gives the configured tree back.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import tarfile
import tempfile
import time

from .. import paths
from ..archive import cpio
from ..archive.tar_entries import Converter
from ..building import build
from ..errors import ExoError
from ..process import say
from ..progress import Progress
from . import apt, cache
from .dpkg_database import Database

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPT = os.path.join(HERE, "configure.sh")
WORK = ".root"
# Debian 12 has /bin, /sbin and the libraries below /usr, and links in their old places; packages still name some files by the old ones.
MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
LINKS = (("usr/bin/sh", "dash"), ("usr/bin/awk", "mawk"))
MEBIBYTE = 1 << 20
ROOM = 512  # MiB of the machine that configures, beside the root itself
CONFIGURE_LIMIT = 3600  # seconds
# Changes with what the root is made by, so that a root of another exo is not taken for one of this one.
FORMAT = 1
TAR_OPTIONS = {"errors": "surrogateescape"}


def read_list(path: str) -> list[str]:
    """The words of --packages-file. Errors: ExoError naming the line."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ExoError(f"--packages-file: {path}: {getattr(error, 'strerror', None) or 'it is not text'}") from None
    words = []
    for number, line in enumerate(lines, 1):
        word = line.partition("#")[0].strip()
        if word:
            try:
                words.append(apt.check_word(word))
            except ValueError as error:
                raise ExoError(f"--packages-file: {path}, line {number}: {word}: {error}") from None
    return words


def ensure(words: list[str], pull: str) -> str:
    """The boot archive of a root with these packages. `pull`: `missing`, or `always` for new lists and versions. Errors: ExoError."""
    words = sorted(set(words))
    if not words:
        raise ExoError("--packages: no package is named")
    if pull != "always":
        archive = _known(words)
        if archive:
            return archive
    apt.ensure_here()
    with cache.Lock():
        archive = _known(words) if pull != "always" else None
        return archive or _make(words, pull == "always")


def is_kept(words: list[str]) -> bool:
    """Whether ensure() would take a root that was made before."""
    return _known(sorted(set(words))) is not None


def _request_path(words: list[str]) -> str:
    text = "\n".join([str(FORMAT), *words])
    return cache.folder("requests", hashlib.sha256(text.encode()).hexdigest()[:32] + ".json")


def _known(words: list[str]) -> str | None:
    request = cache.read_json(_request_path(words))
    if not isinstance(request, dict) or not re.fullmatch(r"[0-9a-f]{32}", str(request.get("root"))):
        return None
    archive = cache.folder("roots", request["root"] + ".cpio")
    if not os.path.exists(archive):
        return None
    os.utime(archive)
    return archive


def _make(words: list[str], is_forced: bool) -> str:
    line = Progress(f"a root with {', '.join(words)}")
    try:
        line.show("reading the lists of packages")
        apt.update(is_forced)
        chosen = apt.resolve(words)
        key = hashlib.sha256("\n".join([str(FORMAT), apt.suite(), apt.architecture(), *sorted(map(str, chosen))]).encode())
        root = key.hexdigest()[:32]
        archive = cache.folder("roots", root + ".cpio")
        if not os.path.exists(archive):
            _fetch(words, chosen, line)
            _build(words, chosen, root, archive, line)
        cache.write_json(_request_path(words), {"root": root, "words": words})
        return archive
    finally:
        line.close()


def _fetch(words: list[str], chosen: list[apt.Package], line: Progress) -> None:
    # apt names what it has to fetch, also in place of a file of the wrong size.
    absent = [package for package in chosen if not package.place and (package.size or not os.path.exists(package.path()))]
    if absent:
        megabytes = sum(package.size for package in absent) / 1e6
        line.close()
        say(f"--packages: fetching {megabytes:.1f} MB (packages: {len(absent)}), and configuring them once in a machine")
        count = 0

        def note(text: str) -> None:
            nonlocal count
            if text.startswith("Get:"):
                count += 1
                line.show("fetching", f" {count} of {len(absent)}")

        apt.download(words, note)
    for package in chosen:
        if not os.path.exists(package.path()):
            raise ExoError(f"--packages: apt did not bring {package} ({package.path()})")


def _build(words: list[str], chosen: list[apt.Package], root: str, archive: str, line: Progress) -> None:
    started = time.monotonic()
    os.makedirs(os.path.dirname(archive), exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="making-", dir=os.path.dirname(archive)) as folder:
        unpacked = os.path.join(folder, "unpacked.cpio")
        with open(unpacked, "wb") as file:
            _write_unpacked(chosen, file, line)
        tree = os.path.join(folder, "tree.tar")
        failures = _configure(unpacked, tree, len(chosen), line)
        os.unlink(unpacked)
        line.show("writing the root")
        with cache.Beside(archive) as file, open(tree, "rb") as source:
            writer = cpio.Writer(file)
            with tarfile.open(fileobj=source, mode="r:", **TAR_OPTIONS) as tar:
                Converter(writer).add(tar, tar.getmembers(), "the configured root")
            writer.finish()
    cache.write_json(cache.folder("roots", root + ".json"), {
        "kind": "packages", "words": words, "packages": [str(package) for package in chosen], "failures": failures,
        "seconds": round(time.monotonic() - started, 1)})
    line.close()
    for failure in failures:
        say(f"--packages: {failure}")
    size = os.stat(archive).st_size / MEBIBYTE
    say(f"--packages: the root is made ({size:.0f} MiB, {time.monotonic() - started:.0f} s) and kept for the next time")


# ---- The tree as the packages hold it

def _place(name: str) -> str:
    first, slash, rest = name.partition("/")
    return f"usr/{name}" if first in MERGED else name


def _write_unpacked(chosen: list[apt.Package], output, line: Progress) -> None:
    writer = cpio.Writer(output)
    writer.add_directory(".")
    writer.add_directory("usr")
    for name in MERGED:
        writer.add_directory(f"usr/{name}")
        writer.add_symlink(name, f"usr/{name}")
    database = Database(writer)
    contents: dict[str, object] = {}
    converter = Converter(writer, _place, contents.__setitem__)
    interests, activations, architecture = [], set(), apt.architecture()
    for number, package in enumerate(chosen, 1):
        line.show("unpacking", f" {number} of {len(chosen)}")
        control = _control(package)
        with tempfile.TemporaryFile(dir=os.path.dirname(output.name)) as data:
            _run(["dpkg-deb", "--fsys-tarfile", package.path()], package, data)
            data.seek(0)
            with tarfile.open(fileobj=data, mode="r:", **TAR_OPTIONS) as tar:
                members = tar.getmembers()
                contents.clear()
                converter.add(tar, members, package.file)
                names = [member.name for member in members]
                database.add(control, names, lambda path: _read(contents, path))
        _note_triggers(control, database.order[-1], interests, activations)
    for name, target in LINKS:
        if name not in converter.present and os.path.join("usr/bin", target) in converter.present:
            writer.add_symlink(name, target)
    database.finish()
    writer.add_directory(WORK, 0o700)
    writer.add_file(f"{WORK}/architecture", architecture.encode() + b"\n")
    writer.add_file(f"{WORK}/order", "".join(f"{name}\n" for name in _preinst_order(database.order)).encode())
    writer.add_file(f"{WORK}/triggers", _due_triggers(interests, activations, converter.present).encode())
    with open(SCRIPT, "rb") as file:
        writer.add_file(f"{WORK}/configure", file.read(), 0o755)
    _add_defaults(writer, converter.present)
    writer.finish()


def _add_defaults(writer: cpio.Writer, present: set[str]) -> None:
    """Files of /etc that an installer writes, where no package has them."""
    for name, text in (("etc/hostname", "exo\n"), ("etc/hosts", "127.0.0.1\tlocalhost\n127.0.1.1\texo\n::1\tlocalhost\n"),
                       ("etc/fstab", ""), ("etc/resolv.conf", "")):
        if name not in present:
            writer.add_file(name, text.encode())


def _preinst_order(names: list[str]) -> list[str]:
    """As apt orders them, but accounts first: other scripts give files to them."""
    return sorted(names, key=lambda name: name != "base-passwd")


def _control(package: apt.Package) -> dict[str, bytes]:
    data = io.BytesIO(_run(["dpkg-deb", "--ctrl-tarfile", package.path()], package))
    found = {}
    with tarfile.open(fileobj=data, mode="r:", **TAR_OPTIONS) as tar:
        for member in tar:
            if member.isreg():
                file = tar.extractfile(member)
                found[os.path.basename(member.name)] = file.read() if file else b""
    if "control" not in found:
        raise ExoError(f"{package.file}: a package without a control file")
    return found


def _run(command: list[str], package: apt.Package, output=subprocess.PIPE) -> bytes:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        try:
            os.unlink(package.path())  # the next time it is fetched again
        except OSError:
            pass
        raise ExoError(f"{package.file}: {' '.join(done.stderr.decode(errors='replace').split())}; it will be fetched again")
    return done.stdout or b""


def _read(contents: dict, path: str) -> bytes | None:
    opened = contents.get(_place(path.strip("/")))
    if opened is None:
        return None
    file = opened()
    return file.read() if file else b""


# ---- Triggers (deb-triggers(5))

def _note_triggers(control: dict[str, bytes], name: str, interests: list, activations: set[str]) -> None:
    for line in control.get("triggers", b"").decode(errors="replace").split("\n"):
        words = line.partition("#")[0].split()
        if len(words) == 2 and words[0].startswith("interest"):
            interests.append((name, words[1]))
        elif len(words) == 2 and words[0].startswith("activate"):
            activations.add(words[1])


def _due_triggers(interests: list, activations: set[str], present: set[str]) -> str:
    """A line for each package that has to hear of something: its name, and the names of its triggers."""
    due: dict[str, list[str]] = {}
    for name, trigger in interests:
        is_due = _place(trigger.strip("/")) in present if trigger.startswith("/") else trigger in activations
        if is_due:
            due.setdefault(name, []).append(trigger)
    return "".join(f"{name} {' '.join(triggers)}\n" for name, triggers in due.items())


# ---- The machine that configures

def _configure(unpacked: str, tree: str, total: int, line: Progress) -> list[str]:
    """Runs the maintainer scripts; returns what could not be done, a line each."""
    memory = 3 * os.stat(unpacked).st_size // MEBIBYTE + ROOM
    build.ensure("release")
    log = os.path.join(cache.folder("roots"), "configure.log")
    command = [paths.in_root("exo"), "run", "--rootfs", unpacked, "-m", str(memory), "-w", "/", "--timeout",
               str(CONFIGURE_LIMIT), "--", "/bin/dash", f"/{WORK}/configure"]
    failures: list[str] = []
    count, is_packed = 0, False
    with open(tree, "wb") as output, open(log, "w", encoding="utf-8") as kept:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, text=True,
                                   errors="replace")
        try:
            assert process.stderr is not None
            for text in process.stderr:
                kept.write(text)
                words = text.split()
                if words[:2] == ["Setting", "up"]:
                    count += 1
                    line.show("configuring", f" {count} of {total}: {words[2]}")
                elif words[:2] == ["@root", "triggers"]:
                    line.show("triggers", f" of {words[2]}")
                elif words[:2] == ["@root", "packing"]:
                    is_packed = True
                    line.show("taking the root out of the machine")
                elif words[:2] == ["@root", "failed"]:
                    failures.append(f"could not be configured: {' '.join(words[2:])}")
            status = process.wait()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
    if status != 0 or not is_packed:
        raise ExoError(f"--packages: the machine that configures the packages ended with status {status}; all that it said is in {log}")
    return failures
