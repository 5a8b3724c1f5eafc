#include "log/log.hpp"

#include <algorithm>
#include <array>

#include "arch/upcalls.hpp"
#include "sync/spin_lock.hpp"

namespace exo::log {

namespace {

constexpr usize RING_SIZE = 64 * KIB;
constexpr usize MAX_SINKS = 4;

struct State {
    std::array<Sink*, MAX_SINKS> sinks{};
    usize sink_count = 0;
    Level console_level = Level::Info;
    u64 written = 0;  ///< Bytes ever written; the ring holds the last RING_SIZE of them.
    u64 cleared = 0;
    char ring[RING_SIZE] = {};

    void put(std::string_view text) {
        for (const char c : text) ring[written++ % RING_SIZE] = c;
    }
    void to_sinks(std::string_view text) {
        for (usize index = 0; index < sink_count; ++index) sinks[index]->write(text);
    }
};

constinit sync::SpinLocked<State, sync::LockRank::Log, sync::IrqOff> state;
constexpr u32 NO_CPU = ~0U;
constinit std::atomic<u32> panicking_cpu{NO_CPU};
constinit u32 nested_panics = 0;  // of the panicking CPU alone
constinit void (*panic_exit)() = nullptr;

constexpr auto PANIC_PRINT = [](std::string_view text) { state.unsafe_value().to_sinks(text); };

[[noreturn]] void finish_panic() {
    if (panic_exit != nullptr) panic_exit();
    arch::stop_machine();
}

/// Only the first panic reports. Another CPU's stops that CPU. A second one on the same CPU, met while reporting, ends
/// the machine without a word; a third, met while ending it, stops.
void begin_panic() {
    arch::disable_interrupts();
    u32 first = NO_CPU;
    if (panicking_cpu.compare_exchange_strong(first, arch::cpu_index())) {
        arch::stop_other_cpus();
        return;
    }
    if (first == arch::cpu_index() && ++nested_panics == 1) finish_panic();
    arch::stop_machine();
}

}  // namespace

Result<> add_sink(Sink& sink) {
    auto log = state.lock();
    if (log->sink_count == MAX_SINKS) return Error::Enospc;
    log->sinks[log->sink_count++] = &sink;
    return {};
}

void set_console_level(Level level) { state.lock()->console_level = level; }

Level console_level() { return state.lock()->console_level; }

void write_line(Level level, std::string_view text) {
    const time::Nanoseconds now = time::monotonic();
    LineBuffer stamp;
    format_to([&](std::string_view part) { stamp.append(part); }, "[{:5}.{:06}] ", now / time::SECOND,
              now % time::SECOND / 1000);
    const char prefix[3] = {'<', static_cast<char>('0' + static_cast<u8>(level)), '>'};
    auto log = state.lock();
    log->put({prefix, sizeof(prefix)});
    log->put(stamp.view());
    log->put(text);
    log->put("\n");
    if (level > log->console_level) return;
    log->to_sinks(stamp.view());
    log->to_sinks(text);
    log->to_sinks("\n");
}

usize read_ring(std::span<char> out) {
    auto log = state.lock();
    const u64 oldest = log->written > RING_SIZE ? log->written - RING_SIZE : 0;
    u64 from = std::max(oldest, log->cleared);
    if (log->written - from > out.size()) from = log->written - out.size();
    // Start at a line's beginning, unless we stand at one.
    if (from != log->cleared && from != 0)
        while (from < log->written && log->ring[(from - 1) % RING_SIZE] != '\n') ++from;
    usize size = 0;
    for (u64 at = from; at < log->written; ++at) out[size++] = log->ring[at % RING_SIZE];
    return size;
}

usize ring_size() { return RING_SIZE; }

void clear_ring() {
    auto log = state.lock();
    log->cleared = log->written;
}

void panic_with(FunctionRef<void(FormatSink)> describe, const arch::UserRegisters* registers) {
    begin_panic();
    PANIC_PRINT("\nkernel panic: ");
    describe(PANIC_PRINT);
    arch::describe_cpu(PANIC_PRINT, registers);
    finish_panic();
}

bool is_panicking() { return panicking_cpu.load(std::memory_order_relaxed) != NO_CPU; }

void write_after_panic(std::string_view text) { PANIC_PRINT(text); }

void set_panic_exit(void (*exit)()) { panic_exit = exit; }

}  // namespace exo::log

namespace exo {

void panic(const char* message) {
    log::begin_panic();
    format_to(log::PANIC_PRINT, "\nkernel panic: {}\n", message);
    arch::describe_cpu(log::PANIC_PRINT, nullptr);
    log::finish_panic();
}

void assertion_failed(const char* expression, const char* file, u32 line) {
    log::begin_panic();
    format_to(log::PANIC_PRINT, "\nkernel panic: assertion failed at {}:{}: {}\n", file, line, expression);
    arch::describe_cpu(log::PANIC_PRINT, nullptr);
    log::finish_panic();
}

void upcalls::fatal_exception(u32 vector, u64 error_code, u64 fault_address,
                              const arch::UserRegisters& registers) {
    static constexpr std::array<std::string_view, 22> NAMES = {"divide error",
                                                               "debug",
                                                               "NMI",
                                                               "breakpoint",
                                                               "overflow",
                                                               "bound range",
                                                               "invalid opcode",
                                                               "no FPU",
                                                               "double fault",
                                                               "FPU segment",
                                                               "invalid TSS",
                                                               "segment not present",
                                                               "stack fault",
                                                               "general protection",
                                                               "page fault",
                                                               "reserved",
                                                               "x87 error",
                                                               "alignment check",
                                                               "machine check",
                                                               "SIMD error",
                                                               "virtualisation",
                                                               "control protection"};
    log::begin_panic();
    format_to(log::PANIC_PRINT, "\nkernel panic: {} (vector {}, error code {:x}) at address {:016x}\n",
              vector < NAMES.size() ? NAMES[vector] : std::string_view("exception"), vector, error_code,
              fault_address);
    arch::describe_cpu(log::PANIC_PRINT, &registers);
    log::finish_panic();
}

}  // namespace exo
