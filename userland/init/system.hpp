#pragma once
// System calls without a C library. Every wrapper returns what the kernel returned: a result, or a number from
// -4095 to -1 that is a negated errno (syscall(2), "Architecture calling conventions").

#include "linux.hpp"

namespace sys {

inline isize call(linux::Call number, usize a = 0, usize b = 0, usize c = 0, usize d = 0, usize e = 0,
                  usize f = 0) {
    isize result;
    register usize r10 asm("r10") = d;
    register usize r8 asm("r8") = e;
    register usize r9 asm("r9") = f;
    asm volatile("syscall"
                 : "=a"(result)
                 : "a"(static_cast<usize>(number)), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                 : "rcx", "r11", "memory");
    return result;
}

inline usize address(const void* pointer) { return reinterpret_cast<usize>(pointer); }

inline bool failed(isize result) { return result < 0 && result >= -4095; }

inline isize open(const char* path, int flags) {
    return call(linux::Call::Open, address(path), static_cast<usize>(flags));
}
inline isize open(const char* path, int flags, usize mode) {
    return call(linux::Call::Open, address(path), static_cast<usize>(flags), mode);
}
inline isize close(int fd) { return call(linux::Call::Close, static_cast<usize>(fd)); }
inline isize read(int fd, void* to, usize bytes) {
    return call(linux::Call::Read, static_cast<usize>(fd), address(to), bytes);
}
inline isize write(int fd, const void* from, usize bytes) {
    return call(linux::Call::Write, static_cast<usize>(fd), address(from), bytes);
}
inline isize pread(int fd, void* to, usize bytes, u64 offset) {
    return call(linux::Call::Pread, static_cast<usize>(fd), address(to), bytes, offset);
}
inline isize access(const char* path, int mode) {
    return call(linux::Call::Access, address(path), static_cast<usize>(mode));
}
inline isize poll(linux::PollEntry* entries, usize count, int timeout_milliseconds) {
    return call(linux::Call::Poll, address(entries), count, static_cast<usize>(timeout_milliseconds));
}
inline isize pipe2(int (&ends)[2], int flags) {
    return call(linux::Call::Pipe2, address(ends), static_cast<usize>(flags));
}
inline isize dup2(int from, int to) {
    return call(linux::Call::Dup2, static_cast<usize>(from), static_cast<usize>(to));
}
inline isize set_status_flags(int fd, int flags) {
    return call(linux::Call::Fcntl, static_cast<usize>(fd), linux::F_SETFL, static_cast<usize>(flags));
}
inline isize ioctl(int fd, usize request, usize argument) {
    return call(linux::Call::Ioctl, static_cast<usize>(fd), request, argument);
}
inline isize chdir(const char* path) { return call(linux::Call::Chdir, address(path)); }
inline isize mkdir(const char* path, u32 mode) { return call(linux::Call::Mkdir, address(path), mode); }
inline isize rmdir(const char* path) { return call(linux::Call::Rmdir, address(path)); }
inline isize unlink(const char* path) { return call(linux::Call::Unlink, address(path)); }
inline isize symlink(const char* target, const char* name) {
    return call(linux::Call::Symlink, address(target), address(name));
}
inline isize mount(const char* type, const char* target, usize flags, const char* data) {
    return call(linux::Call::Mount, address(type), address(target), address(type), flags, address(data));
}
inline isize fchown(int fd, u32 user, u32 group) {
    return call(linux::Call::Fchown, static_cast<usize>(fd), user, group);
}
inline isize setuid(u32 user) { return call(linux::Call::Setuid, user); }
inline isize setgid(u32 group) { return call(linux::Call::Setgid, group); }
inline isize setgroups(const u32* groups, usize count) {
    return call(linux::Call::Setgroups, count, address(groups));
}
inline isize setrlimit(usize resource, const linux::Limit& limit) {
    return call(linux::Call::Setrlimit, resource, address(&limit));
}
inline isize sethostname(const char* name, usize size) {
    return call(linux::Call::Sethostname, address(name), size);
}
inline isize lsetxattr(const char* path, const char* name, const char* value, usize size) {
    return call(linux::Call::Lsetxattr, address(path), address(name), address(value), size, 0);
}
inline isize utimensat(const char* path, const linux::TimeSpec (&times)[2]) {
    return call(linux::Call::Utimensat, static_cast<usize>(linux::AT_FDCWD), address(path), address(times),
                linux::AT_SYMLINK_NOFOLLOW);
}
inline isize fork() { return call(linux::Call::Fork); }
inline isize setsid() { return call(linux::Call::Setsid); }
inline isize execve(const char* path, char* const* arguments, char* const* environment) {
    return call(linux::Call::Execve, address(path), address(arguments), address(environment));
}
inline isize kill(isize process, int signal) {
    return call(linux::Call::Kill, static_cast<usize>(process), static_cast<usize>(signal));
}
inline isize wait4(isize process, int* status, int options) {
    return call(linux::Call::Wait4, static_cast<usize>(process), address(status),
                static_cast<usize>(options));
}
inline isize getrusage(isize who, linux::Usage& usage) {
    return call(linux::Call::Getrusage, static_cast<usize>(who), address(&usage));
}
inline isize sigaction(int signal, const linux::SignalAction& action) {
    return call(linux::Call::RtSigaction, static_cast<usize>(signal), address(&action), 0,
                linux::SIGSET_BYTES);
}
inline isize allocate_pages(usize bytes) {
    return call(linux::Call::Mmap, 0, bytes, linux::PROT_READ_WRITE, linux::MAP_PRIVATE_ANONYMOUS,
                static_cast<usize>(-1), 0);
}
inline void sleep_a_millisecond() {
    const linux::TimeSpec duration{0, 1'000'000};
    call(linux::Call::Nanosleep, address(&duration), 0);
}
[[noreturn]] inline void exit(int status) {
    for (;;) call(linux::Call::Exit, static_cast<usize>(status));
}
inline isize power_off() {
    return call(linux::Call::Reboot, linux::REBOOT_MAGIC1, linux::REBOOT_MAGIC2, linux::REBOOT_CMD_POWER_OFF);
}

}  // namespace sys
