// How one register becomes one parameter of a handler, and how that parameter is described to tools.
#pragma once

#include <concepts>
#include <string_view>
#include <type_traits>
#include <utility>

#include "utils/types.hpp"
#include "vm/user_memory.hpp"

namespace exo::syscall {

enum class ArgumentKind : u8 {
    Integer,
    Flags,
    Descriptor,
    Path,
    Text,
    In,
    Out,
    InOut,
    Buffer,
    Address,
    Pid,
    Signal
};

struct ArgumentDescription {
    ArgumentKind kind;
    /// Bytes of the integer, or of what the pointer points to; 0 if that depends on another argument.
    u32 size;
    bool is_signed = false;
};

/// Names a kind in the exported description.
constexpr std::string_view name_of(ArgumentKind kind) {
    constexpr std::string_view NAMES[] = {"integer", "flags", "descriptor", "path",    "text", "in",
                                          "out",     "inout", "buffer",     "address", "pid",  "signal"};
    return NAMES[std::to_underlying(kind)];
}

/// Specialised for each type that a handler may take. `decode` never fails: it only types the word.
template <class T> struct Argument;

template <std::integral T> struct Argument<T> {
    static constexpr ArgumentDescription DESCRIPTION{ArgumentKind::Integer, sizeof(T), std::is_signed_v<T>};
    static constexpr T decode(u64 word) { return static_cast<T>(word); }
};

template <class T>
    requires std::is_enum_v<T>
struct Argument<T> {
    static constexpr ArgumentDescription DESCRIPTION{ArgumentKind::Flags, sizeof(T), false};
    static constexpr T decode(u64 word) { return static_cast<T>(word); }
};

/// Types that describe themselves: a DESCRIPTION, and a constructor from the raw word.
template <class T>
    requires requires {
        { T::DESCRIPTION } -> std::convertible_to<ArgumentDescription>;
    }
struct Argument<T> {
    static constexpr ArgumentDescription DESCRIPTION = T::DESCRIPTION;
    static constexpr T decode(u64 word) { return T(word); }
};

template <class T> struct Argument<vm::UserIn<T>> {
    static constexpr ArgumentDescription DESCRIPTION{ArgumentKind::In, sizeof(T)};
    static constexpr vm::UserIn<T> decode(u64 word) { return vm::UserIn<T>(word); }
};

template <class T> struct Argument<vm::UserOut<T>> {
    static constexpr ArgumentDescription DESCRIPTION{ArgumentKind::Out, sizeof(T)};
    static constexpr vm::UserOut<T> decode(u64 word) { return vm::UserOut<T>(word); }
};

template <class T> struct Argument<vm::UserInOut<T>> {
    static constexpr ArgumentDescription DESCRIPTION{ArgumentKind::InOut, sizeof(T)};
    static constexpr vm::UserInOut<T> decode(u64 word) { return vm::UserInOut<T>(word); }
};

/// A descriptor as the program gave it: 32 bits, -1 and AT_FDCWD included.
struct Descriptor {
    static constexpr ArgumentDescription DESCRIPTION{ArgumentKind::Descriptor, 4, true};
    explicit constexpr Descriptor(u64 word) : value(static_cast<i32>(word)) {}
    i32 value;
};

/// An address that is not a pointer to be followed now (mmap, brk).
struct UserAddress {
    static constexpr ArgumentDescription DESCRIPTION{ArgumentKind::Address, 8};
    explicit constexpr UserAddress(u64 word) : value(word) {}
    u64 value;
};

/// A process or group id: 32 bits, negative ones have meanings.
struct PidArgument {
    static constexpr ArgumentDescription DESCRIPTION{ArgumentKind::Pid, 4, true};
    explicit constexpr PidArgument(u64 word) : value(static_cast<i32>(word)) {}
    i32 value;
};

/// A signal number, unchecked.
struct SignalNumber {
    static constexpr ArgumentDescription DESCRIPTION{ArgumentKind::Signal, 4, true};
    explicit constexpr SignalNumber(u64 word) : value(static_cast<i32>(word)) {}
    i32 value;
};

/// A path in user memory; posix_x copies it in.
struct PathArgument {
    static constexpr ArgumentDescription DESCRIPTION{ArgumentKind::Path, 0};
    explicit constexpr PathArgument(u64 word) : address(word) {}
    u64 address;
};

/// Bytes in user memory whose number is another argument.
struct BufferArgument {
    static constexpr ArgumentDescription DESCRIPTION{ArgumentKind::Buffer, 0};
    explicit constexpr BufferArgument(u64 word) : address(word) {}
    u64 address;
};

}  // namespace exo::syscall
