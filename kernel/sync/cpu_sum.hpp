// CpuSum: a number that many CPUs change often and hardly anybody reads, such as what /proc/meminfo shows. Each CPU adds to a cell
// of its own, without a locked instruction; a read adds the cells.
#pragma once

#include "sync/per_cpu.hpp"
#include "sync/tally.hpp"

namespace exo::sync {

/// What one CPU adds another may take away, so a cell may be negative. A read while others add may miss what they are adding.
class CpuSum {
  public:
    constexpr CpuSum() = default;

    /// Not callable in handlers: one that interrupts another add of this CPU would be lost.
    void add(i64 amount) { cells_.mine().add(amount); }

    i64 get() {
        i64 sum = 0;
        for (u32 cpu = 0; cpu < arch::MAX_CPUS; ++cpu) sum += cells_.of(cpu).get();
        return sum;
    }

  private:
    PerCpu<Tally<i64>> cells_;
};

}  // namespace exo::sync
