"""Which calls and signals are shown: the options `-e trace=…` and `-e signal=…` of strace(1)."""

from __future__ import annotations

import re

from ..errors import meant
from . import names
from .call_names import CALLS

# Classes that no description tells. A class may name calls that the kernel does not have.
CLASSES = {
    "process": "clone clone3 fork vfork execve execveat exit exit_group wait4 waitid",
    "network": "socket connect accept accept4 sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg shutdown bind listen getsockname getpeername "
               "socketpair setsockopt getsockopt",
    "signal": "rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigqueueinfo rt_tgsigqueueinfo rt_sigsuspend "
              "sigaltstack kill tkill tgkill pause signalfd signalfd4 pidfd_send_signal",
    "memory": "mmap munmap mprotect mremap brk madvise msync mincore mlock mlock2 munlock mlockall munlockall shmat shmdt remap_file_pages "
              "mbind migrate_pages move_pages pkey_mprotect process_madvise memfd_secret get_mempolicy set_mempolicy",
    "ipc": "shmget shmat shmctl shmdt semget semop semctl semtimedop msgget msgsnd msgrcv msgctl",
    "creds": "getuid getgid geteuid getegid setuid setgid setreuid setregid getgroups setgroups setresuid getresuid setresgid getresgid "
             "setfsuid setfsgid capget capset prctl",
    "clock": "time gettimeofday settimeofday adjtimex clock_adjtime clock_gettime clock_settime clock_getres",
    "stat": "stat", "lstat": "lstat", "fstat": "fstat fstatat newfstatat", "%stat": "stat lstat fstat newfstatat statx",
    "statfs": "statfs", "fstatfs": "fstatfs", "%statfs": "statfs fstatfs ustat",
    "pure": "getpid getppid gettid getuid geteuid getgid getegid getpgrp getpgid getsid getcpu",
}
# Calls with a path or a descriptor of which the kernel has no description yet.
MORE_FILE = ("openat2 open_by_handle_at name_to_handle_at fanotify_mark inotify_add_watch setxattr lsetxattr listxattr llistxattr removexattr "
             "lremovexattr swapon swapoff pivot_root acct uselib quotactl open_tree move_mount mount_setattr fspick fchmodat2")
MORE_DESCRIPTOR = ("epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 timerfd_create timerfd_settime timerfd_gettime "
                   "signalfd signalfd4 eventfd eventfd2 inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_init "
                   "fanotify_mark splice tee vmsplice copy_file_range flock fsetxattr flistxattr fremovexattr readahead sync_file_range "
                   "preadv2 pwritev2 pidfd_open pidfd_getfd pidfd_send_signal memfd_create io_uring_setup io_uring_enter "
                   "io_uring_register openat2 setns perf_event_open poll ppoll select pselect6 pipe pipe2 mmap")
OTHER_OPTIONS = ("abbrev", "verbose", "raw", "inject", "fault", "read", "write", "kvm", "decode-fds", "decode-pids", "status", "quiet")


class Chooser:
    """`calls`: names, or None for all; the same for `signals`, numbers."""

    def __init__(self, calls: set[str] | None = None, signals: set[int] | None = None) -> None:
        self._calls = calls
        self._signals = signals

    def wants_name(self, name: str) -> bool:
        return self._calls is None or name in self._calls

    def wants_call(self, call) -> bool:
        return self.wants_name(call.name)

    def wants_signal(self, number: int) -> bool:
        return self._signals is None or number in self._signals

    @property
    def wants_all_calls(self) -> bool:
        return self._calls is None


def choose(expressions: list[str], descriptions: list[dict]) -> Chooser:
    """Errors: ValueError. The last expression of a kind counts, as with strace."""
    calls: set[str] | None = None
    signals: set[int] | None = None
    for expression in expressions:
        kind, equals, value = expression.partition("=")
        if not equals:
            kind, value = "trace", expression
        if kind.strip("!") in ("signal", "signals", "s"):
            signals = _signals(value)
        elif kind in ("trace", "t"):
            calls = _calls(value, descriptions)
        elif kind in OTHER_OPTIONS:
            raise ValueError(f"'{kind}=' is not supported; trace= and signal= are")
        else:
            raise ValueError(f"it should begin with trace= or signal=, not {kind}=")
    return Chooser(calls, signals)


def all_names(descriptions: list[dict]) -> set[str]:
    return {name for name, _ in CALLS.values()} | {one["name"] for one in descriptions}


def _calls(text: str, descriptions: list[dict]) -> set[str] | None:
    is_inverted = text.startswith("!")
    text = text.removeprefix("!")
    everything = all_names(descriptions)
    if text in ("all", "none"):
        return None if (text == "all") != is_inverted else set()
    chosen: set[str] = set()
    for word in text.split(","):
        chosen |= _named(word, descriptions, everything)
    return everything - chosen if is_inverted else chosen


def _named(word: str, descriptions: list[dict], everything: set[str]) -> set[str]:
    is_optional = word.startswith("?")
    word = word.removeprefix("?")
    if not word:
        raise ValueError("a name of a call is missing")
    if word.startswith("/"):
        try:
            pattern = re.compile(word[1:])
        except re.error as error:
            raise ValueError(f"{word}: {error}") from None
        return {name for name in everything if pattern.search(name)}
    if word.startswith("%"):
        return _class(word[1:], descriptions)
    if word in everything:
        return {word}
    if word.isdigit() and int(word) in CALLS:
        return {CALLS[int(word)][0]}
    if word in ("file", "desc", "process", "network", "signal", "memory", "ipc"):  # as strace had them before 4.17
        return _class(word, descriptions)
    if is_optional:
        return set()
    raise ValueError(f"there is no call {word}{meant(word, everything)}")


def _class(name: str, descriptions: list[dict]) -> set[str]:
    name = "network" if name == "net" else name
    if name == "file":
        return {one["name"] for one in descriptions if any(part["kind"] == "path" for part in one["arguments"])} | set(MORE_FILE.split()) | {
            "getcwd"}
    if name == "desc":
        return {one["name"] for one in descriptions if any(part["kind"] in ("descriptor", "descriptor_set") for part in (
            *one["arguments"], one["result"]))} | set(MORE_DESCRIPTOR.split())
    members = CLASSES.get(name)
    if members is None:
        known = sorted({"file", "desc", *CLASSES})
        raise ValueError(f"there is no class %{name}; there are %{', %'.join(known)}")
    return set(members.split())


def _signals(text: str) -> set[int] | None:
    is_inverted = text.startswith("!")
    text = text.removeprefix("!")
    if text in ("all", "none"):
        return None if (text == "all") != is_inverted else set()
    numbers = {names.signal(number): number for number in range(1, names.SIGNAL_COUNT + 1)}
    chosen: set[int] = set()
    for word in text.split(","):
        name = word.upper() if word.upper().startswith("SIG") else f"SIG{word.upper()}"
        if word.isdigit() and 1 <= int(word) <= names.SIGNAL_COUNT:
            chosen.add(int(word))
        elif name in numbers:
            chosen.add(numbers[name])
        else:
            raise ValueError(f"there is no signal {word or chr(39) * 2}")
    return set(numbers.values()) - chosen if is_inverted else chosen
