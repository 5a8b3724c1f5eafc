// BigEndian<T>: a number in network byte order, at any alignment, as protocol headers have it.
#pragma once

#include <bit>
#include <concepts>
#include <cstring>

#include "utils/types.hpp"

namespace exo::net {

template <std::unsigned_integral T> class BigEndian {
  public:
    BigEndian() = default;
    BigEndian(T value) { *this = value; }  // NOLINT(google-explicit-constructor)
    BigEndian& operator=(T value) {
        value = std::byteswap(value);
        std::memcpy(bytes_, &value, sizeof(T));
        return *this;
    }
    operator T() const {  // NOLINT(google-explicit-constructor)
        T value;
        std::memcpy(&value, bytes_, sizeof(T));
        return std::byteswap(value);
    }
    /// The bytes as the machine reads them: what is added up for a checksum.
    T raw() const {
        T value;
        std::memcpy(&value, bytes_, sizeof(T));
        return value;
    }

  private:
    u8 bytes_[sizeof(T)];
};

using Be16 = BigEndian<u16>;
using Be32 = BigEndian<u32>;
static_assert(alignof(Be32) == 1 && sizeof(Be32) == 4);

}  // namespace exo::net
