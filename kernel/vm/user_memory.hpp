// Typed user memory: the only way to access memory at a program's address. The type contains the direction; a
// bad address gives Efault.
//
//   Result<> sys_fstat(Context&, Descriptor fd, UserOut<abi::stat> out) { … return out.write(result); }
//
// A structure with padding cannot be copied out: its holes would carry kernel bytes.
// Locking: all of these may fault pages in (see io_buffer.hpp). In a FaultsDisabled scope they fail instead.
#pragma once

#include <array>
#include <bit>
#include <span>
#include <type_traits>

#include "utils/string.hpp"
#include "utils/vector.hpp"
#include "vm/io_buffer.hpp"

namespace exo::vm {

// ---- Bytes.

/// Copies all bytes. After an error an unknown part was copied. Errors: Efault.
Result<> read_user(u64 address, std::span<u8> to);
Result<> write_user(u64 address, std::span<const u8> from);
Result<> zero_user(u64 address, usize size);
/// Copies up to the NUL, and not the NUL itself. Returns the length, or to.size() if there was no NUL.
/// Errors: Efault.
Result<usize> read_user_string(u64 address, std::span<char> to);

/// While it exists, faults of this thread are not resolved, and copies stop short. The thread must not sleep
/// meanwhile.
class [[nodiscard]] FaultsDisabled {
  public:
    FaultsDisabled();
    ~FaultsDisabled();
    FaultsDisabled(const FaultsDisabled&) = delete;
    FaultsDisabled& operator=(const FaultsDisabled&) = delete;
};
bool are_faults_disabled();

// ---- Values.

template <class T> concept CopyableIn = std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>;
template <class T> concept CopyableOut = CopyableIn<T> && std::has_unique_object_representations_v<T>;

namespace detail {
template <class T> Result<T> read_value(u64 address) {
    [[clang::uninitialized]] std::array<u8, sizeof(T)> bytes;  // the read fills all bytes, or none is used
    TRY(read_user(address, bytes));
    return std::bit_cast<T>(bytes);
}
template <class T> Result<> write_value(u64 address, const T& value) {
    // SAFETY: T has no padding, so each of its bytes is part of the value.
    return write_user(address, {reinterpret_cast<const u8*>(&value), sizeof(T)});
}
}  // namespace detail

template <CopyableIn T> class UserIn {
  public:
    explicit constexpr UserIn(u64 address) : address_(address) {}
    u64 address() const { return address_; }
    bool is_null() const { return address_ == 0; }
    /// Copies the value from the program. Errors: Efault.
    Result<T> read() const { return detail::read_value<T>(address_); }

  private:
    u64 address_;
};

template <CopyableOut T> class UserOut {
  public:
    explicit constexpr UserOut(u64 address) : address_(address) {}
    u64 address() const { return address_; }
    bool is_null() const { return address_ == 0; }
    /// Copies the value to the program. Errors: Efault.
    Result<> write(const T& value) const { return detail::write_value(address_, value); }

  private:
    u64 address_;
};

template <CopyableOut T> class UserInOut {
  public:
    explicit constexpr UserInOut(u64 address) : address_(address) {}
    u64 address() const { return address_; }
    bool is_null() const { return address_ == 0; }
    /// Copies the value from the program. Errors: Efault.
    Result<T> read() const { return detail::read_value<T>(address_); }
    Result<> write(const T& value) const { return detail::write_value(address_, value); }

  private:
    u64 address_;
};

/// An array of `count` values in user memory.
template <CopyableIn T> class UserArray {
  public:
    constexpr UserArray(u64 address, usize count) : address_(address), count_(count) {}
    u64 address() const { return address_; }
    usize size() const { return count_; }
    /// Copies all values. The caller has limited the count. Errors: Efault, Enomem.
    Result<Vector<T>> read() const {
        const auto bytes = checked_multiply(count_, sizeof(T));
        if (!bytes) return Error::Efault;
        Vector<T> values;
        TRY(values.resize(count_));
        // SAFETY: any bytes make a T.
        TRY(read_user(address_, {reinterpret_cast<u8*>(values.data()), *bytes}));
        return values;
    }
    /// Copies one value. Errors: Efault.
    Result<T> read(usize index) const {
        const auto offset = checked_multiply(index, sizeof(T));
        if (index >= count_ || !offset || *offset > ~address_) return Error::Efault;
        return detail::read_value<T>(address_ + *offset);
    }
    Result<> write(usize index, const T& value) const
        requires CopyableOut<T>
    {
        const auto offset = checked_multiply(index, sizeof(T));
        if (index >= count_ || !offset || *offset > ~address_) return Error::Efault;
        return detail::write_value(address_ + *offset, value);
    }

  private:
    u64 address_;
    usize count_;
};

class UserString {
  public:
    explicit constexpr UserString(u64 address) : address_(address) {}
    u64 address() const { return address_; }
    bool is_null() const { return address_ == 0; }
    /// Copies the text without its NUL. `max_size` includes the NUL, as PATH_MAX does. Errors: Efault,
    /// Enomem, `too_long`.
    Result<String> read(usize max_size, Error too_long) const;

  private:
    u64 address_;
};

// ---- Vectors (readv(2)).

/// An imported iovec array. It is too large to be returned by value, so it is filled in place. Its sizes add
/// up to at most MAX_TOTAL; like Linux, it clamps them.
class UserVector {
  public:
    static constexpr usize MAX_COUNT = 1024;         ///< UIO_MAXIOV
    static constexpr usize MAX_TOTAL = 0x7fff'f000;  ///< MAX_RW_COUNT

    /// Imports the array; callable once. Errors, in Linux's order: Einval (count), Efault (the array), Einval
    /// (a negative length), Efault (a range outside the user half), Enomem.
    Result<> import(u64 address, usize count);
    std::span<const UserSegment> span() const { return {is_long() ? long_.data() : inline_, count_}; }
    usize total_size() const { return total_; }

  private:
    static constexpr usize INLINE = 8;
    bool is_long() const { return count_ > INLINE; }

    UserSegment inline_[INLINE];
    Vector<UserSegment> long_;
    usize count_ = 0;
    usize total_ = 0;
};

}  // namespace exo::vm
