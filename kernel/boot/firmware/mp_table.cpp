#include "boot/firmware/mp_table.hpp"

#include "utils/bits.hpp"

namespace exo::boot {

namespace {

struct [[gnu::packed]] FloatingPointer {
    char signature[4];
    u32 table;
    u8 length;  // in units of 16 bytes
    u8 revision;
    u8 checksum;
    u8 features
        [5];  // features[0] != 0: a default configuration; bit 7 of features[1]: there are 8259s in PIC mode
};
static_assert(sizeof(FloatingPointer) == 16);

struct [[gnu::packed]] TableHeader {
    char signature[4];
    u16 length;
    u8 revision;
    u8 checksum;
    char oem_id[8];
    char product_id[12];
    u32 oem_table;
    u16 oem_table_size;
    u16 entry_count;
    u32 local_apic_address;
    u16 extended_length;
    u8 extended_checksum;
    u8 reserved;
};
static_assert(sizeof(TableHeader) == 44);

enum EntryType : u8 {
    EntryProcessor = 0,
    EntryBus = 1,
    EntryIoApic = 2,
    EntryInterrupt = 3,
    EntryLocalInterrupt = 4
};

struct [[gnu::packed]] ProcessorEntry {
    u8 type, apic_id, version, flags;
    u32 signature, features, reserved[2];
};
struct [[gnu::packed]] BusEntry {
    u8 type, id;
    char name[6];
};
struct [[gnu::packed]] IoApicEntry {
    u8 type, id, version, flags;
    u32 address;
};
struct [[gnu::packed]] InterruptEntry {
    u8 type, interrupt_type;
    u16 flags;
    u8 bus, bus_irq, io_apic, pin;
};

constexpr u8 FLAG_ENABLED = 1;
constexpr u8 INTERRUPT_VECTORED = 0;
constexpr u8 ALL_IO_APICS = 0xff;
/// The specification numbers no pins across controllers; Linux and everybody else counts 24 for each.
constexpr u32 PINS_PER_IO_APIC = 24;
constexpr u64 EBDA_SEGMENT_POINTER = 0x40e;
constexpr u64 BASE_MEMORY_KIB = 0x413;

Result<FloatingPointer> read_floating_pointer(const PhysicalReader& memory, u64 address) {
    const FloatingPointer pointer = TRY(read<FloatingPointer>(memory, address));
    if (std::string_view(pointer.signature, 4) != "_MP_" || pointer.length == 0) return Error::Einval;
    if (byte_sum(TRY(memory.view(address, u64{pointer.length} * 16))) != 0) return Error::Einval;
    return pointer;
}

Result<u64> scan(const PhysicalReader& memory, u64 start, u64 end) {
    for (u64 address = start; address < end; address += 16) {
        if (read_floating_pointer(memory, address)) return address;
    }
    return Error::Enoent;
}

constexpr usize entry_size(u8 type) {
    if (type == EntryProcessor) return sizeof(ProcessorEntry);
    return type <= EntryLocalInterrupt ? sizeof(InterruptEntry) : 0;
}
static_assert(sizeof(ProcessorEntry) == 20 && sizeof(BusEntry) == 8 && sizeof(IoApicEntry) == 8 &&
              sizeof(InterruptEntry) == 8);

/// Which bus numbers are ISA (or EISA) buses.
struct IsaBuses {
    bool is_isa[256] = {};
};

Result<> add_interrupt(const InterruptEntry& entry, const IsaBuses& buses, InterruptTopology& topology) {
    if (entry.interrupt_type != INTERRUPT_VECTORED || !buses.is_isa[entry.bus]) return {};
    for (const IoApic& io_apic : topology.io_apics) {
        if (io_apic.id != entry.io_apic && entry.io_apic != ALL_IO_APICS) continue;
        // Entries that say what holds anyway are left out, as the MADT leaves them out.
        const u32 global = io_apic.first_interrupt + entry.pin;
        const bool is_default = global == entry.bus_irq && (entry.flags & 0xf) == 0;
        if (is_default || topology.find_override(entry.bus_irq) != nullptr) return {};
        return topology.overrides.push(
            {entry.bus_irq, global, polarity_of(entry.flags), trigger_of(entry.flags)});
    }
    return {};
}

void add_cpu(const ProcessorEntry& cpu, InterruptTopology& topology) {
    if ((cpu.flags & FLAG_ENABLED) == 0 || topology.local_apics.is_full()) return;
    for (const LocalApic& other : topology.local_apics) {
        if (other.apic_id == cpu.apic_id) return;
    }
    (void)topology.local_apics.push(
        {cpu.apic_id, LocalApic::Status::Enabled});  // there is room: tested above
}

Result<> read_entry(std::span<const u8> entry, IsaBuses& buses, InterruptTopology& topology) {
    switch (entry[0]) {
        case EntryProcessor:
            if (const auto cpu = load<ProcessorEntry>(entry, 0)) add_cpu(*cpu, topology);
            return {};
        case EntryBus:
            if (const auto bus = load<BusEntry>(entry, 0)) {
                const std::string_view name(bus->name, sizeof(bus->name));
                buses.is_isa[bus->id] = name.starts_with("ISA") || name.starts_with("EISA");
            }
            return {};
        case EntryIoApic: {
            const auto io_apic = load<IoApicEntry>(entry, 0);
            if (!io_apic || (io_apic->flags & FLAG_ENABLED) == 0) return {};
            const u32 first = PINS_PER_IO_APIC * static_cast<u32>(topology.io_apics.size());
            return topology.io_apics.push({io_apic->id, io_apic->address, first});
        }
        case EntryInterrupt:
            if (const auto interrupt = load<InterruptEntry>(entry, 0))
                return add_interrupt(*interrupt, buses, topology);
            return {};
        default: return {};
    }
}

}  // namespace

Result<u64> find_mp_table(const PhysicalReader& memory) {
    if (const auto segment = read<u16>(memory, EBDA_SEGMENT_POINTER); segment && *segment != 0) {
        const u64 ebda = u64{*segment} << 4;
        if (const auto found = scan(memory, ebda, ebda + KIB)) return *found;
    }
    u64 base_end = 640 * KIB;
    if (const auto size = read<u16>(memory, BASE_MEMORY_KIB); size && *size >= 1 && *size <= 640)
        base_end = *size * KIB;
    if (const auto found = scan(memory, base_end - KIB, base_end)) return *found;
    // Some firmware leaves no word of the size of base memory: its usual last KiB.
    if (const auto found = scan(memory, 639 * KIB, 640 * KIB)) return *found;
    return scan(memory, 0xf0000, 0x100000);
}

Result<> read_mp_table(const PhysicalReader& memory, u64 floating_pointer, InterruptTopology& topology) {
    const FloatingPointer pointer = TRY(read_floating_pointer(memory, floating_pointer));
    if (pointer.features[0] != 0 || pointer.table == 0) return Error::Enodata;
    const TableHeader header = TRY(read<TableHeader>(memory, pointer.table));
    if (std::string_view(header.signature, 4) != "PCMP" || header.length < sizeof(TableHeader))
        return Error::Einval;
    const std::span<const u8> table = TRY(memory.view(pointer.table, header.length));
    if (byte_sum(table) != 0) return Error::Einval;
    topology.local_apic_address = header.local_apic_address;
    IsaBuses buses;
    for (u64 at = sizeof(TableHeader); at < table.size();) {
        const usize size = entry_size(table[static_cast<usize>(at)]);
        const auto entry = slice(table, at, size);
        if (size == 0 || !entry) return Error::Einval;
        TRY(read_entry(*entry, buses, topology));
        at += size;
    }
    return {};
}

}  // namespace exo::boot
