#include "memory/fault_injection.hpp"

#if defined(EXO_DEBUG)

namespace exo::memory {

bool fails_on_purpose() {
    sync::ThreadHeader& header = sync::thread_header();
    if (header.failing_allocation == 0 || --header.failing_allocation != 0) return false;
    header.has_failed_on_purpose = true;
    return true;
}

u32 failing_allocation() { return sync::thread_header().failing_allocation; }

void set_failing_allocation(u32 number) { sync::thread_header().failing_allocation = number; }

bool take_failure_on_purpose() {
    sync::ThreadHeader& header = sync::thread_header();
    const bool has_failed = header.has_failed_on_purpose;
    header.has_failed_on_purpose = false;
    return has_failed;
}

}  // namespace exo::memory

#endif
