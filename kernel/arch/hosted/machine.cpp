// The hosted home: one Linux thread is one CPU, kernel threads are fibres on it, time is simulated (sleep.cpp).
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "arch/interrupt_controller.hpp"
#include "arch/upcalls.hpp"

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/common_interface_defs.h>
#define EXO_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#include <sanitizer/tsan_interface.h>
#define EXO_TSAN 1
#endif

namespace exo::arch {

namespace hosted {
thread_local Cpu this_cpu;
constinit std::atomic<const void*> announcements[MAX_CPUS]{};
}  // namespace hosted

void stop_machine() { std::abort(); }

void reset_cpu() { std::abort(); }

// ---- No interrupt controllers, no image, nothing to measure.

void start_local_apic(void*) {}
Result<> add_io_apic(IoApicRegisters) { return Error::Enodev; }
Result<> enable_interrupt_line(u32, Trigger, Polarity) { return Error::Enodev; }
void disable_interrupt_line(u32) {}
Result<InterruptMessage> allocate_interrupt_message() {
    static constinit std::atomic<u32> last_line{255};
    const u32 line = last_line.fetch_sub(1);
    return InterruptMessage{line, 0xfee0'0000, line};
}
std::span<const ImageSection> image_sections() { return {}; }
bool has_invariant_cycle_counter() { return true; }
u64 stated_cycle_counter_rate() { return 1'000'000'000; }
void start_timer_count() {}
u32 timer_counted() { return 0; }
void set_timer_rate(u64, u64) {}
Result<> start_kvm_clock(u64) { return Error::Enodev; }

// ---- Fibres.

Fibre::~Fibre() {
#if defined(EXO_TSAN)
    if (handle_ != nullptr) __tsan_destroy_fiber(handle_);
#endif
}

// Not instrumented: what enters a function on one fibre and leaves it on another confuses the sanitizer's call stacks.
[[clang::disable_sanitizer_instrumentation]] void switch_starting([[maybe_unused]] Fibre& from,
                                                                  [[maybe_unused]] Fibre& to,
                                                                  [[maybe_unused]] void* stack_bottom,
                                                                  [[maybe_unused]] usize stack_size) {
#if defined(EXO_ASAN)
    // The fake stack is not kept: tests run without use-after-return detection on fibres.
    __sanitizer_start_switch_fiber(nullptr, stack_bottom, stack_size);
#elif defined(EXO_TSAN)
    if (from.handle_ == nullptr) from.handle_ = __tsan_get_current_fiber();
    if (to.handle_ == nullptr) to.handle_ = __tsan_create_fiber(0);
    __tsan_switch_to_fiber(to.handle_, 0);
#endif
}

void switch_finished() {
#if defined(EXO_ASAN)
    __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
}

// ---- User mode does not exist here: what would enter it is a mistake of the test.

void set_kernel_stack(void*) {}

void trace_system_calls() {}

u64 hardware_capabilities() { return 0; }
u64 hardware_capabilities_2() { return 0; }

void enter_user(UserRegisters&) {
    std::fputs("hosted: there is no user mode\n", stderr);
    std::abort();
}

SegmentSelectors user_selectors() { return {}; }
void set_user_selectors(const SegmentSelectors&) {}
void set_user_fs_base(u64) {}
u64 user_fs_base() { return 0; }
void set_user_gs_base(u64) {}
u64 user_gs_base() { return 0; }

usize fpu_area_size() { return 512; }
u64 fpu_components() { return 3; }
void fpu_initialise(void* area) { std::memset(area, 0, fpu_area_size()); }
void fpu_reset() {}
bool has_protection_keys() { return false; }
bool key_denies(u32, bool) { return false; }
bool fpu_save_to_user(u64) { return false; }
bool fpu_restore_from_user(u64) { return false; }
void fpu_save(void*) {}
void fpu_restore(const void*) {}
Result<> fpu_validate(void*, usize size) {
    if (size < fpu_area_size()) return Error::Einval;
    return {};
}

void describe_cpu(FormatSink, const UserRegisters*) {}
void describe_address(FormatSink sink, u64 address) { format_to(sink, "  {:016x}\n", address); }
usize call_chain(u64, std::span<u64>) { return 0; }

Result<u64> hardware_random() { return Error::Enodev; }

}  // namespace exo::arch
