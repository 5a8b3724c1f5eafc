// The line discipline (Linux's N_TTY): what happens between the keys and read(2), and between write(2) and the screen.
//
// Key types: LineDiscipline (pure state, no hardware, no processes, no locks), TerminalSettings (termios), InputQueue,
// OutputQueue. Neighbours: terminal.hpp gives it bytes, readers and a lock; tests give it the same by hand.
// Parts: receive.cpp (input), reading.cpp (what read, poll and FIONREAD see), editing.cpp (erase, kill, echo),
// output.cpp (post-processing).
// Source: termios(3); Linux, drivers/tty/n_tty.c, whose echo is followed to the byte.
#pragma once

#include "posix_x/process/signal_set.hpp"
#include "posix_x/terminal/input_queue.hpp"
#include "posix_x/terminal/output_queue.hpp"
#include "posix_x/terminal/settings.hpp"
#include "utils/function_ref.hpp"

namespace exo::posix_x {

/// Who must not be stopped by flow control, and who asked for it.
struct FlowState {
    bool is_stopped = false;  ///< By the stop character.
    bool is_held = false;     ///< By TCXONC: typing does not go on with it.
    bool blocks_output() const { return is_stopped || is_held; }
};

class LineDiscipline {
  public:
    using SignalRaiser = FunctionRef<void(Signal)>;

    explicit LineDiscipline(const TerminalSettings& settings) : settings_(settings) {}

    // ---- Input.

    /// How many bytes, at most `wanted`, receive() would surely take now.
    usize receivable(usize wanted) const;
    /// Takes typed bytes, and returns how many: fewer when the queue is full of what nobody has read.
    usize receive(std::span<const u8> bytes, SignalRaiser raise);
    /// The line was held low (BREAK).
    void receive_break(SignalRaiser raise);

    // ---- Reading.

    /// A read would return at once, with a byte or at an end of file.
    bool has_input() const;
    /// poll reports input: VMIN bytes are there, or one byte where a timer could end the wait.
    bool is_readable() const;
    /// What FIONREAD tells.
    usize readable_bytes() const;
    struct Taken {
        usize count = 0;
        bool ended_line = false;  ///< Canonical: nothing behind it belongs to the same read.
        bool has_more = false;    ///< What is there goes on behind it, for the same read.
    };
    /// Copies what may be read now, at most a line. Needs has_input().
    Taken take(std::span<u8> out);
    /// Canonical: a read that was filled exactly, with more behind it, also eats an end-of-file mark that follows.
    void skip_end_of_file();
    /// The key behind VLNEXT stays literal, as on Linux.
    void flush_input();

    // ---- Output.

    /// Processes and queues bytes, and returns how many: fewer when the queue is full.
    usize write(std::span<const u8> bytes);
    OutputQueue& output() { return output_; }
    const OutputQueue& output() const { return output_; }
    FlowState& flow() { return flow_; }
    const FlowState& flow() const { return flow_; }

    // ---- Settings.

    const TerminalSettings& settings() const { return settings_; }
    void set_settings(const TerminalSettings& settings);

    /// Hung up: nothing is left but the settings, and what stops output.
    void hang_up();
    /// For a new user: no input, nothing stopped, the cursor at the left. Of the output is left what was not stopped.
    void restart();

  private:
    // reading.cpp
    Taken take_bytes(std::span<u8> out);
    Taken take_line(std::span<u8> out);

    // receive.cpp
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

    // editing.cpp
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

    // output.cpp
    bool put(u8 byte, usize room);
    bool put_newline(usize room);
    bool put_tab(usize room);
    void forget_line();
    void put_byte(u8 byte) { (void)output_.push(byte); }  // room was checked; a lost echo is Linux's too

    TerminalSettings settings_;
    InputQueue input_;
    OutputQueue output_;
    FlowState flow_;
    u32 column_ = 0;
    u32 line_column_ = 0;  ///< Where the edited line began on the screen.
    bool next_is_literal_ = false;
    bool is_erasing_ = false;  ///< ECHOPRT: between "\" and "/".
};

}  // namespace exo::posix_x
