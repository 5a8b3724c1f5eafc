// What every other folder may ask of the machine. Two homes implement it:
//   arch/x86_64  the kernel on a PC or in a virtual machine;
//   arch/hosted  an ordinary Linux process: memory is an arena, threads are fibres, time is simulated or the host's.
//
// Key types: UserRegisters (a user thread's registers on its kernel stack), ThreadContext (what a switch saves),
// FpuArea (extended state). Neighbours: everything above includes this header, never arch/x86_64 itself.
// Upward calls (a fault, an interrupt, a tick, a system call) go through arch/upcalls.hpp.
// Locking: none here; functions say whether they need interrupts off.
#pragma once

#include <array>
#include <bit>
#include <span>

#include "utils/format.hpp"
#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::arch {

/// CPUs that the kernel can use; further ones stay parked.
inline constexpr u32 MAX_CPUS = 64;
inline constexpr usize CACHE_LINE = 64;

/// Four words: everything else of a kernel thread lies on its own stack ("windowed" switch).
struct ThreadContext {
    u64 rsp = 0;
    u64 rip = 0;
    u64 cr3 = 0;
    u64 rflags = 0;
};

/// The selectors of a program, with its privilege level. SYSRET wants them in this order (Intel SDM vol. 2, SYSRET).
namespace user_selector {
inline constexpr u16 CODE_32 = 0x23;  ///< 32-bit code; a far jump of a program's reaches it.
inline constexpr u16 DATA = 0x2b;
inline constexpr u16 CODE = 0x33;
}  // namespace user_selector

/// A user thread's registers as the entry code leaves them on the kernel stack; the order is Linux's pt_regs.
struct UserRegisters {
    u64 r15, r14, r13, r12, rbp, rbx;
    u64 r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    u64 original_rax;  ///< The system call's number, or the exception's error code, or NO_CALL.
    u64 rip, cs, rflags, rsp, ss;

    static constexpr u64 NO_CALL = ~0ULL;

    u64 result() const { return rax; }
    void set_result(u64 value) { rax = value; }
    u64 stack_pointer() const { return rsp; }
    void set_stack_pointer(u64 address) { rsp = address; }
    u64 instruction_pointer() const { return rip; }
    void set_instruction_pointer(u64 address) { rip = address; }
    bool is_in_call() const { return original_rax != NO_CALL; }
    u64 call_number() const { return original_rax; }
    /// What the program does next is not the end of a system call.
    void leave_call() { original_rax = NO_CALL; }
    /// The program makes the call `number` when it goes on, with the arguments of the one that it has just made.
    void repeat_call(u64 number) {
        constexpr u64 SYSCALL_INSTRUCTION_SIZE = 2;
        rax = number;
        rip -= SYSCALL_INSTRUCTION_SIZE;
    }
    /// A program begins: what is not named is 0.
    void start_at(u64 entry, u64 stack) {
        constexpr u64 INTERRUPTS_ON = 0x202;  // IF, and the bit that always is 1
        *this = {};
        rip = entry;
        rsp = stack;
        rflags = INTERRUPTS_ON;
        cs = user_selector::CODE;
        ss = user_selector::DATA;
        original_rax = NO_CALL;
    }
};
static_assert(sizeof(UserRegisters) == 21 * 8);

/// Why a page fault happened: bits of the x86 error code (Intel SDM vol. 3, 4.7).
struct FaultCause {
    bool is_present : 1;  ///< A protection violation; otherwise nothing is mapped there.
    bool is_write : 1;
    bool is_user : 1;
    bool has_bad_entry : 1;  ///< A reserved bit is set in a page table.
    bool is_fetch : 1;
    bool violates_key : 1;  ///< The page's protection key forbids it.
};

}  // namespace exo::arch

#if defined(EXO_HOSTED)
#include "arch/hosted/machine.hpp"
#else
#include "arch/x86_64/machine.hpp"
#endif

namespace exo::arch {

// What set_current_thread is given starts with an atomic u32: not 0 while there is something to do before the thread may
// return to user mode (upcalls::return_to_user).

// ---- This CPU. Inline in machine.hpp: cpu_index, current_thread, set_current_thread, interrupts_enabled,
//      disable_interrupts, enable_interrupts, relax, cycle_counter; port_read8/16/32, port_write8/16/32 (hosted: an
//      empty bus, all ones).
//      announce(pointer), withdraw_announcement: what this CPU lets the others know, one word (sync/borrowing.hpp), at first
//      null. To announce is sequentially consistent, to withdraw a release. announcement_of(cpu), sequentially consistent, for
//      the numbers below announcing_cpus(): a CPU whose number is not below has announced nothing yet.

/// Enables interrupts and sleeps until one arrives, without a gap between the two. Returns with interrupts on.
void wait_for_interrupt();
/// Interrupts another CPU with upcalls::reschedule; ends its wait_for_interrupt, also one that begins only now. What this
/// CPU wrote before is seen there. From any context.
void wake_cpu(u32 cpu);
/// Resets the machine the hard way, when no controller does it.
[[noreturn]] void reset_cpu();
/// The end: all interrupts off, CPU halted (hosted: abort).
[[noreturn]] void stop_machine();

// ---- Threads.

/// Saves the six callee-saved registers on the stack that is left, and goes on with `to`. Interrupts must be off.
/// Does not touch CR3: see load_address_space.
extern "C" void exo_switch_context(ThreadContext* from, const ThreadContext* to);
/// Prepares `context` so that the first switch to it calls entry(argument) on the stack that ends at `stack_top`.
void prepare_context(ThreadContext& context, void* stack_top, void (*entry)(void*), void* argument);
/// The stack on which this CPU enters the kernel from user mode (TSS rsp0 and the system-call entry).
void set_kernel_stack(void* stack_top);
/// Around exo_switch_context: before it with the thread that is left, the one that is gone to and that one's stack, after
/// it on that stack (hosted: announces the fibre to the sanitizers; the machine needs neither). Fibre is what a home keeps
/// of a thread besides its context: see machine.hpp.
void switch_starting(Fibre& from, Fibre& to, void* stack_bottom, usize stack_size);
void switch_finished();

// ---- System calls.

inline constexpr usize SYSTEM_CALL_LIMIT = 512;
/// What a handler of the full path answers, in two registers.
struct SystemCallOutcome {
    u64 value;
    u64 error;  ///< 0: the value is the result. Otherwise it goes to upcalls::system_call_failed.
};
using CallHandler = SystemCallOutcome (*)(u64, u64, u64, u64, u64, u64, UserRegisters& registers);
/// Answered by a fast handler that wants the full path to run, before any effect.
inline constexpr u64 FAST_PATH_DECLINED = static_cast<u64>(-4096);
/// The short route: runs with interrupts off; must not sleep, allocate, log or touch user memory that may fault.
using FastHandler = u64 (*)(u64, u64, u64, u64, u64, u64);
/// Handlers by number; the last one is for every number from SYSTEM_CALL_LIMIT on. A null fast handler: the full path.
using CallHandlers = std::array<CallHandler, SYSTEM_CALL_LIMIT + 1>;
using FastHandlers = std::array<FastHandler, SYSTEM_CALL_LIMIT + 1>;

/// From now on every system call of every program goes to upcalls::traced_system_call instead of its handler, and every copy
/// from or to user memory is followed by upcalls::user_copied. Must be called before the kernel's text is made read-only; a
/// machine that does not call it pays nothing for tracing. The hosted home does nothing.
void trace_system_calls();

/// AT_HWCAP (CPUID 1, EDX) and AT_HWCAP2 (bit 1: FSGSBASE may be used).
u64 hardware_capabilities();
u64 hardware_capabilities_2();

// ---- User mode.

/// Goes to user mode with `registers`, which lie at the top of the current kernel stack. Does not return.
[[noreturn]] void enter_user(UserRegisters& registers);
/// Data segment selectors, which a program may load with any segment of its own. The kernel never uses them.
struct SegmentSelectors {
    u16 ds = 0, es = 0, fs = 0, gs = 0;
    /// In one comparison: each switch of threads makes it.
    friend bool operator==(const SegmentSelectors& a, const SegmentSelectors& b) {
        return std::bit_cast<u64>(a) == std::bit_cast<u64>(b);
    }
};
SegmentSelectors user_selectors();
/// Changes the FS and GS bases too: set them afterwards. Interrupts must be off.
void set_user_selectors(const SegmentSelectors& selectors);
/// Thread-local-storage bases of the current thread.
void set_user_fs_base(u64 base);
u64 user_fs_base();
void set_user_gs_base(u64 base);
u64 user_gs_base();

/// Bytes of extended state (x87, SSE, AVX …) that one thread needs, and its alignment (64).
usize fpu_area_size();
/// XCR0: which components the area holds.
u64 fpu_components();
/// Writes the state of a fresh program into `area`. Components in that state keep whatever bytes they had, which must be the
/// program's own or zero: a CPU without XSAVE copies the area to signal frames.
void fpu_initialise(void* area);
/// Puts the state of a fresh program into the CPU's registers.
void fpu_reset();
void fpu_save(void* area);
void fpu_restore(const void* area);
/// The CPU's registers straight to a signal frame at a 64-byte-aligned user address, and back. False after a fault, if
/// the CPU refuses the bytes, or if it has no XSAVE: then take the way through an area. Interrupts must be off.
bool fpu_save_to_user(u64 address);
bool fpu_restore_from_user(u64 address);
/// Checks foreign bytes (a signal frame) so that fpu_restore cannot fault on them. Errors: Einval.
Result<> fpu_validate(void* area, usize size);

// ---- Protection keys (Intel SDM vol. 3, 4.6.2). The rights of the program that runs are part of its FPU registers.

/// The key of memory that may be executed only: Linux's first one, too.
inline constexpr u32 EXECUTE_ONLY_KEY = 1;
bool has_protection_keys();
/// Pages with this key are closed to the program whose FPU registers this CPU has.
bool key_denies(u32 key, bool is_write);

// ---- Address translation. Roots and frames are physical addresses.

void load_address_space(u64 root);
u64 loaded_address_space();
/// This CPU only: cross-CPU shoot-down is memory's.
void flush_tlb_page(u64 virtual_address);
void flush_tlb_all();

// ---- User memory. Bytes NOT copied are returned; a fault is first offered to upcalls (vm) unless disabled.
//      The addresses must have been checked to lie below USER_END.

usize copy_from_user(void* to, u64 from, usize size);
usize copy_to_user(u64 to, const void* from, usize size);
usize zero_user(u64 to, usize size);
/// Bytes before the NUL, at most `size`; -1 after a fault.
isize copy_string_from_user(char* to, u64 from, usize size);
/// The 32-bit word, in one access. Errors: Efault.
Result<u32> load_user_word(u64 address);
/// Atomically replaces the 32-bit word by `desired` if it is `expected`; the word that was there. Errors: Efault.
Result<u32> compare_exchange_user(u64 address, u32 expected, u32 desired);

// ---- The kernel's own image in memory.

struct ImageSection {
    enum class Kind : u8 { Text, ReadOnly, Data } kind;
    u64 virtual_address;
    u64 physical_address;
    u64 size;  ///< Whole pages.
};
/// Three of them.
std::span<const ImageSection> image_sections();

// ---- Reports.

/// The interrupted or calling code's registers and call chain, for a panic. `registers` may be null.
void describe_cpu(FormatSink sink, const UserRegisters* registers);
/// A line with an address that a call comes back to, and the name of the function that made it.
void describe_address(FormatSink sink, u64 address);

// ---- Time. time/calibration.hpp measures the cycle counter and the timer; time/clock.hpp reads them.

/// Whether the cycle counter's rate never changes, whatever the CPU does to save power.
bool has_invariant_cycle_counter();
/// Cycles per second as the CPU itself states them, exactly; 0 if it does not.
u64 stated_cycle_counter_rate();
/// This CPU's timer, measured: it counts from here on, so far, and so many ticks take that many nanoseconds.
void start_timer_count();
u32 timer_counted();
void set_timer_rate(u64 ticks, u64 nanoseconds);
/// The hypervisor then keeps its clock's record (drivers/clock/kvm_clock.hpp) at a physical address. Errors: Enodev.
Result<> start_kvm_clock(u64 record);
/// One-shot timer interrupt of this CPU.
void arm_timer(u64 nanoseconds_from_now);
void disarm_timer();

/// 64 unpredictable bits from the CPU (RDSEED, else RDRAND). Errors: Enodev.
Result<u64> hardware_random();

}  // namespace exo::arch
