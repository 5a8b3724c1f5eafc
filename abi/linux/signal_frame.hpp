// What lies on a signal handler's stack (arch/x86/include/uapi/asm/sigcontext.h, ucontext.h; asm-generic/siginfo.h).
#pragma once

#include <cstdint>

namespace exo::abi {

/// What follows the three common fields depends on the signal; here it is words, so that the whole has no padding.
struct siginfo {
    std::int32_t si_signo;
    std::int32_t si_errno;
    std::int32_t si_code;
    std::int32_t padding_;
    std::uint64_t words[14];

    /// kill, sigqueue: si_pid, si_uid, si_value.
    void set_sender(std::int32_t pid, std::uint32_t uid, std::uint64_t value) {
        words[0] = static_cast<std::uint32_t>(pid) | static_cast<std::uint64_t>(uid) << 32;
        words[1] = value;
    }
    /// SIGCHLD: si_pid, si_uid, si_status, si_utime, si_stime.
    void set_child(std::int32_t pid, std::uint32_t uid, std::int32_t status, std::int64_t user_time,
                   std::int64_t system_time) {
        set_sender(pid, uid, static_cast<std::uint32_t>(status));
        words[2] = static_cast<std::uint64_t>(user_time);
        words[3] = static_cast<std::uint64_t>(system_time);
    }
    /// SIGSEGV and its like: si_addr, and si_pkey behind room for more.
    void set_address(std::uint64_t address, std::uint32_t key) {
        words[0] = address;
        words[2] = key;
    }
    std::int32_t sender_pid() const { return static_cast<std::int32_t>(words[0]); }
    std::uint32_t sender_uid() const { return static_cast<std::uint32_t>(words[0] >> 32); }
    std::uint64_t value() const { return words[1]; }
    std::int32_t child_status() const { return static_cast<std::int32_t>(words[1]); }
    std::int64_t child_user_time() const { return static_cast<std::int64_t>(words[2]); }
    std::int64_t child_system_time() const { return static_cast<std::int64_t>(words[3]); }
};
static_assert(sizeof(siginfo) == 128);

/// The part of siginfo that the kernel keeps of a signal, and the rest. LINUX: kernel_siginfo, SI_EXPANSION_SIZE.
struct kept_siginfo {
    std::int32_t si_signo;
    std::int32_t si_errno;
    std::int32_t si_code;
    std::int32_t padding_;
    std::uint64_t words[4];
};
struct siginfo_rest {
    std::uint64_t words[10];
};
static_assert(sizeof(kept_siginfo) + sizeof(siginfo_rest) == sizeof(siginfo));

struct stack_t {
    std::uint64_t ss_sp;
    std::int32_t ss_flags;
    std::uint32_t padding_;
    std::uint64_t ss_size;
};
static_assert(sizeof(stack_t) == 24);

struct sigcontext {
    std::uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    std::uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip;
    std::uint64_t eflags;
    std::uint16_t cs, gs, fs, ss;
    std::uint64_t err, trapno, oldmask, cr2;
    std::uint64_t fpstate;
    std::uint64_t reserved[8];
};
static_assert(sizeof(sigcontext) == 256);

struct ucontext {
    std::uint64_t uc_flags;
    std::uint64_t uc_link;
    stack_t uc_stack;
    sigcontext uc_mcontext;
    std::uint64_t uc_sigmask;
};
static_assert(sizeof(ucontext) == 304);

struct rt_sigframe {
    std::uint64_t pretcode;
    ucontext uc;
    siginfo info;
};
static_assert(sizeof(rt_sigframe) == 440);

inline constexpr std::uint64_t UC_FP_XSTATE = 1;
inline constexpr std::uint64_t UC_SIGCONTEXT_SS = 2;
inline constexpr std::uint64_t UC_STRICT_RESTORE_SS = 4;

/// In the last bytes of FXSAVE's region: says that extended state follows.
struct fpx_sw_bytes {
    std::uint32_t magic1;
    std::uint32_t extended_size;
    std::uint64_t xfeatures;
    std::uint32_t xstate_size;
    std::uint32_t padding[7];
};
static_assert(sizeof(fpx_sw_bytes) == 48);
inline constexpr std::uint32_t FP_XSTATE_MAGIC1 = 0x46505853;
inline constexpr std::uint32_t FP_XSTATE_MAGIC2 = 0x46505845;
inline constexpr std::uint64_t FPX_SW_BYTES_OFFSET = 464;

}  // namespace exo::abi
