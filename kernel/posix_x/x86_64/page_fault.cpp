#include "posix_x/x86_64/page_fault.hpp"

#include "vm/address_space.hpp"

namespace exo::posix_x {

SignalInfo page_fault_signal(u64 address, upcalls::FaultReason reason) {
    switch (vm::result_of(reason)) {
        case vm::FaultResult::AccessDenied:
            return {.signal = Signal::Segv, .code = signal_code::SEGV_ACCERR, .value = address};
        case vm::FaultResult::ExecuteOnly:
            return {.signal = Signal::Segv,
                    .code = signal_code::SEGV_PKUERR,
                    .value = address,
                    .key = arch::EXECUTE_ONLY_KEY};
        case vm::FaultResult::KeyDenied:
            return {.signal = Signal::Segv, .code = signal_code::SEGV_PKUERR, .value = address};
        case vm::FaultResult::BeyondEnd:
            return {.signal = Signal::Bus, .code = signal_code::BUS_ADRERR, .value = address};
        case vm::FaultResult::OutOfMemory:
        case vm::FaultResult::Interrupted: return {.signal = Signal::Kill};
        case vm::FaultResult::Resolved:
        case vm::FaultResult::MustWait:
        case vm::FaultResult::NothingMapped: break;
    }
    return {.signal = Signal::Segv, .code = signal_code::SEGV_MAPERR, .value = address};
}

}  // namespace exo::posix_x
