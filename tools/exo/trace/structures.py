"""Structures as text: by their fields, and the few that strace writes in a way of their own."""

from __future__ import annotations

import struct
import time

from . import names
from .text_of import hexadecimal, quoted

FILE_TYPES = {0o140000: "S_IFSOCK", 0o120000: "S_IFLNK", 0o100000: "S_IFREG", 0o060000: "S_IFBLK", 0o040000: "S_IFDIR", 0o020000: "S_IFCHR",
              0o010000: "S_IFIFO"}
TYPE_MASK = 0o170000
MODE_BITS = ((0o4000, "S_ISUID"), (0o2000, "S_ISGID"), (0o1000, "S_ISVTX"))
DEVICES = (0o060000, 0o020000)
NO_LIMIT = (1 << 64) - 1
SIGNAL_ACTION_FLAGS = ((0x04000000, "SA_RESTORER"), (0x08000000, "SA_ONSTACK"), (0x10000000, "SA_RESTART"), (0x40000000, "SA_NODEFER"),
                       (0x80000000, "SA_RESETHAND"), (0x4, "SA_SIGINFO"), (0x1, "SA_NOCLDSTOP"), (0x2, "SA_NOCLDWAIT"),
                       (0x800, "SA_EXPOSE_TAGBITS"))
STACK_FLAGS = ((1, "SS_ONSTACK"), (2, "SS_DISABLE"), (1 << 31, "SS_AUTODISARM"))
POLL_EVENTS = ((0x1, "POLLIN"), (0x2, "POLLPRI"), (0x4, "POLLOUT"), (0x40, "POLLRDNORM"), (0x80, "POLLRDBAND"), (0x100, "POLLWRNORM"),
               (0x200, "POLLWRBAND"), (0x400, "POLLMSG"), (0x8, "POLLERR"), (0x10, "POLLHUP"), (0x20, "POLLNVAL"), (0x2000, "POLLRDHUP"))
FILE_SYSTEMS = {0x1021994: "TMPFS_MAGIC", 0x9fa0: "PROC_SUPER_MAGIC", 0x62656572: "SYSFS_MAGIC", 0xef53: "EXT2_SUPER_MAGIC",
                0x1cd1: "DEVPTS_SUPER_MAGIC", 0x858458f6: "RAMFS_MAGIC", 0x50495045: "PIPEFS_MAGIC", 0x534f434b: "SOCKFS_MAGIC"}
MOUNT_STATE = ((0x20, "ST_VALID"), (0x1, "ST_RDONLY"), (0x2, "ST_NOSUID"), (0x4, "ST_NODEV"), (0x8, "ST_NOEXEC"), (0x10, "ST_SYNCHRONOUS"),
               (0x40, "ST_MANDLOCK"), (0x400, "ST_NOATIME"), (0x800, "ST_NODIRATIME"), (0x1000, "ST_RELATIME"))
LOCK_TYPES = {0: "F_RDLCK", 1: "F_WRLCK", 2: "F_UNLCK"}
WHENCES = {0: "SEEK_SET", 1: "SEEK_CUR", 2: "SEEK_END"}
UTIME_NOW, UTIME_OMIT = (1 << 30) - 1, (1 << 30) - 2

SENT_CODES = {0: "SI_USER", 0x80: "SI_KERNEL", -1: "SI_QUEUE", -2: "SI_TIMER", -3: "SI_MESGQ", -4: "SI_ASYNCIO", -5: "SI_SIGIO",
              -6: "SI_TKILL"}
SIGNAL_CODES = {
    17: {1: "CLD_EXITED", 2: "CLD_KILLED", 3: "CLD_DUMPED", 4: "CLD_TRAPPED", 5: "CLD_STOPPED", 6: "CLD_CONTINUED"},
    11: {1: "SEGV_MAPERR", 2: "SEGV_ACCERR", 3: "SEGV_BNDERR", 4: "SEGV_PKUERR"},
    7: {1: "BUS_ADRALN", 2: "BUS_ADRERR", 3: "BUS_OBJERR"},
    8: {1: "FPE_INTDIV", 2: "FPE_INTOVF", 3: "FPE_FLTDIV", 4: "FPE_FLTOVF", 5: "FPE_FLTUND", 6: "FPE_FLTRES", 7: "FPE_FLTINV"},
    4: {1: "ILL_ILLOPC", 2: "ILL_ILLOPN", 3: "ILL_ILLADR", 4: "ILL_ILLTRP", 5: "ILL_PRVOPC", 6: "ILL_PRVREG", 8: "ILL_BADSTK"},
    5: {1: "TRAP_BRKPT", 2: "TRAP_TRACE", 3: "TRAP_BRANCH", 4: "TRAP_HWBKPT"},
}
SIGCHLD = 17
FAULTS = (4, 5, 7, 8, 11)


# ---- Numbers with a form of their own.

def bits(value: int, table: tuple, prefix: str = "") -> str:
    shown = []
    for bit_set, name in table:
        if value & bit_set:
            shown.append(name)
            value &= ~bit_set
    if value:
        shown.append(f"{value:#x}" if shown or not prefix else f"{value:#x} /* {prefix}??? */")
    return "|".join(shown) or "0"


def octal(value: int) -> str:
    return (f"0{value:o}" if value else "0").zfill(3)


def mode(value: int, has_type: bool) -> str:
    if not has_type:
        return octal(value)
    kind = FILE_TYPES.get(value & TYPE_MASK)
    parts = [kind] if kind else []
    parts += [name for bit, name in MODE_BITS if value & bit]
    return "|".join((*parts, octal(value & 0o777)))


def device(value: int) -> str:
    """12 bits of the major and 20 bits of the minor number."""
    major = value >> 8 & 0xfff | value >> 32 & ~0xfff
    minor = value & 0xff | value >> 12 & 0xffffff00
    return f"makedev({major:#x}, {minor:#x})"


def limit(value: int) -> str:
    if value == NO_LIMIT:
        return "RLIM64_INFINITY"
    return f"{value // 1024}*1024" if value > 1024 and value % 1024 == 0 else str(value)


def wait_status(status: int) -> str:
    status &= 0xffffffff
    if status == 0xffff:
        return "{WIFCONTINUED(s)}"
    if status & 0xff == 0x7f:
        return f"{{WIFSTOPPED(s) && WSTOPSIG(s) == {names.signal(status >> 8 & 0xff)}}}"
    if status & 0x7f == 0:
        return f"{{WIFEXITED(s) && WEXITSTATUS(s) == {status >> 8 & 0xff}}}"
    core = " && WCOREDUMP(s)" if status & 0x80 else ""
    return f"{{WIFSIGNALED(s) && WTERMSIG(s) == {names.signal(status & 0x7f)}{core}}}"


def moment(seconds: int, fraction: int = 0, digits: int = 9) -> str:
    """A time as in a comment behind it."""
    try:
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    except (OverflowError, ValueError, OSError):
        return ""
    return text + (f".{fraction:0{digits}d}" if fraction else "") + "+0000"


# ---- Structures by their fields.

def structure(values, element: dict, data: bytes) -> str:
    own = FORMS.get(element["type"])
    if own is not None:
        return own(values, data)
    return "{" + _fields(values, element, data) + "}"


def _fields(values, element: dict, data: bytes) -> str:
    """Inner structures in braces of their own; what only fills room is left out."""
    shown: list[str] = []
    inner: list[str] = []
    outer = ""
    short = ABBREVIATIONS.get(element["type"]) if not values.is_verbose else None
    for field in element["fields"]:
        head, _, rest = field["name"].rpartition(".")
        if rest.endswith("_") or "spare" in rest:
            continue
        if outer and head != outer:
            shown.append(f"{outer}={{{', '.join(inner)}}}")
            inner = []
            outer = ""
        if short is not None and (head or rest) not in short:
            continue
        text = f"{rest}={_field(values, field, data)}"
        if head:
            outer = head
            inner.append(text)
        else:
            shown.append(text)
    if outer:
        shown.append(f"{outer}={{{', '.join(inner)}}}")
    if short is not None:
        shown.append("...")
    return ", ".join(shown)


def _field(values, field: dict, data: bytes) -> str:
    piece = data[field["offset"]:field["offset"] + field["size"]]
    base, bracket, count = field["type"].partition("[")
    if bracket:
        length = int(count[:-1])
        if base == "char":
            text = piece.split(b"\0", 1)[0]
            return quoted(text, max(values.string_limit, 65))
        size = field["size"] // length
        return "[" + ", ".join(str(_integer(piece[at:at + size], field)) for at in range(0, len(piece), size)) + "]"
    value = _integer(piece, field)
    return f"{value:#x}" if "Flags" in base else str(value)


def _integer(piece: bytes, field: dict) -> int:
    return int.from_bytes(piece, "little", signed=bool(field.get("signed")))


# What strace shows without -v; the names of inner structures stand for their fields.
ABBREVIATIONS = {"utsname": {"sysname", "nodename"}, "rusage": {"ru_utime", "ru_stime"}, "timex": {"modes", "offset", "freq", "maxerror",
                 "esterror", "status", "time", "constant", "precision", "tolerance", "tick"}}


# ---- Structures with a form of their own.

def _stat(values, data: bytes) -> str:
    (dev, ino, links, file_mode, uid, gid, _, rdev, size, block_size, blocks, *times) = struct.unpack_from("<QQQIIIIQqqq6q", data)
    is_device = file_mode & TYPE_MASK in DEVICES
    what = f"st_rdev={device(rdev)}" if is_device else f"st_size={size}"
    if not values.is_verbose:
        return f"{{st_mode={mode(file_mode, True)}, {what}, ...}}"
    shown = (f"st_dev={device(dev)}, st_ino={ino}, st_mode={mode(file_mode, True)}, st_nlink={links}, st_uid={uid}, st_gid={gid}, "
             f"st_blksize={block_size}, st_blocks={blocks}, {what}")
    for name, seconds, nanoseconds in zip(("atime", "mtime", "ctime"), times[::2], times[1::2]):
        shown += f", st_{name}={seconds} /* {moment(seconds, nanoseconds)} */, st_{name}_nsec={nanoseconds}"
    return "{" + shown + "}"


_STATX_MASK = [{"name": name, "value": 1 << bit} for bit, name in enumerate(
    "Type Mode Nlink Uid Gid Atime Mtime Ctime Ino Size Blocks Btime MntId Dioalign".split())]
_STATX_ATTRIBUTES = ((0x4, "STATX_ATTR_COMPRESSED"), (0x10, "STATX_ATTR_IMMUTABLE"), (0x20, "STATX_ATTR_APPEND"), (0x40, "STATX_ATTR_NODUMP"),
                     (0x800, "STATX_ATTR_ENCRYPTED"), (0x1000, "STATX_ATTR_AUTOMOUNT"), (0x2000, "STATX_ATTR_MOUNT_ROOT"),
                     (0x100000, "STATX_ATTR_VERITY"), (0x200000, "STATX_ATTR_DAX"))


def _statx(values, data: bytes) -> str:
    mask, block_size, attributes, links, uid, gid, file_mode, _, ino, size, blocks, attribute_mask = struct.unpack_from("<IIQIIIHHQQQQ", data)
    shown = f"stx_mask={values.flag_names(mask, 'StatxMask', _STATX_MASK)}"
    if values.is_verbose:
        shown += f", stx_blksize={block_size}"
    shown += f", stx_attributes={bits(attributes, _STATX_ATTRIBUTES)}"
    if values.is_verbose:
        shown += f", stx_nlink={links}, stx_uid={uid}, stx_gid={gid}"
    shown += f", stx_mode={mode(file_mode, True)}"
    if values.is_verbose:
        shown += f", stx_ino={ino}"
    shown += f", stx_size={size}"
    if not values.is_verbose:
        return "{" + shown + ", ...}"
    shown += f", stx_blocks={blocks}, stx_attributes_mask={bits(attribute_mask, _STATX_ATTRIBUTES)}"
    for index, name in enumerate(("atime", "btime", "ctime", "mtime")):
        seconds, nanoseconds = struct.unpack_from("<qI", data, 64 + 16 * index)
        shown += f", stx_{name}={{tv_sec={seconds}, tv_nsec={nanoseconds}}} /* {moment(seconds, nanoseconds)} */"
    rdev_major, rdev_minor, dev_major, dev_minor = struct.unpack_from("<4I", data, 128)
    return ("{" + shown + f", stx_rdev_major={rdev_major}, stx_rdev_minor={rdev_minor}, stx_dev_major={dev_major}, "
            f"stx_dev_minor={dev_minor}}}")


def _signal_action(values, data: bytes) -> str:
    handler, flags, restorer, mask = struct.unpack("<4Q", data)
    shown = f"sa_handler={ {0: 'SIG_DFL', 1: 'SIG_IGN'}.get(handler) or hexadecimal(handler)}"
    shown += f", sa_mask={names.signal_set(mask)}, sa_flags={bits(flags, SIGNAL_ACTION_FLAGS, 'SA_')}"
    if flags & 0x04000000:
        shown += f", sa_restorer={hexadecimal(restorer)}"
    return "{" + shown + "}"


def _limits(values, data: bytes) -> str:
    current, most = struct.unpack("<QQ", data)
    return f"{{rlim_cur={limit(current)}, rlim_max={limit(most)}}}"


def _stack(values, data: bytes) -> str:
    base, flags, _, size = struct.unpack("<QIIQ", data)
    return f"{{ss_sp={hexadecimal(base)}, ss_flags={bits(flags, STACK_FLAGS)}, ss_size={size}}}"


def _siginfo(values, data: bytes) -> str:
    number, error, code = struct.unpack_from("<iii", data)
    pid, uid, value, third, fourth = struct.unpack_from("<iIQQQ", data, 16)
    is_fault = number in FAULTS and code > 0
    return signal_details(number, code, error, pid, uid, value & 0xffffffff, struct.unpack_from("<Q", data, 16)[0] if is_fault else value,
                          third, fourth)


def signal_details(number: int, code: int, error: int, sender: int, uid: int, status: int, value: int, user_time: int,
                   system_time: int) -> str:
    """A siginfo_t by its parts; which of them count is said by the signal and its code."""
    code_name = SENT_CODES.get(code) if code <= 0 or code == 0x80 else None
    code_name = code_name or SIGNAL_CODES.get(number, {}).get(code) or f"{code:#x}"
    shown = f"si_signo={names.signal(number)}, si_code={code_name}"
    if error:
        shown += f", si_errno={names.error(error)}"
    if number == SIGCHLD and code > 0 and code != 0x80:
        how = status if code == 1 else names.signal(status & 0x7f)
        shown += f", si_pid={sender}, si_uid={uid}, si_status={how}, si_utime={user_time}, si_stime={system_time}"
    elif number in FAULTS and code > 0 and code != 0x80:
        shown += f", si_addr={hexadecimal(value)}"
    elif code == -2:
        shown += f", si_timerid={sender:#x}, si_overrun={uid}, si_int={_low(value)}, si_ptr={hexadecimal(value)}"
    elif code in (0, -6):
        shown += f", si_pid={sender}, si_uid={uid}"
    elif code < 0:
        shown += f", si_pid={sender}, si_uid={uid}, si_int={_low(value)}, si_ptr={hexadecimal(value)}"
    return "{" + shown + "}"


def _low(value: int) -> int:
    low = value & 0xffffffff
    return low - (1 << 32) if low >> 31 else low


def _statfs(values, data: bytes) -> str:
    kind, block_size, blocks, free, available, files, free_files, id0, id1, name_length, fragment, flags = struct.unpack_from(
        "<qqQQQQQIIqqq", data)
    return (f"{{f_type={FILE_SYSTEMS.get(kind & 0xffffffff) or hex(kind)}, f_bsize={block_size}, f_blocks={blocks}, f_bfree={free}, "
            f"f_bavail={available}, f_files={files}, f_ffree={free_files}, f_fsid={{val=[{id0:#x}, {id1:#x}]}}, f_namelen={name_length}, "
            f"f_frsize={fragment}, f_flags={bits(flags, MOUNT_STATE)}}}")


def _flock(values, data: bytes) -> str:
    kind, whence, _, start, length, pid = struct.unpack_from("<hhiqqi", data)
    shown = f"l_type={LOCK_TYPES.get(kind, kind)}, l_whence={WHENCES.get(whence, whence)}, l_start={start}, l_len={length}"
    return "{" + shown + (f", l_pid={pid}" if pid > 0 else "") + "}"


def _timed(seconds: int, nanoseconds: int) -> str:
    if nanoseconds == UTIME_NOW:
        return "UTIME_NOW"
    if nanoseconds == UTIME_OMIT:
        return "UTIME_OMIT"
    return f"{{tv_sec={seconds}, tv_nsec={nanoseconds}}} /* {moment(seconds, nanoseconds)} */"


def _time_pair(values, data: bytes) -> str:
    a, b, c, d = struct.unpack("<4q", data)
    return f"[{_timed(a, b)}, {_timed(c, d)}]"


def _microsecond_pair(values, data: bytes) -> str:
    return "[" + ", ".join(f"{{tv_sec={seconds}, tv_usec={micro}}} /* {moment(seconds, micro, 6)} */"
                           for seconds, micro in struct.iter_unpack("<qq", data)) + "]"


def _second_pair(values, data: bytes) -> str:
    access, modification = struct.unpack("<qq", data)
    return f"{{actime={access} /* {moment(access)} */, modtime={modification} /* {moment(modification)} */}}"


_CAPABILITY_VERSIONS = {0x19980330: "_LINUX_CAPABILITY_VERSION_1", 0x20071026: "_LINUX_CAPABILITY_VERSION_2",
                        0x20080522: "_LINUX_CAPABILITY_VERSION_3"}


def _capability_header(values, data: bytes) -> str:
    version, pid = struct.unpack("<Ii", data)
    return f"{{version={_CAPABILITY_VERSIONS.get(version) or hex(version)}, pid={pid}}}"


def _capability_data(values, data: bytes) -> str:
    effective, permitted, inheritable = struct.unpack("<III", data)
    return f"{{effective={effective:#x}, permitted={permitted:#x}, inheritable={inheritable:#x}}}"


def _thread_name(values, data: bytes) -> str:
    return quoted(data.split(b"\0", 1)[0], 16)


def _pollfd(values, data: bytes) -> str:
    descriptor, events, _ = struct.unpack("<iHH", data)
    return f"{{fd={descriptor}, events={bits(events, POLL_EVENTS)}}}" if descriptor >= 0 else f"{{fd={descriptor}}}"


_INPUT_FLAGS = ((1, "IGNBRK"), (2, "BRKINT"), (4, "IGNPAR"), (8, "PARMRK"), (0x10, "INPCK"), (0x20, "ISTRIP"), (0x40, "INLCR"), (0x80, "IGNCR"),
                (0x100, "ICRNL"), (0x200, "IUCLC"), (0x400, "IXON"), (0x800, "IXANY"), (0x1000, "IXOFF"), (0x2000, "IMAXBEL"),
                (0x4000, "IUTF8"))
_OUTPUT_FLAGS = ((1, "OPOST"), (2, "OLCUC"), (4, "ONLCR"), (8, "OCRNL"), (0x10, "ONOCR"), (0x20, "ONLRET"), (0x40, "OFILL"), (0x80, "OFDEL"))
_CONTROL_FLAGS = ((0x40, "CSTOPB"), (0x80, "CREAD"), (0x100, "PARENB"), (0x200, "PARODD"), (0x400, "HUPCL"), (0x800, "CLOCAL"),
                  (0x40000000, "CMSPAR"), (0x80000000, "CRTSCTS"))
_LOCAL_FLAGS = ((1, "ISIG"), (2, "ICANON"), (4, "XCASE"), (8, "ECHO"), (0x10, "ECHOE"), (0x20, "ECHOK"), (0x40, "ECHONL"), (0x80, "NOFLSH"),
                (0x100, "TOSTOP"), (0x8000, "IEXTEN"), (0x200, "ECHOCTL"), (0x400, "ECHOPRT"), (0x800, "ECHOKE"), (0x1000, "FLUSHO"),
                (0x4000, "PENDIN"), (0x10000, "EXTPROC"))
_DELAYS = (("NL", 0x100), ("CR", 0x600), ("TAB", 0x1800), ("BS", 0x2000), ("VT", 0x4000), ("FF", 0x8000))
_SPEEDS = ("B0 B50 B75 B110 B134 B150 B200 B300 B600 B1200 B1800 B2400 B4800 B9600 B19200 B38400 BOTHER B57600 B115200 B230400 B460800 "
           "B500000 B576000 B921600 B1000000 B1152000 B1500000 B2000000 B2500000 B3000000 B3500000 B4000000").split()


def _termios(values, data: bytes) -> str:
    input_flags, output_flags, control_flags, local_flags, line = struct.unpack_from("<IIIIB", data)
    delays = [f"{name}{(output_flags & mask) // (mask & -mask)}" for name, mask in _DELAYS]
    rest = bits(output_flags & 0xff, _OUTPUT_FLAGS)
    speed = _SPEEDS[control_flags & 0xf | control_flags >> 8 & 0x10]
    size = f"CS{5 + (control_flags >> 4 & 3)}"
    others = bits(control_flags & ~0x103f, _CONTROL_FLAGS)
    shown = (f"c_iflag={bits(input_flags, _INPUT_FLAGS)}, c_oflag={'|'.join(delays + ([rest] if rest != '0' else []))}, "
             f"c_cflag={'|'.join([speed, size] + ([others] if others != '0' else []))}, c_lflag={bits(local_flags, _LOCAL_FLAGS)}")
    if not values.is_verbose:
        return "{" + shown + ", ...}"
    return "{" + shown + f", c_line={line}, c_cc=" + quoted(data[17:36], 19) + "}"


FORMS = {"termios": _termios, "termios2": _termios, "stat": _stat, "statx": _statx, "kernel_sigaction": _signal_action, "rlimit64": _limits, "stack_t": _stack, "siginfo": _siginfo,
         "statfs": _statfs, "flock": _flock, "TimePair": _time_pair, "MicrosecondPair": _microsecond_pair, "SecondPair": _second_pair,
         "CapabilityHeader": _capability_header, "CapabilityData": _capability_data, "ThreadName": _thread_name, "pollfd": _pollfd}
