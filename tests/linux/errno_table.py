#!/usr/bin/python3
"""Writes docs/errnos.md: for each call the errnos of its man page, and the test that reaches each or why none can.

Most tests are found by reading the programs: `FAILS(EBADF, close(99))` reaches EBADF of close(). errnos.txt holds the
rest. run.py checks that every call and every errno has an entry, that named tests exist, and that the document is up to date.

usage: errno_table.py [--check]
"""

from __future__ import annotations

import json
import os
import re
import sys

import programs

DATA = os.path.join(programs.HERE, "errnos.txt")
CALLS = os.path.join(programs.ROOT, "docs", "system_calls.json")
DOCUMENT = os.path.join(programs.ROOT, "docs", "errnos.md")

# What the programs call, where that is not the name of the man page.
ALIASES = {"MAP": "mmap", "accept4": "accept", "sendto": "send", "sendmsg": "send", "recvfrom": "recv", "recvmsg": "recv", "setsockopt": "getsockopt",
           "send_to_name": "send", "send_fds": "send", "send_credentials": "send", "bind_name": "bind", "bind_abstract": "bind",
           "connect_name": "connect", "bind_at": "bind", "connect_at": "connect", "send_at": "send", "connect_abstract": "connect", "renameat2_": "rename", "renameat2": "rename", "renameat": "rename", "creat": "open", "openat": "open",
           "waitpid": "wait4", "wait": "wait4", "mkfifo": "mknod", "mknodat": "mknod", "mkdirat": "mkdir", "unlinkat": "unlink",
           "linkat": "link", "symlinkat": "symlink", "readlinkat": "readlink", "lstat": "stat", "fstat": "stat", "fstatat": "stat",
           "newfstatat": "stat", "faccessat": "access", "fchmod": "chmod", "fchmodat": "chmod", "fchown": "chown", "lchown": "chown",
           "fchownat": "chown", "ftruncate": "truncate", "fstatfs": "statfs", "execv": "execve", "execl": "execve", "execveat": "execve",
           "umount": "umount2", "pread": "pread64", "pwrite": "pread64", "pwrite64": "pread64", "writev": "readv", "dup2": "dup", "dup3": "dup",
           "pipe2": "pipe", "sigaction": "rt_sigaction", "sigprocmask": "rt_sigprocmask", "sigsuspend": "rt_sigsuspend",
           "sigtimedwait": "rt_sigtimedwait", "sigqueue": "rt_sigqueueinfo", "rt_tgsigqueueinfo": "rt_sigqueueinfo", "pselect": "select", "ppoll": "poll", "getitimer": "setitimer",
           "clock_settime": "clock_gettime", "clock_getres": "clock_gettime", "settimeofday": "gettimeofday", "getrlimit": "setrlimit",
           "prlimit64": "setrlimit", "tgkill": "kill", "tkill": "kill", "fchdir": "chdir", "fdatasync": "fsync", "syncfs": "fsync",
           "setresuid": "setreuid", "setresgid": "setregid", "setdomainname": "sethostname", "getgroups": "setgroups",
           "tcsetpgrp": "ioctl", "tcgetpgrp": "ioctl", "futimens": "utimensat", "munlock": "mlock", "mlockall": "mlock",
           "sched_setaffinity": "sched_getaffinity", "getpriority": "setpriority", "posix_fadvise": "fadvise64", "vfork": "fork", "eventfd": "eventfd2",
           "get_robust_list": "set_robust_list", "getresuid": "setreuid", "getresgid": "setregid", "getsid": "getpgid", "clone": "fork",
           "capset": "capget", "utime": "utimensat", "utimes": "utimensat", "futimesat": "utimensat", "munlockall": "mlock", "mlock2": "mlock",
           "pselect6": "select", "preadv": "readv", "pwritev": "readv", "preadv2": "readv", "pwritev2": "readv", "faccessat2": "access", "clock_adjtime": "adjtimex",
           "lgetxattr": "getxattr", "fgetxattr": "getxattr", "lsetxattr": "setxattr", "fsetxattr": "setxattr", "llistxattr": "listxattr",
           "flistxattr": "listxattr", "lremovexattr": "removexattr", "fremovexattr": "removexattr", "sched_getparam": "sched_setparam", "sched_getscheduler": "sched_setscheduler",
           "sched_get_priority_min": "sched_get_priority_max", "epoll_create1": "epoll_create", "epoll_pwait": "epoll_wait",
           "epoll_pwait2": "epoll_wait", "pwait2": "epoll_wait", "signalfd": "signalfd4", "timerfd_gettime": "timerfd_settime",
           "timer_make": "timer_create", "timer_set": "timer_settime", "timer_gettime": "timer_settime", "timer_end": "timer_delete",
           "timer_overrun": "timer_getoverrun", "left_ns": "timer_settime"}


def reached() -> dict[tuple[str, str], str]:
    """(call, errno) to the first test that reaches it."""
    found: dict[tuple[str, str], str] = {}
    for test in programs.find_all():
        if test.is_script:
            continue
        with open(test.source, encoding="utf-8") as file:
            text = re.sub(r"([,(])\s*\n\s*", lambda found: ", " if found[1] == "," else "(", file.read())
        for piece in re.split(r"\b(?:FAILS|IS)\((?=E)", text)[1:]:
            error, _, expression = piece.partition(", ")
            calls = [raw or plain for raw, plain in re.findall(r"(?:SYS_|RAW\()(\w+)|\b(?!syscall|RAW)(\w+)\(", expression.split("\n")[0])]
            if calls:
                # `(prepare(), call())` is about the last one, everything else about the first.
                call = calls[-1] if expression.startswith("(") else calls[0]
                found.setdefault((ALIASES.get(call, call), error), test.name)
    return found


def read_data() -> tuple[dict[str, list[str]], dict[tuple[str, str], str]]:
    """The errnos of each man page, and what is said of some of them by hand."""
    pages: dict[str, list[str]] = {}
    remarks: dict[tuple[str, str], str] = {}
    with open(DATA, encoding="utf-8") as file:
        for line in file:
            head, _, rest = line.strip().removesuffix(":").partition(": ")
            if line.startswith("#") or not head:
                continue
            words = head.split()
            if len(words) == 1:
                pages[head] = rest.split()
            else:
                for error in words[1:]:
                    remarks[words[0], error] = rest
    return pages, remarks


def remark_for(remarks: dict, call: str, error: str) -> str | None:
    return remarks.get((call, error)) or remarks.get(("any", error))


def table() -> tuple[str, list[str]]:
    """The document, and what is wrong with the data."""
    pages, remarks = read_data()
    found = reached()
    names = {test.name for test in programs.find_all()}
    complaints, lines = [], ["# Errnos", "", "Each call with the errnos of its man page: the test of `tests/linux` that reaches it on both",
                             "kernels, or why none can. Made by `tests/linux/errno_table.py`; do not edit.", ""]
    count = 0
    never: list[str] = []
    for call in sorted(pages):
        if not pages[call]:
            never.append(call)
            continue
        lines += [f"## {call}", "", "| errno | reached by, or why not |", "| --- | --- |"]
        for error in pages[call]:
            remark = remark_for(remarks, call, error)
            test = found.get((call, error))
            if remark and remark.startswith("test "):
                test = remark[5:]
                if test not in names:
                    complaints.append(f"{call} {error}: there is no test {test}")
            if not test and not remark:
                complaints.append(f"{call} {error}: no test reaches it and no reason is given")
            count += bool(test)
            lines.append(f"| {error} | {'`' + test + '`' if test else remark} |")
        lines.append("")
    for call, error in remarks:
        if call != "any" and error not in pages.get(call, []):
            complaints.append(f"{call} {error}: a remark about what its man page does not list")
    with open(CALLS, encoding="utf-8") as file:
        for call in (call["name"] for call in json.load(file)["calls"]):
            if ALIASES.get(call, call) not in pages:
                complaints.append(f"{call}: no line of errnos.txt names its errnos (`{call}:` alone if it never fails)")
    lines.insert(4, f"{count} of {sum(map(len, pages.values()))} are reached.")
    lines[5:5] = ["", f"These never fail: {', '.join(never)}."]
    return "\n".join(lines).rstrip() + "\n", complaints


def problems() -> list[str]:
    text, complaints = table()
    try:
        with open(DOCUMENT, encoding="utf-8") as file:
            is_current = file.read() == text
    except OSError:
        is_current = False
    if not is_current:
        complaints.append("it is out of date: run tests/linux/errno_table.py")
    return complaints


def main(arguments: list[str]) -> int:
    if arguments != ["--check"]:
        text, _ = table()
        with open(DOCUMENT, "w", encoding="utf-8") as file:
            file.write(text)
    complaints = problems()
    print("\n".join(complaints))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
