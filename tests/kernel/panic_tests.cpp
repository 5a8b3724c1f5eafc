// The panic report itself, and stacks that run out.
#include "arch/interface.hpp"
#include "kernel_test.hpp"
#include "memory/layout.hpp"
#include "memory/virtual/kernel_stack.hpp"
#include "sync/spin_lock.hpp"

namespace exo::kernel_test {

namespace {

/// Too deep for any stack. The volatile bytes keep the frames apart.
[[gnu::noinline]] u64 recurse_without_end(u64 depth) {  // NOLINT(misc-no-recursion)
    volatile u8 bytes[256] = {};
    bytes[depth % sizeof(bytes)] = 1;
    return depth == ~0ULL ? 0 : recurse_without_end(depth + 1) + bytes[0];
}

void kernel_stack_overflow() {
    const u64 here = reinterpret_cast<u64>(__builtin_frame_address(0));
    const u64 guard = align_down(here, memory::StackSlots::STRIDE);
    expect("kernel panic: double fault (vector 8, error code 0)");
    // The last page of the guard; its first digits.
    expect("at address {:013x}", (guard + memory::StackSlots::STRIDE - memory::KernelStack::SIZE - 1) >> 12);
    expect("call chain:");
    expect("kernel_test::recurse_without_end+");
    expect("kernel_test::recurse_without_end+");
    (void)recurse_without_end(0);
}

void plain_panic() {
    expect("kernel panic: on purpose");
    expect("call chain:");
    expect("kernel_test::plain_panic+");
    expect("kernel_test::run_test+");
    panic("on purpose");
}

void failed_assertion() {
    expect("kernel panic: assertion failed at panic_tests.cpp:");
    expect("here < 4096");
    expect("call chain:");
    expect("kernel_test::failed_assertion+");
    const u64 here = reinterpret_cast<u64>(__builtin_frame_address(0));
    ASSERT(here < 4096);
}

/// A console that fails while the report is written to it.
struct FaultySink final : log::Sink {
    void write(std::string_view text) override {
        if (text.find("on purpose") != std::string_view::npos) panic("a panic in a panic");
    }
};
constinit FaultySink faulty_sink;

void panic_within_a_panic() {
    expect("kernel panic: on purpose");
    CHECK(log::add_sink(faulty_sink).has_value());
    panic("on purpose");
}

/// The chain of frames leads into the unmapped: the report's own fault must not keep the machine from ending.
[[gnu::noinline]] void lose_the_frame_pointer() {
    asm volatile("mov $0xffffd00000000000, %%rbp; ud2" : : : "memory");
}
void broken_call_chain() {
    expect("kernel panic: invalid opcode");
    expect("rbp ffffd00000000000");
    expect("kernel_test::lose_the_frame_pointer+");
    lose_the_frame_pointer();
}

/// Printing takes no lock that the panicking code may hold.
void panic_under_the_highest_lock() {
    static constinit sync::SpinLocked<u32, sync::LockRank::Console, sync::IrqOff> lock;
    expect("kernel panic: on purpose");
    expect("kernel_test::panic_under_the_highest_lock+");
    const auto held = lock.lock();
    panic("on purpose");
}

constexpr Test TESTS[] = {
    {"kernel_stack_overflow", &kernel_stack_overflow, Ending::Panics},
    {"plain_panic", &plain_panic, Ending::Panics},
    {"failed_assertion", &failed_assertion, Ending::Panics},
    {"panic_within_a_panic", &panic_within_a_panic, Ending::Panics},
    {"broken_call_chain", &broken_call_chain, Ending::Panics},
    {"panic_under_the_highest_lock", &panic_under_the_highest_lock, Ending::Panics},
};

}  // namespace

std::span<const Test> panic_tests() { return TESTS; }

}  // namespace exo::kernel_test
