// The interface of the machine for all other folders. Two folders implement it:
//   arch/x86_64  the kernel on a PC or in a virtual machine;
//   arch/hosted  an ordinary Linux process: memory is an arena, threads are fibres, time is simulated or the host's.
//
// Key types: UserRegisters (a user thread's registers on its kernel stack), ThreadContext (what a switch
// saves), FpuArea (extended state). Neighbours: everything above includes this header, and never arch/x86_64
// itself.
// Upward calls (a fault, an interrupt, a tick, a system call) go through arch/upcalls.hpp.
// Locking: none. The comment of a function says whether it needs interrupts off.
#pragma once

#include <array>
#include <bit>
#include <span>

#include "utils/format.hpp"
#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::arch {

/// The largest number of CPUs that the kernel uses. It does not start further ones.
inline constexpr u32 MAX_CPUS = 64;
inline constexpr usize CACHE_LINE = 64;

/// Four words. The rest of a kernel thread's state is on its own stack ("windowed" switch).
struct ThreadContext {
    u64 rsp = 0;
    u64 rip = 0;
    u64 cr3 = 0;
    u64 rflags = 0;
};

/// A program's segment selectors, with its privilege level. SYSRET requires this order (Intel SDM vol. 2,
/// SYSRET).
namespace user_selector {
inline constexpr u16 CODE_32 = 0x23;  ///< 32-bit code. A program reaches it by a far jump.
inline constexpr u16 DATA = 0x2b;
inline constexpr u16 CODE = 0x33;
}  // namespace user_selector

/// A user thread's registers on the kernel stack, as the entry code stores them. The order is that of Linux's
/// pt_regs.
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
    /// Records that the registers no longer belong to a system call, so that none is restarted.
    void leave_call() { original_rax = NO_CALL; }
    /// Makes the program repeat the system call instruction with the call `number` and the same arguments.
    void repeat_call(u64 number) {
        constexpr u64 SYSCALL_INSTRUCTION_SIZE = 2;
        rax = number;
        rip -= SYSCALL_INSTRUCTION_SIZE;
    }
    /// Sets the registers for the start of a program. Registers without a parameter are 0.
    void start_at(u64 entry, u64 stack) {
        constexpr u64 INTERRUPTS_ON = 0x202;  // IF, and the bit that is always 1
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

/// The cause of a page fault: bits of the x86 error code (Intel SDM vol. 3, 4.7).
struct FaultCause {
    bool is_present : 1;  ///< The access was not permitted; otherwise nothing is mapped there.
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

// The object that set_current_thread gets starts with an atomic u32. It is not 0 while the thread has work to
// do before it may return to user mode (upcalls::return_to_user).

// ---- This CPU. Inline in machine.hpp: cpu_index, current_thread, set_current_thread, interrupts_enabled,
//      disable_interrupts, enable_interrupts, relax (a turn of a loop that waits for another CPU: serves that
//      one's requests, upcalls::exo_serve_requests), call_keeping_registers (calls a function; the compiler sees no call,
//      so that a function that hardly ever makes it stays a leaf), cycle_counter; port_read8/16/32, port_write8/16/32 (hosted: an
//      empty bus, all ones).
//      announce(pointer), withdraw_announcement: set and clear this CPU's announcement, a word that others
//      read (sync/borrowing.hpp); at first null. Setting is sequentially consistent, clearing is a release.
//      interrupt_count(cpu): the interrupts that a CPU which has entered the kernel has taken (hosted: 0).
//      announcement_of(cpu): reads it, sequentially consistent. CPUs from number announcing_cpus() on have
//      announced nothing yet.

/// Enables interrupts and sleeps until one arrives, without a gap between the two. Returns with interrupts on.
void wait_for_interrupt();
/// Interrupts another CPU with upcalls::reschedule. This ends its wait_for_interrupt, even one that begins
/// only now. The other CPU then sees all earlier writes of this CPU. Callable in any context.
void wake_cpu(u32 cpu);
/// Interrupts another CPU with upcalls::exo_serve_requests. Callable in any context.
void send_request_interrupt(u32 cpu);
/// Stops all other CPUs for ever, whatever they do (hosted: does nothing). For panics.
void stop_other_cpus();
/// Resets the machine by the CPU itself, if no reset register works.
[[noreturn]] void reset_cpu();
/// Stops the machine for ever: interrupts off, CPU halted (hosted: abort).
[[noreturn]] void stop_machine();

// ---- Further CPUs. running_cpus() is how many CPUs have entered the kernel; their numbers have no gaps.

inline constexpr u32 OWN_STACKS = 4;
/// The ends of the stacks for exceptions that must not use the interrupted code's stack.
using OwnStacks = std::array<void*, OWN_STACKS>;
/// What a further CPU needs. The stacks must live for ever.
struct CpuStart {
    u32 apic_id = 0;  ///< As the firmware's tables name the CPU.
    void* stack_top = nullptr;
    OwnStacks own_stacks{};
    u64 root = 0;         ///< Of the kernel's page table.
    u64 millisecond = 0;  ///< In cycles of the cycle counter.
};
/// The physical page from which further CPUs start. It must be memory that nobody uses.
inline constexpr u64 CPU_START_PAGE = 0x8000;
/// Starts a further CPU, whose number is running_cpus(). It calls upcalls::cpu_started. `start_page` is where this
/// CPU sees CPU_START_PAGE. Returns when the other CPU has entered the kernel. One caller at a time.
/// Errors: Etimedout (it does not start), Enodev (its features differ from those of the first CPU; or hosted).
Result<> start_cpu(const CpuStart& start, void* start_page);
/// This CPU's name in the firmware's tables.
u32 own_apic_id();
/// Executes an instruction after which all others are fetched anew (Intel SDM vol. 3, 8.3).
void serialize_instructions();

// ---- Threads.

/// Saves the six callee-saved registers on the present stack and continues with `to`. Interrupts must be off.
/// Does not change CR3: see load_address_space.
extern "C" void exo_switch_context(ThreadContext* from, const ThreadContext* to);
/// Prepares `context` so that the first switch to it calls entry(argument) on the stack that ends at `stack_top`.
void prepare_context(ThreadContext& context, void* stack_top, void (*entry)(void*), void* argument);
/// Sets the stack on which this CPU enters the kernel from user mode (TSS rsp0 and the system-call entry).
void set_kernel_stack(void* stack_top);
/// Called around exo_switch_context. switch_starting is called before it, with the thread to leave, the
/// thread to enter and the stack of the latter; switch_finished is called after it, on that stack. The hosted
/// machine announces the fibre to the sanitizers; x86-64 needs neither. Fibre is a thread's additional state
/// in an implementation: see machine.hpp.
void switch_starting(Fibre& from, Fibre& to, void* stack_bottom, usize stack_size);
void switch_finished();

// ---- System calls.

inline constexpr usize SYSTEM_CALL_LIMIT = 512;
/// The result of a handler of the full path, in two registers.
struct SystemCallOutcome {
    u64 value;
    u64 error;  ///< 0: the value is the result. Otherwise it goes to upcalls::system_call_failed.
};
using CallHandler = SystemCallOutcome (*)(u64, u64, u64, u64, u64, u64, UserRegisters& registers);
/// The result of a fast handler that declines the call before it has any effect, so that the full path runs.
inline constexpr u64 FAST_PATH_DECLINED = static_cast<u64>(-4096);
/// A handler of the fast path. It runs with interrupts off; it must not sleep, allocate, log or access user
/// memory that may fault.
using FastHandler = u64 (*)(u64, u64, u64, u64, u64, u64);
/// Handlers by number. The last one is for every number from SYSTEM_CALL_LIMIT on. A null fast handler means
/// the full path.
using CallHandlers = std::array<CallHandler, SYSTEM_CALL_LIMIT + 1>;
using FastHandlers = std::array<FastHandler, SYSTEM_CALL_LIMIT + 1>;

/// Directs every system call of every program to upcalls::traced_system_call instead of its handler, and
/// makes every copy from or to user memory call upcalls::user_copied. Call it before the kernel's text
/// becomes read-only. A machine that does not call it has no cost for tracing. The hosted machine does
/// nothing.
void trace_system_calls();

/// AT_HWCAP (CPUID 1, EDX) and AT_HWCAP2 (bit 1: FSGSBASE may be used).
u64 hardware_capabilities();
u64 hardware_capabilities_2();

// ---- User mode.

/// Enters user mode with `registers`, which lie at the top of the current kernel stack. Does not return.
[[noreturn]] void enter_user(UserRegisters& registers);
/// Data segment selectors. A program may load them with its own segments; the kernel never uses them.
struct SegmentSelectors {
    u16 ds = 0, es = 0, fs = 0, gs = 0;
    /// One comparison, because each thread switch makes it.
    friend bool operator==(const SegmentSelectors& a, const SegmentSelectors& b) {
        return std::bit_cast<u64>(a) == std::bit_cast<u64>(b);
    }
};
SegmentSelectors user_selectors();
/// Loads the selectors. This also changes the FS and GS bases, so set those afterwards. Interrupts must be
/// off.
void set_user_selectors(const SegmentSelectors& selectors);
/// Sets and reads the thread-local-storage bases of the current thread.
void set_user_fs_base(u64 base);
u64 user_fs_base();
void set_user_gs_base(u64 base);
u64 user_gs_base();

/// The size of the extended state (x87, SSE, AVX …) of one thread; its alignment is 64.
usize fpu_area_size();
/// XCR0: the components of the state in the area.
u64 fpu_components();
/// Writes the FPU state of a new program into `area`. Components in their initial state keep the area's
/// bytes, which must come from the program itself or be zero: a CPU without XSAVE copies the area to signal
/// frames.
void fpu_initialise(void* area);
/// Sets the CPU's FPU registers to the state of a new program.
void fpu_reset();
void fpu_save(void* area);
void fpu_restore(const void* area);
/// Copies the CPU's FPU registers directly to a signal frame at a 64-byte-aligned user address, and back.
/// Returns false after a fault, if the CPU refuses the bytes, or if it has no XSAVE: then use an area.
/// Interrupts must be off.
bool fpu_save_to_user(u64 address);
bool fpu_restore_from_user(u64 address);
/// Checks the bytes of a signal frame, so that fpu_restore cannot fault on them. Errors: Einval.
Result<> fpu_validate(void* area, usize size);

// ---- Protection keys (Intel SDM vol. 3, 4.6.2). The key rights of the running program are part of its FPU
// registers.

/// The key of execute-only memory. Linux also allocates this key first.
inline constexpr u32 EXECUTE_ONLY_KEY = 1;
bool has_protection_keys();
/// Whether the program whose FPU registers this CPU has is denied access to pages with this key.
bool key_denies(u32 key, bool is_write);

// ---- Address translation. Roots and frames are physical addresses.

void load_address_space(u64 root);
u64 loaded_address_space();
/// Flushes a page on this CPU only. memory does cross-CPU shoot-downs.
void flush_tlb_page(u64 virtual_address);
void flush_tlb_all();

// ---- User memory. The functions return the number of bytes NOT copied. A fault is first passed to upcalls
// (vm) unless that is disabled. The caller has checked that the addresses lie below USER_END.

usize copy_from_user(void* to, u64 from, usize size);
usize copy_to_user(u64 to, const void* from, usize size);
usize zero_user(u64 to, usize size);
/// Copies a string. Returns the number of bytes before the NUL, at most `size`; -1 after a fault.
isize copy_string_from_user(char* to, u64 from, usize size);
/// Reads a 32-bit word in one access. Errors: Efault.
Result<u32> load_user_word(u64 address);
/// Atomically replaces the 32-bit word by `desired` if it equals `expected`. Returns the previous word.
/// Errors: Efault.
Result<u32> compare_exchange_user(u64 address, u32 expected, u32 desired);

// ---- The kernel's image in memory.

struct ImageSection {
    enum class Kind : u8 { Text, ReadOnly, Data } kind;
    u64 virtual_address;
    u64 physical_address;
    u64 size;  ///< Whole pages.
};
/// The three sections of the image.
std::span<const ImageSection> image_sections();

// ---- Reports.

/// Writes the registers and the call chain of the interrupted or calling code, for a panic. `registers` may
/// be null.
void describe_cpu(FormatSink sink, const UserRegisters* registers);
/// Writes a line with a return address and the name of its function.
void describe_address(FormatSink sink, u64 address);
/// Stores the return addresses of the frame `frame` and of those that its function was called from, as many as there is room
/// for. Returns how many (hosted: none).
usize call_chain(u64 frame, std::span<u64> calls);

// ---- Time. time/calibration.hpp measures the cycle counter and the timer; time/clock.hpp reads them.

/// Whether the cycle counter's rate is constant in all power states.
bool has_invariant_cycle_counter();
/// The cycle counter's rate that the CPU states exactly; 0 if it states none.
u64 stated_cycle_counter_rate();
/// For measuring this CPU's timer: starts it, reads how far it has counted, and sets its rate as ticks per
/// nanoseconds.
void start_timer_count();
u32 timer_counted();
void set_timer_rate(u64 ticks, u64 nanoseconds);
/// Makes the hypervisor update its clock record (drivers/clock/kvm_clock.hpp) at a physical address. Errors:
/// Enodev.
Result<> start_kvm_clock(u64 record);
/// Arms the one-shot timer interrupt of this CPU.
void arm_timer(u64 nanoseconds_from_now);
void disarm_timer();

/// Gets 64 unpredictable bits from the CPU (RDSEED, else RDRAND). Errors: Enodev.
Result<u64> hardware_random();

}  // namespace exo::arch
