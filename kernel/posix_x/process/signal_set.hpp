// Signal numbers and sets (signal(7), x86-64 values).
#pragma once

#include "utils/types.hpp"

namespace exo::posix_x {

enum class Signal : u8 {
    None = 0,
    Hup = 1,
    Int = 2,
    Quit = 3,
    Ill = 4,
    Trap = 5,
    Abrt = 6,
    Bus = 7,
    Fpe = 8,
    Kill = 9,
    Usr1 = 10,
    Segv = 11,
    Usr2 = 12,
    Pipe = 13,
    Alrm = 14,
    Term = 15,
    Stkflt = 16,
    Chld = 17,
    Cont = 18,
    Stop = 19,
    Tstp = 20,
    Ttin = 21,
    Ttou = 22,
    Urg = 23,
    Xcpu = 24,
    Xfsz = 25,
    Vtalrm = 26,
    Prof = 27,
    Winch = 28,
    Io = 29,
    Pwr = 30,
    Sys = 31,
    FirstRealtime = 32,
};

inline constexpr u32 SIGNAL_COUNT = 64;

constexpr bool is_valid_signal(i64 number) { return number >= 1 && number <= static_cast<i64>(SIGNAL_COUNT); }

/// A set of signals, in the kernel's sigset_t format: signal n is bit n - 1.
class SignalSet {
  public:
    constexpr SignalSet() = default;
    explicit constexpr SignalSet(u64 bits) : bits_(bits) {}
    static constexpr SignalSet of(auto... signals) { return SignalSet((bit(signals) | ... | 0ULL)); }

    constexpr u64 bits() const { return bits_; }
    constexpr bool has(Signal signal) const { return (bits_ & bit(signal)) != 0; }
    constexpr bool is_empty() const { return bits_ == 0; }
    constexpr void add(Signal signal) { bits_ |= bit(signal); }
    constexpr void remove(Signal signal) { bits_ &= ~bit(signal); }
    /// The signal with the lowest number. The set must not be empty.
    constexpr Signal first() const { return static_cast<Signal>(__builtin_ctzll(bits_) + 1); }
    constexpr SignalSet operator|(SignalSet other) const { return SignalSet(bits_ | other.bits_); }
    constexpr SignalSet operator&(SignalSet other) const { return SignalSet(bits_ & other.bits_); }
    constexpr SignalSet operator~() const { return SignalSet(~bits_); }
    friend constexpr bool operator==(SignalSet, SignalSet) = default;

  private:
    static constexpr u64 bit(Signal signal) { return 1ULL << (static_cast<u32>(signal) - 1); }
    u64 bits_ = 0;
};

inline constexpr SignalSet UNBLOCKABLE_SIGNALS = SignalSet::of(Signal::Kill, Signal::Stop);
inline constexpr SignalSet STOP_SIGNALS =
    SignalSet::of(Signal::Stop, Signal::Tstp, Signal::Ttin, Signal::Ttou);
/// Signals that the program's own instruction causes. They are delivered before others, and are fatal if they
/// are blocked or ignored.
inline constexpr SignalSet SYNCHRONOUS_SIGNALS =
    SignalSet::of(Signal::Segv, Signal::Bus, Signal::Ill, Signal::Trap, Signal::Fpe, Signal::Sys);

/// The action for a signal without a handler.
enum class DefaultAction : u8 { Terminate, CoreDump, Ignore, Stop };
constexpr DefaultAction default_action(Signal signal) {
    switch (signal) {
        case Signal::Chld:
        case Signal::Urg:
        case Signal::Winch:
        case Signal::Cont: return DefaultAction::Ignore;  // sending it continues the process
        case Signal::Stop:
        case Signal::Tstp:
        case Signal::Ttin:
        case Signal::Ttou: return DefaultAction::Stop;
        case Signal::Quit:
        case Signal::Ill:
        case Signal::Trap:
        case Signal::Abrt:
        case Signal::Bus:
        case Signal::Fpe:
        case Signal::Segv:
        case Signal::Xcpu:
        case Signal::Xfsz:
        case Signal::Sys: return DefaultAction::CoreDump;
        default: return DefaultAction::Terminate;
    }
}

}  // namespace exo::posix_x
