// The input as read(2), poll(2) and FIONREAD see it (termios(3), "Canonical and noncanonical mode").
#include "posix_x/terminal/line_discipline.hpp"

namespace exo::posix_x {

bool LineDiscipline::has_input() const {
    return settings_.is_canonical() ? input_.finished_size() > 0 : input_.size() > 0;
}

bool LineDiscipline::is_readable() const {
    if (settings_.is_canonical()) return input_.finished_size() > 0;
    // LINUX: poll asks VMIN also where EXTPROC makes bytes of lines.
    const u8 minimum = settings_.character(ControlCharacter::Min);
    const bool waits_for_all = minimum > 0 && settings_.character(ControlCharacter::Time) == 0;
    return input_.size() >= (waits_for_all ? minimum : 1);
}

usize LineDiscipline::readable_bytes() const {
    if (!settings_.is_canonical()) return input_.size();
    usize count = 0;
    for (u64 at = input_.tail(); at < input_.line_start(); ++at)
        if (!input_.ends_line(at) || input_.at(at) != DISABLED_CHARACTER) ++count;
    return count;
}

LineDiscipline::Taken LineDiscipline::take(std::span<u8> out) {
    Taken taken = settings_.is_canonical() ? take_line(out) : take_bytes(out);
    taken.has_more = !taken.ended_line && has_input();
    return taken;
}

LineDiscipline::Taken LineDiscipline::take_bytes(std::span<u8> out) {
    Taken taken{.count = input_.take(out)};
    // LINUX: who makes the lines sends the key of an end of file by itself, and a read of that alone returns nothing.
    const bool is_end_of_file = settings_.has(LocalFlags::Icanon) && taken.count == 1 && input_.size() == 0 &&
                                out[0] == settings_.character(ControlCharacter::Eof);
    if (is_end_of_file) taken.count = 0;
    return taken;
}

LineDiscipline::Taken LineDiscipline::take_line(std::span<u8> out) {
    Taken taken;
    while (taken.count < out.size() && input_.finished_size() > 0) {
        const u64 at = input_.tail();
        const u8 byte = input_.at(at);
        taken.ended_line = input_.ends_line(at);
        input_.drop_front();
        if (!taken.ended_line || byte != DISABLED_CHARACTER) out[taken.count++] = byte;
        if (taken.ended_line) break;
    }
    return taken;
}

void LineDiscipline::skip_end_of_file() {
    if (!settings_.is_canonical() || input_.finished_size() == 0) return;
    const u64 at = input_.tail();
    if (input_.ends_line(at) && input_.at(at) == DISABLED_CHARACTER) input_.drop_front();
}

}  // namespace exo::posix_x
