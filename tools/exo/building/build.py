"""Builds what is out of date: the kernel of a preset, and the init that runs inside the machine.

The time of a directory is part of the fingerprint, so a removed file is noticed too.
"""

from __future__ import annotations

import os

from .. import packages, paths
from ..errors import ExoError
from . import fingerprint

# By name what each is, for the help.
PRESETS = {
    "release": "the kernel of './exo run', optimised at link time",
    "dev": "the kernel for the loop of editing and trying, quicker to link",
    "debug": "the kernel with assertions, lock ranks and KASAN",
    "kcsan": "the kernel that finds data races between its CPUs",
    "coverage": "the kernel that counts which of its code runs",
    "hosted": "the portable part as a Linux library, with its unit tests, under sanitizers",
    "hosted-tsan": "the layers that CPUs share data in, under the thread sanitizer",
    "hosted-bench": "the portable part, optimised as the release kernel, with its measurements",
}
KERNEL_PRESETS = ("release", "dev", "debug", "kcsan", "coverage")

KERNEL_INPUTS = ("CMakeLists.txt", "CMakePresets.json", "cmake", "kernel", "abi", "sdk")
LOCK = ".exo-lock"
FIRST_BUILD_SECONDS = 340  # of one processor's time, for a kernel
INIT_FOLDER = os.path.join("userland", "init")

# Static, at a fixed address, without a C library: about 10 KiB, and nothing but clang and lld to build it.
INIT_FLAGS = ("--target=x86_64-linux-gnu", "-std=c++23", "-Os", "-ffreestanding", "-fno-exceptions", "-fno-rtti",
              "-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-fno-pic", "-Wall", "-Wextra", "-Wshadow",
              "-Wconversion", "-Werror")
INIT_LINK_FLAGS = ("-nostdlib", "-static", "-fuse-ld=lld-19", "-Wl,--build-id=none",
                   "-Wl,-z,noexecstack", "-Wl,-z,separate-code", "-s")


def init_path() -> str:
    return paths.in_build("init", "init")


def call_table_path() -> str:
    """The descriptions of all system calls, as tools/call_table prints them."""
    return paths.in_build("calls", "calls.json")


class _Product:
    """Something that is made from files: where it is, its inputs, and how it is made."""

    __slots__ = ("name", "result", "inputs", "make", "is_large")

    def __init__(self, name: str, result: str, inputs: list[str], make, is_large: bool = False) -> None:
        self.name = name
        self.result = result
        self.inputs = inputs
        self.make = make
        self.is_large = is_large

    @property
    def stamp(self) -> str:
        return os.path.join(os.path.dirname(self.result), ".exo-inputs")

    def duration(self) -> str:
        """What to say of how long it takes, where that is minutes."""
        if not self.is_large or os.path.exists(self.result):
            return ""
        minutes = -(-FIRST_BUILD_SECONDS // (60 * (os.cpu_count() or 1)))
        return f", which takes about {minutes} minute{'s' if minutes > 1 else ''} the first time"

    def is_current(self) -> bool:
        return os.path.exists(self.result) and fingerprint.matches(self.stamp, fingerprint.of(self.inputs))

    def update(self) -> None:
        # Taken before the work: what changes meanwhile makes the next comparison fail.
        inputs = fingerprint.of(self.inputs)
        self.make()
        if not os.path.exists(self.result):
            raise ExoError(f"the build of {self.name} made no {os.path.relpath(self.result, paths.ROOT)}")
        fingerprint.save(self.stamp, inputs)


def _kernel(preset: str) -> _Product:
    return _Product(f"the kernel ({preset})", paths.kernel(preset),
                    [paths.in_root(name) for name in KERNEL_INPUTS], lambda: _make_preset(preset), True)


def _init() -> _Product:
    return _Product("init", init_path(), [paths.in_root(INIT_FOLDER), __file__], _make_init)


def ensure(preset: str) -> None:
    """Brings the kernel of `preset` and init up to date; quick and silent when they are."""
    _ensure([_kernel(preset), _init()])


def ensure_init() -> None:
    """The same when another kernel is used."""
    _ensure([_init()])


def _call_table() -> _Product:
    return _Product("the table of system calls", call_table_path(),
                    [paths.in_root(name) for name in (*KERNEL_INPUTS, os.path.join("tools", "call_table"))], _make_call_table)


def is_call_table_current() -> bool:
    return _call_table().is_current()


def ensure_call_table() -> None:
    """Brings the descriptions of the calls up to date."""
    _ensure([_call_table()])


def ensure_preset(preset: str) -> None:
    """Configures and builds all of a preset, kernel or hosted; ninja decides what is out of date."""
    packages.ensure(packages.RUN, "building")
    if preset in KERNEL_PRESETS:
        _ensure([_kernel(preset)])
        return
    with FolderLock(paths.in_build(preset)):
        _make_preset(preset)


def _ensure(products: list[_Product]) -> None:
    if all(product.is_current() for product in products):
        return
    packages.ensure(packages.RUN, "building")
    from .. import process
    for product in products:
        with FolderLock(os.path.dirname(product.result)):
            if not product.is_current():  # another exo may have built it while this one waited
                process.say(f"building {product.name}{product.duration()}")
                product.update()


class FolderLock:
    """One build at a time in a folder; the kernel drops the lock when its holder ends, however it ends (flock(2))."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        import fcntl
        os.makedirs(self._folder, exist_ok=True)
        self._fd = os.open(os.path.join(self._folder, LOCK), os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            from .. import process
            process.say("waiting for another build to end")
            fcntl.flock(self._fd, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)


def ensure_configured(preset: str) -> None:
    """Makes the build folder of a preset, with its compile_commands.json, if it is not there."""
    with FolderLock(paths.in_build(preset)):
        _configure(preset)


def _configure(preset: str) -> None:
    folder = paths.in_build(preset)
    if os.path.exists(os.path.join(folder, "build.ninja")):
        if _is_of_this_tree(folder):
            return
        from .. import process
        process.say(f"the tree was moved or copied; what build/{preset} holds is of the old place, and is made anew")
        _empty(folder)
    from .. import progress
    progress.run(["cmake", "--preset", preset], f"configuring {preset}", f"build-{preset}", cwd=paths.ROOT)


def _is_of_this_tree(folder: str) -> bool:
    """CMake keeps absolute paths: in a copy, ninja would build the tree that was copied."""
    try:
        with open(os.path.join(folder, "CMakeCache.txt"), encoding="utf-8", errors="surrogateescape") as file:
            for line in file:
                name, _, value = line.rstrip("\n").partition("=")
                if name == "CMAKE_HOME_DIRECTORY:INTERNAL":
                    return os.path.samefile(value, paths.ROOT)
    except OSError:
        pass
    return False


def _empty(folder: str) -> None:
    """Removes all but the lock, which this process holds."""
    import shutil
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif name != LOCK:
            os.unlink(path)


def _make_preset(preset: str, targets: tuple[str, ...] = ()) -> None:
    from .. import progress
    _configure(preset)
    folder = paths.in_build(preset)
    line = progress.Progress(f"building {preset}")
    try:
        progress.run(["ninja", "-C", folder, *targets], f"building {preset}", f"build-{preset}",
                     _Steps(line, folder, targets).take, cwd=paths.ROOT)
    finally:
        line.close()


class _Steps:
    """Follows ninja, which reports a step when it has ended: once all is compiled, what runs is the linker."""

    def __init__(self, line, folder: str, targets: tuple[str, ...]) -> None:
        from .. import process
        self._line = line
        _, commands = process.capture(["ninja", "-C", folder, "-t", "commands", *targets])
        self._links = sum(" -o " in command and " -c " not in command for command in commands.split("\n"))

    def take(self, text: str) -> None:
        place, _, what = text.partition("] ")
        done, _, total = place.lstrip("[").partition("/")
        if not (what.startswith(("Building ", "Linking ")) and done.isdigit() and total.isdigit()):
            return
        if int(done) >= int(total) - self._links:
            self._line.show("linking", ", which may take half a minute")
        else:
            self._line.count("compiling", int(done), int(total))


def _make_call_table() -> None:
    """Of the hosted build only what the table needs, not its tests."""
    from .. import process
    folder = paths.in_build("hosted")
    with FolderLock(folder):
        _make_preset("hosted", ("call_table",))
    status, text = process.capture([os.path.join(folder, "call_table")])
    if status != 0:
        raise ExoError(f"call_table failed (status {status}): {text.strip()}")
    temporary = f"{call_table_path()}.{os.getpid()}"
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, call_table_path())


def _make_init() -> None:
    from .. import progress
    import glob
    sources = sorted(glob.glob(paths.in_root(INIT_FOLDER, "*.cpp")))
    os.makedirs(os.path.dirname(init_path()), exist_ok=True)
    temporary = f"{init_path()}.{os.getpid()}"
    progress.run(["clang++-19", *INIT_FLAGS, *INIT_LINK_FLAGS, "-o", temporary, *sources], "building init", "build-init")
    os.replace(temporary, init_path())
