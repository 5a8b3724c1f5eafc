// The Multiboot2 information structure.
#include "boot/multiboot2.cpp"

#include "boot/firmware/physical_reader.cpp"
#include "boot/memory_map.cpp"
#include "boot_checks.hpp"
#include "support/fake_memory.hpp"

using namespace exo;

namespace {

constexpr u64 BASE = 0x8000;

const std::vector<std::vector<u8>>& seeds() {
    static const std::vector<std::vector<u8>> SEEDS = [] {
        test::TableBuilder table;
        table.zeros(8);
        const auto tag = [&](u32 type, const std::vector<u8>& body) {
            table.add(type).add(static_cast<u32>(8 + body.size())).bytes_of(body).align(8);
        };
        tag(1, test::TableBuilder().text("console=ttyS0").zeros(1).bytes);
        tag(3, test::TableBuilder().add(u32{0x200000}).add(u32{0x300000}).text("initrd").zeros(1).bytes);
        tag(6, test::TableBuilder()
                   .add(u32{24})
                   .add(u32{0})
                   .add(u64{0x100000})
                   .add(u64{0x1000000})
                   .add(u32{1})
                   .add(u32{0})
                   .bytes);
        tag(14, std::vector<u8>(20));
        tag(15, std::vector<u8>(36));
        tag(0, {});
        return std::vector<std::vector<u8>>{table.bytes};
    }();
    return SEEDS;
}

}  // namespace

extern "C" usize LLVMFuzzerCustomMutator(u8* data, usize size, usize max_size, u32 random) {
    size = fuzz::mutate(seeds(), data, size, max_size, random);
    const u32 total = static_cast<u32>(size);
    if (size >= 4 && random % 16 != 1) std::memcpy(data, &total, 4);
    return size;
}

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
    test::FakeMemory memory;
    memory.place(BASE, {data, data + size});
    boot::BootInformation information;
    if (!boot::read_multiboot2(memory, BASE, information)) return 0;
    fuzz::check(information);
    FUZZ_CHECK(information.rsdp == 0 || (information.rsdp > BASE && information.rsdp + 20 <= BASE + size));
    return 0;
}
