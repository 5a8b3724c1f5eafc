"""`./exo run`: one program, or a shell, in a machine of its own."""

from __future__ import annotations

import os

from .. import packages, paths
from ..archive import rootfs
from ..building import build
from ..errors import ExoError, UsageError, complain
from ..machine.qemu import ACCELERATORS, MACHINES, why_no_kvm
from ..options import Command, Option, Parsed, parse
from .request import DEFAULT_PATH, Copy, Request
from .session import Settings, run
from .settings import hostname, limit, tmpfs

SHELL = ["/bin/sh", "-l"]
# MiB. What a machine does not touch costs the host nothing: an idle one of this size takes 0.1 MiB more than one of 256.
DEFAULT_MEMORY = 1024
MOST_CPUS = 8
# Ctrl-] three times, as systemd-nspawn has it.
DEFAULT_KILL_KEYS = b"\x1d\x1d\x1d"


def memory_size(text: str) -> int:
    """MiB, from `256`, `256M` or `1G`."""
    digits, unit = (text[:-1], text[-1].upper()) if text[-1:].isalpha() else (text, "M")
    if not digits.isascii() or not digits.isdigit() or unit not in "MG":
        raise ValueError("not a size in MiB, like 256 or 1G")
    size = int(digits) * (1024 if unit == "G" else 1)
    if size < 1:
        raise ValueError("it should be 1 MiB at least")
    return size


def cpu_count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_CPUS:
        raise ValueError(f"not a number of CPUs from 1 to {MOST_CPUS}")
    return int(text)


def seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError("not a number of seconds") from None
    if not 0 < value < 1e9:
        raise ValueError("not a positive number of seconds")
    return value


def seconds_or_none(text: str) -> float:
    return 0.0 if text == "0" else seconds(text)


def no_volume(text: str) -> str:
    if ":" in text:
        raise ValueError("there are no volumes yet; use --copy HOST:GUEST")
    raise ValueError("it stands for volumes, which are not there yet (use --copy); --verbose has no letter")


def variable(text: str) -> tuple[str, str]:
    """KEY=VALUE, or KEY alone for the value that it has outside."""
    key, equals, value = text.partition("=")
    if not key:
        raise ValueError("it should be KEY=VALUE")
    if not equals:
        if key not in os.environ:
            raise ValueError("not set here, and no value is given")
        value = os.environ[key]
    return key, value


def kill_keys(text: str) -> bytes:
    """The bytes of a list like `ctrl-],ctrl-],q`, as docker's --detach-keys has it; none for `none`."""
    if text == "none":
        return b""
    keys = bytearray()
    for name in text.split(","):
        letter = name[-1:].upper()
        if len(name) == 1 and name.isascii() and name.isprintable():
            keys.append(ord(name))
        elif len(name) == 6 and name[:5].lower() == "ctrl-" and "@" <= letter <= "_":
            keys.append(ord(letter) ^ 0x40)
        else:
            raise ValueError("it should be 'none' or keys like 'ctrl-],ctrl-],q'")
    return bytes(keys)


def published(text: str) -> list:
    from .publish import publish
    return publish(text)


def absolute(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError("it should begin with '/'")
    return text


def package_list(text: str) -> list[str]:
    from ..roots.apt import check_word
    return [check_word(word) for word in text.split(",") if word]


def one_of(*choices: str):
    def convert(text: str) -> str:
        if text not in choices:
            raise ValueError(f"it should be {' or '.join(choices)}")
        return text
    return convert


OPTIONS = [
    Option("-m --memory", "MIB", f"memory of the machine, like 64 or 1G (default {DEFAULT_MEMORY})", DEFAULT_MEMORY,
           memory_size),
    Option("--cpus", "N", f"CPUs of the machine, 1 to {MOST_CPUS}; they may be more than the host has (default 1)", 1, cpu_count),
    Option("-e --env", "KEY=VALUE", "a variable of the program's environment (repeatable)", None, variable, True),
    Option("--env-file", "FILE", "variables, one KEY=VALUE in a line (repeatable)", None, str, True),
    Option("-w --workdir", "DIR", "the folder to start in (default /root, / for another user, or what the image says)", None, absolute),
    Option("-u --user", "NAME|UID[:GID]", "the program's user (default root, or what the image says)"),
    Option("--entrypoint", "WORD", "what stands before the command, instead of what the image says"),
    Option("--hostname", "NAME", "the machine's name", None, hostname),
    Option("--read-only", "", "the root file system cannot be written"),
    Option("--tmpfs", "PATH[:OPTIONS]", "an empty file system in memory on PATH (repeatable)", None, tmpfs, True),
    Option("--ulimit", "NAME=SOFT[:HARD]", "a limit of the program, like nofile=1024 (repeatable)", None, limit, True),
    Option("--init", "", "accepted, and always so: the machine's first process takes care of orphans"),
    Option("--rootfs", "DIR|FILE", "another root file system than busybox's: a folder, a cpio or a tar archive"),
    Option("--packages", "NAME[,NAME]…", "a root file system with these Debian packages (and bash=VERSION), made once and kept",
           None, package_list, True),
    Option("--packages-file", "FILE", "the same, with one name in a line and comments after #"),
    Option("--image", "REF", "the root and the command of a container image: oci:DIR, oci-archive:FILE, docker-archive:FILE, docker://…"),
    Option("--pull", "WHEN", "when --packages and --image ask for new versions: missing (default) or always", "missing",
           one_of("missing", "always")),
    Option("--copy", "HOST:GUEST", "add a file or a folder to the root file system, as cp -r does (repeatable)", None, Copy, True),
    Option("-t --tty", "", "give the program a terminal, also where standard input or output is none here"),
    Option("-i --interactive", "", "accepted, and always so: standard input reaches the program"),
    Option("--rm", "", "accepted, and always so: nothing is left of a machine"),
    Option("-v --volume", "HOST:GUEST", "refused: there are no volumes yet, use --copy", None, no_volume),
    Option("--net --network", "NAME", "none (default), or user: the machine reaches what you reach, but not this system's loopback", None,
           one_of("none", "user")),
    Option("-p --publish", "[ADDR:]HOST:GUEST[/udp]", "HOST of this system leads to GUEST of the machine; GUEST alone takes a free port "
           "(repeatable, ranges)", None, published, True),
    Option("--net-host-loopback", "", "the machine's router is this system's loopback: its local servers can be reached"),
    Option("--timeout", "SECONDS", "end the machine after this time, with status 124", None, seconds),
    Option("--stop-timeout", "SECONDS", "how long the program has after SIGTERM before the machine ends (default 10)", 10.0,
           seconds_or_none),
    Option("--kill-keys", "KEYS", "typed within a second, they end the machine; 'none' for none (default ctrl-],ctrl-],ctrl-])",
           DEFAULT_KILL_KEYS, kill_keys),
    Option("--result", "FILE", "write how it ended, and what it used, to FILE as JSON"),
    Option("--kernel-log", "FILE", "write the kernel's log to FILE"),
    Option("--verbose", "", "print QEMU's command line"),
    Option("--preset", "NAME", "the kernel to run: release, dev, debug, kcsan or coverage", None, one_of(*build.KERNEL_PRESETS)),
    Option("--machine", "NAME", "the machine to emulate: microvm, which starts fast, or q35, a PC with PCI", MACHINES[0], one_of(*MACHINES)),
    Option("--accel", "NAME", "how the processor is made: tcg (emulated) or kvm (falls back to tcg)", ACCELERATORS[0],
           one_of(*ACCELERATORS)),
    Option("--kernel", "FILE", "another kernel that QEMU can start"),
    Option("--append", "WORDS", "more words for the kernel's command line", ""),
]

# What docker run(1) has and this has not (docs/coming_from_docker.md).
ABSENT = {**dict.fromkeys(("-P", "--publish-all"), "-p PORT publishes one port of the machine, and -p FIRST-LAST several"),
          **dict.fromkeys(("-d", "--detach"), "a machine runs in the foreground; '&' of the shell puts it into the background"),
          "--mount": "there are no volumes yet; use --copy HOST:GUEST",
          **dict.fromkeys(("--privileged", "--cap-add", "--cap-drop", "--security-opt"), "root inside is root of its own machine only"),
          "--name": "machines have no names; --hostname is what the program sees"}

COMMAND = Command("run", "Runs a Linux program in a small virtual machine of its own, or a shell if none is named.",
                  "[OPTION]… [--] [COMMAND [ARGUMENT]…]", OPTIONS, """
Standard input, output and error are the program's own: a stream that is a terminal here is the terminal inside,
every other is a pipe. SIGINT, SIGTERM and SIGHUP reach the program; a second SIGINT within 2 s ends the machine, and so do a
second SIGTERM and --stop-timeout. Typing Ctrl-] three times within a second ends it too, whatever the program does.

A command with a slash means the machine's file; where the machine has none and this system has, it is copied in with its libraries.

The exit status is the program's (128 + n when signal n ended it). 124: timed out. 125: exo itself failed, or the
kernel panicked. 126: the command cannot be executed. 127: it was not found. 137: the machine was ended because the program
did not.""", ABSENT)


def main(arguments: list[str]) -> int:
    options = parse(COMMAND, arguments)
    if options.wants_help:
        print(COMMAND.help())
        return 0
    occupy_standard_streams()
    settings = prepare(options)
    return run(settings, request_of(options, settings))


def prepare(options: Parsed, default_preset: str = "release", gdb_socket: str | None = None) -> Settings:
    """Brings everything up to date that a start needs."""
    options.from_image = None
    _check_files(options)
    network = _network(options)
    if packages.missing((packages.QEMU,)):
        packages.ensure(packages.RUN if not options.kernel else (packages.QEMU,), "running")
    has_passt = _ensure_passt() if network else False
    if options.accel == "kvm":
        reason = why_no_kvm()
        if reason:
            complain(f"KVM cannot be used ({reason}); QEMU emulates instead")
            options.accel = "tcg"
    preset = options.preset or default_preset
    if options.kernel:
        build.ensure_init()
    else:
        build.ensure(preset)
    image = _image(options)
    if network:
        network.start(has_passt)
    return Settings(kernel=options.kernel or paths.kernel(preset), image=image, network=network,
                    memory=options.memory, cpus=options.cpus, machine=options.machine, words=options.append, timeout=options.timeout,
                    stop_timeout=options.stop_timeout, kill_keys=options.kill_keys, accelerator=options.accel,
                    kernel_log=options.kernel_log, verbose=options.verbose, gdb_socket=gdb_socket, result=options.result)


def _network(options: Parsed):
    """The network that the options ask for, or None. Errors: UsageError, ExoError (a port is taken)."""
    if options.network != "user" and not options.publish and not options.net_host_loopback:
        return None
    if options.network == "none":
        raise UsageError(f"--network none and {'--publish' if options.publish else '--net-host-loopback'} contradict each other", "run")
    from . import publish
    from .network import Network
    ports = [port for group in options.publish for port in group]
    publish.check(ports)
    return Network(ports, options.net_host_loopback, options.verbose)


def _ensure_passt() -> bool:
    """Whether there is a passt, which is installed if it can be. QEMU has a network of its own where there is none."""
    try:
        packages.ensure((packages.PASST,), "--network user")
        return True
    except ExoError as error:
        complain(f"passt cannot be installed, so the network is QEMU's own, which is slower ({str(error).splitlines()[0]})")
        return False


def _check_files(options: Parsed) -> None:
    """What the options name is looked at before anything is installed or built, which may take minutes. Errors: ExoError."""
    named = [name for name, value in (("--rootfs", options.rootfs), ("--packages", options.packages or options.packages_file),
                                      ("--image", options.image)) if value]
    if len(named) > 1:
        raise UsageError(f"{' and '.join(named)} name {len(named)} root file systems", "run")
    if options.kernel:
        _check_kernel(options.kernel)
    read = [("--rootfs", options.rootfs), *(("--copy", copy.host) for copy in options.copy)]
    written = [("--result", options.result), ("--kernel-log", options.kernel_log)]
    for name, path, place in [*((*row, row[1]) for row in read), *((*row, os.path.dirname(row[1] or "")) for row in written)]:
        try:
            if place:
                os.lstat(place)
        except OSError as error:
            raise ExoError(f"{name}: {path}: {error.strerror}") from None
    if options.env_file:
        from .settings import read_env_file
        for path in options.env_file:
            read_env_file(path)
    if options.packages_file:
        from ..roots import debian
        debian.read_list(options.packages_file)
    if options.image:
        from ..roots import image
        image.check(options.image)


def _check_kernel(path: str) -> None:
    """Errors: ExoError (not there, or no kernel). A Linux bzImage has HdrS at 0x202 (Documentation/arch/x86/boot.rst)."""
    try:
        with open(path, "rb") as file:
            head = file.read(0x206)
    except OSError:
        raise ExoError(f"--kernel: {path}: not there, or not readable") from None
    if os.path.isfile(path) and not head.startswith(b"\x7fELF") and head[0x202:] != b"HdrS":
        raise ExoError(f"--kernel: {path}: no kernel: neither an ELF file nor a bzImage of Linux")


def _image(options: Parsed) -> str:
    """The boot archive of the root file system that the options name."""
    if options.image:
        from ..roots import image
        options.from_image = image.ensure(options.image, options.pull)
        return options.from_image.archive
    if options.packages or options.packages_file:
        from ..roots import debian
        words = [word for words in options.packages for word in words]
        if options.packages_file:
            words += debian.read_list(options.packages_file)
        return debian.ensure(words, options.pull)
    return rootfs.ensure(options.rootfs, options.memory << 20)


def request_of(options: Parsed, settings: Settings) -> Request:
    outside = [os.isatty(fd) for fd in range(3)]
    terminals = [True, True, True] if options.tty else outside
    image = options.from_image.config if options.from_image else {}
    environment = {"PATH": DEFAULT_PATH, "HOME": "/root"}
    environment.update(_variables(image.get("Env")))
    window = None
    if any(terminals):
        from .terminal import window_size
        environment["TERM"] = os.environ.get("TERM", "linux")
        window = next((window_size(fd) for fd in (1, 2, 0) if outside[fd]), None)
    lines = [options.hostname] if options.hostname else []
    lines += options.tmpfs
    if options.from_image:
        lines.append("create-cwd")
    lines += ["read-only"] if options.read_only else []
    lines += options.ulimit
    user = options.user or image.get("User")
    # /root is root's alone.
    directory = options.workdir or image.get("WorkingDir") or ("/" if options.from_image or user else "/root")
    if user:
        line, environment["HOME"] = _accounts(options, settings).resolve(user)
        lines.append(line)
    if options.env_file:
        from .settings import read_env_file
        for path in options.env_file:
            environment.update(read_env_file(path))
    environment.update(options.env)
    arguments = _command(options, image)
    added = []
    if "/" in arguments[0]:
        arguments, added = _bring_program(arguments, directory, options.copy, settings)
    return Request(arguments, environment, directory, terminals, outside, window, options.copy + added, lines)


def _bring_program(arguments: list[str], directory: str, copies: list[Copy],
                   settings: Settings) -> tuple[list[str], list[Copy]]:
    """The words and the copies for a program that only this system has; the words as they are for every other."""
    if not os.path.isfile(arguments[0]):
        return arguments, []
    from ..archive import host_program
    program = host_program.find(arguments, directory, copies, settings.image)
    if program is None:
        return arguments, []
    return program.arguments, [Copy.of(host, guest) for host, guest in program.copies]


def _variables(lines) -> list[tuple[str, str]]:
    """The variables of an image's configuration."""
    words = lines if isinstance(lines, list) else []
    return [tuple(word.partition("=")[::2]) for word in words if isinstance(word, str) and not word.startswith("=")]


def _command(options: Parsed, image: dict) -> list[str]:
    """The words to start, as docker puts them together: another entry point drops the image's command."""
    entry = [options.entrypoint] if options.entrypoint else _words(image.get("Entrypoint"))
    words = options.words or ([] if options.entrypoint else _words(image.get("Cmd")))
    arguments = [*entry, *words]
    if not arguments and options.from_image:
        raise ExoError(f"--image {options.image}: the image names no command; give one")
    arguments = arguments or SHELL
    if "" in arguments[:1]:
        raise UsageError("the command is empty", "run")
    return arguments


def _words(value) -> list[str]:
    """A list of words, or the string that old images have for a shell."""
    if isinstance(value, str):
        return ["/bin/sh", "-c", value]
    return [str(word) for word in value or []]


def _accounts(options: Parsed, settings: Settings):
    from .settings import Accounts, accounts_of
    if options.from_image:
        texts = options.from_image.accounts
        return Accounts(texts.get("passwd", ""), texts.get("group", ""))
    return accounts_of(settings.image)


def occupy_standard_streams() -> None:
    """A closed standard stream becomes /dev/null, lest a socket get its number."""
    fd = os.open(os.devnull, os.O_RDWR)
    while fd <= 2:
        os.set_inheritable(fd, True)
        fd = os.open(os.devnull, os.O_RDWR)
    os.close(fd)
