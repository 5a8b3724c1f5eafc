"""What `exo trace` writes of one call: strace's words (compared with strace 6.1), from the descriptions of the calls."""

import struct

import pytest
from exo.trace import names, records
from exo.trace.values import Values
from trace_support import DESCRIPTIONS, Machine, follow, line

A, B, C = 0x7000, 0x8000, 0x9000
PADDED = 40


def shown(text: str) -> str:
    """The line without the blanks before the result."""
    head, equals, tail = text.partition(" = ")
    return head.rstrip() + equals + tail


def le(form: str, *values) -> bytes:
    return struct.pack("<" + form, *values)


def of_calls(kinds):
    def walk(part):
        if isinstance(part, dict):
            if part.get("kind") in kinds:
                yield part
            for value in part.values():
                yield from walk(value)
        elif isinstance(part, list):
            for value in part:
                yield from walk(value)
    return [part for one in DESCRIPTIONS for part in walk(one)]


def test_every_enumeration_has_linux_spelling():
    missing = {one["type"] for one in of_calls(("flags", "choice"))} - set(names.PREFIXES)
    assert not missing, f"add {missing} to PREFIXES in tools/exo/trace/names.py"


def test_every_described_call_can_be_shown():
    """Whatever its arguments are: zeros, ones, an address."""
    for one in DESCRIPTIONS:
        for word in (0, 1, A, (1 << 64) - 1):
            for result in (0, 1, -14):
                assert line(one["number"], (word,) * 6, result).startswith(one["name"] + "(")


@pytest.mark.parametrize("arguments, expected", [
    (("brk", (0,), 0x1000), "brk(NULL) = 0x1000"),
    (("close", (99,), -9), "close(99) = -1 EBADF (Bad file descriptor)"),
    (("openat", (-100, A, 0x80000, 0o644), 3, {A: b"/etc/passwd\0"}), 'openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3'),
    (("openat", (-100, A, 0x80242, 0o644), 3, {A: b"f\0"}), 'openat(AT_FDCWD, "f", O_RDWR|O_CREAT|O_TRUNC|O_CLOEXEC, 0644) = 3'),
    (("openat", (-100, 5, 0), -14), "openat(AT_FDCWD, 0x5, O_RDONLY) = -1 EFAULT (Bad address)"),
    (("access", (A, 5), 0, {A: b"/\0"}), 'access("/", R_OK|X_OK) = 0'),
    (("access", (A, 0), -2, {A: b"x\0"}), 'access("x", F_OK) = -1 ENOENT (No such file or directory)'),
    (("pipe2", (A, 0x800), 0, {}, {A: le("ii", 3, 4)}), "pipe2([3, 4], O_NONBLOCK) = 0"),
    (("umask", (0o27,), 0o22), "umask(027) = 022"),
    (("mmap", (0, 8192, 3, 0x22, -1, 0), 0x7f0000000000),
     "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000"),
    (("mmap", (0, 4096, 0, 1, 3, 4096), 0x1000), "mmap(NULL, 4096, PROT_NONE, MAP_SHARED, 3, 0x1000) = 0x1000"),
    (("mprotect", (A, 4096, 0), 0), "mprotect(0x7000, 4096, PROT_NONE) = 0"),
    (("fcntl", (3, 3), 0x8002), "fcntl(3, F_GETFL) = 0x8002 (flags O_RDWR|O_LARGEFILE)"),
    (("fcntl", (3, 1030, 10), 10), "fcntl(3, F_DUPFD_CLOEXEC, 10) = 10"),
    (("fcntl", (3, 77, 10), -22), "fcntl(3, 0x4d /* F_??? */, 0xa) = -1 EINVAL (Invalid argument)"),
    (("ioctl", (0, 0x5413, A), 0, {}, {A: le("4H", 24, 80, 0, 0)}), "ioctl(0, TIOCGWINSZ, {ws_row=24, ws_col=80, ws_xpixel=0, ws_ypixel=0}) = 0"),
    (("ioctl", (0, 0x5401, A), -25), "ioctl(0, TCGETS, 0x7000) = -1 ENOTTY (Inappropriate ioctl for device)"),
    (("arch_prctl", (0x3001, A), -22), "arch_prctl(0x3001 /* ARCH_??? */, 0x7000) = -1 EINVAL (Invalid argument)"),
    (("prlimit64", (0, 3, 0, A), 0, {}, {A: le("QQ", 8 << 20, 2**64 - 1)}),
     "prlimit64(0, RLIMIT_STACK, NULL, {rlim_cur=8192*1024, rlim_max=RLIM64_INFINITY}) = 0"),
    (("rt_sigprocmask", (0, A, 0, 8), 0, {A: le("Q", 1 << 16 | 1 << 33)}), "rt_sigprocmask(SIG_BLOCK, [CHLD RT_2], NULL, 8) = 0"),
    (("rt_sigprocmask", (2, A, 0, 8), 0, {A: le("Q", ~(3 << 31) & 2**64 - 1)}), "rt_sigprocmask(SIG_SETMASK, ~[RTMIN RT_1], NULL, 8) = 0"),
    (("rt_sigaction", (13, A, 0, 8), 0, {A: le("4Q", 1, 0x14000000, 0x40, 1 << 12)}),
     "rt_sigaction(SIGPIPE, {sa_handler=SIG_IGN, sa_mask=[PIPE], sa_flags=SA_RESTORER|SA_RESTART, sa_restorer=0x40}, NULL, 8) = 0"),
    (("wait4", (-1, A, 2, 0), 7, {}, {A: le("i", 0x700)}), "wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 7}], WSTOPPED, NULL) = 7"),
    (("wait4", (-1, A, 0, 0), 7, {}, {A: le("i", 15)}), "wait4(-1, [{WIFSIGNALED(s) && WTERMSIG(s) == SIGTERM}], 0, NULL) = 7"),
    (("wait4", (-1, A, 1, 0), 0), "wait4(-1, 0x7000, WNOHANG, NULL) = 0"),
    (("waitid", (0, 0, A, 5, 0), 0, {}, {A: le("3i", 17, 0, 1), A + 16: le("iIi", 9, 0, 3)}),
     "waitid(P_ALL, 0, {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=9, si_uid=0, si_status=3, si_utime=0, si_stime=0}, WNOHANG|WEXITED, NULL) = 0"),
    (("waitid", (0, 0, A, 5, 0), 0, {}, {A: bytes(12)}), "waitid(P_ALL, 0, {}, WNOHANG|WEXITED, NULL) = 0"),
    (("clone", (0x1200011, 0, 0, C, 0), 12), "clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x9000) = 12"),
    (("futex", (A, 0x80, 2, 0, 0, 0), -11), "futex(0x7000, FUTEX_WAIT_PRIVATE, 2, NULL) = -1 EAGAIN (Resource temporarily unavailable)"),
    (("futex", (A, 0x189, 1, 0, 0, 0xffffffff), 0), "futex(0x7000, FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME, 1, NULL, FUTEX_BITSET_MATCH_ANY) = 0"),
    (("futex", (A, 1, 5, 0, 0, 0), 2), "futex(0x7000, FUTEX_WAKE, 5) = 2"),
    (("poll", (A, 2, 10), 1, {A: le("ihhihh", 6, 1, 0, 7, 12, 0)}, {A + 6: le("h", 0), A + 14: le("h", 4)}),
     "poll([{fd=6, events=POLLIN}, {fd=7, events=POLLOUT|POLLERR}], 2, 10) = 1 ([{fd=7, revents=POLLOUT}])"),
    (("poll", (A, 1, -1), 0, {A: le("ihh", 6, 1, 0)}), "poll([{fd=6, events=POLLIN}], 1, -1) = 0 (Timeout)"),
    (("select", (8, 0, A, 0, B), 1, {A: le("Q", 1 << 7), B: le("qq", 1, 0)}, {A: le("Q", 1 << 7), B: le("qq", 0, 5)}),
     "select(8, NULL, [7], NULL, {tv_sec=1, tv_usec=0}) = 1 (out [7], left {tv_sec=0, tv_usec=5})"),
    (("nanosleep", (A, B), 0, {A: le("qq", 1, 5)}), "nanosleep({tv_sec=1, tv_nsec=5}, 0x8000) = 0"),
    (("nanosleep", (A, B), -4, {A: le("qq", 2, 0)}, {B: le("qq", 1, 7)}),
     "nanosleep({tv_sec=2, tv_nsec=0}, {tv_sec=1, tv_nsec=7}) = -1 EINTR (Interrupted system call)"),
    (("writev", (1, A, 2), 8, {A: le("4Q", B, 3, C, 5), B: b"abc", C: b"defg\n"}),
     'writev(1, [{iov_base="abc", iov_len=3}, {iov_base="defg\\n", iov_len=5}], 2) = 8'),
    (("readv", (0, A, 2), 5, {A: le("4Q", B, 4, C, 8)}, {B: b"hell", C: b"o"}),
     'readv(0, [{iov_base="hell", iov_len=4}, {iov_base="o", iov_len=8}], 2) = 5'),
    (("getcwd", (A, 4096), 5, {}, {A: b"/tmp\0"}), 'getcwd("/tmp", 4096) = 5'),
    (("getrandom", (A, 4, 1), 4, {}, {A: b"\x01\x02\xff\x00"}), 'getrandom("\\x01\\x02\\xff\\x00", 4, GRND_NONBLOCK) = 4'),
    (("sendfile", (1, 3, A, 100), 7, {A: le("q", 0)}, {A: le("q", 7)}), "sendfile(1, 3, [0] => [7], 100) = 7"),
    (("mknodat", (-100, A, 0o10600, 0), 0, {A: b"f\0"}), 'mknodat(AT_FDCWD, "f", S_IFIFO|0600) = 0'),
    (("prctl", (15, A), 0, {A: b"name\0"}), 'prctl(PR_SET_NAME, "name") = 0'),
    (("mount", (0, A, B, 6, 0), 0, {A: b"/mnt\0", B: b"tmpfs\0"}), 'mount(NULL, "/mnt", "tmpfs", MS_NOSUID|MS_NODEV, NULL) = 0'),
    (("rt_sigreturn", (), -4, {A: bytes(296) + le("Q", 1 << 16)}), "rt_sigreturn({mask=[CHLD]}) = -1 EINTR (Interrupted system call)"),
    (("execve", (A, B, C), 0, {A: b"/bin/ls\0", B: le("QQ", 0x100, 0), 0x100: b"ls\0", C: le("QQQ", 0x200, 0x300, 0)}),
     'execve("/bin/ls", ["ls"], 0x9000 /* 2 vars */) = 0'),
    ((334, (A, 32, 0, 0x53053053), -38), "rseq(0x7000, 0x20, 0, 0x53053053) = -1 ENOSYS (Function not implemented)"),
    ((294, (10,), -38), "inotify_init1(0xa) = -1 ENOSYS (Function not implemented)"),
    ((400, (1, 2, 3, 4, 5, 6), -38), "syscall_0x190(0x1, 0x2, 0x3, 0x4, 0x5, 0x6) = -1 ENOSYS (Function not implemented)"),
])
def test_one_line(arguments, expected):
    assert shown(line(*arguments)) == expected


def test_results_stand_in_one_column():
    assert line("getpid", (), 7).index("= 7") == PADDED


@pytest.mark.parametrize("data, expected", [
    (b"b\n\"q\"\\\x01\x80x", r'"b\n\"q\"\\\1\200x"'),
    (b"\x001", r'"\0001"'),
    (b"a" * 32, '"' + "a" * 32 + '"'),
    (b"a" * 33, '"' + "a" * 32 + '"...'),
])
def test_strings_are_quoted(data, expected):
    assert shown(line("write", (1, A, len(data)), len(data), {A: data})) == f"write(1, {expected}, {len(data)}) = {len(data)}"


def test_a_limit_of_strings_is_not_one_of_paths():
    path = b"/" + b"x" * 100
    assert path.decode() in line("unlink", (A,), 0, {A: path + b"\0"}, values=Values(string_limit=3))
    assert '"abc"...' in line("write", (1, A, 6), 6, {A: b"abcdef"}, values=Values(string_limit=3))


def test_a_failed_call_shows_where_it_would_have_written():
    assert shown(line("read", (6, A, 10), -11)) == "read(6, 0x7000, 10) = -1 EAGAIN (Resource temporarily unavailable)"


def test_paths_of_descriptors():
    text = line("openat", (-100, A, 0), 3, {A: b"f\0"}, values=Values(shows_paths=True), paths={0: b"/root", 6: b"/root/f"})
    assert shown(text) == 'openat(AT_FDCWD</root>, "f", O_RDONLY) = 3</root/f>'


def test_paths_of_descriptors_cannot_steer_the_terminal():
    text = line("close", (3,), values=Values(shows_paths=True), paths={0: b"/tmp/\x1b[2J"})
    assert shown(text) == r"close(3</tmp/\33[2J>) = 0"


def test_restarts_are_shown_as_ptrace_shows_them():
    assert shown(line("pause", (), 0, restart=514)) == "pause() = ? ERESTARTNOHAND (To be restarted if no handler)"


def test_structures_in_short_and_in_full():
    data = le("QQQIIIIQqqq6q", 5, 9, 1, 0o100644, 0, 0, 0, 0, 174, 4096, 8, 1, 2, 3, 0, 5, 0) + bytes(24)
    assert "{st_mode=S_IFREG|0644, st_size=174, ...}" in line("fstat", (0, A), 0, {}, {A: data})
    full = line("fstat", (0, A), 0, {}, {A: data}, values=Values(is_verbose=True))
    assert "st_dev=makedev(0x0, 0x5), st_ino=9" in full and "st_mtime_nsec=0" in full and "..." not in full


def test_what_the_kernel_read_last_is_shown():
    """A path that is longer than the first look at it is read once more, from the start; another thread may have changed it."""
    machine = Machine()
    machine.start(2)
    machine.enter(2, "unlink", A)
    machine.read(2, A, b"firs", records.STRING_FROM_USER)
    machine.string(2, A, b"second")
    machine.leave(2, 0)
    assert 'unlink("second")' in follow(machine.data)
