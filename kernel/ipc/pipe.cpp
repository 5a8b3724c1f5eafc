#include "ipc/pipe.hpp"

#include <bit>

#include "utils/scope.hpp"

namespace exo::ipc {

using abi::PollEvents;
using scheduler::WaitMode;

namespace {

constexpr auto READABLE = fs::wake_events(PollEvents::In | PollEvents::Rdnorm);
constexpr auto WRITABLE = fs::wake_events(PollEvents::Out | PollEvents::Wrnorm);

/// LINUX: pipe_is_unprivileged_user.
bool is_bounded(const fs::Credentials& credentials) {
    return !credentials.may(fs::Privilege::SysResource) && !credentials.may(fs::Privilege::SysAdmin);
}

bool is_above(u64 pages, const std::atomic<u64>& limit) {
    const u64 most = limit.load(std::memory_order_relaxed);
    return most != 0 && pages > most;
}

}  // namespace

Result<Ref<Pipe>> Pipe::create(const fs::Credentials& credentials) {
    Pipe* raw = new (std::nothrow) Pipe(Ref<security::UserRecord>(credentials.payer));
    if (raw == nullptr) return Error::Enomem;
    auto pipe = Ref<Pipe>::adopt(raw);
    State& state = pipe->state_.unsafe_value();
    const u32 pages = TRY(pipe->charge_new(state, credentials));
    TRY(state.buffer.reserve(pages));
    pipe->pages_.store(pages, std::memory_order_relaxed);
    pipe->publish(state);
    return pipe;
}

Pipe::~Pipe() {
    if (payer_) payer_->release_pipe_pages(state_.unsafe_value().charged_pages);
}

/// How many pages a new pipe has room for; they are charged. LINUX: alloc_pipe_info. Errors: Enfile.
Result<u32> Pipe::charge_new(State& state, const fs::Credentials& credentials) {
    u32 pages = DEFAULT_PIPE_PAGES;
    const u64 most = max_unprivileged_pipe_size.load(std::memory_order_relaxed) / PAGE_SIZE;
    if (pages > most && !credentials.may(fs::Privilege::SysResource)) pages = static_cast<u32>(most);
    if (!payer_) return pages;
    u64 held = payer_->charge_pipe_pages(pages);
    state.charged_pages = pages;
    if (!is_bounded(credentials)) return pages;
    if (is_above(held, user_pages_soft) && pages > LEAST_NEW_PIPE_PAGES) {
        payer_->release_pipe_pages(pages - LEAST_NEW_PIPE_PAGES);
        held -= pages - LEAST_NEW_PIPE_PAGES;
        pages = LEAST_NEW_PIPE_PAGES;
        state.charged_pages = pages;
    }
    if (is_above(held, user_pages_hard)) return Error::Enfile;
    return pages;
}

/// Tells the waiters' conditions what the buffer is like now.
void Pipe::publish(const State& state) {
    size_.store(state.buffer.size(), std::memory_order_seq_cst);
    room_.store(state.buffer.free_pages(), std::memory_order_seq_cst);
}

[[gnu::always_inline]] inline Result<usize> Pipe::try_read(vm::OutBuffer& to) {
    auto state = TRY(state_.lock_killable());
    if (state->is_lent) [[unlikely]]
        return Error::Eagain;
    if (state->buffer.is_empty()) {
        if (writers_.load(std::memory_order_seq_cst) == 0) return 0UZ;
        return Error::Eagain;
    }
    const bool was_full = state->buffer.is_full();
    Result<usize> moved = 0UZ;
    [[clang::always_inline]] moved = state->buffer.take(to);
    publish(*state);
    const bool leaves_some = !state->buffer.is_empty();
    const bool has_room = !state->buffer.is_full();
    state.unlock();
    // A waiting writer can continue now. The next reader is woken for the rest of the bytes.
    if (was_full && has_room && writable_.has_waiters()) writable_.wake_one(WRITABLE);
    if (leaves_some && readable_.has_threads()) readable_.hand_on();
    return moved;
}

/// read after there was nothing. Out of line, because most calls find something.
[[gnu::noinline]] Result<usize> Pipe::wait_and_read(vm::OutBuffer& to) {
    return scheduler::block_after_failure(
        readable_, [this] { return may_read(); }, [&] { return try_read(to); });
}

Result<usize> Pipe::read(vm::OutBuffer& to, Blocking blocking) {
    if (to.remaining() == 0) return 0UZ;
    const Result<usize> moved = try_read(to);
    if (moved || moved.error() != Error::Eagain || blocking == Blocking::No) [[likely]]
        return moved;
    return wait_and_read(to);
}

/// Adds to `done` what it moves. Errors: Eagain: a part is left for which there is no room.
[[gnu::always_inline]] inline Result<usize> Pipe::try_write(vm::InBuffer& from, Style style, Merging merging,
                                                            usize& done) {
    auto state = TRY(state_.lock_killable());
    if (!has_readers()) return Error::Epipe;
    const bool was_empty = state->buffer.is_empty();
    Result<usize> moved = 0UZ;
    if (merging == Merging::Allowed && !was_empty) moved = state->buffer.append_merging(from);
    if (moved) {
        done += *moved;
        moved =
            style == Style::Packets ? state->buffer.append_packets(from) : state->buffer.append_pages(from);
        if (moved) done += *moved;
    }
    publish(*state);
    const bool is_full = state->buffer.is_full();
    const bool has_data = !state->buffer.is_empty();
    const bool faulted = from.remaining() != 0 && !is_full;
    state.unlock();
    if (was_empty && has_data && readable_.has_waiters()) readable_.wake_one(READABLE);
    // LINUX: pipe->poll_usage: an epoll that wants edges is told of each write.
    if (!was_empty && readable_.has_watchers()) readable_.tell_watchers(READABLE);
    if (!moved) return moved;
    if (from.remaining() != 0 && !faulted) return Error::Eagain;
    if (!is_full && writable_.has_threads()) writable_.hand_on();
    return done;
}

/// write after `done` bytes, for the rest of which there was no room. Out of line, because most calls find room.
[[gnu::noinline]] Result<usize> Pipe::wait_and_write(vm::InBuffer& from, Style style, usize done) {
    const Result<usize> result = scheduler::block_after_failure(
        writable_, [this] { return may_write(); },
        [&] { return try_write(from, style, Merging::Refused, done); });
    if (!result && done != 0) return done;
    return result;
}

Result<usize> Pipe::write(vm::InBuffer& from, Blocking blocking, Style style) {
    if (from.remaining() == 0) return 0UZ;
    usize done = 0;
    const Result<usize> result =
        try_write(from, style, style == Style::Bytes ? Merging::Allowed : Merging::Refused, done);
    if (result) [[likely]]
        return result;
    if (result.error() == Error::Eagain && blocking == Blocking::Yes)
        return wait_and_write(from, style, done);
    if (done != 0) return done;
    return result;
}

Result<> Pipe::wait_for_room(Blocking blocking) {
    bool has_waited = false;
    const auto look = [&]() -> Result<> {
        if (has_waited && may_write()) writable_.hand_on();  // this one may have nothing to write in the end
        has_waited = true;
        if (!has_readers()) return Error::Epipe;
        return room_.load(std::memory_order_seq_cst) != 0 ? Result<>() : Result<>(Error::Eagain);
    };
    return scheduler::block_until(writable_, blocking, [this] { return may_write(); }, look);
}

u32 Pipe::add(PipeEnds ends) {
    auto state = state_.lock();
    const u32 partners_before =
        ends.reads ? writer_generation() : reader_generation_.load(std::memory_order_relaxed);
    if (ends.reads) {
        readers_.fetch_add(1, std::memory_order_seq_cst);
        reader_generation_.fetch_add(1, std::memory_order_seq_cst);
    }
    if (ends.writes) {
        writers_.fetch_add(1, std::memory_order_seq_cst);
        writer_generation_.fetch_add(1, std::memory_order_seq_cst);
    }
    state.unlock();
    if (partners_.has_waiters()) partners_.wake_all();
    return partners_before;
}

void Pipe::drop(PipeEnds ends) {
    auto state = state_.lock();
    const bool no_reader = ends.reads && readers_.fetch_sub(1, std::memory_order_seq_cst) == 1;
    const bool no_writer = ends.writes && writers_.fetch_sub(1, std::memory_order_seq_cst) == 1;
    const bool is_unused = !has_readers() && writers_.load(std::memory_order_seq_cst) == 0;
    if (is_unused) {
        state->buffer.clear();
        publish(*state);
    }
    state.unlock();
    if (no_reader || no_writer) {
        readable_.wake_all();
        writable_.wake_all();
    }
}

Result<> Pipe::wait_for_partner(PipeEnds ends, u32 before) {
    if (ends.reads && ends.writes) return {};
    // A partner that has opened and gone again counts, so generations are compared and not numbers.
    const auto& partners = ends.reads ? writers_ : readers_;
    const auto& generation = ends.reads ? writer_generation_ : reader_generation_;
    return partners_.wait(WaitMode::Interruptible, [&] {
        return partners.load(std::memory_order_seq_cst) != 0 ||
               generation.load(std::memory_order_seq_cst) != before;
    });
}

PollEvents Pipe::poll(fs::PollTable* table, PipeEnds ends, u32 writers_at_open) {
    if (table != nullptr && ends.reads) table->add(readable_);
    if (table != nullptr && ends.writes) table->add(writable_);
    PollEvents events = PollEvents::None;
    if (ends.reads) {
        if (size_.load(std::memory_order_seq_cst) != 0) events |= PollEvents::In | PollEvents::Rdnorm;
        if (writers_.load(std::memory_order_seq_cst) == 0 && writer_generation() != writers_at_open)
            events |= PollEvents::Hup;
    }
    if (ends.writes) {
        if (room_.load(std::memory_order_seq_cst) != 0) events |= PollEvents::Out | PollEvents::Wrnorm;
        if (!has_readers()) events |= PollEvents::Err;
    }
    return events;
}

u32 Pipe::capacity() { return state_.lock()->buffer.capacity_pages() * static_cast<u32>(PAGE_SIZE); }

Result<u32> Pipe::set_capacity(u64 bytes, const fs::Credentials& credentials) {
    const u64 size = round_pipe_size(bytes);
    if (size == 0) return Error::Einval;
    const auto pages = static_cast<u32>(size / PAGE_SIZE);
    auto state = state_.lock();
    const bool grows = pages > state->buffer.capacity_pages();
    if (grows && size > max_unprivileged_pipe_size.load(std::memory_order_relaxed) &&
        !credentials.may(fs::Privilege::SysResource))
        return Error::Eperm;
    // Charged before anything is made, and all of it or nothing. LINUX: pipe_set_size.
    const u32 before = state->charged_pages;
    u32 not_held = pages;
    const u64 held = payer_ ? payer_->charge_pipe_pages(pages) - before : 0;
    ScopeExit give_back{[&] {
        if (payer_) payer_->release_pipe_pages(not_held);
    }};
    if (grows && is_bounded(credentials) &&
        (is_above(held, user_pages_soft) || is_above(held, user_pages_hard)))
        return Error::Eperm;
    if (pages > MAX_PIPE_PAGES) return Error::Enomem;
    TRY(state->buffer.resize(pages));
    not_held = before;
    state->charged_pages = pages;
    pages_.store(pages, std::memory_order_relaxed);
    publish(*state);
    state.unlock();
    writable_.wake_all(WRITABLE);
    return pages * static_cast<u32>(PAGE_SIZE);
}

}  // namespace exo::ipc
