// Several CPUs without a scheduler: one host thread each, for what is guarded by spin locks alone.
#pragma once

#include <functional>
#include <thread>
#include <vector>

#include "arch/interface.hpp"

namespace exo::test {

inline constexpr u32 CPUS = 4;

/// Runs body(cpu) on each of CPUS processors, numbered from 1, and waits for all of them.
inline void on_all_cpus(const std::function<void(u32 cpu)>& body) {
    std::vector<std::thread> threads;
    for (u32 cpu = 1; cpu <= CPUS; ++cpu) {
        threads.emplace_back([&body, cpu] {
            arch::hosted::this_cpu.index = cpu;
            body(cpu);
        });
    }
    for (auto& thread : threads) thread.join();
}

}  // namespace exo::test
