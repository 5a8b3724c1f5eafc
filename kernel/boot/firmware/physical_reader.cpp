#include "boot/firmware/physical_reader.hpp"

#include "utils/bits.hpp"

namespace exo::boot {

Result<std::string_view> read_text(const PhysicalReader& memory, u64 address, usize limit) {
    // Byte by byte: the text may end just before memory that cannot be read.
    for (usize length = 0; length < limit; ++length) {
        const auto position = checked_add(address, length);
        if (!position) return Error::Efault;
        if (TRY(read<u8>(memory, *position)) == 0) {
            const std::span<const u8> text = TRY(memory.view(address, length));
            return as_text(text);
        }
    }
    return Error::Einval;
}

u8 byte_sum(std::span<const u8> bytes) {
    u32 sum = 0;
    for (const u8 byte : bytes) sum += byte;
    return static_cast<u8>(sum & 0xff);
}

}  // namespace exo::boot
