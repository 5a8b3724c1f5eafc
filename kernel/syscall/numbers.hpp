// Numbers in registers, by what they mean. They turn into their integer by themselves: the type is for the description,
// and the code is that of the integer.
#pragma once

#include "syscall/argument.hpp"

namespace exo::syscall {

/// Only the bits of T count, as in Linux's prototype of the call. WHICH narrows the kind.
template <Kind KIND, std::integral T, auto WHICH = nullptr> struct Number {
    using Word = T;
    static constexpr Description DESCRIPTION{
        .kind = KIND, .size = sizeof(T), .is_signed = std::is_signed_v<T>, .of = name_of_use<WHICH>()};
    static constexpr Number from_word(u64 word) { return Number(static_cast<T>(word)); }

    Number() = default;
    constexpr Number(T number) : value(number) {}   // NOLINT(google-explicit-constructor): stands for it
    constexpr operator T() const { return value; }  // NOLINT(google-explicit-constructor)

    T value{};
};

// ---- How much, how many, where in a file.

enum class SizeUse : u8 { SignalSet };

using Size = Number<Kind::Size, u64>;
using Size32 = Number<Kind::Size, u32>;
using SignedSize = Number<Kind::Size, i32>;
/// Must be the size of a set of signals, 8.
using SignalSetSize = Number<Kind::Size, u64, SizeUse::SignalSet>;
using Count = Number<Kind::Count, u64>;
using Count32 = Number<Kind::Count, u32>;
using SignedCount = Number<Kind::Count, i32>;
/// A place in a file, or the size of one.
using FileOffset = Number<Kind::Offset, i64>;
using FilePosition = Number<Kind::Offset, u64>;

// ---- Users, modes, devices.

enum class IdUse : u8 { OrUnchanged /**< -1 leaves it as it is. */ };
enum class ModeUse : u8 { WithType /**< S_IFMT says what is made. */, Mask };

using Uid = Number<Kind::Uid, u32>;
using Gid = Number<Kind::Gid, u32>;
using UidOrUnchanged = Number<Kind::Uid, u32, IdUse::OrUnchanged>;
using GidOrUnchanged = Number<Kind::Gid, u32, IdUse::OrUnchanged>;
using Mode = Number<Kind::Mode, u32>;
using NodeMode = Number<Kind::Mode, u32, ModeUse::WithType>;
using ModeMask = Number<Kind::Mode, u32, ModeUse::Mask>;
using Device = Number<Kind::Device, u32>;

// ---- Processes and signals.

enum class PidUse : u8 {
    Process,
    Thread,
    ProcessOrSelf,   ///< 0: the caller.
    ThreadOrSelf,    ///< 0: the caller.
    GroupOrOwn,      ///< 0: the one whose number is the process's.
    ProcessOrGroup,  ///< Below -1: a group's number, negated; 0: the caller's group; -1: all.
    Group,
    Session,
};
enum class SignalUse : u8 { OrNone /**< 0: only the checks are made. */ };

template <PidUse USE> using PidOf = Number<Kind::Pid, i32, USE>;
using SignalNumber = Number<Kind::Signal, i32>;
using SignalOrNone = Number<Kind::Signal, i32, SignalUse::OrNone>;
/// In memory: signal n is bit n - 1.
using SignalMask = Number<Kind::SignalSet, u64>;
using ExitCode = Number<Kind::ExitCode, i32>;
using StatusWord = Number<Kind::WaitStatus, i32>;
using NiceValue = Number<Kind::Nice, i32>;
/// 20 - nice, as getpriority(2) answers it.
using NiceDistance = Number<Kind::Nice, u32>;
using StaticPriority = Number<Kind::Priority, i32>;
using CapabilityNumber = Number<Kind::Capability, u64>;

/// An id whose kind another argument selects.
template <i8 ARGUMENT> struct SelectedId : Number<Kind::SelectedId, i32> {
    static constexpr Description DESCRIPTION{
        .kind = Kind::SelectedId, .size = sizeof(i32), .is_signed = true, .selecting_argument = ARGUMENT};
    static constexpr SelectedId from_word(u64 word) { return {static_cast<i32>(word)}; }
};

// ---- Time.

using Seconds = Number<Kind::Seconds, u32>;
using EpochSeconds = Number<Kind::Seconds, i64>;
/// Negative: without end.
using Milliseconds = Number<Kind::Milliseconds, i32>;
using ClockTicks = Number<Kind::ClockTicks, u64>;

// ---- The rest.

using Boolean = Number<Kind::Boolean, u64>;
using IntegerInMemory = Number<Kind::Integer, i32>;
/// timer_create(2).
enum class IntegerUse : u8 { Timer };
using TimerNumber = Number<Kind::Integer, i32, IntegerUse::Timer>;
using TypedByte = Number<Kind::Integer, u8>;
using CpuNumber = Number<Kind::Cpu, u32>;
/// In memory: CPU n is bit n.
using CpuMask = Number<Kind::CpuSet, u64>;
using ProtocolNumber = Number<Kind::Protocol, i32>;
using MagicNumber = Number<Kind::Magic, u32>;
using Unused = Number<Kind::Unused, u64>;
/// Refused if it is not 0.
using MustBeZero = Number<Kind::Zero, u64>;
using AddressAnswer = Number<Kind::Address, u64>;

// ---- Enumerations with more to them.

/// Flags of which the call refuses all but KNOWN. The check and the description are one.
template <auto KNOWN>
    requires abi::FlagEnum<decltype(KNOWN)>
class Known {
  public:
    using Enum = decltype(KNOWN);
    static constexpr Description DESCRIPTION{.kind = Kind::Flags,
                                             .size = sizeof(Enum),
                                             .type = name_of_type<Enum>(),
                                             .values = known_enumerators<KNOWN>(),
                                             .is_checked = true};
    static constexpr Known from_word(u64 word) { return Known(static_cast<Enum>(word)); }

    constexpr Known(Enum flags) : flags_(flags) {}  // NOLINT(google-explicit-constructor): stands for it
    /// Errors: Einval (others than KNOWN).
    constexpr Result<Enum> checked() const {
        if ((flags_ & ~KNOWN) != Enum{}) return Error::Einval;
        return flags_;
    }
    /// For what Linux looks at before it refuses others.
    constexpr Enum unchecked() const { return flags_; }

  private:
    Enum flags_;
};

/// One of an enumeration, with flags in the same word.
template <class Enum, abi::FlagEnum Flags> struct ChoiceWith {
    using Word = std::underlying_type_t<Enum>;
    static constexpr Description DESCRIPTION{.kind = Kind::Choice,
                                             .size = sizeof(Enum),
                                             .is_signed = std::is_signed_v<Word>,
                                             .type = name_of_type<Enum>(),
                                             .values = enumerators<Enum>(),
                                             .flags = enumerators<Flags>()};
    static constexpr ChoiceWith from_word(u64 word) { return {static_cast<Word>(word)}; }
    Enum choice() const { return static_cast<Enum>(value & static_cast<Word>(~abi::raw(ALL_FLAGS))); }

    Word value;

  private:
    static constexpr Flags ALL_FLAGS = [] {
        Flags all{};
        for (const NamedValue& flag : enumerators<Flags>()) all |= static_cast<Flags>(flag.value);
        return all;
    }();
};

}  // namespace exo::syscall
