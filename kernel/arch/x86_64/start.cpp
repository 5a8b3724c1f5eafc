// The first C++ code: makes this CPU fit to run the kernel, and calls kernel_main (kernel/main.cpp).
#include <atomic>
#include <cstring>

#include "arch/interface.hpp"
#include "arch/upcalls.hpp"
#include "arch/x86_64/apic.hpp"
#include "arch/x86_64/cpu_features.hpp"
#include "arch/x86_64/cpu_state.hpp"
#include "arch/x86_64/descriptor_tables.hpp"
#include "arch/x86_64/kasan/kasan_start.hpp"
#include "utils/assert.hpp"

extern "C" {
extern exo::u64 exo_boot_pml4[];
/// `protocol` is 1 for PVH and 2 for Multiboot2; `information` the physical address of what the loader left.
[[noreturn]] void kernel_main(exo::u32 protocol, exo::u64 information);
// cpu_start.S
extern const exo::u8 exo_cpu_start_begin[];
extern const exo::u8 exo_cpu_start_data[];
extern const exo::u8 exo_cpu_start_end[];
}

namespace exo::arch {

namespace {

/// All records, so that none has to be allocated for a CPU that is about to start.
constinit CpuLocal records[MAX_CPUS]{};

/// What cpu_start.S expects at exo_cpu_start_data.
struct CpuStartData {
    u64 root;
    u64 stack_top;
    u64 efer;
};

constexpr u32 MSR_EFER = 0xc0000080;
constexpr u64 EFER_LMA = 1 << 10;  // the CPU sets it itself

enum class Arrival : u8 { Awaited, Arrived, Refused, Abandoned };

/// The further CPU that is being started.
struct Starting {
    const CpuStart* start = nullptr;
    u32 cpu = 0;
    std::atomic<Arrival> arrival{Arrival::Awaited};
};
constinit Starting starting;

/// Waits until the CPU has answered. False: it has not in this time.
bool has_answered_within(u64 milliseconds) {
    const u64 begin = cycle_counter();
    while (starting.arrival.load(std::memory_order_acquire) == Arrival::Awaited) {
        if (cycle_counter() - begin > milliseconds * starting.start->millisecond) return false;
        relax();
    }
    return true;
}

}  // namespace

extern "C" [[noreturn]] void exo_start(u32 protocol, u64 information) {
    start_kasan();
    load_descriptor_tables(records[0], first_own_stacks());
    this_cpu().address_space = reinterpret_cast<u64>(exo_boot_pml4) - 0xffffffff80000000;
    enable_cpu_features();
    set_cpu_state();
    kernel_main(protocol, information);
}

/// Where cpu_start.S ends: on the stack and the page table that start_cpu was given.
extern "C" [[noreturn]] void exo_start_further_cpu() {
    if (!adopt_cpu_features()) {
        starting.arrival.store(Arrival::Refused, std::memory_order_release);
        stop_machine();
    }
    CpuLocal& cpu = records[starting.cpu];
    const CpuStart start = *starting.start;
    auto expected = Arrival::Awaited;
    if (!starting.arrival.compare_exchange_strong(expected, Arrival::Arrived)) stop_machine();
    cpu.index = starting.cpu;
    load_descriptor_tables(cpu, start.own_stacks);
    cpu.address_space = start.root;
    set_cpu_state();
    start_further_apic();
    upcalls::cpu_started();
}

Result<> start_cpu(const CpuStart& start, void* start_page) {
    constexpr u64 RESET_TIME = 10;     // milliseconds between INIT and the start-up interrupt
    constexpr u64 FIRST_PATIENCE = 1;  // before the second start-up interrupt
    constexpr u64 PATIENCE = 2000;     // an emulator on a busy host takes long
    starting.start = &start;
    starting.cpu = running_cpus();
    starting.arrival.store(Arrival::Awaited, std::memory_order_seq_cst);
    // SAFETY: the caller says that the page is free; the code and its data are less than a page.
    auto* const page = static_cast<u8*>(start_page);
    std::memcpy(page, exo_cpu_start_begin, static_cast<usize>(exo_cpu_start_end - exo_cpu_start_begin));
    const CpuStartData data{start.root, reinterpret_cast<u64>(start.stack_top),
                            read_msr(MSR_EFER) & ~EFER_LMA};
    std::memcpy(page + (exo_cpu_start_data - exo_cpu_start_begin), &data, sizeof(data));

    send_init(start.apic_id);
    (void)has_answered_within(RESET_TIME);
    send_start_up(start.apic_id, CPU_START_PAGE);
    if (!has_answered_within(FIRST_PATIENCE)) send_start_up(start.apic_id, CPU_START_PAGE);
    if (!has_answered_within(PATIENCE)) {
        auto expected = Arrival::Awaited;
        if (starting.arrival.compare_exchange_strong(expected, Arrival::Abandoned)) {
            send_init(start.apic_id);  // it waits for a start-up interrupt that never comes
            return Error::Etimedout;
        }
    }
    if (starting.arrival.load(std::memory_order_acquire) == Arrival::Refused) return Error::Enodev;
    while (running_cpus() == starting.cpu) relax();
    return {};
}

}  // namespace exo::arch
