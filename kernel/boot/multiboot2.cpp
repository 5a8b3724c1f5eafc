#include "boot/multiboot2.hpp"

#include "utils/bits.hpp"

namespace exo::boot {

namespace {

struct InformationHeader {
    u32 total_size;
    u32 reserved;
};

struct TagHeader {
    u32 type;
    u32 size;
};

enum TagType : u32 {
    TagEnd = 0,
    TagCommandLine = 1,
    TagModule = 3,
    TagMemoryMap = 6,
    TagRsdpOld = 14,
    TagRsdpNew = 15
};

struct MemoryMapHeader {
    TagHeader tag;
    u32 entry_size;
    u32 entry_version;
};

struct MemoryMapEntry {
    u64 start;
    u64 length;
    u32 type;
    u32 reserved;
};

struct ModuleTag {
    TagHeader tag;
    u32 start;
    u32 end;
};

constexpr usize TOTAL_SIZE_LIMIT = 4 * MIB;
constexpr usize RSDP_OLD_SIZE = 20;
constexpr usize RSDP_NEW_SIZE = 36;

/// The text from `offset` to the end of the tag, which must have a NUL.
Result<std::string_view> tag_text(std::span<const u8> tag, usize offset) {
    const std::string_view text = as_text(tag.subspan(offset));
    const usize end = text.find('\0');
    if (end == std::string_view::npos) return Error::Einval;
    return text.substr(0, end);
}

Result<> read_memory_map(std::span<const u8> tag, BootInformation& information) {
    const auto header = load<MemoryMapHeader>(tag, 0);
    if (!header || header->entry_size < sizeof(MemoryMapEntry) || header->entry_size % 8 != 0)
        return Error::Einval;
    for (u64 at = sizeof(MemoryMapHeader); at < tag.size(); at += header->entry_size) {
        const auto entry = load<MemoryMapEntry>(tag, at);
        if (!entry) return Error::Einval;
        TRY(information.memory.add(entry->start, entry->length, memory_kind_of_e820(entry->type)));
    }
    return {};
}

Result<> read_module(std::span<const u8> tag, BootInformation& information) {
    const auto module = load<ModuleTag>(tag, 0);
    if (!module || module->end < module->start) return Error::Einval;
    if (module->end == module->start) return {};
    return information.modules.push({module->start, module->end});
}

struct RsdpCopies {
    u64 old_version = 0;
    u64 new_version = 0;
};

Result<> read_tag(u32 type, std::span<const u8> tag, u64 address, BootInformation& information,
                  RsdpCopies& rsdp) {
    switch (type) {
        case TagCommandLine: information.command_line = TRY(tag_text(tag, sizeof(TagHeader))); return {};
        case TagModule: return read_module(tag, information);
        case TagMemoryMap: return read_memory_map(tag, information);
        case TagRsdpOld:
            if (tag.size() < sizeof(TagHeader) + RSDP_OLD_SIZE) return Error::Einval;
            rsdp.old_version = address + sizeof(TagHeader);
            return {};
        case TagRsdpNew:
            if (tag.size() < sizeof(TagHeader) + RSDP_NEW_SIZE) return Error::Einval;
            rsdp.new_version = address + sizeof(TagHeader);
            return {};
        default: return {};
    }
}

}  // namespace

Result<> read_multiboot2(const PhysicalReader& memory, u64 address, BootInformation& information) {
    const InformationHeader header = TRY(read<InformationHeader>(memory, address));
    if (header.total_size < sizeof(InformationHeader) || header.total_size > TOTAL_SIZE_LIMIT)
        return Error::Einval;
    const std::span<const u8> bytes = TRY(memory.view(address, header.total_size));
    information.protocol = BootProtocol::Multiboot2;
    RsdpCopies rsdp;
    for (u64 at = sizeof(InformationHeader);;) {
        const auto tag = load<TagHeader>(bytes, at);
        if (!tag || tag->size < sizeof(TagHeader)) return Error::Einval;
        if (tag->type == TagEnd) break;
        const auto body = slice(bytes, at, tag->size);
        if (!body) return Error::Einval;
        TRY(read_tag(tag->type, *body, address + at, information, rsdp));
        at += align_up(u64{tag->size}, 8);
    }
    information.rsdp = rsdp.new_version != 0 ? rsdp.new_version : rsdp.old_version;
    information.memory.align_usable_to_pages();
    return {};
}

}  // namespace exo::boot
