#include "boot/pvh.hpp"

#include <cstddef>

#include "utils/bits.hpp"

namespace exo::boot {

namespace {

constexpr usize VERSION_0_SIZE = offsetof(HvmStartInfo, memory_map);

Result<HvmStartInfo> read_start_info(const PhysicalReader& memory, u64 address) {
    HvmStartInfo info{};
    const std::span<const u8> head = TRY(memory.view(address, VERSION_0_SIZE));
    std::memcpy(&info, head.data(), VERSION_0_SIZE);
    if (info.magic != HvmStartInfo::MAGIC) return Error::Einval;
    // Later versions only append.
    if (info.version >= 1) return read<HvmStartInfo>(memory, address);
    return info;
}

/// The `index`-th entry of the table at `table`.
template <class Entry> Result<Entry> read_entry(const PhysicalReader& memory, u64 table, u32 index) {
    const auto address = checked_add(table, u64{index} * sizeof(Entry));
    if (!address) return Error::Efault;
    return read<Entry>(memory, *address);
}

Result<> read_modules(const PhysicalReader& memory, const HvmStartInfo& info, BootInformation& information) {
    if (info.module_count > BootInformation::MODULE_CAPACITY) return Error::Enospc;
    for (u32 i = 0; i < info.module_count; ++i) {
        const HvmModule module = TRY(read_entry<HvmModule>(memory, info.module_list, i));
        const auto end = checked_add(module.start, module.size);
        if (!end) return Error::Einval;
        if (module.size != 0) TRY(information.modules.push({module.start, *end}));
    }
    return {};
}

Result<> read_memory_map(const PhysicalReader& memory, const HvmStartInfo& info,
                         BootInformation& information) {
    // Entries beyond the map's capacity can still merge with others, so the bound is a generous one.
    if (info.memory_map_entries > 4 * MemoryMap::CAPACITY) return Error::Enospc;
    for (u32 i = 0; i < info.memory_map_entries; ++i) {
        const HvmMemoryMapEntry entry = TRY(read_entry<HvmMemoryMapEntry>(memory, info.memory_map, i));
        TRY(information.memory.add(entry.start, entry.size, memory_kind_of_e820(entry.type)));
    }
    information.memory.align_usable_to_pages();
    return {};
}

}  // namespace

Result<> read_pvh(const PhysicalReader& memory, u64 start_info, BootInformation& information) {
    const HvmStartInfo info = TRY(read_start_info(memory, start_info));
    information.protocol = BootProtocol::Pvh;
    information.rsdp = info.rsdp;
    if (info.command_line != 0)
        information.command_line = TRY(read_text(memory, info.command_line, COMMAND_LINE_LIMIT));
    TRY(read_modules(memory, info, information));
    if (info.version >= 1) TRY(read_memory_map(memory, info, information));
    return {};
}

}  // namespace exo::boot
