// Descriptions of system calls' parameters and answers, as data for tools: the trace decoder, the page of
// supported calls and the generator of test programs. The compiler makes them from the types of the handlers;
// docs/call_descriptions.md explains each kind. Only the hosted build contains descriptions; the kernel image
// does not.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "utils/types.hpp"

namespace exo::syscall {

#if defined(EXO_HOSTED)
inline constexpr bool KEEPS_DESCRIPTIONS = true;
#else
inline constexpr bool KEEPS_DESCRIPTIONS = false;
#endif

/// The exported name is the enumerator's name in lower case with underscores.
enum class Kind : u8 {
    // ---- Values without a choice.
    Nothing,  ///< An answer that is always 0.
    Unused,
    Zero,
    Magic,
    // ---- Numbers.
    Integer,
    Size,
    Count,
    Offset,
    Boolean,
    Seconds,
    Milliseconds,
    ClockTicks,
    Nice,
    Priority,
    ExitCode,
    WaitStatus,
    // ---- Names of things.
    Descriptor,
    Mode,
    Device,
    Uid,
    Gid,
    Pid,
    SelectedId,
    Signal,
    SignalSet,
    Capability,
    Cpu,
    CpuSet,
    Protocol,
    // ---- A value of an enumeration, or flags.
    Choice,
    Flags,
    Command,
    ByCommand,
    // ---- User memory.
    Address,
    AddressRange,
    Path,
    Text,
    Texts,
    Pointer,
    Buffer,
    Array,
    IoVectors,
    DescriptorSet,
    Structure,
};

enum class Direction : u8 { None, In, Out, Inout };

struct NamedValue {
    std::string_view name;
    u64 value = 0;
};

/// A field of a structure, after nested structures were expanded.
struct Field {
    using Owners = std::array<std::string_view, 4>;
    Owners owners{};  ///< The fields that contain it, outermost first.
    u32 depth = 0;    ///< The number of `owners`.
    std::string_view name;
    std::string_view type;  ///< The type as it is spelled in the source.
    u32 offset = 0;
    u32 size = 0;
    bool is_signed = false;
};

struct Command;

struct Description {
    Kind kind = Kind::Nothing;
    u32 size =
        0;  ///< How many bytes of the register are used, or how many are in memory; 0: another argument says
            ///< it.
    bool is_signed = false;
    bool may_be_null = false;
    Direction direction = Direction::None;
    std::string_view of{};    ///< Narrows the kind.
    std::string_view type{};  ///< The name of an enumeration or structure.
    std::span<const NamedValue> values{};
    std::span<const NamedValue> flags{};  ///< Flags that may be combined with one of the values.
    bool is_checked = false;              ///< EINVAL is returned for flags that are not among the values.
    std::span<const Field> fields{};
    const Description* element = nullptr;  ///< The element of a pointer or an array.
    u32 count = 0;                         ///< The number of elements of a fixed-size array.
    i8 length_argument = -1;               ///< The index of the argument that contains the length.
    i8 selecting_argument = -1;            ///< The index of the argument that selects the kind of id.
    std::span<const Command> commands{};
};

/// A command of a call such as fcntl(2): its arguments and its answer.
struct Command {
    NamedValue code;
    std::span<const Description> arguments;
    Description answer;
};

}  // namespace exo::syscall
