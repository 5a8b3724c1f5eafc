// ACPI: the input is the BIOS area from BASE on. Checksums are made right where a known signature stands.
#include "boot/firmware/acpi.cpp"

#include "boot/firmware/fadt.cpp"
#include "boot/firmware/hpet.hpp"
#include "boot/firmware/madt.cpp"
#include "boot/firmware/physical_reader.cpp"
#include "boot/firmware/sleep_type.cpp"
#include "boot/tables.hpp"
#include "boot_checks.hpp"

using namespace exo;

namespace {

constexpr u64 BASE = 0xe0000;
constexpr std::string_view SIGNATURES[] = {"XSDT", "RSDT", "APIC", "FACP", "HPET", "DSDT"};

std::vector<u8> seed(u8 revision) {
    using namespace std::string_view_literals;
    const std::vector<u8> tables[] = {
        test::make_table("APIC", test::example_madt_body()),
        test::make_table("HPET", test::example_hpet_body()),
        test::make_table("FACP", test::example_fadt_body(276)),
        test::make_table("DSDT", test::TableBuilder().text("\x08_S5_\x12\x06\x04\x0a\x05\x00\x00"sv).bytes)};
    test::TableBuilder list;
    u64 address = BASE + 48 + 80;
    test::TableBuilder all;
    for (const std::vector<u8>& table : tables) {
        if (revision >= 2)
            list.add(address);
        else
            list.add(static_cast<u32>(address));
        all.bytes_of(table).align(16);
        address = BASE + 48 + 80 + all.bytes.size();
    }
    test::TableBuilder image{test::make_rsdp(revision, BASE + 48)};
    image.align(48).bytes_of(test::make_table(revision >= 2 ? "XSDT" : "RSDT", list.bytes));
    image.zeros(48 + 80 - image.bytes.size());
    return image.bytes_of(all.bytes).bytes;
}

void fix_checksums(std::span<u8> bytes) {
    for (usize at = 0; at + 36 <= bytes.size(); at += 16) {
        const std::string_view text = as_text(bytes.subspan(at));
        if (text.starts_with("RSD PTR ")) {
            fuzz::fix_checksum(bytes.subspan(at, 20), 8);
            fuzz::fix_checksum(bytes.subspan(at, 36), 32);
        }
        for (const std::string_view signature : SIGNATURES) {
            if (!text.starts_with(signature)) continue;
            const u32 length = load<u32>(bytes, at + 4).value_or(0);
            if (length >= 36 && length <= bytes.size() - at) fuzz::fix_checksum(bytes.subspan(at, length), 9);
        }
    }
}

}  // namespace

extern "C" usize LLVMFuzzerCustomMutator(u8* data, usize size, usize max_size, u32 random) {
    static const std::vector<std::vector<u8>> SEEDS = {seed(0), seed(2)};
    size = fuzz::mutate(SEEDS, data, size, max_size, random);
    if (random % 16 != 1) {
        fuzz::put_text({data, size}, 0, "RSD PTR ");
        fix_checksums({data, size});
    }
    return size;
}

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
    test::FakeMemory memory;
    memory.place(BASE, {data, data + size});
    const auto rsdp = boot::find_rsdp(memory);
    if (!rsdp) return 0;
    const auto tables = boot::AcpiTables::open(memory, *rsdp);
    if (!tables) return 0;
    if (const auto madt = tables->find({'A', 'P', 'I', 'C'})) {
        boot::InterruptTopology topology;
        (void)boot::read_madt(*madt, topology);
        fuzz::check(topology);
    }
    if (const auto hpet = tables->find({'H', 'P', 'E', 'T'})) (void)boot::read_hpet(*hpet);
    if (const auto table = tables->find({'F', 'A', 'C', 'P'})) (void)boot::read_fadt(*table);
    if (const auto dsdt = tables->find({'D', 'S', 'D', 'T'})) {
        const auto type = boot::find_s5_sleep_type(*dsdt);
        FUZZ_CHECK(!type || (type->a < 8 && type->b < 8));
    }
    return 0;
}
