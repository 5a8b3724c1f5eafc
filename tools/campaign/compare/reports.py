"""What files in /proc must agree on, line by line and field by field (proc(5))."""

from __future__ import annotations

import re

# Lines of /proc/PID/status. What a program has used, and where its parts lie, is the kernel's own.
_STATUS_FREE = re.compile(r"(FDSize|Vm(?!Lck|Pin|Swap)\w+|Rss\w+|\w*ctxt_switches|Cpus_allowed\w*|Mems_allowed\w*|Speculation\w+|Seccomp\w*|"
                          r"HugetlbPages|CoreDumping|THP_enabled|x86_Thread\w*|untag_mask)")
_STATUS_PIDS = {"Tgid", "Pid", "PPid", "TracerPid", "NStgid", "NSpid", "NSpgid", "NSsid"}
# Fields of /proc/PID/stat, counted from 1.
_STAT_PIDS = {1, 4, 5, 6, 8}
# Of /proc/self a thread that is no leader reads about another one, which has answered and is about to wait for its turn, or waits already.
_RUNS_OR_SLEEPS, _EITHER = ("State: R (running)", "State: S (sleeping)"), "State: R or S"
# Flags, faults, times, sizes, addresses, the processor.
_STAT_FREE = {9, 10, 11, 12, 13, 14, 15, 16, 17, 22, 23, 24, *range(26, 31), 35, 36, 37, 39, 42, 43, 44, *range(45, 52)}


def lines(path: str, data: bytes, naming) -> list[str]:
    """`naming` gives process ids their names (normal.py)."""
    text = data.decode("latin-1")
    name = path.rsplit("/", 1)[1]
    match name:
        case "":
            return _entries(data, naming.pid if path.startswith("/proc/self/task") else str)
        case "stat" if path != "/proc/stat":
            return [_stat(text, naming, path.startswith("/proc/self/"))]
        case "status":
            shown = [_status_line(line, naming) for line in text.splitlines() if not _STATUS_FREE.match(line)]
            return [_EITHER if path.startswith("/proc/self/") and line in _RUNS_OR_SLEEPS else line for line in shown]
        case "statm":
            return [re.sub(r"\d+", "N", text)]
        case "uptime" | "loadavg":
            return [re.sub(r"\d+", "N", text)]
        case "mountinfo":
            return [_mount_line(line, naming) for line in text.splitlines()]
        case "limits":
            # Half of the threads that an eighth of the memory holds: this kernel leaves more memory.
            return [re.sub(r"\b[789]\d\d\b +", "many ", line) for line in text.splitlines()]
        case "self" | "thread-self":
            return [re.sub(r"\d+", lambda found: naming.pid(int(found[0])), text)]
        case "locks":
            return [_lock_line(line, naming) for line in text.splitlines()]
        case "comm":
            return [repr(text)]
        case _ if path.startswith("/proc/self/fdinfo/"):
            # A position may lie in a report, whose numbers have their own lengths.
            # An eventfd's id is any number of its own.
            text = re.sub(r"(eventfd-id:) \d+", r"\1 any", text)
            text = re.sub(r"^it_value: \((\d+), \d+\)$", lambda found: f"it_value: about {round(int(found[1]), -1)} s", text, flags=re.M)
            text = re.sub(r"^(Pid|NSpid):\t(\d+)$", lambda found: f"{found[1]}: {naming.pid(int(found[2]))}", text, flags=re.M)
            text = re.sub(r"^(tfd: .*) ino:.*$", r"\1", text, flags=re.M)
            return [re.sub(r"^(?:mnt_id|ino):\t\d+|^(pos):\t[1-9]\d*", r"\1", _lock_line(line, naming)) for line in text.splitlines()]
        case _ if path.startswith("/proc/self/fd/"):
            text = re.sub(r"\[\d+\]", "[any]", text)
            return [re.sub(r"/(proc|task)/(\d+)", lambda found: f"/{found[1]}/{naming.pid(int(found[2]))}", text)]
        case _:
            return [repr(text)]


def _entries(data: bytes, number_name) -> list[str]:
    """Names and types of linux_dirent64. Inodes in /proc are made when somebody looks."""
    words, at = [], 0
    while at + 19 <= len(data):
        size = int.from_bytes(data[at + 16:at + 18], "little")
        name = data[at + 19:at + size].split(b"\0")[0].decode("latin-1")
        words.append(f"{data[at + 18]} {number_name(int(name)) if name.isdigit() else name}")
        at += max(size, 1)
    return [", ".join(words)]


def _status_line(line: str, naming) -> str:
    name, _, value = line.partition(":\t")
    if name in _STATUS_PIDS:
        return f"{name}: {' '.join(naming.pid(int(word)) for word in value.split())}"
    if name == "SigQ":
        return f"{name}: {value.split('/')[0]}"
    return f"{name}: {value}"


def _stat(text: str, naming, may_be_another: bool) -> str:
    head, _, tail = text.rpartition(")")
    number, _, comm = head.partition(" (")
    words = [number, comm, *tail.split()]
    if may_be_another and len(words) > 2 and words[2] in ("R", "S"):
        words[2] = "R or S"
    shown = []
    for place, word in enumerate(words, 1):
        if place in _STAT_PIDS and word.lstrip("-").isdigit():
            shown.append(naming.pid(int(word)))
        else:
            shown.append("any" if place in _STAT_FREE else word)
    return " ".join(shown)


def _mount_line(line: str, naming) -> str:
    words = line.split(" ")
    if len(words) < 6:
        return line
    words[0] = words[1] = "any"
    if words[2].startswith("0:"):
        words[2] = naming.device(int(words[2][2:]))
    return " ".join(words)


def _lock_line(line: str, naming) -> str:
    """Whose a lock is, and which inode: `1: POSIX  ADVISORY  WRITE 1079 00:1b:3 0 EOF`."""
    found = re.fullmatch(r"(.*\b(?:READ|WRITE|UNLCK) +)(-?\d+) (\w+):(\w+):(\d+) (.*)", line)
    if found is None:
        return line
    device = naming.anonymous_device(int(found[4], 16)) if int(found[3], 16) == 0 else None
    return f"{found[1].strip()} {naming.pid(int(found[2]))} {naming.inode(int(found[5]), device)} {found[6]}"
