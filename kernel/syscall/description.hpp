// What a system call's parameters and answer are, as data for tools: the trace decoder, the page of supported calls and the
// generator of test programs. Made at compile time out of the types of the handlers; docs/call_descriptions.md says what
// each kind means. The kernel image carries none of it: only the hosted build keeps descriptions.
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

/// The exported name is the enumerator's, in lower case with underscores.
enum class Kind : u8 {
    // ---- Nothing to choose.
    Nothing,  ///< Of an answer: always 0.
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
    // ---- One of a set, several of a set.
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

/// A part of a structure that is no structure itself.
struct Field {
    using Owners = std::array<std::string_view, 4>;
    Owners owners{};  ///< The fields that it lies in, outermost first.
    u32 depth = 0;    ///< How many those are.
    std::string_view name;
    std::string_view type;  ///< As the source spells it.
    u32 offset = 0;
    u32 size = 0;
    bool is_signed = false;
};

struct Command;

struct Description {
    Kind kind = Kind::Nothing;
    u32 size =
        0;  ///< Bytes of the register that count, or that lie in memory; 0 if another argument says so.
    bool is_signed = false;
    bool may_be_null = false;
    Direction direction = Direction::None;
    std::string_view of{};    ///< Which ones of the kind.
    std::string_view type{};  ///< The name of an enumeration or structure.
    std::span<const NamedValue> values{};
    std::span<const NamedValue> flags{};  ///< What may be combined with one of the values.
    bool is_checked = false;              ///< Flags that are not among the values are refused with EINVAL.
    std::span<const Field> fields{};
    const Description* element = nullptr;  ///< Of a pointer or an array.
    u32 count = 0;                         ///< Elements of an array whose number is fixed.
    i8 length_argument = -1;               ///< The argument that says how long it is.
    i8 selecting_argument = -1;            ///< The argument that says what kind of id it is.
    std::span<const Command> commands{};
};

/// One command of a call like fcntl(2): what its remaining arguments are, and its answer.
struct Command {
    NamedValue code;
    std::span<const Description> arguments;
    Description answer;
};

}  // namespace exo::syscall
