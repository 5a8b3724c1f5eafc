"""How Linux spells what the descriptions of the calls name: enumerators with their prefixes, errnos, signals."""

from __future__ import annotations

import errno
import os
import re

# By the type of the enumeration. A type of docs/system_calls.json that is not here fails tests/exo/test_trace_values.py.
PREFIXES = {
    "AccessFlags": "AT_", "AccessMode": "", "AddressFamily": "AF_", "Advice": "MADV_", "AtFlags": "AT_", "ClockId": "CLOCK_",
    "ClockState": "TIME_", "CloneFlags": "CLONE_", "CloseRangeFlags": "CLOSE_RANGE_", "DescriptorFlags": "FD_",
    "EpollCreateFlags": "EPOLL_", "EpollEvents": "EPOLL", "EpollOperation": "EPOLL_CTL_", "EventFlags": "EFD_", "FallocateMode":
    "FALLOC_FL_", "FileAdvice": "POSIX_FADV_", "FlockOperation": "LOCK_", "FlowAction": "", "FlushQueue": "", "FutexOperation":
    "FUTEX_", "IntervalTimer": "ITIMER_", "LockAllFlags": "MCL_", "LockFlags": "MLOCK_", "MapFlags": "MAP_", "MaskChange": "SIG_",
    "MembarrierCommand": "MEMBARRIER_CMD_", "MembarrierFlags": "MEMBARRIER_CMD_FLAG_",
    "MemfdFlags": "MFD_", "MemoryMapField": "PR_SET_MM_", "MessageFlags": "MSG_", "MountFlags": "MS_", "NoPidfdFlags": "", "NotifyKind": "SIGEV_",
    "OpenFlags": "O_", "PersonalityFlags": "", "PidfdFlags": "PIDFD_", "PriorityOf": "PRIO_", "Protection": "PROT_",
    "RandomFlags": "GRND_", "ReadWriteFlags": "RWF_", "RebootCommand": "LINUX_REBOOT_CMD_", "RemapFlags": "MREMAP_", "RenameFlags": "RENAME_", "Resource":
    "RLIMIT_", "RseqFlags": "RSEQ_FLAG_", "SchedulingPolicy": "SCHED_", "Seals": "F_SEAL_", "SeekWhence": "SEEK_", "ShutdownHow": "SHUT_", "SignalfdFlags":
    "SFD_", "SocketFlags": "SOCK_", "SocketLevel": "SOL_", "SocketOption": "SO_", "SocketType": "SOCK_", "SpliceFlags":
    "SPLICE_F_", "SyncRangeFlags": "SYNC_FILE_RANGE_", "StatxMask": "STATX_", "SyncFlags": "MS_", "SyslogAction": "SYSLOG_ACTION_", "TimerFlags": "TIMER_",
    "TimerfdFlags": "TFD_", "TimerfdSetFlags": "TFD_TIMER_", "UmountFlags": "MNT_", "UsageOf": "RUSAGE_", "WaitFlags": "W",
    "WaitFor": "P_", "XattrFlags": "XATTR_",
}

# What is more than a prefix and underscores.
SPELLINGS = {
    ("AccessMode", "Exists"): "F_OK", ("AccessMode", "Execute"): "X_OK", ("AccessMode", "Write"): "W_OK", ("AccessMode", "Read"): "R_OK",
    ("ClockId", "ProcessCpuTime"): "CLOCK_PROCESS_CPUTIME_ID", ("ClockId", "ThreadCpuTime"): "CLOCK_THREAD_CPUTIME_ID",
    ("ClockState", "Insert"): "TIME_INS", ("ClockState", "Delete"): "TIME_DEL", ("ClockState", "Progress"): "TIME_OOP",
    ("FlockOperation", "Shared"): "LOCK_SH", ("FlockOperation", "Exclusive"): "LOCK_EX", ("FlockOperation", "Nonblock"): "LOCK_NB",
    ("FlockOperation", "Unlock"): "LOCK_UN", ("FlockOperation", "Mandatory"): "LOCK_MAND",
    ("FlowAction", "OutputOff"): "TCOOFF", ("FlowAction", "OutputOn"): "TCOON", ("FlowAction", "InputOff"): "TCIOFF",
    ("FlowAction", "InputOn"): "TCION", ("FlushQueue", "Input"): "TCIFLUSH", ("FlushQueue", "Output"): "TCOFLUSH",
    ("FlushQueue", "Both"): "TCIOFLUSH", ("IntervalTimer", "Profiling"): "ITIMER_PROF", ("MapFlags", "Low32bit"): "MAP_32BIT",
    ("MaskChange", "Set"): "SIG_SETMASK", ("PriorityOf", "Group"): "PRIO_PGRP", ("RebootCommand", "CadOff"): "LINUX_REBOOT_CMD_CAD_OFF",
    ("Resource", "FileSize"): "RLIMIT_FSIZE", ("Resource", "ResidentSet"): "RLIMIT_RSS", ("Resource", "Processes"): "RLIMIT_NPROC",
    ("Resource", "OpenFiles"): "RLIMIT_NOFILE", ("Resource", "LockedMemory"): "RLIMIT_MEMLOCK",
    ("Resource", "AddressSpace"): "RLIMIT_AS", ("Resource", "FileLocks"): "RLIMIT_LOCKS",
    ("Resource", "PendingSignals"): "RLIMIT_SIGPENDING", ("Resource", "MessageQueue"): "RLIMIT_MSGQUEUE",
    ("Resource", "RealtimePriority"): "RLIMIT_RTPRIO", ("Resource", "RealtimeTime"): "RLIMIT_RTTIME",
    ("MessageFlags", "OutOfBand"): "MSG_OOB", ("MessageFlags", "DontRoute"): "MSG_DONTROUTE",
    ("MessageFlags", "ControlTruncated"): "MSG_CTRUNC", ("MessageFlags", "Truncated"): "MSG_TRUNC",
    ("MessageFlags", "DontWait"): "MSG_DONTWAIT", ("MessageFlags", "EndOfRecord"): "MSG_EOR", ("MessageFlags", "WaitAll"): "MSG_WAITALL",
    ("MessageFlags", "ErrorQueue"): "MSG_ERRQUEUE", ("MessageFlags", "NoSignal"): "MSG_NOSIGNAL",
    ("MessageFlags", "WaitForOne"): "MSG_WAITFORONE", ("MessageFlags", "CloseOnExec"): "MSG_CMSG_CLOEXEC",
    ("MessageFlags", "Compat32"): "MSG_CMSG_COMPAT", ("ShutdownHow", "Read"): "SHUT_RD", ("ShutdownHow", "Write"): "SHUT_WR",
    ("ShutdownHow", "Both"): "SHUT_RDWR", ("SocketOption", "ReuseAddress"): "SO_REUSEADDR", ("SocketOption", "DontRoute"): "SO_DONTROUTE",
    ("SocketOption", "SendBuffer"): "SO_SNDBUF", ("SocketOption", "ReceiveBuffer"): "SO_RCVBUF", ("SocketOption", "KeepAlive"): "SO_KEEPALIVE",
    ("SocketOption", "OutOfBandInline"): "SO_OOBINLINE", ("SocketOption", "ReusePort"): "SO_REUSEPORT",
    ("SocketOption", "PassCredentials"): "SO_PASSCRED", ("SocketOption", "PeerCredentials"): "SO_PEERCRED",
    ("SocketOption", "ReceiveLowWater"): "SO_RCVLOWAT", ("SocketOption", "SendLowWater"): "SO_SNDLOWAT",
    ("SocketOption", "ReceiveTimeout"): "SO_RCVTIMEO_OLD", ("SocketOption", "SendTimeout"): "SO_SNDTIMEO_OLD",
    ("SocketOption", "AcceptsConnections"): "SO_ACCEPTCONN", ("SocketOption", "PeerSecurity"): "SO_PEERSEC",
    ("SocketOption", "SendBufferForce"): "SO_SNDBUFFORCE", ("SocketOption", "ReceiveBufferForce"): "SO_RCVBUFFORCE",
    ("SocketOption", "PeerGroups"): "SO_PEERGROUPS", ("SocketOption", "ReceiveTimeoutNew"): "SO_RCVTIMEO_NEW",
    ("SocketOption", "SendTimeoutNew"): "SO_SNDTIMEO_NEW", ("SocketOption", "NoCheck"): "SO_NO_CHECK",
    ("SchedulingPolicy", "RoundRobin"): "SCHED_RR", ("UmountFlags", "Nofollow"): "UMOUNT_NOFOLLOW",
    ("WaitFlags", "Untraced"): "WSTOPPED", ("WaitFlags", "Nothread"): "__WNOTHREAD", ("WaitFlags", "All"): "__WALL",
    ("WaitFlags", "Clone"): "__WCLONE", ("WaitFor", "Group"): "P_PGID",
}

# Flags that Linux knows and the kernel's enumeration does not list, because no handler looks at them by name.
MORE_FLAGS = {
    "AtFlags": {0x200: "AT_REMOVEDIR", 0x400: "AT_SYMLINK_FOLLOW", 0x800: "AT_NO_AUTOMOUNT", 0x2000: "AT_STATX_FORCE_SYNC",
                0x4000: "AT_STATX_DONT_SYNC"},
    "WaitFlags": {4: "WEXITED", 0x01000000: "WNOWAIT"},
    "MountFlags": {0x200: "MS_NOSEC", 0x400000: "MS_KERNMOUNT", 0x40000000: "MS_ACTIVE"},
}
# Values that contain others, shown as one.
COMBINATIONS = {"StatxMask": ((0xfff, "STATX_ALL"), (0x7ff, "STATX_BASIC_STATS"))}
# No flags of their own, but masks over others.
MASKS = {("OpenFlags", "Accmode"), ("MapFlags", "TypeMask")}

COMMAND_PREFIXES = {"fcntl": "F_", "prctl": "PR_", "arch_prctl": "ARCH_"}
COMMANDS = {
    "fcntl": {0: "F_DUPFD", 1: "F_GETFD", 2: "F_SETFD", 3: "F_GETFL", 4: "F_SETFL", 5: "F_GETLK", 6: "F_SETLK", 7: "F_SETLKW", 8: "F_SETOWN",
              9: "F_GETOWN", 10: "F_SETSIG", 11: "F_GETSIG", 15: "F_SETOWN_EX", 16: "F_GETOWN_EX", 36: "F_OFD_GETLK", 37: "F_OFD_SETLK",
              38: "F_OFD_SETLKW", 1024: "F_SETLEASE", 1025: "F_GETLEASE", 1026: "F_NOTIFY", 1030: "F_DUPFD_CLOEXEC",
              1031: "F_SETPIPE_SZ", 1032: "F_GETPIPE_SZ", 1033: "F_ADD_SEALS", 1034: "F_GET_SEALS"},
    "ioctl": {0x1: "FIBMAP", 0x2: "FIGETBSZ", 0x5401: "TCGETS", 0x5402: "TCSETS", 0x5403: "TCSETSW", 0x5404: "TCSETSF", 0x5405: "TCGETA",
              0x5409: "TCSBRK", 0x540a: "TCXONC", 0x540b: "TCFLSH", 0x540c: "TIOCEXCL", 0x540d: "TIOCNXCL", 0x540e: "TIOCSCTTY",
              0x540f: "TIOCGPGRP", 0x5410: "TIOCSPGRP", 0x5411: "TIOCOUTQ", 0x5412: "TIOCSTI", 0x5413: "TIOCGWINSZ",
              0x5414: "TIOCSWINSZ", 0x5415: "TIOCMGET", 0x541b: "FIONREAD", 0x5420: "TIOCPKT", 0x5421: "FIONBIO", 0x5422: "TIOCNOTTY",
              0x5423: "TIOCSETD", 0x5424: "TIOCGETD", 0x5425: "TCSBRKP", 0x5427: "TIOCSBRK", 0x5428: "TIOCCBRK", 0x5429: "TIOCGSID",
              0x5437: "TIOCVHANGUP", 0x5450: "FIONCLEX", 0x5451: "FIOCLEX", 0x5452: "FIOASYNC", 0x5460: "FIOQSIZE",
              0x802c542a: "TCGETS2", 0x402c542b: "TCSETS2", 0x402c542c: "TCSETSW2", 0x402c542d: "TCSETSF2", 0x80045430: "TIOCGPTN",
              0x40045431: "TIOCSPTLCK", 0x80045432: "TIOCGDEV", 0x80045438: "TIOCGPKT", 0x80045439: "TIOCGPTLCK", 0x80045440: "TIOCGEXCL",
              0x5441: "TIOCGPTPEER", 0x80086601: "FS_IOC_GETFLAGS"},
    "prctl": {3: "PR_GET_DUMPABLE", 22: "PR_SET_SECCOMP", 21: "PR_GET_SECCOMP", 29: "PR_SET_TIMERSLACK", 30: "PR_GET_TIMERSLACK",
              0x53564d41: "PR_SET_VMA"},
    "arch_prctl": {},
}
COMMAND_SETS = {"fcntl": "F_???", "ioctl": "???", "prctl": "PR_???", "arch_prctl": "ARCH_???"}

SIGNALS = ("", *("HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU "
                 "XFSZ VTALRM PROF WINCH IO PWR SYS").split())
FIRST_REALTIME = 32
SIGNAL_COUNT = 64

ERRNO_SPELLINGS = {errno.EAGAIN: "EAGAIN", errno.EDEADLK: "EDEADLK", errno.EOPNOTSUPP: "EOPNOTSUPP"}
# What ptrace shows of a call that a signal has interrupted: neither is seen by the program.
RESTARTS = {512: ("ERESTARTSYS", "To be restarted if SA_RESTART is set"), 513: ("ERESTARTNOINTR", "To be restarted"),
            514: ("ERESTARTNOHAND", "To be restarted if no handler"), 516: ("ERESTART_RESTARTBLOCK", "Interrupted by signal")}


def snake(name: str) -> str:
    """SCREAMING_SNAKE_CASE of the PascalCase that the kernel's enumerators have."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).upper()


def enumerator(type_name: str, name: str) -> str:
    return SPELLINGS.get((type_name, name)) or PREFIXES.get(type_name, "") + snake(name)


def command(call: str, name: str, value: int) -> str:
    return COMMANDS.get(call, {}).get(value) or COMMAND_PREFIXES.get(call, "") + snake(name)


def signal_short(number: int) -> str:
    if 0 < number < len(SIGNALS):
        return SIGNALS[number]
    if number == FIRST_REALTIME:
        return "RTMIN"
    return f"RT_{number - FIRST_REALTIME}" if FIRST_REALTIME < number <= SIGNAL_COUNT else str(number)


def signal(number: int) -> str:
    return f"SIG{signal_short(number)}" if 0 < number <= SIGNAL_COUNT else str(number)


def signal_set(bits: int) -> str:
    """As strace has it: what is missing where more than half is there."""
    inverted = bits.bit_count() >= SIGNAL_COUNT * 2 // 3
    shown = ~bits & (1 << SIGNAL_COUNT) - 1 if inverted else bits
    numbers = [number for number in range(1, SIGNAL_COUNT + 1) if shown >> number - 1 & 1]
    return ("~" if inverted else "") + "[" + " ".join(map(signal_short, numbers)) + "]"


def error(number: int) -> str:
    return ERRNO_SPELLINGS.get(number) or errno.errorcode.get(number, str(number))


def error_text(number: int) -> str:
    return os.strerror(number)
