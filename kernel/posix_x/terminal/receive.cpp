// Input: every received byte becomes a signal, an edit, or a byte in the queue.
#include <algorithm>
#include <initializer_list>

#include "posix_x/terminal/line_discipline.hpp"

namespace exo::posix_x {

namespace {

constexpr u8 ALL_ONES = 0377;

/// LINUX: the letters are those of Latin-1 except the multiplication sign.
constexpr u8 to_lower(u8 c) {
    const bool is_upper = (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7);
    return is_upper ? static_cast<u8>(c + ('a' - 'A')) : c;
}

}  // namespace

usize LineDiscipline::room_for_input() const {
    usize room = InputQueue::CAPACITY - input_.size();
    // A marked byte takes up to three places.
    if (settings_.has(InputFlags::Parmrk)) room = (room + 2) / 3;
    return room > 0 ? room - 1 : 0;
}

/// A line that is too long is still received, and its excess dropped. Otherwise bytes without room wait until
/// a program reads.
usize LineDiscipline::receivable(usize wanted) const {
    const usize room = room_for_input();
    if (room > 0) return std::min(wanted, room);
    return settings_.has(LocalFlags::Icanon) && input_.finished_size() == 0 ? 1 : 0;
}

usize LineDiscipline::receive(std::span<const u8> bytes, SignalRaiser raise) {
    usize count = 0;
    for (; count < bytes.size() && receivable(1) > 0; ++count) {
        if (room_for_input() == 0) {
            // A line that is too long takes no more, but its editing and its end must get through: the last place is
            // overwritten by each byte.
            if (input_.size() == InputQueue::CAPACITY) input_.erase_to(input_.head() - 1);
        }
        receive_byte(bytes[count], raise);
    }
    return count;
}

void LineDiscipline::receive_byte(u8 byte, SignalRaiser raise) {
    if (settings_.has(InputFlags::Istrip)) byte &= 0x7f;
    if (settings_.has(InputFlags::Iuclc) && settings_.has(LocalFlags::Iexten)) byte = to_lower(byte);
    if (next_is_literal_) {
        next_is_literal_ = false;
        receive_literal(byte);
        return;
    }
    if (settings_.has(LocalFlags::Extproc)) {
        store(byte);
        return;
    }
    if (is_special(byte))
        receive_special(byte, raise);
    else
        receive_literal(byte);
}

/// LINUX: n_tty_set_termios, char_map.
bool LineDiscipline::is_special(u8 byte) const {
    using enum ControlCharacter;
    if (byte == DISABLED_CHARACTER) return false;
    const bool is_canonical = settings_.has(LocalFlags::Icanon);
    if (byte == '\n' && (is_canonical || settings_.has(InputFlags::Inlcr))) return true;
    if (byte == '\r' && (settings_.has(InputFlags::Igncr) || settings_.has(InputFlags::Icrnl))) return true;
    const auto is_any = [&](std::initializer_list<ControlCharacter> keys) {
        return std::ranges::any_of(keys,
                                   [&](ControlCharacter key) { return byte == settings_.character(key); });
    };
    if (settings_.has(LocalFlags::Isig) && is_any({Intr, Quit, Susp})) return true;
    if (settings_.has(InputFlags::Ixon) && is_any({Start, Stop})) return true;
    if (!is_canonical) return false;
    if (is_any({Erase, Kill, Eof, Eol})) return true;
    if (!settings_.has(LocalFlags::Iexten)) return false;
    return is_any({Werase, Lnext, Eol2}) || (settings_.has(LocalFlags::Echo) && is_any({Reprint}));
}

bool LineDiscipline::receive_flow_control(u8 byte) {
    if (!settings_.has(InputFlags::Ixon)) return false;
    if (settings_.is(byte, ControlCharacter::Start)) {
        flow_.is_stopped = false;
        return true;
    }
    if (settings_.is(byte, ControlCharacter::Stop)) {
        flow_.is_stopped = true;
        return true;
    }
    return false;
}

void LineDiscipline::raise_signal(Signal signal, SignalRaiser raise) {
    if (!settings_.has(LocalFlags::Noflsh)) {
        flush_input();
        output_.clear();
    }
    raise(signal);
}

bool LineDiscipline::receive_signal(u8 byte, SignalRaiser raise) {
    if (!settings_.has(LocalFlags::Isig)) return false;
    Signal signal = Signal::None;
    if (settings_.is(byte, ControlCharacter::Intr))
        signal = Signal::Int;
    else if (settings_.is(byte, ControlCharacter::Quit))
        signal = Signal::Quit;
    else if (settings_.is(byte, ControlCharacter::Susp))
        signal = Signal::Tstp;
    if (signal == Signal::None) return false;
    raise_signal(signal, raise);
    if (settings_.has(InputFlags::Ixon)) flow_.is_stopped = false;
    if (settings_.has(LocalFlags::Echo)) echo(byte);
    return true;
}

void LineDiscipline::receive_special(u8 byte, SignalRaiser raise) {
    if (receive_flow_control(byte) || receive_signal(byte, raise)) return;
    resume_if_any_key_may();
    if (byte == '\r') {
        if (settings_.has(InputFlags::Igncr)) return;
        if (settings_.has(InputFlags::Icrnl)) byte = '\n';
    } else if (byte == '\n' && settings_.has(InputFlags::Inlcr)) {
        byte = '\r';
    }
    if (settings_.has(LocalFlags::Icanon) && receive_canonical(byte)) return;
    if (settings_.has(LocalFlags::Echo)) {
        if (byte == '\n')
            echo_newline();
        else
            echo_typed(byte);
    }
    store_marked(byte);
}

bool LineDiscipline::receive_canonical(u8 byte) {
    const bool is_extended = settings_.has(LocalFlags::Iexten);
    const bool echoes = settings_.has(LocalFlags::Echo);
    if (settings_.is(byte, ControlCharacter::Erase) || settings_.is(byte, ControlCharacter::Kill) ||
        (is_extended && settings_.is(byte, ControlCharacter::Werase))) {
        erase(byte);
        return true;
    }
    if (is_extended && settings_.is(byte, ControlCharacter::Lnext)) {
        next_is_literal_ = true;
        if (!echoes) return true;
        finish_erasing();
        if (settings_.has(LocalFlags::Echoctl)) {
            echo_raw('^');
            echo_raw('\b');
        }
        return true;
    }
    if (is_extended && echoes && settings_.is(byte, ControlCharacter::Reprint)) {
        reprint(byte);
        return true;
    }
    if (byte == '\n') {
        if (echoes || settings_.has(LocalFlags::Echonl)) echo_raw('\n');
        store(byte);
        input_.finish_line();
        return true;
    }
    if (settings_.is(byte, ControlCharacter::Eof)) {
        // A line that ends in the disabled character: read leaves that out, and returns 0 if there is nothing before.
        store(DISABLED_CHARACTER);
        input_.finish_line();
        return true;
    }
    if (settings_.is(byte, ControlCharacter::Eol) ||
        (is_extended && settings_.is(byte, ControlCharacter::Eol2))) {
        receive_end_of_line(byte);
        return true;
    }
    return false;
}

void LineDiscipline::receive_end_of_line(u8 byte) {
    if (settings_.has(LocalFlags::Echo)) {
        if (input_.line_is_empty()) line_column_ = column_;
        echo(byte);
    }
    store_marked(byte);
    input_.finish_line();
}

void LineDiscipline::receive_literal(u8 byte) {
    resume_if_any_key_may();
    if (settings_.has(LocalFlags::Echo)) echo_typed(byte);
    store_marked(byte);
}

void LineDiscipline::resume_if_any_key_may() {
    if (settings_.has(InputFlags::Ixon) && settings_.has(InputFlags::Ixany)) flow_.is_stopped = false;
}

void LineDiscipline::store(u8 byte) {
    if (input_.size() < InputQueue::CAPACITY) input_.push(byte);
}

void LineDiscipline::store_marked(u8 byte) {
    if (byte == ALL_ONES && settings_.has(InputFlags::Parmrk)) store(byte);
    store(byte);
}

void LineDiscipline::receive_break(SignalRaiser raise) {
    if (settings_.has(InputFlags::Ignbrk)) return;
    if (settings_.has(InputFlags::Brkint)) {
        raise_signal(Signal::Int, raise);
        return;
    }
    if (settings_.has(InputFlags::Parmrk)) {
        store(ALL_ONES);
        store(0);
    }
    store(0);
}

void LineDiscipline::flush_input() {
    input_.clear();
    is_erasing_ = false;
}

void LineDiscipline::forget_line() {
    flush_input();
    next_is_literal_ = false;
    column_ = line_column_ = 0;
}

void LineDiscipline::hang_up() {
    forget_line();
    output_.clear();
}

void LineDiscipline::restart() {
    forget_line();
    if (flow_.blocks_output()) output_.clear();
    flow_ = {};
}

void LineDiscipline::set_settings(const TerminalSettings& settings) {
    const bool lines_change = settings.has(LocalFlags::Icanon) != settings_.has(LocalFlags::Icanon) ||
                              settings.has(LocalFlags::Extproc) != settings_.has(LocalFlags::Extproc);
    const bool had_flow_control = settings_.has(InputFlags::Ixon);
    settings_ = settings;
    if (lines_change) {
        if (settings_.has(LocalFlags::Icanon))
            input_.become_lines();
        else
            input_.become_bytes();
        is_erasing_ = false;
        next_is_literal_ = false;
    }
    if (had_flow_control && !settings_.has(InputFlags::Ixon)) flow_.is_stopped = false;
}

}  // namespace exo::posix_x
