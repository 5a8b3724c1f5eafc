// What tests of the line discipline share.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "posix_x/terminal/line_discipline.hpp"
#include "utils/bytes.hpp"

namespace exo::posix_x {

/// A terminal at a desk: keys go in, what the screen got and what programs read come out as text.
struct Desk {
    LineDiscipline discipline{TerminalSettings::initial()};
    std::vector<Signal> signals;

    usize type(std::string_view keys) {
        return discipline.receive(as_bytes(keys), [this](Signal signal) { signals.push_back(signal); });
    }
    std::string screen() {
        std::string shown;
        while (!discipline.output().is_empty()) {
            const auto piece = discipline.output().front();
            shown.append(as_text(piece));
            discipline.output().drop(piece.size());
        }
        return shown;
    }
    /// One read of at most `size` bytes, which must be possible.
    std::string read(usize size = 5000) {
        EXPECT_TRUE(discipline.has_input());
        std::vector<u8> bytes(size);
        const auto taken = discipline.take(bytes);
        if (taken.count == size && !taken.ended_line) discipline.skip_end_of_file();
        return std::string(as_text({bytes.data(), taken.count}));
    }
    bool can_read() const { return discipline.has_input(); }
    void set(auto change) {
        TerminalSettings settings = discipline.settings();
        change(settings.raw());
        discipline.set_settings(settings);
    }
    void on(InputFlags flag) {
        set([&](abi::termios2& raw) { raw.c_iflag |= flag; });
    }
    void off(InputFlags flag) {
        set([&](abi::termios2& raw) { raw.c_iflag = raw.c_iflag & ~flag; });
    }
    void on(LocalFlags flag) {
        set([&](abi::termios2& raw) { raw.c_lflag |= flag; });
    }
    void off(LocalFlags flag) {
        set([&](abi::termios2& raw) { raw.c_lflag = raw.c_lflag & ~flag; });
    }
    void on(OutputFlags flag) {
        set([&](abi::termios2& raw) { raw.c_oflag |= flag; });
    }
    void off(OutputFlags flag) {
        set([&](abi::termios2& raw) { raw.c_oflag = raw.c_oflag & ~flag; });
    }
    void character(ControlCharacter which, u8 value) {
        set([&](abi::termios2& raw) { raw.c_cc[static_cast<usize>(which)] = value; });
    }
    std::string written(std::string_view text) {
        discipline.write(as_bytes(text));
        return screen();
    }
};

}  // namespace exo::posix_x
