#include "posix_x/x86_64/fpu_state.hpp"

#include <algorithm>

#include "abi/linux/signal_frame.hpp"
#include "memory/layout.hpp"
#include "vm/user_memory.hpp"

namespace exo::posix_x {

namespace {

constexpr u64 STATE_COMPONENTS_OFFSET = 512;  // XSTATE_BV
constexpr u64 X87_AND_SSE = 3;
constexpr u64 ALIGNMENT = 64;

/// Saves the registers directly to the frame, with interrupts off, so that no other thread's state replaces
/// them. Returns false if a page is absent.
bool save_registers(scheduler::Thread& self, u64 address) {
    scheduler::UserState& user = *self.user();
    const sync::InterruptsOff no_interrupts;
    if (!user.fpu_is_live) {
        arch::fpu_restore(user.fpu);
        user.fpu_is_live = true;
        self.clear_work(scheduler::Work::RestoreFpu);
    }
    return arch::fpu_save_to_user(address);
}

/// Saves through the thread's own area, for a CPU without XSAVE.
Result<> save_through_area(scheduler::Thread& self, u64 address, usize size) {
    scheduler::UserState& user = *self.user();
    {
        const sync::InterruptsOff no_interrupts;
        if (user.fpu_is_live) arch::fpu_save(user.fpu);
    }
    return vm::write_user(address, {static_cast<const u8*>(user.fpu), size});
}

Result<> save(scheduler::Thread& self, u64 address, usize size) {
    if (save_registers(self, address)) return {};
    TRY(vm::zero_user(address, size));  // brings the pages in
    if (save_registers(self, address)) return {};
    return save_through_area(self, address, size);
}

}  // namespace

Result<> push_fpu_state(scheduler::Thread& self, u64 address) {
    const usize size = arch::fpu_area_size();
    if (!memory::is_user_range(address, size + sizeof(abi::FP_XSTATE_MAGIC2))) return Error::Efault;
    TRY(save(self, address, size));
    // A handler may change x87 and SSE registers in the frame: they count even if they were in their first state.
    const vm::UserInOut<u64> components(address + STATE_COMPONENTS_OFFSET);
    if (arch::fpu_components() > X87_AND_SSE) TRY(components.write(TRY(components.read()) | X87_AND_SSE));
    abi::fpx_sw_bytes marks{};
    marks.magic1 = abi::FP_XSTATE_MAGIC1;
    marks.extended_size = static_cast<u32>(size + sizeof(abi::FP_XSTATE_MAGIC2));
    marks.xfeatures = arch::fpu_components();
    marks.xstate_size = static_cast<u32>(size);
    TRY(vm::UserOut<abi::fpx_sw_bytes>(address + abi::FPX_SW_BYTES_OFFSET).write(marks));
    return vm::UserOut<u32>(address + size).write(abi::FP_XSTATE_MAGIC2);
}

void reset_fpu_state(scheduler::Thread& self) {
    const sync::InterruptsOff no_interrupts;
    arch::fpu_reset();
    self.user()->fpu_is_live = true;
    self.clear_work(scheduler::Work::RestoreFpu);
}

Result<> pop_fpu_state(scheduler::Thread& self, u64 address) {
    scheduler::UserState& user = *self.user();
    const usize size = arch::fpu_area_size();
    if (address % ALIGNMENT == 0 && address != 0 && memory::is_user_range(address, size)) {
        const sync::InterruptsOff no_interrupts;
        if (arch::fpu_restore_from_user(address)) {
            user.fpu_is_live = true;
            self.clear_work(scheduler::Work::RestoreFpu);
            return {};
        }
    }
    // A page that is not there, or bytes that have to be looked at: through the thread's own area.
    {
        const sync::InterruptsOff no_interrupts;
        user.fpu_is_live = false;
    }
    self.add_work(scheduler::Work::RestoreFpu);
    arch::fpu_initialise(user.fpu);
    if (address == 0) return {};
    const Result<> copied = vm::read_user(address, {static_cast<u8*>(user.fpu), size});
    const Result<> valid = copied ? arch::fpu_validate(user.fpu, size) : copied;
    if (!valid) arch::fpu_initialise(user.fpu);
    return valid;
}

}  // namespace exo::posix_x
