// Exceptions and interrupts, after entry.S has saved the registers.
#include <atomic>
#include <bit>

#include "arch/upcalls.hpp"
#include "arch/x86_64/apic.hpp"
#include "arch/x86_64/descriptor_tables.hpp"
#include "arch/x86_64/kasan/kasan_start.hpp"

extern "C" {
struct FaultTableEntry {
    exo::u64 instruction;
    exo::u64 target;
};
extern const FaultTableEntry exo_fault_table_start[];
extern const FaultTableEntry exo_fault_table_end[];
}

namespace exo::arch {

namespace {

constexpr u32 VECTOR_DEBUG = 1;
constexpr u32 VECTOR_NMI = 2;
constexpr u32 VECTOR_GENERAL_PROTECTION = 13;
constexpr u32 VECTOR_PAGE_FAULT = 14;
constexpr u32 FIRST_INTERRUPT = 32;
constexpr u64 FLAG_TRAP = 0x100;
constexpr u64 FLAG_INTERRUPTS = 0x200;
constexpr u64 USER_TOP = 1ULL << 47;

u64 fault_address() {
    u64 address;
    asm volatile("mov %%cr2, %0" : "=r"(address));
    return address;
}

/// Its fields are the bits of the error code in their order (Intel SDM vol. 3, 4.7).
FaultCause cause_of(u64 error_code) { return std::bit_cast<FaultCause>(static_cast<u8>(error_code)); }

/// Where to go on after an unresolved fault at `instruction`; 0 if it is not one that may fault.
u64 find_fixup(u64 instruction) {
    for (const FaultTableEntry* entry = exo_fault_table_start; entry != exo_fault_table_end; ++entry)
        if (entry->instruction == instruction) return entry->target;
    return 0;
}

bool is_from_user(const UserRegisters& registers) { return (registers.cs & 3) != 0; }

void kernel_page_fault(UserRegisters& registers, u64 address) {
    const u64 fixup = find_fixup(registers.rip);
    const FaultCause cause = cause_of(registers.original_rax);
    if (fixup == 0 || address >= USER_TOP) {
        explain_page_fault(address, registers);
        upcalls::fatal_exception(VECTOR_PAGE_FAULT, registers.original_rax, address, registers);
    }
    const bool were_enabled = (registers.rflags & FLAG_INTERRUPTS) != 0;
    // With interrupts off the copy belongs to code that cannot sleep: it takes the fixup at once.
    if (were_enabled) {
        enable_interrupts();
        const upcalls::FaultReason reason = upcalls::page_fault(address, cause, nullptr);
        disable_interrupts();
        if (reason == upcalls::FaultReason::None) return;
    }
    registers.rip = fixup;
}

/// XRSTOR from a signal frame refuses what a program may not have.
bool is_refused_state(u32 vector, UserRegisters& registers) {
    if (vector != VECTOR_GENERAL_PROTECTION) return false;
    const u64 fixup = find_fixup(registers.rip);
    if (fixup != 0) registers.rip = fixup;
    return fixup != 0;
}

void user_trap(u32 vector, UserRegisters& registers) {
    const u64 address = vector == VECTOR_PAGE_FAULT ? fault_address() : 0;
    enable_interrupts();
    // A fault without the U bit is one of the processor's own accesses on the program's behalf, like those of its IRET:
    // making the page accessible to the program would not help it.
    const FaultCause cause = cause_of(registers.original_rax);
    auto reason = upcalls::FaultReason::None;
    if (vector == VECTOR_PAGE_FAULT && cause.is_user) {
        reason = upcalls::page_fault(address, cause, &registers);
        if (reason == upcalls::FaultReason::None) return;
    }
    upcalls::user_exception(vector, registers.original_rax, address, reason, registers);
}

/// Why the current thread must not go straight back to its program: the first word of its record, whatever that is.
bool has_work() {
    return static_cast<const std::atomic<u32>*>(current_thread())->load(std::memory_order_relaxed) != 0;
}

}  // namespace

extern "C" {

void exo_prepare_return_to_user(UserRegisters& registers) {
    disable_interrupts();
    if (has_work()) upcalls::return_to_user(registers);
    // A signal's frame or handler can name any address, and IRET to a non-canonical one would fault in kernel mode. The
    // page below 2^47 is never mapped: the program faults there instead.
    if (registers.rip >= USER_TOP) [[unlikely]]
        registers.rip = USER_TOP - PAGE_SIZE;
}

void exo_trap(u32 vector, UserRegisters& registers) {
    if (vector >= FIRST_INTERRUPT) {
        dispatch_interrupt(vector, is_from_user(registers) ? upcalls::InterruptedMode::User
                                                           : upcalls::InterruptedMode::Kernel);
    } else if (is_from_user(registers)) {
        user_trap(vector, registers);
    } else if (vector == VECTOR_PAGE_FAULT) {
        kernel_page_fault(registers, fault_address());
    } else if (!is_refused_state(vector, registers)) {
        if (vector == VECTOR_GENERAL_PROTECTION) explain_general_protection(registers);
        upcalls::fatal_exception(vector, registers.original_rax, 0, registers);
    }
    if (is_from_user(registers)) {
        registers.leave_call();  // nothing to restart
        exo_prepare_return_to_user(registers);
    }
}

void exo_trap_on_own_stack(u32 vector, UserRegisters& registers) {
    if (vector == VECTOR_NMI) {
        if (are_others_stopping.load(std::memory_order_relaxed)) stop_machine();
        return;
    }
    if (vector == VECTOR_DEBUG) {
        // The kernel sets no breakpoints and steps nothing. What arrives here is a program's single step that MOV SS held
        // back until the kernel's first instruction (Intel SDM vol. 3, 6.8.3): it must not end the machine, nor go on.
        asm volatile("mov %0, %%dr6" : : "r"(0xffff'0ff0ULL));
        registers.rflags &= ~FLAG_TRAP;
        return;
    }
    upcalls::fatal_exception(vector, registers.original_rax, fault_address(), registers);
}

void exo_system_call_failed(UserRegisters& registers, u32 error) {
    upcalls::system_call_failed(registers, error);
}

void exo_traced_system_call(UserRegisters& registers) { upcalls::traced_system_call(registers); }

[[noreturn]] void exo_enter_user(UserRegisters& registers);
}

void enter_user(UserRegisters& registers) {
    exo_prepare_return_to_user(registers);
    exo_enter_user(registers);
}

}  // namespace exo::arch
