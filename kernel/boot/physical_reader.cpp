#include "boot/physical_reader.hpp"

#include "utils/bits.hpp"

namespace exo::boot {

Result<std::string_view> read_text(const PhysicalReader& memory, u64 address, usize limit) {
    // Page by page: the text may end just before memory that cannot be read.
    for (usize length = 0; length < limit;) {
        const auto position = checked_add(address, length);
        if (!position) return Error::Efault;
        const u64 to_page_end = PAGE_SIZE - (*position & (PAGE_SIZE - 1));
        const u64 chunk = to_page_end < limit - length ? to_page_end : limit - length;
        const std::span<const u8> bytes = TRY(memory.view(*position, chunk));
        const usize end = as_text(bytes).find('\0');
        if (end != std::string_view::npos) {
            const std::span<const u8> text = TRY(memory.view(address, length + end));
            return as_text(text);
        }
        length += static_cast<usize>(chunk);
    }
    return Error::Einval;
}

u8 byte_sum(std::span<const u8> bytes) {
    u32 sum = 0;
    for (const u8 byte : bytes) sum += byte;
    return static_cast<u8>(sum & 0xff);
}

}  // namespace exo::boot
