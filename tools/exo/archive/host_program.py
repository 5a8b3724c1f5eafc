"""A command that only this system has: it is copied into the machine, with the libraries that it needs (imported only where the
command has a slash and this system has such a file).

The libraries lie in a folder of their own, and the program is started by their own loader, so that the root's libc is neither used nor
replaced: `LOADER --argv0 WORD --library-path FOLDER PROGRAM ARGUMENT…` (ld.so(8)). Libraries are found as ld.so(8) says, by what
the files contain: no file is run.
"""

from __future__ import annotations

import glob
import os

from ..errors import ExoError
from .elf import MAGIC, ElfError, ElfFile

FOLDER = "/.host"
MOST_LIBRARIES = 1000
# ld.so(8), "DEFAULT"; Debian's loader has the folders of its architecture before them.
USUAL_FOLDERS = ("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib")
# Where musl looks unless /etc/ld-musl-x86_64.path says otherwise.
MUSL_FOLDERS = ("/lib", "/usr/local/lib", "/usr/lib")


class HostProgram:
    """What to copy, as pairs of a path here and one in the machine, and the words that start it."""

    def __init__(self, copies: list[tuple[str, str]], arguments: list[str]) -> None:
        self.copies = copies
        self.arguments = arguments


def find(arguments: list[str], directory: str, copies, archive: str) -> HostProgram | None:
    """None where the machine has the file, from its root or from --copy, or this system has none that may be executed. `directory`:
    where the program starts.

    Errors: ExoError when a library is missing here.
    """
    from .copies import HIDDEN, Plan
    word = arguments[0]
    if not os.path.isfile(word) or not os.access(word, os.X_OK):
        return None
    place = os.path.normpath(os.path.join("/", directory, word))
    tree = Plan(copies, archive).tree
    resolved = tree.resolve(place)
    if tree.exists(resolved) or resolved.partition("/")[0] in HIDDEN:
        return None
    return _plan(word, place, arguments)


def _plan(word: str, place: str, arguments: list[str]) -> HostProgram:
    try:
        with open(word, "rb") as file:
            if file.read(4) != MAGIC:  # a script: its interpreter is the root's
                return HostProgram([(word, place)], arguments)
        program = ElfFile(word)
    except OSError as error:
        raise ExoError(f"{word}: {error.strerror}") from None
    except ElfError as error:
        raise ExoError(f"{word}: {error}") from None
    if program.is_static:
        return HostProgram([(word, place)], arguments)
    loader = f"{FOLDER}/{os.path.basename(program.interpreter)}"
    if not os.path.isfile(program.interpreter):
        raise ExoError(f"{word}: its interpreter {program.interpreter} is not on this system")
    found = Libraries(program).paths
    found.pop(os.path.basename(program.interpreter), None)
    copies = [(word, place), (program.interpreter, loader), *((path, f"{FOLDER}/{name}") for name, path in found.items())]
    return HostProgram(copies, [loader, "--argv0", word, "--library-path", FOLDER, place, *arguments[1:]])


class Libraries:
    """All that a program needs, and what those need: `paths` by the names that they are asked for. Errors: ExoError."""

    def __init__(self, program: ElfFile) -> None:
        self.paths: dict[str, str] = {}
        self._program = program
        self._usual = _musl_folders() if "musl" in os.path.basename(program.interpreter) else _glibc_folders()
        waiting = [program]
        while waiting:
            user = waiting.pop(0)
            for name in user.needed:
                if name in self.paths:
                    continue
                library = self._find(name, user)
                self.paths[name] = library.path
                if len(self.paths) > MOST_LIBRARIES:
                    raise ExoError(f"{program.path}: it needs more than {MOST_LIBRARIES} libraries")
                waiting.append(library)

    def _find(self, name: str, user: ElfFile) -> ElfFile:
        if "/" in name:
            candidates = [name]
        else:
            candidates = [os.path.join(folder, name) for folder in self._folders(user)]
        for path in candidates:
            try:
                library = ElfFile(path)
            except (OSError, ElfError):
                continue
            if library.machine == self._program.machine:
                return library
        raise ExoError(f"{self._program.path}: {user.path} needs {name}, which is not on this system")

    def _folders(self, user: ElfFile) -> list[str]:
        """DT_RPATH of the file and of the program, unless the file has DT_RUNPATH; LD_LIBRARY_PATH; DT_RUNPATH; what ld.so.conf says."""
        old = [] if user.runpath else [*_expanded(user, user.rpath), *_expanded(self._program, self._program.rpath)]
        variable = [folder for folder in os.environ.get("LD_LIBRARY_PATH", "").replace(";", ":").split(":") if folder]
        return [*old, *variable, *_expanded(user, user.runpath), *self._usual]


def _expanded(file: ElfFile, folders: list[str]) -> list[str]:
    origin = os.path.dirname(os.path.realpath(file.path))
    words = {"ORIGIN": origin, "LIB": "lib/x86_64-linux-gnu", "PLATFORM": "x86_64"}
    for word, value in words.items():
        folders = [folder.replace(f"${{{word}}}", value).replace(f"${word}", value) for folder in folders]
    return folders


def _glibc_folders() -> list[str]:
    return [*_configured("/etc/ld.so.conf", set()), *USUAL_FOLDERS]


def _configured(path: str, seen: set[str]) -> list[str]:
    """The folders that a file in the form of ldconfig(8)'s ld.so.conf names."""
    if path in seen:
        return []
    seen.add(path)
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            lines = [line.partition("#")[0].strip() for line in file]
    except OSError:
        return []
    folders = []
    for line in lines:
        word, _, pattern = line.partition(" ")
        if word == "include":
            base = os.path.join(os.path.dirname(path), pattern.strip())
            folders += [folder for name in sorted(glob.glob(base)) for folder in _configured(name, seen)]
        elif line.startswith("/"):
            folders.append(line)
    return folders


def _musl_folders() -> list[str]:
    try:
        with open("/etc/ld-musl-x86_64.path", encoding="utf-8", errors="surrogateescape") as file:
            return [folder for folder in file.read().replace("\n", ":").split(":") if folder]
    except OSError:
        return list(MUSL_FOLDERS)
