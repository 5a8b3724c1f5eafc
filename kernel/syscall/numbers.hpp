// Number types for registers, by their meaning. They convert to their integer implicitly, so the generated
// code is that of the integer; the type only adds the description.
#pragma once

#include "syscall/argument.hpp"

namespace exo::syscall {

/// A number of which only the bits of T are used, as in Linux's prototype of the call. WHICH narrows the
/// kind.
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

// ---- Sizes, counts, offsets.

enum class SizeUse : u8 { SignalSet };

using Size = Number<Kind::Size, u64>;
using Size32 = Number<Kind::Size, u32>;
using SignedSize = Number<Kind::Size, i32>;
/// The size of a signal set. It must be 8.
using SignalSetSize = Number<Kind::Size, u64, SizeUse::SignalSet>;
using Count = Number<Kind::Count, u64>;
using Count32 = Number<Kind::Count, u32>;
using SignedCount = Number<Kind::Count, i32>;
/// An offset in a file, or a file's size.
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
    GroupOrOwn,      ///< 0: the group whose number is the process's.
    ProcessOrGroup,  ///< Below -1: minus the number of a group; -1: all processes; 0: the caller's group.
    Group,
    Session,
};
enum class SignalUse : u8 { OrNone /**< 0: only the checks are made. */ };

template <PidUse USE> using PidOf = Number<Kind::Pid, i32, USE>;
using SignalNumber = Number<Kind::Signal, i32>;
using SignalOrNone = Number<Kind::Signal, i32, SignalUse::OrNone>;
/// A signal set in memory: signal n is bit n - 1.
using SignalMask = Number<Kind::SignalSet, u64>;
using ExitCode = Number<Kind::ExitCode, i32>;
using StatusWord = Number<Kind::WaitStatus, i32>;
using NiceValue = Number<Kind::Nice, i32>;
/// 20 - nice, the result of getpriority(2).
using NiceDistance = Number<Kind::Nice, u32>;
using StaticPriority = Number<Kind::Priority, i32>;
using CapabilityNumber = Number<Kind::Capability, u64>;

/// An id. Argument number ARGUMENT selects its kind.
template <i8 ARGUMENT> struct SelectedId : Number<Kind::SelectedId, i32> {
    static constexpr Description DESCRIPTION{
        .kind = Kind::SelectedId, .size = sizeof(i32), .is_signed = true, .selecting_argument = ARGUMENT};
    static constexpr SelectedId from_word(u64 word) { return {static_cast<i32>(word)}; }
};

// ---- Time.

using Seconds = Number<Kind::Seconds, u32>;
using EpochSeconds = Number<Kind::Seconds, i64>;
/// A negative number means no timeout.
using Milliseconds = Number<Kind::Milliseconds, i32>;
using ClockTicks = Number<Kind::ClockTicks, u64>;

// ---- The rest.

using Boolean = Number<Kind::Boolean, u64>;
using IntegerInMemory = Number<Kind::Integer, i32>;
/// A timer id of timer_create(2).
enum class IntegerUse : u8 { Timer };
using TimerNumber = Number<Kind::Integer, i32, IntegerUse::Timer>;
using TypedByte = Number<Kind::Integer, u8>;
using CpuNumber = Number<Kind::Cpu, u32>;
/// A CPU set in memory: CPU n is bit n.
using CpuMask = Number<Kind::CpuSet, u64>;
using ProtocolNumber = Number<Kind::Protocol, i32>;
using MagicNumber = Number<Kind::Magic, u32>;
using Unused = Number<Kind::Unused, u64>;
/// EINVAL is returned if it is not 0.
using MustBeZero = Number<Kind::Zero, u64>;
using AddressAnswer = Number<Kind::Address, u64>;

// ---- Enumerations with restrictions.

/// Flags of which only KNOWN are accepted. The check and the description use the same list.
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
    /// Returns the flags. Errors: Einval (flags outside of KNOWN).
    constexpr Result<Enum> checked() const {
        if ((flags_ & ~KNOWN) != Enum{}) return Error::Einval;
        return flags_;
    }
    /// The flags without the check, for conditions that Linux tests before it refuses unknown flags.
    constexpr Enum unchecked() const { return flags_; }

  private:
    Enum flags_;
};

/// An enumeration value with flags in the same word.
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
