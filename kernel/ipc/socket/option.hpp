// The values of setsockopt and getsockopt in a program's memory.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>

#include "vm/user_memory.hpp"

namespace exo::ipc {

/// The value that setsockopt gives an option. Each option says how much of it it reads, and the order of its errors.
class OptionValue {
  public:
    OptionValue(u64 address, u32 size) : address_(address), size_(size) {}
    u32 size() const { return size_; }
    u64 address() const { return address_; }
    /// Errors: Einval (too small), Efault.
    template <class T> Result<T> read() const {
        if (size_ < sizeof(T)) return Error::Einval;
        return vm::UserIn<T>(address_).read();
    }
    /// The first min(size(), to.size()) bytes. Errors: Efault.
    Result<> read_bytes(std::span<u8> to) const {
        const usize count = std::min<usize>(to.size(), size_);
        return count == 0 ? Result<>() : vm::read_user(address_, to.first(count));
    }

  private:
    u64 address_;
    u32 size_;
};

/// What getsockopt returns of an option.
struct OptionResult {
    static constexpr usize MOST_BYTES = 256;
    std::array<u8, MOST_BYTES> bytes;
    u32 size = 0;

    OptionResult() {}  // NOLINT(modernize-use-equals-default): the bytes are not initialised
    template <class T> static OptionResult of(const T& value) {
        static_assert(sizeof(T) <= MOST_BYTES);
        OptionResult result;
        std::memcpy(result.bytes.data(), &value, sizeof(T));
        result.size = sizeof(T);
        return result;
    }
};

}  // namespace exo::ipc
