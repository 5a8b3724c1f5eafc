// Output post-processing (OPOST): line ends, tabs, and the column of the cursor.
#include "posix_x/terminal/line_discipline.hpp"

namespace exo::posix_x {

namespace {

constexpr u32 TAB_WIDTH = 8;

/// LINUX: the letters are those of Latin-1 except the division sign. Two of them have no capital letter and
/// get a wrong one.
constexpr u8 to_upper(u8 c) {
    const bool is_lower = (c >= 'a' && c <= 'z') || (c >= 0xdf && c != 0xf7);
    return is_lower ? static_cast<u8>(c - ('a' - 'A')) : c;
}

}  // namespace

usize LineDiscipline::write(std::span<const u8> bytes) {
    usize count = 0;
    for (; count < bytes.size(); ++count) {
        const usize room = output_.program_room();
        if (room == 0) break;
        if (!settings_.has(OutputFlags::Opost))
            put_byte(bytes[count]);
        else if (!put(bytes[count], room))
            break;
    }
    return count;
}

bool LineDiscipline::put_newline(usize room) {
    if (settings_.has(OutputFlags::Onlret)) column_ = 0;
    if (!settings_.has(OutputFlags::Onlcr)) {
        line_column_ = column_;
        put_byte('\n');
        return true;
    }
    if (room < 2) return false;
    line_column_ = column_ = 0;
    put_byte('\r');
    put_byte('\n');
    return true;
}

bool LineDiscipline::put_tab(usize room) {
    const u32 blanks = TAB_WIDTH - column_ % TAB_WIDTH;
    if (!settings_.expands_tabs()) {
        column_ += blanks;
        put_byte('\t');
        return true;
    }
    if (room < blanks) return false;
    column_ += blanks;
    for (u32 i = 0; i < blanks; ++i) put_byte(' ');
    return true;
}

/// Returns false, and does nothing, if the byte does not fit into `room`.
bool LineDiscipline::put(u8 byte, usize room) {
    if (room == 0) return false;
    switch (byte) {
        case '\n': return put_newline(room);
        case '\t': return put_tab(room);
        case '\r':
            if (settings_.has(OutputFlags::Onocr) && column_ == 0) return true;
            if (settings_.has(OutputFlags::Ocrnl)) {
                byte = '\n';
                if (settings_.has(OutputFlags::Onlret)) line_column_ = column_ = 0;
            } else {
                line_column_ = column_ = 0;
            }
            break;
        case '\b':
            if (column_ > 0) --column_;
            break;
        default:
            if (is_control(byte)) break;
            if (settings_.has(OutputFlags::Olcuc)) byte = to_upper(byte);
            if (!is_continuation(byte)) ++column_;
    }
    put_byte(byte);
    return true;
}

}  // namespace exo::posix_x
