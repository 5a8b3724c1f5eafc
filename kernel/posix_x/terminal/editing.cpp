// Editing and displaying a line: erase, word erase, kill, reprint, echo.
#include "posix_x/terminal/line_discipline.hpp"

namespace exo::posix_x {

namespace {

/// Follows the kernel's Latin-1 table, so that the bytes of a UTF-8 sequence count as part of a word.
constexpr bool is_word_character(u8 c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           (c >= 0xc0 && c != 0xd7 && c != 0xf7);
}

constexpr u32 TAB_WIDTH = 8;

}  // namespace

bool LineDiscipline::is_continuation(u8 byte) const {
    return settings_.has(InputFlags::Iutf8) && (byte & 0xc0) == 0x80;
}

void LineDiscipline::echo_raw(u8 byte) {
    // LINUX: this byte means something in its queue of echoes, and goes past the post-processing.
    constexpr u8 ALL_ONES = 0377;
    if (byte == ALL_ONES) {
        put_byte(byte);
        ++column_;
        return;
    }
    if (settings_.has(OutputFlags::Opost))
        (void)put(byte, output_.echo_room());
    else
        put_byte(byte);
}

void LineDiscipline::echo(u8 byte) {
    if (!settings_.has(LocalFlags::Echoctl) || !is_control(byte) || byte == '\t') {
        echo_raw(byte);
        return;
    }
    put_byte('^');
    put_byte(byte ^ 0100);
    column_ += 2;
}

void LineDiscipline::echo_typed(u8 byte) {
    finish_erasing();
    if (input_.line_is_empty()) line_column_ = column_;
    echo(byte);
}

void LineDiscipline::echo_newline() {
    finish_erasing();
    echo_raw('\n');
}

void LineDiscipline::finish_erasing() {
    if (!is_erasing_) return;
    echo_raw('/');
    is_erasing_ = false;
}

void LineDiscipline::reprint(u8 command) {
    finish_erasing();
    echo(command);
    echo_raw('\n');
    for (u64 at = input_.line_start(); at < input_.head(); ++at) echo(input_.at(at));
}

void LineDiscipline::kill_without_erasing() {
    input_.erase_to(input_.line_start());
    if (!settings_.has(LocalFlags::Echo)) return;
    finish_erasing();
    echo(settings_.character(ControlCharacter::Kill));
    if (settings_.has(LocalFlags::Echok)) echo_raw('\n');
}

/// Moves `position` back by one character, which may have several bytes. Returns false if only a part of a
/// character is there.
bool LineDiscipline::erase_character(u64& position) const {
    do {
        --position;
    } while (is_continuation(input_.at(position)) && position != input_.line_start());
    return !is_continuation(input_.at(position));
}

void LineDiscipline::erase(u8 command) {
    if (input_.line_is_empty()) return;
    const bool is_single = settings_.is(command, ControlCharacter::Erase);
    const bool is_word = !is_single && settings_.is(command, ControlCharacter::Werase);
    const bool kill_is_visible = settings_.has(LocalFlags::Echo) && settings_.has(LocalFlags::Echok) &&
                                 settings_.has(LocalFlags::Echoke) && settings_.has(LocalFlags::Echoe);
    if (!is_single && !is_word && !kill_is_visible) {
        kill_without_erasing();
        return;
    }
    bool seen_word = false;
    while (!input_.line_is_empty()) {
        const u64 end = input_.head();
        u64 position = end;
        if (!erase_character(position)) break;
        if (is_word) {
            if (is_word_character(input_.at(position)))
                seen_word = true;
            else if (seen_word)
                break;
        }
        input_.erase_to(position);
        if (settings_.has(LocalFlags::Echo)) echo_erased(command, position, end);
        if (is_single) break;
    }
    if (input_.line_is_empty() && settings_.has(LocalFlags::Echo)) finish_erasing();
}

void LineDiscipline::echo_erased(u8 command, u64 position, u64 end) {
    const u8 byte = input_.at(position);
    if (settings_.has(LocalFlags::Echoprt)) {
        echo_reprint_style(position, end);
    } else if (settings_.is(command, ControlCharacter::Erase) && !settings_.has(LocalFlags::Echoe)) {
        echo(command);
    } else if (byte == '\t') {
        echo_tab_erased(position);
    } else {
        const bool shows_control = settings_.has(LocalFlags::Echoctl);
        const u32 width = is_control(byte) ? (shows_control ? 2 : 0) : 1;
        for (u32 i = 0; i < width; ++i)
            for (const char c : {'\b', ' ', '\b'}) echo_raw(static_cast<u8>(c));
    }
}

/// ECHOPRT, for printing terminals: "\abc/" shows the erased characters in reverse order.
void LineDiscipline::echo_reprint_style(u64 position, u64 end) {
    if (!is_erasing_) {
        echo_raw('\\');
        is_erasing_ = true;
    }
    echo(input_.at(position));
    while (++position < end) {
        echo_raw(input_.at(position));
        if (column_ > 0) --column_;
    }
}

/// Moves the cursor back over a tab, to the column where the preceding characters end.
void LineDiscipline::echo_tab_erased(u64 position) {
    u32 columns = 0;
    bool is_after_tab = false;
    while (position != input_.line_start() && !is_after_tab) {
        const u8 byte = input_.at(--position);
        if (byte == '\t')
            is_after_tab = true;
        else if (is_control(byte))
            columns += settings_.has(LocalFlags::Echoctl) ? 2 : 0;
        else if (!is_continuation(byte))
            ++columns;
    }
    // From the line's start the columns count from where it began on the screen; from a tab, from a multiple of 8.
    if (!is_after_tab) columns += line_column_;
    for (u32 back = TAB_WIDTH - columns % TAB_WIDTH; back > 0; --back) {
        put_byte('\b');
        if (column_ > 0) --column_;
    }
}

}  // namespace exo::posix_x
