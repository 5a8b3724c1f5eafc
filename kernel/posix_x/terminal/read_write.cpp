// read(2), write(2) and poll(2) on a terminal (termios(3), "Canonical and noncanonical mode").
#include "posix_x/terminal/terminal.hpp"
#include "scheduler/preemption.hpp"

namespace exo::posix_x {

namespace {

using scheduler::WaitMode;

/// With fewer unsent bytes than this, poll reports the terminal as writable, and waiting writers are woken.
constexpr usize FEW_UNSENT = 256;
constexpr time::Nanoseconds TENTH_OF_A_SECOND = time::SECOND / 10;

}  // namespace

/// How long a read waits, and for how many bytes.
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
    if (!settings.has_read_limits()) return plan;
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
    const Visit visit(*this, user);
    const auto is_void = [&] { return is_hung_up(user); };
    if (is_void()) return 0uz;
    if (driver_.has_failed()) return Error::Eio;
    if (user.opening.job_control == JobControl::Applies) TRY(check_background(Signal::Ttin));
    const Result<Turn::Guard> turn =
        user.is_nonblocking() ? reading_.take_at_once() : reading_.take_unless(is_void);
    if (!turn) return turn.error() == Error::Eio ? Result<usize>(0uz) : turn.error();
    return read_in_turn(user, to);
}

/// LINUX: a read waits for at most what fits into its first piece, also if VMIN is larger. After that it
/// takes what is there.
Result<usize> Terminal::read_in_turn(const User& user, vm::OutBuffer& to) {
    u8 piece[READ_PIECE];
    usize total = 0;
    LineDiscipline::Taken taken = TRY(wait_for_piece(user, {piece, std::min(to.remaining(), READ_PIECE)}));
    while (taken.count > 0) {
        const Result<usize> copied = to.write({piece, taken.count});
        total += copied.value_or(0);
        const bool has_fault = copied.value_or(0) < taken.count;
        const usize limit = has_fault ? 0 : std::min(to.remaining(), READ_PIECE);
        taken = taken.has_more ? take_piece({piece, limit}) : LineDiscipline::Taken{};
        if (has_fault && total == 0) return Error::Efault;
    }
    return total;
}

/// Fills `piece` according to the present settings. Count 0: an end of file, or a timeout without a byte.
Result<LineDiscipline::Taken> Terminal::wait_for_piece(const User& user, std::span<u8> piece) {
    const ReadPlan plan = plan_read();
    time::Deadline deadline = plan.deadline;
    LineDiscipline::Taken all;
    while (all.count < piece.size()) {
        if (!has_input()) {
            if (driver_.has_gone() && all.count == 0) return Error::Eio;
            if (is_hung_up(user) || plan.never_waits) break;
            const auto has_changed = [&] { return has_input() || is_hung_up(user) || may_not_wait(user); };
            const Result<> result = may_not_wait(user)
                                        ? Result<>(Error::Eagain)
                                        : input_waiters_.wait(WaitMode::Interruptible, has_changed, deadline);
            if (result) continue;
            if (result.error() == Error::Etimedout || all.count > 0) break;
            return result.error();
        }
        const LineDiscipline::Taken taken = take_piece(piece.subspan(all.count));
        all = {all.count + taken.count, taken.ended_line, taken.has_more};
        if (all.count >= plan.minimum) return all;
        if (plan.between_bytes != 0) deadline = time::Deadline::after(plan.between_bytes);
    }
    all.has_more = false;
    return all;
}

/// With an empty piece it only takes an end-of-file mark that belongs to the line before.
LineDiscipline::Taken Terminal::take_piece(std::span<u8> piece) {
    LineDiscipline::Taken taken;
    bool was_held_back;
    {
        auto state = state_.lock();
        if (piece.empty())
            state->discipline.skip_end_of_file();
        else if (state->discipline.has_input())
            taken = state->discipline.take(piece);
        was_held_back = state->input_is_held_back;
    }
    if (was_held_back) wake_thread();
    return taken;
}

bool Terminal::is_held(const State& state) const {
    return driver_.takes_nothing_while_stopped() && state.discipline.flow().blocks_output();
}

bool Terminal::has_room(const State& state) const {
    return !is_held(state) && state.discipline.output().size() < FEW_UNSENT;
}

Result<usize> Terminal::write(const User& user, vm::InBuffer& from) {
    const Visit visit(*this, user);
    const auto is_void = [&] { return is_hung_up(user); };
    if (is_void() || driver_.has_failed()) return Error::Eio;
    Result<usize> written = 0uz;
    {
        const Turn::Guard turn =
            TRY(user.is_nonblocking() ? writing_.take_at_once() : writing_.take_unless(is_void));
        written = write_in_turn(user, from);
    }
    output_waiters_.wake_all();  // poll does not call a terminal writable that is being written
    return written;
}

/// LINUX: writes in pieces. Each piece is copied completely or not at all, and the caller's permission to
/// write is checked for each.
Result<usize> Terminal::write_in_turn(const User& user, vm::InBuffer& from) {
    usize total = 0;
    do {
        const Result<usize> written = write_piece(user, from);
        if (!written) return total > 0 ? Result<usize>(total) : written;
        total += *written;
        if (*written < WRITE_PIECE) break;
        scheduler::preempt_point();
    } while (from.remaining() > 0);
    return total;
}

/// Waits for room and writes a piece. A short count means that the wait ended early, or that the data ended.
Result<usize> Terminal::write_piece(const User& user, vm::InBuffer& from) {
    const std::span<u8> bytes = std::span(being_written_).first(std::min(from.remaining(), WRITE_PIECE));
    if (!bytes.empty() && TRY(from.read(bytes)) < bytes.size()) return Error::Efault;
    if (user.opening.job_control == JobControl::Applies && settings().has(LocalFlags::Tostop))
        TRY(check_background(Signal::Ttou));
    usize done = 0;
    while (true) {
        if (is_hung_up(user)) return done > 0 ? Result<usize>(done) : Error::Eio;
        {
            auto state = state_.lock();
            if (!is_held(*state)) done += state->discipline.write(bytes.subspan(done));
            pump(*state);
        }
        if (done == bytes.size()) return done;
        const auto has_changed = [&] {
            return has_room(*state_.lock()) || is_hung_up(user) || may_not_wait(user);
        };
        const Result<> result = may_not_wait(user)
                                    ? Result<>(Error::Eagain)
                                    : output_waiters_.wait(WaitMode::Interruptible, has_changed);
        if (!result) return done > 0 ? Result<usize>(done) : Result<usize>(result.error());
    }
}

void Terminal::take_out_users() {
    // seq_cst: the waiters that are woken below look at it
    takeouts_.fetch_add(1, std::memory_order_seq_cst);
    input_waiters_.wake_all();
    output_waiters_.wake_all();
}

Terminal::Readiness Terminal::readiness(const User& user) {
    if (is_hung_up(user)) return {true, true, true};
    auto state = state_.lock();
    return {state->discipline.is_readable(), has_room(*state) && !writing_.is_taken(), false};
}

}  // namespace exo::posix_x
