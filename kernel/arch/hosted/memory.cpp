#include "arch/hosted/memory.hpp"

#include "arch/interface.hpp"

namespace exo::arch {

namespace hosted {
constinit TlbCounters tlb_counters;
}

void load_address_space(u64 root) {
    hosted::this_cpu.address_space = root;
    hosted::tlb_counters.loads.fetch_add(1, std::memory_order_relaxed);
}

u64 loaded_address_space() { return hosted::this_cpu.address_space; }

void flush_tlb_page(u64) { hosted::tlb_counters.page_flushes.fetch_add(1, std::memory_order_relaxed); }

void flush_tlb_all() { hosted::tlb_counters.full_flushes.fetch_add(1, std::memory_order_relaxed); }

}  // namespace exo::arch
