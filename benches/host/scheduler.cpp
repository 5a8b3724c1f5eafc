// The switch routine and the run queue.
#include <array>

#include "arch/interface.hpp"
#include "bench.hpp"
#include "scheduler/run_queue.hpp"

namespace exo::bench {
namespace {

constexpr usize THREADS = 8;

alignas(64) std::array<u8, 64 * KIB> other_stack;
arch::ThreadContext here, there;
u64 visits;

[[noreturn]] void other_side(void*) {
    for (;;) {
        ++visits;
        arch::exo_switch_context(&there, &here);
    }
}

scheduler::RunQueue queue;
std::array<Ref<scheduler::Thread>, THREADS> threads;

void prepare() {
    arch::prepare_context(there, other_stack.data() + other_stack.size(), &other_side, nullptr);
    arch::exo_switch_context(&here, &there);
    arch::exo_switch_context(&here, &there);
    REQUIRE(visits == 2);
    for (auto& thread : threads) {
        thread = MUST(
            scheduler::Thread::create("bench", [](void*) {}, nullptr, scheduler::ThreadPriority::Normal));
        queue.enqueue(*thread, 0);
    }
    scheduler::Thread* first = queue.pick(0);
    REQUIRE(first == threads[0].get());
    queue.enqueue(*first, 0);
}

/// There and back.
void run_switch(u64 count) {
    while (count-- != 0) arch::exo_switch_context(&here, &there);
}

/// The thread that comes next goes to the back of its list.
void run_pick(u64 count) {
    while (count-- != 0) {
        scheduler::Thread* next = queue.pick(0);
        keep(next);
        queue.enqueue(*next, 0);
    }
}

const Operation OPERATIONS[] = {{"switch", 20'000, &run_switch}, {"run_queue", 20'000, &run_pick}, {}};

}  // namespace
extern const Family SCHEDULER_FAMILY{&prepare, OPERATIONS};
}  // namespace exo::bench
