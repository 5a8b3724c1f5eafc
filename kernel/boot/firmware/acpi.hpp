// The root of ACPI's tables: finds the RSDP and the tables. Each kind of table has a header file of its own.
#pragma once

#include <array>

#include "boot/firmware/physical_reader.hpp"

namespace exo::boot {

using AcpiSignature = std::array<char, 4>;

/// The common header of all tables (ACPI 6.4, 5.2.6).
struct AcpiHeader {
    AcpiSignature signature;
    u32 length;
    u8 revision;
    u8 checksum;
    char oem_id[6];
    char oem_table_id[8];
    u32 oem_revision;
    u32 creator_id;
    u32 creator_revision;
};
static_assert(sizeof(AcpiHeader) == 36);

/// ACPI's generic address structure: the location of a register (ACPI 6.4, 5.2.3.2).
struct AcpiAddress {
    enum class Space : u8 { Memory = 0, Io = 1, PciConfiguration = 2 };
    Space space = Space::Memory;
    u8 bit_width = 0;
    u64 address = 0;

    bool is_present() const { return address != 0; }
    /// Reads the twelve bytes at `offset`. Nothing if they do not lie inside the table.
    static std::optional<AcpiAddress> load_from(std::span<const u8> table, u64 offset);
};

/// Searches the RSDP where a BIOS puts it: the first KiB of the EBDA, then 0xe0000-0xfffff (ACPI 6.4,
/// 5.2.5.1).
/// Errors: Enoent.
Result<u64> find_rsdp(const PhysicalReader& memory);

class AcpiTables {
  public:
    /// Checks the RSDP at `rsdp` and the XSDT (or RSDT) that it names.
    /// Errors: Einval (signature, length or checksum), Efault.
    static Result<AcpiTables> open(const PhysicalReader& memory, u64 rsdp);

    /// The first good table with that signature, including its header. Bad tables are skipped.
    /// Errors: Enoent.
    Result<std::span<const u8>> find(const AcpiSignature& signature) const;
    usize count() const { return entries_.size() / entry_size_; }

  private:
    AcpiTables(const PhysicalReader& memory, std::span<const u8> entries, usize entry_size)
        : memory_(&memory),
          entries_(entries),
          entry_size_(entry_size) {}
    u64 address(usize index) const;

    const PhysicalReader* memory_;
    std::span<const u8> entries_;
    usize entry_size_;
};

/// Reads the table at `address`, including its header. Errors: Einval (signature, length or checksum),
/// Efault.
Result<std::span<const u8>> read_acpi_table(const PhysicalReader& memory, u64 address,
                                            const AcpiSignature& signature);

}  // namespace exo::boot
