// Linux processes: arguments of clone(2), wait4(2), waitid(2), prctl(2), arch_prctl(2), personality(2), reboot(2)
// (include/uapi/linux/sched.h, wait.h, prctl.h, personality.h, reboot.h; arch/x86/include/uapi/asm/prctl.h).
#pragma once

#include <cstdint>

#include "abi/linux/flag_enum.hpp"

namespace exo::abi {

/// The low byte of the word is the signal that the parent gets.
enum class CloneFlags : std::uint64_t {
    None = 0,
    Vm = 0x100,
    Fs = 0x200,
    Files = 0x400,
    Sighand = 0x800,
    Pidfd = 0x1000,
    Ptrace = 0x2000,
    Vfork = 0x4000,
    Parent = 0x8000,
    Thread = 0x10000,
    Newns = 0x20000,
    Sysvsem = 0x40000,
    Settls = 0x80000,
    ParentSettid = 0x100000,
    ChildCleartid = 0x200000,
    Detached = 0x400000,
    Untraced = 0x800000,
    ChildSettid = 0x1000000,
    Newcgroup = 0x2000000,
    Newuts = 0x4000000,
    Newipc = 0x8000000,
    Newuser = 0x10000000,
    Newpid = 0x20000000,
    Newnet = 0x40000000,
    Io = 0x80000000,
};
template <> inline constexpr bool IS_FLAG_ENUM<CloneFlags> = true;
/// Of clone3(2) and unshare(2) only: in clone(2) the bit is one of the signal's.
inline constexpr std::uint64_t CLONE_NEW_TIME = 0x80;

/// clone3(2). Later fields are 0 where a program gives a shorter structure.
struct clone_args {
    std::uint64_t flags;
    std::uint64_t pidfd;
    std::uint64_t child_tid;
    std::uint64_t parent_tid;
    std::uint64_t exit_signal;
    std::uint64_t stack;  ///< The lowest address, unlike clone(2)'s.
    std::uint64_t stack_size;
    std::uint64_t tls;
    std::uint64_t set_tid;
    std::uint64_t set_tid_size;
    std::uint64_t cgroup;
};
/// CLONE_ARGS_SIZE_VER0, the shortest that there is.
inline constexpr std::uint64_t CLONE_ARGS_SHORTEST = 64;
/// Flags of clone3(2) alone.
inline constexpr std::uint64_t CLONE_CLEAR_SIGHAND = 0x1'0000'0000;

enum class WaitFlags : std::uint32_t {
    None = 0,
    Nohang = 1,
    Untraced = 2,  ///< WSTOPPED
    Exited = 4,
    Continued = 8,
    Nowait = 0x01000000,
    Nothread = 0x20000000,
    All = 0x40000000,
    Clone = 0x80000000,
};
template <> inline constexpr bool IS_FLAG_ENUM<WaitFlags> = true;

/// waitid(2): P_ALL and the rest.
enum class WaitFor : std::uint32_t { All = 0, Pid = 1, Group = 2, Pidfd = 3 };

enum class PrctlOption : std::uint32_t {
    SetPdeathsig = 1,
    GetPdeathsig = 2,
    GetDumpable = 3,
    SetDumpable = 4,
    GetKeepcaps = 7,
    SetKeepcaps = 8,
    SetName = 15,
    GetName = 16,
    CapbsetRead = 23,
    CapbsetDrop = 24,
    SetMm = 35,
    SetChildSubreaper = 36,
    GetChildSubreaper = 37,
    SetNoNewPrivs = 38,
    GetNoNewPrivs = 39,
};

/// PR_SET_MM_…
enum class MemoryMapField : std::uint64_t {
    StartCode = 1,
    EndCode = 2,
    StartData = 3,
    EndData = 4,
    StartStack = 5,
    StartBrk = 6,
    Brk = 7,
    ArgStart = 8,
    ArgEnd = 9,
    EnvStart = 10,
    EnvEnd = 11,
    Auxv = 12,
    ExeFile = 13,
    Map = 14,
    MapSize = 15,
};

enum class ArchPrctlCode : std::uint32_t {
    SetGs = 0x1001,
    SetFs = 0x1002,
    GetFs = 0x1003,
    GetGs = 0x1004,
    GetCpuid = 0x1011,
    SetCpuid = 0x1012,
};

/// In the lowest byte is the domain. Of the rest FdpicFuncptrs, ShortInode, WholeSeconds and AddrLimit3gb mean nothing to
/// 64-bit programs.
enum class PersonalityFlags : std::uint32_t {
    None = 0,
    Uname26 = 0x0020000,
    AddrNoRandomize = 0x0040000,
    FdpicFuncptrs = 0x0080000,
    MmapPageZero = 0x0100000,
    AddrCompatLayout = 0x0200000,
    ReadImpliesExec = 0x0400000,
    ShortInode = 0x1000000,
    WholeSeconds = 0x2000000,
    StickyTimeouts = 0x4000000,
    AddrLimit3gb = 0x8000000,
};
template <> inline constexpr bool IS_FLAG_ENUM<PersonalityFlags> = true;
inline constexpr std::uint32_t PERSONALITY_DOMAIN = 0xff;
inline constexpr std::uint32_t DOMAIN_LINUX32 = 0x08;
/// PER_CLEAR_ON_SETID: not handed on to a set-user-id program.
inline constexpr PersonalityFlags CLEARED_ON_SETID =
    PersonalityFlags::ReadImpliesExec | PersonalityFlags::AddrNoRandomize |
    PersonalityFlags::AddrCompatLayout | PersonalityFlags::MmapPageZero;

enum class RebootCommand : std::uint32_t {
    CadOff = 0,
    Restart = 0x01234567,
    PowerOff = 0x4321fedc,
    CadOn = 0x89abcdef,
    Halt = 0xcdef0123,
};

}  // namespace exo::abi
