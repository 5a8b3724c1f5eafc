// What read(2), write(2) and poll(2) do on a terminal (termios(3), "Canonical and noncanonical mode").
#include "posix_x/terminal/terminal.hpp"

namespace exo::posix_x {

namespace {

using scheduler::WaitMode;

/// Copied between the terminal's queues and the program without the terminal's lock.
constexpr usize PIECE_SIZE = 512;
/// Enough for anything that post-processing makes of one byte, and for poll not to wake a writer for a trifle.
constexpr usize LEAST_ROOM = 256;
constexpr time::Nanoseconds TENTH_OF_A_SECOND = time::SECOND / 10;

}  // namespace

/// How long a read waits, and for how much.
struct Terminal::ReadPlan {
    usize minimum = 0;                    ///< Canonical: a line, however short.
    time::Nanoseconds between_bytes = 0;  ///< VTIME with VMIN: starts with the first byte.
    time::Deadline deadline = time::Deadline::never();
    bool never_waits = false;
};

Terminal::ReadPlan Terminal::plan_read() {
    auto state = state_.lock();
    const TerminalSettings& settings = state->discipline.settings();
    ReadPlan plan;
    if (settings.is_canonical()) return plan;
    const u8 minimum = settings.character(ControlCharacter::Min);
    const time::Nanoseconds time = settings.character(ControlCharacter::Time) * TENTH_OF_A_SECOND;
    plan.minimum = minimum > 0 ? minimum : 1;
    if (minimum > 0) {
        plan.between_bytes = time;
    } else {
        plan.deadline = time::Deadline::after(time);
        plan.never_waits = time == 0;
    }
    return plan;
}

Result<usize> Terminal::read(const User& user, vm::OutBuffer& to) {
    if (is_hung_up(user)) return 0uz;
    if (user.job_control == JobControl::Applies) TRY(check_background(Signal::Ttin));
    const Turn::Guard turn = TRY(user.is_nonblocking() ? reading_.take_at_once() : reading_.take());
    return read_in_turn(user, to);
}

Result<usize> Terminal::read_in_turn(const User& user, vm::OutBuffer& to) {
    const ReadPlan plan = plan_read();
    time::Deadline deadline = plan.deadline;
    usize total = 0;
    while (to.remaining() > 0 && !is_hung_up(user)) {
        Result<> result;
        if (!has_input()) {
            if (plan.never_waits) break;
            const auto has_changed = [&] { return has_input() || is_hung_up(user) || user.is_nonblocking(); };
            result = user.is_nonblocking()
                         ? Result<>(Error::Eagain)
                         : input_waiters_.wait(WaitMode::Interruptible, has_changed, deadline);
            if (result) continue;
            if (result.error() == Error::Etimedout || total > 0) break;
            return result.error();
        }
        bool ended_line = false;
        result = copy_available(to, total, ended_line);
        if (!result && total == 0) return result.error();
        if (!result || ended_line || total >= plan.minimum) break;
        if (plan.between_bytes != 0) deadline = time::Deadline::after(plan.between_bytes);
    }
    return total;
}

/// As much as there is and fits, of one line at most. `total` counts what the program got.
Result<> Terminal::copy_available(vm::OutBuffer& to, usize& total, bool& ended_line) {
    u8 piece[PIECE_SIZE];
    while (!ended_line && to.remaining() > 0) {
        LineDiscipline::Taken taken;
        bool was_held_back;
        {
            auto state = state_.lock();
            if (!state->discipline.has_input()) return {};
            const usize limit = std::min(to.remaining(), PIECE_SIZE);
            taken = state->discipline.take({piece, limit});
            if (taken.count == to.remaining() && !taken.ended_line) state->discipline.skip_end_of_file();
            was_held_back = state->input_is_held_back;
        }
        if (was_held_back) wake_thread();
        ended_line = taken.ended_line;
        if (taken.count == 0) continue;
        const usize copied = TRY(to.write({piece, taken.count}));
        total += copied;
        if (copied < taken.count) return Error::Efault;
    }
    return {};
}

bool Terminal::has_room(const State& state) { return state.discipline.output().program_room() >= LEAST_ROOM; }

Result<usize> Terminal::write(const User& user, vm::InBuffer& from) {
    if (user.job_control == JobControl::Applies && settings().has(LocalFlags::Tostop))
        TRY(check_background(Signal::Ttou));
    const Turn::Guard turn = TRY(user.is_nonblocking() ? writing_.take_at_once() : writing_.take());
    u8 piece[PIECE_SIZE];
    usize total = 0;
    while (from.remaining() > 0) {
        const Result<usize> copied = from.read(piece);
        const Result<usize> written = copied ? write_piece(user, {piece, *copied}) : copied;
        if (!written) return total > 0 ? Result<usize>(total) : written;
        total += *written;
        if (*written < *copied) break;
    }
    return total;
}

/// Waits for room. A short count means that the wait ended early.
Result<usize> Terminal::write_piece(const User& user, std::span<const u8> bytes) {
    usize done = 0;
    while (true) {
        if (is_hung_up(user)) return Error::Eio;
        {
            auto state = state_.lock();
            done += state->discipline.write(bytes.subspan(done));
            pump(*state);
        }
        if (done == bytes.size()) return done;
        const auto has_changed = [&] {
            return has_room(*state_.lock()) || is_hung_up(user) || user.is_nonblocking();
        };
        const Result<> result = user.is_nonblocking()
                                    ? Result<>(Error::Eagain)
                                    : output_waiters_.wait(WaitMode::Interruptible, has_changed);
        if (!result) return done > 0 ? Result<usize>(done) : Result<usize>(result.error());
    }
}

Terminal::Readiness Terminal::readiness(const User& user) {
    if (is_hung_up(user)) return {true, true, true};
    auto state = state_.lock();
    return {state->discipline.is_readable(), has_room(*state), false};
}

}  // namespace exo::posix_x
