// The kernel's log: levels, a ring for syslog(2), sinks for consoles, and panic.
//
//   log::info("{} MiB of memory", megabytes);
//
// Key types: Level, Sink (drivers implement it), Ring. Neighbours: time below (time stamps); everything
// above.
// Locking: one IrqOff lock guards the ring and the sinks; a panic takes no lock. A line has at most LINE_SIZE
// bytes; longer ones are cut off.
#pragma once

#include "arch/interface.hpp"
#include "time/clock.hpp"
#include "utils/format.hpp"

namespace exo::log {

/// The levels of syslog(2).
enum class Level : u8 { Emergency, Alert, Critical, Error, Warning, Notice, Info, Debug };

inline constexpr usize LINE_SIZE = 256;

/// A destination of log lines. `write` is called with interrupts off; it must not log, sleep or fail.
class Sink {
  public:
    virtual void write(std::string_view text) = 0;

  protected:
    ~Sink() = default;
};

/// Adds a sink, for ever. Errors: Enospc (there are already four).
Result<> add_sink(Sink& sink);
/// Sets the console level: lines with a higher (less urgent) level go only to the ring (loglevel=, quiet,
/// syslog(2) action 8).
void set_console_level(Level level);
Level console_level();

/// Writes one line, without a newline at its end.
void write_line(Level level, std::string_view text);

/// A buffer in which a line is formatted.
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

/// Copies the newest whole lines that fit, as "<level>[seconds.micros] text\n", for syslog(2) and dmesg.
/// Returns the number of bytes.
usize read_ring(std::span<char> out);
usize ring_size();
/// Makes later reads begin behind the present content (syslog action 5, CLEAR).
void clear_ring();

/// Panics with a report that `describe` writes. Its first line is the reason; registers and the call chain
/// follow.
[[noreturn]] void panic_with(FunctionRef<void(FormatSink)> describe,
                             const arch::UserRegisters* registers = nullptr);

/// Whether a CPU has begun to panic.
bool is_panicking();

/// Writes to the consoles without taking locks, for output after a panic's report.
void write_after_panic(std::string_view text);

/// Sets the function that `panic` calls after its report. It ends the virtual machine with an exit status.
void set_panic_exit(void (*exit)());

}  // namespace exo::log
