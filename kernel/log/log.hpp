// The kernel's log: levels, a ring for syslog(2), sinks for consoles, and panic.
//
//   log::info("{} MiB of memory", megabytes);
//
// Key types: Level, Sink (drivers implement it), Ring. Neighbours: time below (stamps); everything above.
// Locking: one IrqOff lock around ring and sinks; a panic takes none. A line is at most LINE_SIZE bytes, cut beyond.
#pragma once

#include "arch/interface.hpp"
#include "time/clock.hpp"
#include "utils/format.hpp"

namespace exo::log {

/// As in syslog(2).
enum class Level : u8 { Emergency, Alert, Critical, Error, Warning, Notice, Info, Debug };

inline constexpr usize LINE_SIZE = 256;

/// Where lines go as they are written. `write` is called with interrupts off and must not log, sleep or fail.
class Sink {
  public:
    virtual void write(std::string_view text) = 0;

  protected:
    ~Sink() = default;
};

/// Sinks are never removed. Errors: Enospc (there are four).
Result<> add_sink(Sink& sink);
/// Lines of a level above it go to the ring only (loglevel=, quiet, syslog(2) action 8).
void set_console_level(Level level);
Level console_level();

/// Writes one finished line (no newline at its end).
void write_line(Level level, std::string_view text);

/// Collects a formatted line in place.
class LineBuffer {
  public:
    void append(std::string_view text) {
        for (const char c : text)
            if (size_ < LINE_SIZE) bytes_[size_++] = c;
    }
    std::string_view view() const { return {bytes_, size_}; }

  private:
    char bytes_[LINE_SIZE];
    usize size_ = 0;
};

template <class... Args>
void write(Level level, FormatString<std::type_identity_t<Args>...> format, const Args&... args) {
    LineBuffer line;
    format_to([&](std::string_view text) { line.append(text); }, format, args...);
    write_line(level, line.view());
}
template <class... Args> void error(FormatString<std::type_identity_t<Args>...> format, const Args&... args) {
    write(Level::Error, format, args...);
}
template <class... Args>
void warning(FormatString<std::type_identity_t<Args>...> format, const Args&... args) {
    write(Level::Warning, format, args...);
}
template <class... Args> void info(FormatString<std::type_identity_t<Args>...> format, const Args&... args) {
    write(Level::Info, format, args...);
}
template <class... Args> void debug(FormatString<std::type_identity_t<Args>...> format, const Args&... args) {
    write(Level::Debug, format, args...);
}

/// For syslog(2) and dmesg: copies the newest whole lines that fit, as "<level>[seconds.micros] text\n".
/// Returns the bytes written.
usize read_ring(std::span<char> out);
usize ring_size();
/// Later reads start behind what is there now (syslog action 5, CLEAR).
void clear_ring();

/// A panic whose report `describe` writes, its first line being the reason; registers and call chain follow.
[[noreturn]] void panic_with(FunctionRef<void(FormatSink)> describe,
                             const arch::UserRegisters* registers = nullptr);

/// Writes to the consoles past every lock, for what follows a panic's report.
void write_after_panic(std::string_view text);

/// What `panic` calls after its report, if set: ends the virtual machine with a status of its own.
void set_panic_exit(void (*exit)());

}  // namespace exo::log
