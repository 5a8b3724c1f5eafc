// Times the operations: pinned to one processor, the counter fenced, the rounds of all mixed so that a disturbance or a
// change of the processor's speed falls on all alike.
#include <sched.h>
#include <x86intrin.h>

#include "bench.hpp"

namespace exo::bench {
namespace {

constexpr int ROUNDS = 21;
constexpr u64 CHAIN = 30'000;       // multiplications, each of which waits for the one before
constexpr double CHAIN_CYCLES = 3;  // of one, on every x86-64 since Nehalem and Zen

const Family* const FAMILIES[] = {&MEMORY_FAMILY, &SCHEDULER_FAMILY, &CALL_FAMILY, &PATH_FAMILY};

u64 ticks() {
    _mm_lfence();
    const u64 now = __rdtsc();
    _mm_lfence();
    return now;
}

double ticks_per_cycle() {
    u64 value = 3;
    const u64 start = ticks();
    for (u64 i = 0; i < CHAIN; i += 10) __asm__ volatile(".rept 10\n imul %0, %0\n .endr" : "+r"(value));
    return static_cast<double>(ticks() - start) / (static_cast<double>(CHAIN) * CHAIN_CYCLES);
}

/// What is subtracted: a call through a pointer, and a loop with nothing in it.
void run_nothing(u64 count) {
    while (count-- != 0) __asm__ volatile("" ::: "memory");
}

double ticks_for_one(void (*run)(u64), u64 count) {
    const u64 start = ticks();
    run(count);
    return static_cast<double>(ticks() - start) / static_cast<double>(count);
}

void time_round(const Operation& operation) {
    const double speed = ticks_per_cycle();
    const double nothing = ticks_for_one(&run_nothing, operation.count);
    const double all = ticks_for_one(operation.run, operation.count);
    std::printf("@@HOST %s %.3f\n@@TICKS %.4f\n", operation.name, (all - nothing) / speed, speed);
}

void pin_to_this_processor() {
    const int cpu = sched_getcpu();
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<usize>(cpu), &set);
    REQUIRE(sched_setaffinity(0, sizeof set, &set) == 0);
}

void run_all() {
    pin_to_this_processor();
    for (const Family* family : FAMILIES) family->prepare();
    for (int round = -1; round < ROUNDS; ++round)  // the first only warms up
        for (const Family* family : FAMILIES)
            for (const Operation* operation = family->operations; operation->name; ++operation) {
                if (round < 0)
                    operation->run(operation->count);
                else
                    time_round(*operation);
            }
}

}  // namespace
}  // namespace exo::bench

int main() {
    exo::bench::run_all();
    std::puts("@@DONE");
}
