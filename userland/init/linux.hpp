#pragma once
// The parts of Linux's binary interface for x86-64 that this program uses. Numbers and structures are those
// of Linux's <asm/unistd_64.h>, <asm-generic/fcntl.h>, <asm/signal.h> and <asm-generic/ioctls.h>.

using u8 = unsigned char;
using u32 = unsigned int;
using u64 = unsigned long;
using i16 = short;
using i32 = int;
using isize = long;
using usize = unsigned long;

namespace linux {

enum class Call : usize {
    Read = 0,
    Write = 1,
    Open = 2,
    Close = 3,
    Poll = 7,
    Mmap = 9,
    RtSigaction = 13,
    Ioctl = 16,
    Pread = 17,
    Access = 21,
    Dup2 = 33,
    Nanosleep = 35,
    Fork = 57,
    Execve = 59,
    Exit = 60,
    Wait4 = 61,
    Kill = 62,
    Fcntl = 72,
    Chdir = 80,
    Mkdir = 83,
    Rmdir = 84,
    Unlink = 87,
    Symlink = 88,
    Fchown = 93,
    Getrusage = 98,
    Setuid = 105,
    Setgid = 106,
    Setsid = 112,
    Setgroups = 116,
    Setrlimit = 160,
    Mount = 165,
    Reboot = 169,
    Sethostname = 170,
    Lsetxattr = 189,
    Utimensat = 280,
    Pipe2 = 293,
};

// open(2), pipe2(2)
inline constexpr int O_RDONLY = 0;
inline constexpr int O_WRONLY = 1;
inline constexpr int O_CREAT = 0100;
inline constexpr int O_EXCL = 0200;
inline constexpr int O_RDWR = 2;
inline constexpr int O_NOCTTY = 0400;
inline constexpr int O_NONBLOCK = 04000;
inline constexpr int O_CLOEXEC = 02000000;
inline constexpr int F_SETFL = 4;
inline constexpr int AT_FDCWD = -100;
inline constexpr int AT_SYMLINK_NOFOLLOW = 0x100;

// access(2)
inline constexpr int X_OK = 1;

// errno(3)
inline constexpr int ENOENT = 2;
inline constexpr int EINTR = 4;
inline constexpr int EAGAIN = 11;
inline constexpr int ENOMEM = 12;
inline constexpr int EACCES = 13;
inline constexpr int EBUSY = 16;
inline constexpr int EEXIST = 17;
inline constexpr int ENODEV = 19;
inline constexpr int ENOTDIR = 20;
inline constexpr int EINVAL = 22;
inline constexpr int ENAMETOOLONG = 36;

// signal(7)
inline constexpr int SIGKILL = 9;
inline constexpr int SIGUSR1 = 10;
inline constexpr int SIGUSR2 = 12;
inline constexpr int SIGPIPE = 13;
inline constexpr int SIGTERM = 15;
inline constexpr int SIGCHLD = 17;
inline constexpr int SIGNAL_COUNT = 64;
inline constexpr u64 SA_RESTORER = 0x04000000;
inline constexpr u64 SA_RESTART = 0x10000000;
inline constexpr usize SIGSET_BYTES = 8;

/// The kernel's sigaction, as rt_sigaction(2) takes it (not libc's).
struct SignalAction {
    void (*handler)(int);
    u64 flags;
    void (*restorer)();
    u64 mask;
};
inline constexpr usize SIG_DFL_VALUE = 0;
inline constexpr usize SIG_IGN_VALUE = 1;

// poll(2)
struct PollEntry {
    i32 fd;
    i16 events;
    i16 revents;
};
inline constexpr i16 POLLIN = 0x001;
inline constexpr i16 POLLOUT = 0x004;
inline constexpr i16 POLLERR = 0x008;
inline constexpr i16 POLLHUP = 0x010;
inline constexpr i16 POLLNVAL = 0x020;

// ioctl_tty(2)
struct WindowSize {
    unsigned short rows;
    unsigned short columns;
    unsigned short x_pixels;
    unsigned short y_pixels;
};
inline constexpr usize TCSBRK = 0x5409;
inline constexpr usize TIOCSCTTY = 0x540E;
inline constexpr usize TIOCSWINSZ = 0x5414;

// mmap(2)
inline constexpr int PROT_READ_WRITE = 0x3;
inline constexpr int MAP_PRIVATE_ANONYMOUS = 0x22;

// wait4(2)
inline constexpr int WNOHANG = 1;

// getrusage(2)
inline constexpr isize RUSAGE_CHILDREN = -1;
struct TimeValue {
    isize seconds;
    isize microseconds;
};
struct Usage {
    TimeValue user;
    TimeValue system;
    isize peak_resident_kib;
    isize others[13];
};

// mount(2)
inline constexpr usize MS_RDONLY = 1;
inline constexpr usize MS_NOSUID = 2;
inline constexpr usize MS_NODEV = 4;
inline constexpr usize MS_NOEXEC = 8;
inline constexpr usize MS_REMOUNT = 32;
inline constexpr usize MS_BIND = 4096;

// reboot(2)
inline constexpr u32 REBOOT_MAGIC1 = 0xfee1dead;
inline constexpr u32 REBOOT_MAGIC2 = 672274793;
inline constexpr u32 REBOOT_CMD_POWER_OFF = 0x4321fedc;

/// setrlimit(2)
struct Limit {
    u64 soft;
    u64 hard;
};

struct TimeSpec {
    isize seconds;
    isize nanoseconds;
};

}  // namespace linux
