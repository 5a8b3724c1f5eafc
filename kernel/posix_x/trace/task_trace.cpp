#include "posix_x/trace/task_trace.hpp"

#include <algorithm>
#include <cstring>

#include "posix_x/trace/channel.hpp"
#include "time/clock.hpp"
#include "utils/bits.hpp"

namespace exo::posix_x {

using trace::CopyBody;
using trace::RecordHeader;
using trace::RecordKind;

namespace {

/// Reads a record from the buffer, at any alignment.
template <class T> T load(std::span<const u8> bytes, usize at) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof(value));
    return value;
}
template <class T> void store(std::span<u8> bytes, usize at, const T& value) {
    std::memcpy(bytes.data() + at, &value, sizeof(value));
}

constexpr usize COPY_HEAD = sizeof(RecordHeader) + sizeof(CopyBody);

}  // namespace

TaskTrace::TaskTrace(Pid tid, usize capture)
    : tid_(tid),
      capture_(capture),
      most_per_call_(align_up(CALL_SHARE + 2 * capture, 8)) {}

Result<Ref<TaskTrace>> TaskTrace::create(Pid tid, usize capture) {
    Ref<TaskTrace> result = TRY(make_ref<TaskTrace>(tid, capture));
    TRY(result->state_.unsafe_value().bytes.resize(result->capacity()));
    return result;
}

void TaskTrace::begin_call() {
    is_in_call_ = true;
    share_used_ = 0;
    state_.lock()->last_copy = NOWHERE;
}

void TaskTrace::publish() {
    bool was_queued;
    {
        auto state = state_.lock();
        is_held_ = false;
        // The numbers are given now: what is discarded leaves no gap.
        const std::span<u8> bytes = state->bytes.span();
        for (usize at = 0; at < state->used;) {
            RecordHeader header = load<RecordHeader>(bytes, at);
            header.sequence = trace::next_sequence();
            store(bytes, at, header);
            at += header.size;
        }
        was_queued = std::exchange(state->is_queued, true);
    }
    announce(was_queued);
}

void TaskTrace::discard() {
    auto state = state_.lock();
    state->used = 0;
    state->last_copy = NOWHERE;
}

bool TaskTrace::has_room() { return state_.lock()->used + most_per_call_ + END_ROOM <= capacity(); }

Result<> TaskTrace::wait_for_room() {
    return room_.wait(scheduler::WaitMode::Killable, [&] { return trace::is_over() || has_room(); });
}

void TaskTrace::append_bytes(RecordKind kind, u32 detail, std::span<const u8> body,
                             std::span<const u8> text) {
    if (trace::is_over()) return;
    const usize size = align_up(sizeof(RecordHeader) + body.size() + text.size(), 8);
    const bool is_end = kind == RecordKind::Exit || kind == RecordKind::Ended || kind == RecordKind::Renamed;
    bool was_queued;
    {
        auto state = state_.lock();
        if (state->used + size + (is_end ? 0 : END_ROOM) > capacity()) return;
        const std::span<u8> bytes = state->bytes.span();
        const usize at = state->used;
        const RecordHeader header{.size = static_cast<u32>(size),
                                  .kind = kind,
                                  .tid = tid_,
                                  .detail = detail,
                                  .sequence = is_held_ ? 0 : trace::next_sequence(),
                                  .time = static_cast<i64>(time::monotonic())};
        std::memset(bytes.data() + at + size - 8, 0, 8);
        store(bytes, at, header);
        std::memcpy(bytes.data() + at + sizeof(header), body.data(), body.size());
        std::ranges::copy(text, bytes.data() + at + sizeof(header) + body.size());
        state->used += size;
        share_used_ += size;
        state->last_copy = kind == RecordKind::Copy ? at : NOWHERE;
        was_queued = is_held_ || std::exchange(state->is_queued, true);
    }
    announce(was_queued);
}

/// Extends the last record if it has the same direction and ends where this copy begins.
bool TaskTrace::continue_copy(State& state, upcalls::UserCopy kind, u64 address, std::span<const u8> from,
                              usize size, usize most) {
    if (state.last_copy == NOWHERE) return false;
    const std::span<u8> bytes = state.bytes.span();
    const usize at = state.last_copy;
    RecordHeader header = load<RecordHeader>(bytes, at);
    CopyBody body = load<CopyBody>(bytes, at + sizeof(header));
    if (header.detail != static_cast<u32>(kind) || body.address + body.size != address) return false;
    // Behind a gap in what was captured nothing more is.
    if (body.captured == body.size && body.captured < most) {
        const usize wanted = std::min<usize>(from.size(), most - body.captured);
        const usize room =
            std::min(share_left(), capacity() - END_ROOM - std::min(state.used, capacity() - END_ROOM));
        const usize count = std::min(wanted, room > 8 ? room - 8 : 0);
        std::memcpy(bytes.data() + at + COPY_HEAD + body.captured, from.data(), count);
        body.captured += count;
        const usize grown = align_up(COPY_HEAD + body.captured, 8);
        std::memset(bytes.data() + at + COPY_HEAD + body.captured, 0, grown - COPY_HEAD - body.captured);
        state.used += grown - header.size;
        share_used_ += grown - header.size;
        header.size = static_cast<u32>(grown);
        store(bytes, at, header);
    }
    body.size += size;
    store(bytes, at + sizeof(header), body);
    return true;
}

void TaskTrace::append_copy(upcalls::UserCopy kind, u64 address, const u8* kernel, usize size) {
    if (size == 0) return;
    const usize most =
        kind == upcalls::UserCopy::StringFromUser ? std::max(MOST_OF_STRING, capture_) : capture_;
    const std::span<const u8> from = kernel != nullptr ? std::span(kernel, size) : std::span<const u8>{};
    {
        auto state = state_.lock();
        if (continue_copy(*state, kind, address, from, size, most)) return;
    }
    const usize left = share_left();
    if (left < COPY_HEAD + 8) return;
    const usize captured = std::min({from.size(), most, left - COPY_HEAD - 8});
    append(RecordKind::Copy, static_cast<u32>(kind),
           CopyBody{.address = address, .size = size, .captured = captured}, from.first(captured));
}

void TaskTrace::announce(bool was_queued) {
    if (!was_queued) trace::enqueue(*this);
}

void TaskTrace::note_ignored(const SignalInfo& info) {
    auto state = state_.lock();
    state->ignored.add(info.signal);
    state->ignored_details[static_cast<usize>(info.signal) - 1] = info;
}

bool TaskTrace::take_ignored(SignalInfo& out) {
    auto state = state_.lock();
    if (state->ignored.is_empty()) return false;
    const Signal signal = state->ignored.first();
    state->ignored.remove(signal);
    out = state->ignored_details[static_cast<usize>(signal) - 1];
    return true;
}

usize TaskTrace::take(std::span<u8> to) {
    usize size;
    {
        auto state = state_.lock();
        size = state->used;
        std::memcpy(to.data(), state->bytes.data(), size);
        state->used = 0;
        state->last_copy = NOWHERE;
        state->is_queued = false;
    }
    room_.wake_all();
    return size;
}

}  // namespace exo::posix_x
