// Pages that leave and enter pipes without a copy: splice(2), tee(2), vmsplice(2), sendfile(2).
#include "ipc/pipe.hpp"

namespace exo::ipc {

Result<> Pipe::wait_for_bytes(Blocking blocking) {
    bool has_waited = false;
    const auto look = [&]() -> Result<> {
        if (has_waited && may_read()) readable_.wake_one();  // this one may take nothing in the end
        has_waited = true;
        return may_read() ? Result<>() : Result<>(Error::Eagain);
    };
    return scheduler::block_until(readable_, blocking, [this] { return may_read(); }, look);
}

Result<> Pipe::take_page(fs::PagePiece piece) {
    auto state = TRY(state_.lock_killable());
    if (!has_readers()) return Error::Epipe;
    if (state->buffer.is_full()) return Error::Eagain;
    state->buffer.append_piece(std::move(piece));
    publish(*state);
    return {};
}

Result<usize> Pipe::give(Pipe& from, Pipe& to, usize count, Blocking blocking, Give how) {
    DEBUG_ASSERT(&from != &to);
    while (true) {
        TRY(from.wait_for_bytes(blocking));
        TRY(to.wait_for_room(blocking));
        // The pipe at the lower address is locked first.
        Pipe& first = &from < &to ? from : to;
        Pipe& second = &from < &to ? to : from;
        auto first_guard = first.state_.lock();
        auto second_guard = second.state_.lock_nested();
        State& source = &from == &first ? *first_guard : *second_guard;
        State& target = &from == &first ? *second_guard : *first_guard;
        if (!to.has_readers()) return Error::Epipe;
        const bool has_bytes = !source.buffer.is_empty() && !source.is_lent;
        if (source.buffer.is_empty() && !from.has_writers()) return 0UZ;
        if (!has_bytes || target.buffer.is_full()) {
            if (blocking == Blocking::No) return Error::Eagain;
            continue;  // another thread was faster
        }
        const bool was_full = source.buffer.is_full();
        const bool was_empty = target.buffer.is_empty();
        const usize moved = how == Give::Move ? source.buffer.move_to(target.buffer, count)
                                              : source.buffer.share_with(target.buffer, count);
        from.publish(source);
        to.publish(target);
        const bool leaves_some = !source.buffer.is_empty();
        const bool has_room = !source.buffer.is_full();
        const bool leaves_room = !target.buffer.is_full();
        second_guard.unlock();
        first_guard.unlock();
        if (was_full && has_room) from.writable_.wake_one();
        if (leaves_some && from.readable_.has_waiters()) from.readable_.wake_one();
        if (was_empty && to.readable_.has_waiters()) to.readable_.wake_one();
        if (leaves_room && to.writable_.has_waiters()) to.writable_.wake_one();
        return moved;
    }
}

Result<std::optional<Pipe::Loan>> Pipe::lend(Blocking blocking) {
    const auto attempt = [&]() -> Result<std::optional<Loan>> {
        auto state = TRY(state_.lock_killable());
        if (state->is_lent) return Error::Eagain;
        if (state->buffer.is_empty()) {
            if (has_writers()) return Error::Eagain;
            return std::optional<Loan>();
        }
        state->is_lent = true;
        is_lent_.store(true, std::memory_order_seq_cst);
        return std::optional<Loan>(Loan(*this, state->buffer.front()));
    };
    return scheduler::block_until(readable_, blocking, [this] { return may_read(); }, attempt);
}

void Pipe::end_loan(usize used) {
    auto state = state_.lock();
    const bool was_full = state->buffer.is_full();
    if (used != 0) state->buffer.consume(used);
    state->is_lent = false;
    is_lent_.store(false, std::memory_order_seq_cst);
    publish(*state);
    const bool has_room = !state->buffer.is_full();
    state.unlock();
    if (was_full && has_room && writable_.has_waiters()) writable_.wake_one();
    // Readers that came during the loan wait even if no writer is left, so they must be woken.
    if (!readable_.has_waiters()) return;
    if (has_writers())
        readable_.wake_one();
    else
        readable_.wake_all();
}

}  // namespace exo::ipc
