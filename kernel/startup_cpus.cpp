// The CPUs besides the first: which ones there are, how they start, and whether their cycle counters agree.
#include <algorithm>

#include "arch/upcalls.hpp"
#include "drivers/clock/counters.hpp"
#include "drivers/platform.hpp"
#include "log/log.hpp"
#include "memory/layout.hpp"
#include "memory/virtual/kernel_map.hpp"
#include "memory/virtual/kernel_stack.hpp"
#include "memory/virtual/page_table.hpp"
#include "scheduler/scheduler.hpp"
#include "startup.hpp"
#include "sync/cpu_barrier.hpp"
#include "sync/cpu_requests.hpp"

namespace exo::startup {

namespace {

// ---- What one CPU asks of others

void flush_on(u64 cpus, const memory::TlbRange& range) {
    sync::run_on_cpus(
        cpus,
        [](const void* argument) { memory::flush_local(*static_cast<const memory::TlbRange*>(argument)); },
        &range);
}

/// Serving a request is a barrier for memory. What a program has fetched is fetched again after the serializing instruction.
void pass_barrier(const void* argument) {
    const auto kind = *static_cast<const sync::BarrierKind*>(argument);
    if (kind == sync::BarrierKind::Core) arch::serialize_instructions();
    if (kind != sync::BarrierKind::RestartableSequences) return;
    scheduler::Thread& thread = scheduler::current_thread();
    if (const scheduler::UserState* user = thread.user()) thread.add_work(user->on_resume);
}

void barrier_on(u64 cpus, sync::BarrierKind kind) { sync::run_on_cpus(cpus, &pass_barrier, &kind); }

// ---- Cycle counters

/// Two CPUs read their counters in turn. One that shows an earlier time than the other's last reading is no clock.
/// LINUX: check_tsc_warp.
class CounterComparison {
  public:
    /// Both CPUs call it, each once, and return together.
    void take_part() {
        const u32 round = arrived_.fetch_add(1) / 2;
        while (arrived_.load() / 2 == round && arrived_.load() % 2 != 0) arch::relax();
        for (u32 turn = 0; turn < TURNS; ++turn) {
            auto last = last_.lock();
            const u64 now = arch::cycle_counter();
            if (now < *last) steps_back_.store(true);
            *last = now;
        }
        const u32 left = left_.fetch_add(1) / 2;
        while (left_.load() / 2 == left && left_.load() % 2 != 0) arch::relax();
    }
    bool steps_back() const { return steps_back_.load(); }

  private:
    static constexpr u32 TURNS = 5000;
    sync::SpinLocked<u64, sync::LockRank::SpinLeaf, sync::IrqOff> last_{u64{0}};
    std::atomic<u32> arrived_{0};
    std::atomic<u32> left_{0};
    std::atomic<bool> steps_back_{false};
};
constinit CounterComparison comparison;

void judge_counters() {
    if (!comparison.steps_back() || time::clock_source() != "tsc") return;
    time::Counter* other = drivers::fallback_counter();
    if (other == nullptr) {
        log::warning("clock: the cycle counters of the CPUs do not agree, and there is no other counter");
        return;
    }
    time::use_counter(*other);
    log::warning("clock: the cycle counters of the CPUs do not agree: {} is the clock from here on",
                 other->name());
}

// ---- Starting

/// The memory of a CPU that starts. It is never given back.
Result<arch::CpuStart> prepare(u32 cpu, u32 apic_id) {
    arch::CpuStart start{.apic_id = apic_id};
    start.root = memory::kernel_table().root().value();
    start.millisecond = time::cycle_counter_hertz() / 1000;
    start.stack_top = TRY(scheduler::SCHEDULER.prepare_cpu(cpu));
    for (void*& top : start.own_stacks) {
        memory::KernelStack stack = TRY(memory::KernelStack::create());
        top = stack.leak();
    }
    return start;
}

bool is_start_page_usable() {
    for (const boot::MemoryRange& range : boot_information().memory.ranges())
        if (range.kind == boot::MemoryKind::Usable && range.start <= arch::CPU_START_PAGE &&
            range.end >= arch::CPU_START_PAGE + PAGE_SIZE)
            return true;
    return false;
}

Result<> start_one(u32 apic_id) {
    const arch::CpuStart start = TRY(prepare(arch::running_cpus(), apic_id));
    TRY(arch::start_cpu(start, memory::direct_map(memory::PhysicalAddress(arch::CPU_START_PAGE))));
    comparison.take_part();
    return {};
}

}  // namespace

void start_further_cpus() {
    const auto found = drivers::found_cpus();
    // LINUX: maxcpus=0 and 1 leave the first one alone.
    const i64 most =
        std::clamp<i64>(command_line().number("maxcpus").value_or(arch::MAX_CPUS), 1, arch::MAX_CPUS);
    if (found.size() <= 1 || most == 1) return;
    if (!is_start_page_usable()) {
        log::warning("further CPUs: there is no memory at 0x{:x} to start them from", arch::CPU_START_PAGE);
        return;
    }
    memory::set_shoot_down_hook(&flush_on);
    sync::set_remote_barrier_hook(&barrier_on);
    for (const boot::LocalApic& local : found) {
        if (arch::running_cpus() >= static_cast<u64>(most)) break;
        if (local.apic_id == arch::own_apic_id() || local.status != boot::LocalApic::Status::Enabled)
            continue;
        if (const Result<> started = start_one(local.apic_id); !started)
            log::warning("the CPU with APIC id {} does not start (error {}) and is left out", local.apic_id,
                         started.error());
    }
    judge_counters();
    log::info("{} CPUs run", arch::running_cpus());
}

}  // namespace exo::startup

void exo::upcalls::cpu_started() {
    memory::kernel_table().activate();  // start_cpu has loaded it; from here on it is known to be
    scheduler::SCHEDULER.join();
    startup::comparison.take_part();
    arch::enable_interrupts();
    scheduler::SCHEDULER.start();
}
