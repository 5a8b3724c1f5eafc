// Turns a program's own faults into signals (Intel SDM vol. 3, 6.15; arch/x86/kernel/traps.c has the
// mapping).
#include "arch/upcalls.hpp"
#include "posix_x/process/process.hpp"
#include "posix_x/x86_64/page_fault.hpp"
#include "posix_x/x86_64/refused_instructions.hpp"
#include "scheduler/preemption.hpp"

namespace exo::posix_x {

namespace {

SignalInfo signal_of(u32 vector, u64 rip) {
    switch (vector) {
        case 0: return {.signal = Signal::Fpe, .code = signal_code::FPE_INTDIV, .value = rip};
        case 1: return {.signal = Signal::Trap, .code = signal_code::TRAP_TRACE, .value = rip};
        case 3: return {.signal = Signal::Trap, .code = signal_code::KERNEL};
        case 4: return {.signal = Signal::Segv, .code = signal_code::KERNEL};
        case 6: return {.signal = Signal::Ill, .code = signal_code::ILL_ILLOPN, .value = rip};
        case 16:
        case 19: return {.signal = Signal::Fpe, .code = signal_code::KERNEL, .value = rip};
        case 17: return {.signal = Signal::Bus, .code = signal_code::BUS_ADRALN};
        case 11:
        case 12: return {.signal = Signal::Bus, .code = signal_code::KERNEL};
        default: return {.signal = Signal::Segv, .code = signal_code::KERNEL};  // #GP and its like
    }
}

}  // namespace

}  // namespace exo::posix_x

void exo::upcalls::user_exception(u32 vector, u64 error_code, u64 fault_address, FaultReason reason,
                                  arch::UserRegisters& registers) {
    using namespace exo::posix_x;
    constexpr u32 GENERAL_PROTECTION = 13;
    constexpr u32 PAGE_FAULT = 14;
    if (vector != PAGE_FAULT) scheduler::watchdog::begin_stay();  // that of a page fault has begun
    if (vector == GENERAL_PROTECTION && carry_out_refused_instruction(registers)) return;
    Task& task = current_task();
    task.last_fault = {vector, error_code, fault_address};
    if (vector == PAGE_FAULT)
        force_signal(page_fault_signal(fault_address, reason));
    else
        force_signal(signal_of(vector, registers.rip));
}
