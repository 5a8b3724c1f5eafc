// The MP floating pointer, and the table behind it.
#include "boot/firmware/mp_table.cpp"

#include "boot/firmware/physical_reader.cpp"
#include "boot/tables.hpp"
#include "boot_checks.hpp"

using namespace exo;

namespace {
constexpr u32 BASE = 0x9fc00;
}

extern "C" usize LLVMFuzzerCustomMutator(u8* data, usize size, usize max_size, u32 random) {
    static const std::vector<std::vector<u8>> SEEDS = {
        test::make_mp_table(BASE, test::example_mp_entries(), 0)};
    size = fuzz::mutate(SEEDS, data, size, max_size, random);
    if (random % 16 == 1 || size < 60) return size;
    const std::span<u8> bytes(data, size);
    fuzz::put_text(bytes, 0, "_MP_");
    fuzz::put_text(bytes, 16, "PCMP");
    fuzz::fix_checksum(bytes.first(16), 10);
    const u16 length = load<u16>(bytes, 20).value_or(0);
    if (length <= size - 16) fuzz::fix_checksum(bytes.subspan(16, length), 7);
    return size;
}

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
    test::FakeMemory memory;
    memory.place(BASE, {data, data + size});
    const auto pointer = boot::find_mp_table(memory);
    if (!pointer) return 0;
    boot::InterruptTopology topology;
    (void)boot::read_mp_table(memory, *pointer, topology);
    fuzz::check(topology);
    return 0;
}
