#include "boot/firmware/acpi.hpp"

#include <algorithm>

#include "utils/bits.hpp"

namespace exo::boot {

namespace {

struct [[gnu::packed]] RootPointer {
    char signature[8];
    u8 checksum;
    char oem_id[6];
    u8 revision;
    u32 rsdt;
    // From revision 2 on:
    u32 length;
    u64 xsdt;
    u8 extended_checksum;
    u8 reserved[3];
};
static_assert(sizeof(RootPointer) == 36);

constexpr usize REVISION_0_SIZE = 20;
constexpr std::string_view RSDP_SIGNATURE = "RSD PTR ";
/// Far above any table that exists; bounds the time that a checksum takes.
constexpr u32 TABLE_SIZE_LIMIT = 16 * MIB;
constexpr u64 EBDA_SEGMENT_POINTER = 0x40e;

/// Errors: Einval, Efault.
Result<RootPointer> read_root_pointer(const PhysicalReader& memory, u64 address) {
    const std::span<const u8> head = TRY(memory.view(address, REVISION_0_SIZE));
    if (as_text(head.first(RSDP_SIGNATURE.size())) != RSDP_SIGNATURE || byte_sum(head) != 0)
        return Error::Einval;
    RootPointer pointer{};
    std::memcpy(&pointer, head.data(), REVISION_0_SIZE);
    if (pointer.revision < 2) return pointer;
    pointer = TRY(read<RootPointer>(memory, address));
    if (pointer.length < sizeof(RootPointer) || pointer.length > PAGE_SIZE) return Error::Einval;
    if (byte_sum(TRY(memory.view(address, pointer.length))) != 0) return Error::Einval;
    return pointer;
}

/// The first address in [start, end), in steps of 16, where an RSDP is.
Result<u64> scan(const PhysicalReader& memory, u64 start, u64 end) {
    for (u64 address = start; address < end; address += 16) {
        if (read_root_pointer(memory, address)) return address;
    }
    return Error::Enoent;
}

}  // namespace

std::optional<AcpiAddress> AcpiAddress::load_from(std::span<const u8> table, u64 offset) {
    const auto bytes = slice(table, offset, 12);
    if (!bytes) return std::nullopt;
    return AcpiAddress{static_cast<Space>((*bytes)[0]), (*bytes)[1], load<u64>(*bytes, 4).value_or(0)};
}

Result<u64> find_rsdp(const PhysicalReader& memory) {
    if (const auto segment = read<u16>(memory, EBDA_SEGMENT_POINTER); segment && *segment != 0) {
        const u64 ebda = u64{*segment} << 4;
        if (const auto found = scan(memory, ebda, ebda + KIB)) return *found;
    }
    return scan(memory, 0xe0000, 0x100000);
}

Result<std::span<const u8>> read_acpi_table(const PhysicalReader& memory, u64 address,
                                            const AcpiSignature& signature) {
    const AcpiHeader header = TRY(read<AcpiHeader>(memory, address));
    if (header.signature != signature) return Error::Einval;
    if (header.length < sizeof(AcpiHeader) || header.length > TABLE_SIZE_LIMIT) return Error::Einval;
    const std::span<const u8> table = TRY(memory.view(address, header.length));
    if (byte_sum(table) != 0) return Error::Einval;
    return table;
}

Result<AcpiTables> AcpiTables::open(const PhysicalReader& memory, u64 rsdp) {
    const RootPointer pointer = TRY(read_root_pointer(memory, rsdp));
    if (pointer.revision >= 2 && pointer.xsdt != 0) {
        if (const auto xsdt = read_acpi_table(memory, pointer.xsdt, {'X', 'S', 'D', 'T'}))
            return AcpiTables(memory, xsdt->subspan(sizeof(AcpiHeader)), sizeof(u64));
    }
    const std::span<const u8> rsdt = TRY(read_acpi_table(memory, pointer.rsdt, {'R', 'S', 'D', 'T'}));
    return AcpiTables(memory, rsdt.subspan(sizeof(AcpiHeader)), sizeof(u32));
}

u64 AcpiTables::address(usize index) const {
    if (entry_size_ == sizeof(u64)) return load<u64>(entries_, index * sizeof(u64)).value_or(0);
    return load<u32>(entries_, index * sizeof(u32)).value_or(0);
}

Result<std::span<const u8>> AcpiTables::find(const AcpiSignature& signature) const {
    for (usize i = 0; i < count(); ++i) {
        if (address(i) == 0) continue;
        if (const auto table = read_acpi_table(*memory_, address(i), signature)) return *table;
    }
    return Error::Enoent;
}

}  // namespace exo::boot
