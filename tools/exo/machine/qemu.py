"""The emulator: its command line, its start, and its end.

Everything that it exchanges with us goes over inherited descriptors, so that nothing has a name in a file system
and any number of machines run side by side.
"""

from __future__ import annotations

import os

from .. import packages
from ..errors import ExoError

PROGRAM = "qemu-system-x86_64"
MACHINES = ("microvm", "q35")
ACCELERATORS = ("tcg", "kvm")

# microvm without ACPI names its virtio-mmio devices on the kernel's command line; with ACPI it hides them in tables.
# Its option ROMs are not needed: its firmware itself starts a kernel that has a PVH note.
MACHINE_FLAGS = {"microvm": "microvm,acpi=off,x-option-roms=off,rtc=on", "q35": "q35,sata=off,smbus=off,vmport=off"}
SERIAL_BUS = {"microvm": "virtio-serial-device", "q35": "virtio-serial-pci"}
# A card on PCI would have the firmware look for a system to boot on the network.
NETWORK_CARD = {"microvm": "virtio-net-device", "q35": "virtio-net-pci,romfile="}

PR_SET_PDEATHSIG = 1
SIGKILL = 9  # the module signal would take 5 ms to import, before QEMU can start


# A QEMU that its guest has taken over starts no programs, gains no rights, and changes no priorities. docs/security.md
SANDBOX = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"


def why_no_kvm() -> str:
    """Why KVM cannot be used here, or "". /dev/kvm alone can be a paravirtual one on which a boot hangs."""
    if not os.path.exists("/dev/kvm"):
        return "there is no /dev/kvm"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "/dev/kvm: Permission denied"
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("flags"):
                flags = line.split()
                return "" if "vmx" in flags or "svm" in flags else "the processor offers neither VMX nor SVM"
    return "/proc/cpuinfo tells no flags"


class Machine:
    """A machine to start: kernel, memory, and what is connected to its ports."""

    def __init__(self, kernel: str, initramfs: int, memory: int, log: int, machine: str = "microvm",
                 extra_words: str = "", gdb_socket: str | None = None, accelerator: str = "tcg", cpus: int = 1) -> None:
        self.kernel = kernel
        self.initramfs = initramfs
        self.memory = memory
        self.log = log
        self.machine = machine
        self.extra_words = extra_words
        self.gdb_socket = gdb_socket
        self.accelerator = accelerator
        self.cpus = cpus
        self.console: int | None = None
        self.ports: dict[str, int] = {}
        self.network = None  # running/network.py

    def command(self) -> list[str]:
        words = f"console=ttyS0 rdinit=/.exo/init {self.extra_words}".strip()
        if self.network:
            words = f"{words} {self.network.words()}".strip()
        arguments = [packages.find_program(PROGRAM) or PROGRAM, "-M", MACHINE_FLAGS[self.machine],
                     "-accel", self.accelerator, *(["-accel", "tcg"] if self.accelerator == "kvm" else []),
                     "-sandbox", SANDBOX, "-cpu", "max", "-smp", str(self.cpus), "-m", str(self.memory),
                     "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
                     "-kernel", self.kernel, "-initrd", f"/proc/self/fd/{self.initramfs}",
                     "-append", words,
                     "-add-fd", f"fd={self.log},set=1", "-chardev", "file,id=log,path=/dev/fdset/1,append=on",
                     "-serial", "chardev:log", "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
                     "-global", "virtio-mmio.force-legacy=false", "-device", f"{SERIAL_BUS[self.machine]},max_ports=8"]
        if self.console is not None:
            arguments += ["-chardev", f"socket,id=console,fd={self.console}", "-device",
                          "virtconsole,chardev=console,nr=0"]
        for number, (name, fd) in enumerate(self.ports.items(), 1):
            arguments += ["-chardev", f"socket,id={name},fd={fd}", "-device",
                          f"virtserialport,chardev={name},name=exo.{name},nr={number}"]
        if self.network:
            arguments += [*self.network.arguments(), "-device", f"{NETWORK_CARD[self.machine]},netdev=net"]
        if self.gdb_socket:
            arguments += ["-S", "-chardev", f"socket,id=gdb,path={self.gdb_socket},server=on,wait=off",
                          "-gdb", "chardev:gdb"]
        return arguments

    def start(self) -> "Process":
        inherited = [self.initramfs, self.log, *self.ports.values()]
        if self.console is not None:
            inherited.append(self.console)
        if self.network:
            inherited += self.network.inherited
        return Process(self.command(), inherited)


class Process:
    """A running QEMU, or a program that serves it. It dies with us: by the signal on its parent's death, and by stop() before that."""

    def __init__(self, command: list[str], inherited: list[int]) -> None:
        self._messages = os.memfd_create("exo-qemu-messages")
        parent = os.getpid()
        try:
            self.pid = os.fork()
        except OSError as error:
            name = os.path.basename(command[0]).replace(PROGRAM, "QEMU")
            raise ExoError(f"{name} cannot be started: {error.strerror}") from None
        if self.pid == 0:
            _become(command, inherited, self._messages, parent)
        self.exit_fd = os.pidfd_open(self.pid)
        self._status: int | None = None
        self.usage = None  # struct_rusage, once it has ended

    def stop(self) -> int:
        """Ends it if it has not ended, and returns its exit status (or minus the signal that ended it)."""
        if self._status is None:
            os.kill(self.pid, SIGKILL)
        return self.wait()

    def has_ended(self) -> bool:
        if self._status is None:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self._status, self.usage = os.waitstatus_to_exitcode(status), usage
        return self._status is not None

    def wait(self) -> int:
        if self._status is None:
            _, status, self.usage = os.wait4(self.pid, 0)
            self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def messages(self) -> str:
        """What it wrote on its standard output and error."""
        return os.pread(self._messages, 1 << 16, 0).decode(errors="replace").strip()


def _become(command: list[str], inherited: list[int], messages: int, parent: int) -> None:
    """In the child: becomes the program, or leaves the reason in `messages`."""
    try:
        import ctypes
        os.setsid()  # a Ctrl-C on the terminal is for the program inside, not for QEMU
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        null = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((null, 0), (messages, 1), (messages, 2)):
            os.dup2(source, target)
        for fd in inherited:
            os.set_inheritable(fd, True)
        os.execv(command[0], command)
    except OSError as error:
        os.write(messages, f"{command[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(1)


def open_log(path: str | None) -> int:
    """A write-only descriptor for the kernel's log: a file, or memory that read_log() can look at afterwards."""
    if path is None:
        memory = os.memfd_create("exo-kernel-log")
        fd = os.open(f"/proc/self/fd/{memory}", os.O_WRONLY | os.O_APPEND)
        os.close(memory)
        return fd
    # What stands behind /dev/stderr may be a file that others are appending to.
    truncate = 0 if path.startswith("/dev/") else os.O_TRUNC
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | truncate, 0o666)
    except OSError as error:
        raise ExoError(f"--kernel-log: {path}: {error.strerror}") from None


def read_log(fd: int) -> str:
    """The log so far, or "" where it went to something that cannot be read back."""
    try:
        with open(f"/proc/self/fd/{fd}", "rb") as file:
            if not file.seekable():
                return ""
            return file.read().decode(errors="replace")
    except OSError:
        return ""
