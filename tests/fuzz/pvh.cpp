// The PVH start structure: the input is all of memory from BASE on, with the structure at its beginning.
#include "boot/pvh.cpp"

#include "boot/firmware/physical_reader.cpp"
#include "boot/memory_map.cpp"
#include "boot_checks.hpp"
#include "support/fake_memory.hpp"

using namespace exo;

namespace {

constexpr u64 BASE = 0x1000;

const std::vector<std::vector<u8>>& seeds() {
    static const std::vector<std::vector<u8>> SEEDS = [] {
        test::TableBuilder table;
        table.add(boot::HvmStartInfo{boot::HvmStartInfo::MAGIC, 1, 0, 2, BASE + 56, BASE + 56 + 64 + 96,
                                     0xf0000, BASE + 56 + 64, 4, 0});
        table.add(boot::HvmModule{0x1000000, 0x1000, 0, 0}).add(boot::HvmModule{0x2000000, 0x1000, 0, 0});
        table.add(boot::HvmMemoryMapEntry{0, 0x9fc00, 1, 0})
            .add(boot::HvmMemoryMapEntry{0x9f000, 0x61000, 2, 0});
        table.add(boot::HvmMemoryMapEntry{0x100000, 0x7f00000, 1, 0})
            .add(boot::HvmMemoryMapEntry{0, 0, 0, 0});
        table.text("console=ttyS0 quiet").zeros(1);
        test::TableBuilder old{table.bytes};
        old.put(4, u32{0});
        return std::vector<std::vector<u8>>{table.bytes, old.bytes};
    }();
    return SEEDS;
}

}  // namespace

extern "C" usize LLVMFuzzerCustomMutator(u8* data, usize size, usize max_size, u32 random) {
    size = fuzz::mutate(seeds(), data, size, max_size, random);
    if (size >= 4 && random % 16 != 1) std::memcpy(data, &boot::HvmStartInfo::MAGIC, 4);
    return size;
}

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
    test::FakeMemory memory;
    memory.place(BASE, {data, data + size});
    boot::BootInformation information;
    if (boot::read_pvh(memory, BASE, information)) fuzz::check(information);
    return 0;
}
