// PhysicalReader: the access to physical memory for the parsers of firmware tables. An implementation decides
// which memory can be read (arch: what is mapped early; hosted tests: an array).
#pragma once

#include <span>
#include <string_view>

#include "utils/bytes.hpp"
#include "utils/result.hpp"

namespace exo::boot {

class PhysicalReader {
  public:
    /// The bytes [address, address + length), valid while the firmware's memory is not reused. Any `length`
    /// is allowed, including 0. Errors: Efault if not all of them can be read.
    virtual Result<std::span<const u8>> view(u64 address, u64 length) const = 0;

  protected:
    ~PhysicalReader() = default;
};

/// Copies a T. Errors: Efault.
template <class T> Result<T> read(const PhysicalReader& memory, u64 address) {
    const std::span<const u8> bytes = TRY(memory.view(address, sizeof(T)));
    const auto value = load<T>(bytes, 0);
    if (!value) return Error::Efault;
    return *value;
}

/// The text at `address` up to its NUL. Errors: Efault; Einval if there is no NUL within `limit` bytes.
Result<std::string_view> read_text(const PhysicalReader& memory, u64 address, usize limit);

/// The sum of all bytes modulo 256. It is 0 for a table with a correct checksum.
u8 byte_sum(std::span<const u8> bytes);

}  // namespace exo::boot
