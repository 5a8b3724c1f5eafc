// The line discipline (Linux's N_TTY): processes bytes between the keyboard and read(2), and between write(2)
// and the screen.
//
// Key types: LineDiscipline (pure state, no hardware, no processes, no locks), TerminalSettings (termios), InputQueue,
// OutputQueue. Neighbours: terminal.hpp passes bytes in, serves readers and has the lock; unit tests use the
// discipline directly.
// Parts: receive.cpp (input), reading.cpp (what read, poll and FIONREAD see), editing.cpp (erase, kill, echo),
// output.cpp (post-processing).
// Source: termios(3); Linux, drivers/tty/n_tty.c. The echo equals Linux's byte for byte.
#pragma once

#include "posix_x/process/signal_set.hpp"
#include "posix_x/terminal/input_queue.hpp"
#include "posix_x/terminal/output_queue.hpp"
#include "posix_x/terminal/settings.hpp"
#include "utils/function_ref.hpp"

namespace exo::posix_x {

/// Whether flow control stops the output, and what stopped it.
struct FlowState {
    bool is_stopped = false;  ///< The stop character stopped it.
    bool is_held = false;     ///< TCXONC stopped it; a key does not restart it.
    bool blocks_output() const { return is_stopped || is_held; }
};

class LineDiscipline {
  public:
    using SignalRaiser = FunctionRef<void(Signal)>;

    explicit LineDiscipline(const TerminalSettings& settings) : settings_(settings) {}

    // ---- Input.

    /// How many bytes, at most `wanted`, receive() is certain to take now.
    usize receivable(usize wanted) const;
    /// Takes received bytes; returns how many. Takes fewer when the queue is full of unread input.
    usize receive(std::span<const u8> bytes, SignalRaiser raise);
    /// Handles a received BREAK.
    void receive_break(SignalRaiser raise);

    // ---- Reading.

    /// Whether a read would return at once, with a byte or at an end of file.
    bool has_input() const;
    /// Whether poll reports input: VMIN bytes are there, or one byte if a timer could end the wait.
    bool is_readable() const;
    /// The number that FIONREAD reports.
    usize readable_bytes() const;
    struct Taken {
        usize count = 0;
        bool ended_line = false;  ///< In canonical mode: a line ended, so the read ends too.
        bool has_more = false;    ///< More bytes for the same read follow.
    };
    /// Takes what a read may return now, at most a line. Requires has_input().
    Taken take(std::span<u8> out);
    /// In canonical mode: also removes an end-of-file mark that follows a read that was filled exactly.
    void skip_end_of_file();
    /// Drops all input. A pending VLNEXT stays in effect, as on Linux.
    void flush_input();

    // ---- Output.

    /// Processes and queues output; returns how many bytes. Takes fewer when the queue is full.
    usize write(std::span<const u8> bytes);
    OutputQueue& output() { return output_; }
    const OutputQueue& output() const { return output_; }
    FlowState& flow() { return flow_; }
    const FlowState& flow() const { return flow_; }

    // ---- Settings.

    const TerminalSettings& settings() const { return settings_; }
    void set_settings(const TerminalSettings& settings);

    /// Drops everything but the settings and the state of flow control.
    void hang_up();
    /// Resets the state for the next open: no input, no stop, cursor at the left. Stopped output is dropped,
    /// other output stays.
    void restart();

  private:
    // Functions of reading.cpp.
    Taken take_bytes(std::span<u8> out);
    Taken take_line(std::span<u8> out);

    // Functions of receive.cpp.
    usize room_for_input() const;
    void receive_byte(u8 byte, SignalRaiser raise);
    void receive_special(u8 byte, SignalRaiser raise);
    bool receive_flow_control(u8 byte);
    bool receive_signal(u8 byte, SignalRaiser raise);
    void raise_signal(Signal signal, SignalRaiser raise);
    bool receive_canonical(u8 byte);
    void receive_end_of_line(u8 byte);
    void receive_literal(u8 byte);
    void resume_if_any_key_may();
    void store(u8 byte);
    void store_marked(u8 byte);
    bool is_special(u8 byte) const;

    // Functions of editing.cpp.
    void erase(u8 command);
    void kill_without_erasing();
    bool erase_character(u64& position) const;
    void echo_erased(u8 command, u64 position, u64 end);
    void echo_reprint_style(u64 position, u64 end);
    void echo_tab_erased(u64 position);
    void reprint(u8 command);
    void finish_erasing();
    void echo_typed(u8 byte);
    void echo_newline();
    void echo(u8 byte);
    void echo_raw(u8 byte);
    bool is_continuation(u8 byte) const;

    // Functions of output.cpp.
    bool put(u8 byte, usize room);
    bool put_newline(usize room);
    bool put_tab(usize room);
    void forget_line();
    void put_byte(u8 byte) { (void)output_.push(byte); }  // the caller checks the room; Linux loses echo too

    TerminalSettings settings_;
    InputQueue input_;
    OutputQueue output_;
    FlowState flow_;
    u32 column_ = 0;
    u32 line_column_ = 0;  ///< The screen column in which the edited line began.
    bool next_is_literal_ = false;
    bool is_erasing_ = false;  ///< ECHOPRT: "\" was printed, and "/" was not yet.
};

}  // namespace exo::posix_x
