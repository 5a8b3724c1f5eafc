"""Debian packages by apt's own machinery, with lists and a cache of ours, so that no root is needed and the host's dpkg is not touched.

apt-get reads the host's sources and keys (/etc/apt), verifies the signatures of the lists and the digests of the packages, and
resolves dependencies for a system on which nothing is installed.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from urllib.parse import unquote

from .. import packages
from ..errors import ExoError
from . import cache

LISTS_AGE = 24 * 3600  # seconds after which new lists are asked for, where something is to be resolved anyway
# What dpkg takes for a package's name and version (deb-control(5), deb-version(7)); apt gives other words a meaning of their own.
WORD = re.compile(r"[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?(=[A-Za-z0-9.+:~-]+)?")
# What every Debian system has, and the word that its /bin and /lib lie below /usr (debian.py makes them so).
BASE = ("?essential", "usr-is-merged")
INSTALLED = re.compile(r"^Inst (\S+) \((\S+) .*\[(\w+)\]\)", re.MULTILINE)
URI = re.compile(r"^'([^']+)' (\S+) (\d+) ", re.MULTILINE)
IN_PLACE = "file:"  # packages of such sources are read where they are


class Package:
    """One package of a set, in the order in which apt would install it. `file`: its name in the cache of packages; `place`: its path
    where it is a file of this system already."""

    __slots__ = ("name", "version", "architecture", "file", "size", "place")

    def __init__(self, name: str, version: str, architecture: str, file: str, size: int, place: str) -> None:
        self.place = place
        self.name = name
        self.version = version
        self.architecture = architecture
        self.file = file
        self.size = size

    def __str__(self) -> str:
        return f"{self.name}={self.version}:{self.architecture}"

    def path(self) -> str:
        return self.place or cache.folder("apt", "cache", "archives", self.file)


def check_word(word: str) -> str:
    """Errors: ValueError for what is no package's name, with or without a version."""
    if not WORD.fullmatch(word) or word.partition("=")[0].endswith("-"):
        raise ValueError("it should be names of Debian packages, like bash or bash=5.2.15-2")
    return word


def ensure_here() -> None:
    """Errors: ExoError on a host without apt."""
    if packages.find_program("apt-get") is None or packages.find_program("dpkg-deb") is None:
        raise ExoError("--packages needs apt-get and dpkg-deb, which this system does not have; --rootfs takes a folder or an archive")


def update(is_forced: bool) -> None:
    """New lists, where there are none, they are old, or `is_forced`. Old lists are good enough where none can be had.

    Errors: ExoError when there are none at all.
    """
    stamp = cache.folder("apt", "updated")
    age = time.time() - os.stat(stamp).st_mtime if os.path.exists(stamp) else None
    if age is not None and age < LISTS_AGE and not is_forced:
        return
    status, text = _apt_get("update", "-o", "APT::Update::Error-Mode=any")
    if status == 0:
        with cache.Beside(stamp):
            pass
        return
    if age is None:
        raise ExoError(f"--packages: the lists of Debian's packages cannot be fetched: {_errors(text)}")
    from ..process import say
    say(f"the lists of Debian's packages cannot be fetched ({_errors(text)}); the old ones are used")


def resolve(words: list[str]) -> list[Package]:
    """All packages that `words` and a system's essential ones need. Errors: ExoError with what apt says."""
    wanted = ("install", "--yes", *BASE, *words)
    status, text = _apt_get("--simulate", *wanted)
    if status != 0:
        raise ExoError(f"--packages: {_errors(text)}")
    found = INSTALLED.findall(text)
    status, text = _apt_get("--print-uris", *wanted)
    if status != 0:
        raise ExoError(f"--packages: {_errors(text)}")
    files = {}
    for uri, file, size in URI.findall(text):
        name, _, rest = file.partition("_")
        place = unquote(uri.removeprefix(IN_PLACE)) if uri.startswith(IN_PLACE) else ""
        files[name, rest.rpartition("_")[2].removesuffix(".deb")] = (file, int(size), place)
    result = []
    for name, version, architecture in found:
        plain = name.partition(":")[0]
        # What is in the cache already has no URI: its name is made as apt makes it.
        file, size, place = files.get((plain, architecture), (_file_name(plain, version, architecture), 0, ""))
        result.append(Package(plain, version, architecture, file, size, place))
    if not result:
        raise ExoError("--packages: apt would install nothing")
    return result


def _file_name(name: str, version: str, architecture: str) -> str:
    quoted = version.replace(":", "%3a")
    return f"{name}_{quoted}_{architecture}.deb"


def download(words: list[str], on_line) -> None:
    """Fetches what is not in the cache of packages yet; apt checks the digests. `on_line`: told each line that apt prints.

    Errors: ExoError.
    """
    status, text = _apt_get("install", "--yes", "--download-only", *BASE, *words, on_line=on_line)
    if status != 0:
        raise ExoError(f"--packages: {_errors(text)}")


def architecture() -> str:
    return _capture(["dpkg", "--print-architecture"]).strip()


def suite() -> str:
    """The code name of the release that most lists are of, for the root's key and its report."""
    _, text = _apt_get("indextargets", "--format", "$(CODENAME)")
    names = [line for line in text.split("\n") if line and " " not in line]
    return names[0] if names else "unknown"


def _options() -> list[str]:
    state, archives = cache.folder("apt", "state"), cache.folder("apt", "cache")
    os.makedirs(os.path.join(state, "lists", "partial"), exist_ok=True)
    os.makedirs(os.path.join(archives, "archives", "partial"), exist_ok=True)
    status = os.path.join(state, "status")  # nothing is installed
    if not os.path.exists(status):
        with cache.Beside(status):
            pass
    options = {"Dir::State": state, "Dir::State::status": status, "Dir::State::extended_states": os.path.join(state, "extended"),
               "Dir::Cache": archives, "Dir::Log": state, "APT::Install-Recommends": "false", "APT::Sandbox::User": "root",
               "Acquire::Retries": "2", "Acquire::http::Timeout": "20", "Acquire::https::Timeout": "20",
               "Dir::Cache::srcpkgcache": "", "APT::Get::AllowUnauthenticated": "false"}
    return [word for name, value in options.items() for word in ("-o", f"{name}={value}")]


def _apt_get(*words: str, on_line=None) -> tuple[int, str]:
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        process = subprocess.Popen(["apt-get", "-q", *_options(), *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, env=environment, text=True, errors="replace")
    except OSError as error:
        raise ExoError(f"apt-get: {error.strerror}") from None
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if on_line:
            on_line(line)
    return process.wait(), "".join(lines)


def _capture(command: list[str]) -> str:
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise ExoError(f"{command[0]}: {error}") from None


def _errors(text: str) -> str:
    """What apt complains of, in one line."""
    found = [line.partition(":")[2].strip() for line in text.split("\n") if line.startswith("E:")]
    found += [line.strip() for line in text.split("\n") if " : Depends: " in line or " : Conflicts: " in line or "Err:" in line[:4]]
    return "; ".join(dict.fromkeys(found[:3])) or "apt-get failed without a reason"
