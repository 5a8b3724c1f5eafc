// Frames and the heap.
#include <sys/mman.h>

#include <array>

#include "arch/hosted/memory.hpp"
#include "bench.hpp"
#include "memory/heap/heap.hpp"
#include "memory/layout.hpp"
#include "memory/physical/buddy_allocator.hpp"

namespace exo::bench {
namespace {

constexpr u64 PHYSICAL_START = 16 * MIB;
constexpr usize MEMORY = 256 * MIB;
constexpr usize OBJECT = 64;
constexpr usize MANY = 8192;  // far more objects than a CPU's chain holds

std::array<void*, MANY> objects;

void prepare() {
    void* arena = mmap(nullptr, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(arena != MAP_FAILED);
    memory::layout.direct_map = reinterpret_cast<u64>(arena) - PHYSICAL_START;
    arch::hosted::direct_map = memory::layout.direct_map;
    const boot::PhysicalRange range{PHYSICAL_START, PHYSICAL_START + MEMORY};
    MUST(memory::frames.initialise({&range, 1}, {}));
    memory::heap.initialise();
    void* first = memory::heap.allocate(OBJECT);
    void* second = memory::heap.allocate(OBJECT);
    REQUIRE(first != nullptr && second != nullptr && first != second);
    memory::heap.deallocate(first, OBJECT);
    memory::heap.deallocate(second, OBJECT);
}

/// The CPU's chain always has one.
void run_hit(u64 count) {
    while (count-- != 0) {
        void* object = memory::heap.allocate(OBJECT);
        keep(object);
        memory::heap.deallocate(object, OBJECT);
    }
}

/// Allocations only, so many that each chain comes from the slabs.
void run_slab(u64 count) {
    for (u64 i = 0; i < count; ++i) objects[i] = memory::heap.allocate(OBJECT);
    keep(objects[count - 1]);
}
void run_slab_and_free(u64 count) {
    run_slab(count);
    for (u64 i = 0; i < count; ++i) memory::heap.deallocate(objects[i], OBJECT);
}

void run_frame(u64 count) {
    while (count-- != 0) {
        auto frame = memory::alloc_frame();
        keep(*frame);
        (void)memory::free_frame(*frame);
    }
}

const Operation OPERATIONS[] = {
    {"heap_hit", 20'000, &run_hit},
    {"heap_slab", MANY, &run_slab_and_free},
    {"frame", 20'000, &run_frame},
    {},
};

}  // namespace
extern const Family MEMORY_FAMILY{&prepare, OPERATIONS};
}  // namespace exo::bench
