#include "boot/firmware/madt.hpp"

#include "boot/firmware/acpi.hpp"
#include "utils/bytes.hpp"

namespace exo::boot {

namespace {

struct MadtHeader {
    AcpiHeader header;
    u32 local_apic_address;
    u32 flags;
};
constexpr u32 FLAG_LEGACY_PIC = 1;

enum EntryType : u8 {
    EntryLocalApic = 0,
    EntryIoApic = 1,
    EntryOverride = 2,
    EntryAddressOverride = 5,
    EntryX2Apic = 9
};

constexpr u32 CPU_ENABLED = 1;
constexpr u32 CPU_ONLINE_CAPABLE = 2;

struct [[gnu::packed]] LocalApicEntry {
    u8 type, length, processor, apic_id;
    u32 flags;
};
struct [[gnu::packed]] IoApicEntry {
    u8 type, length, id, reserved;
    u32 address, first_interrupt;
};
struct [[gnu::packed]] OverrideEntry {
    u8 type, length, bus, source;
    u32 global_interrupt;
    u16 flags;
};
struct [[gnu::packed]] AddressOverrideEntry {
    u8 type, length;
    u16 reserved;
    u64 address;
};
struct [[gnu::packed]] X2ApicEntry {
    u8 type, length;
    u16 reserved;
    u32 apic_id, flags, processor;
};

void add_cpu(InterruptTopology& topology, u32 apic_id, u32 flags) {
    if ((flags & (CPU_ENABLED | CPU_ONLINE_CAPABLE)) == 0 || topology.local_apics.is_full()) return;
    for (const LocalApic& other : topology.local_apics) {
        if (other.apic_id == apic_id) return;
    }
    const auto status =
        (flags & CPU_ENABLED) != 0 ? LocalApic::Status::Enabled : LocalApic::Status::OnlineCapable;
    (void)topology.local_apics.push({apic_id, status});  // there is room: tested above
}

/// `entry` is as long as its own length field says.
Result<> read_entry(std::span<const u8> entry, InterruptTopology& topology) {
    switch (entry[0]) {
        case EntryLocalApic: {
            const auto cpu = load<LocalApicEntry>(entry, 0);
            if (!cpu) return Error::Einval;
            add_cpu(topology, cpu->apic_id, cpu->flags);
            return {};
        }
        case EntryX2Apic: {
            const auto cpu = load<X2ApicEntry>(entry, 0);
            if (!cpu) return Error::Einval;
            add_cpu(topology, cpu->apic_id, cpu->flags);
            return {};
        }
        case EntryIoApic: {
            const auto io_apic = load<IoApicEntry>(entry, 0);
            if (!io_apic) return Error::Einval;
            return topology.io_apics.push({io_apic->id, io_apic->address, io_apic->first_interrupt});
        }
        case EntryOverride: {
            const auto item = load<OverrideEntry>(entry, 0);
            if (!item) return Error::Einval;
            return topology.overrides.push(
                {item->source, item->global_interrupt, polarity_of(item->flags), trigger_of(item->flags)});
        }
        case EntryAddressOverride: {
            const auto item = load<AddressOverrideEntry>(entry, 0);
            if (!item) return Error::Einval;
            topology.local_apic_address = item->address;
            return {};
        }
        default: return {};
    }
}

}  // namespace

Result<> read_madt(std::span<const u8> table, InterruptTopology& topology) {
    const auto header = load<MadtHeader>(table, 0);
    if (!header) return Error::Einval;
    topology.local_apic_address = header->local_apic_address;
    topology.has_legacy_pic = (header->flags & FLAG_LEGACY_PIC) != 0;
    for (u64 at = sizeof(MadtHeader); at < table.size();) {
        const auto length = load<u8>(table, at + 1);
        if (!length || *length < 2) return Error::Einval;
        const auto entry = slice(table, at, *length);
        if (!entry) return Error::Einval;
        TRY(read_entry(*entry, topology));
        at += *length;
    }
    return {};
}

}  // namespace exo::boot
