// The first C++ code: makes this CPU fit to run the kernel, and calls kernel_main (kernel/main.cpp).
#include "arch/interface.hpp"
#include "arch/x86_64/cpu_features.hpp"
#include "arch/x86_64/cpu_state.hpp"
#include "arch/x86_64/descriptor_tables.hpp"
#include "arch/x86_64/kasan_start.hpp"
#include "utils/assert.hpp"

extern "C" {
extern exo::u64 exo_boot_pml4[];
/// `protocol` is 1 for PVH and 2 for Multiboot2; `information` the physical address of what the loader left.
[[noreturn]] void kernel_main(exo::u32 protocol, exo::u64 information);
}

namespace exo::arch {

namespace {
constinit CpuLocal first_cpu;
}

extern "C" [[noreturn]] void exo_start(u32 protocol, u64 information) {
    start_kasan();
    load_descriptor_tables(first_cpu);
    this_cpu().address_space = reinterpret_cast<u64>(exo_boot_pml4) - 0xffffffff80000000;
    enable_cpu_features();
    set_cpu_state();
    kernel_main(protocol, information);
}

}  // namespace exo::arch
