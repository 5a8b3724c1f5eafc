// TaskTrace: the unsent records of one traced task.
//
// The task itself appends records, the channel's thread takes them, and the sender of an ignored signal
// leaves a note. The space is bounded: before a call the task waits for room for the largest amount that one
// call may record (wait_for_room, killable). So appending during a call neither waits nor allocates, whatever
// locks are held. Data beyond a call's share is not captured; the record says how much was copied.
//
// Locking: a spin lock of rank CallTrace guards the buffer. The members under "Own task only" need none.
#pragma once

#include <atomic>
#include <span>

#include "arch/upcalls.hpp"
#include "posix_x/process/pid.hpp"
#include "posix_x/process/signals.hpp"
#include "posix_x/trace/record.hpp"
#include "scheduler/wait_queue.hpp"
#include "sync/spin_lock.hpp"
#include "utils/vector.hpp"

namespace exo::posix_x {

class TaskTrace final : public Object {
  public:
    /// `capture`: how many bytes of each buffer are recorded. Errors: Enomem.
    static Result<Ref<TaskTrace>> create(Pid tid, usize capture);
    explicit TaskTrace(Pid tid, usize capture);

    usize capacity() const { return 2 * most_per_call_; }

    // ---- Own task only.

    Pid tid() const { return tid_; }
    void set_tid(Pid tid) { tid_ = tid; }
    /// Whether copies are being recorded.
    bool is_in_call() const { return is_in_call_; }
    void begin_call();
    void end_call() { is_in_call_ = false; }

    /// Keeps the records back until publish or discard, while it is not certain that the task will be traced.
    void hold() { is_held_ = true; }
    bool is_held() const { return is_held_; }
    void publish();
    void discard();

    /// Waits for room for all that one call may record. Errors: RestartSys (the task is being killed).
    Result<> wait_for_room();

    /// Appends a record. `text` follows the body. Drops the record if there is no room, which only happens to
    /// a task that is being killed.
    template <class Body>
    void append(trace::RecordKind kind, u32 detail, const Body& body, std::span<const u8> text = {}) {
        static_assert(sizeof(Body) % 8 == 0 && std::has_unique_object_representations_v<Body>);
        // SAFETY: a body has no padding.
        append_bytes(kind, detail, {reinterpret_cast<const u8*>(&body), sizeof(body)}, text);
    }
    /// Appends a copy of `size` bytes; `kernel` is null for zeros. Extends the last record if that one ends
    /// at `address`.
    void append_copy(upcalls::UserCopy kind, u64 address, const u8* kernel, usize size);
    /// How many bytes of the call's share are left.
    usize share_left() const { return most_per_call_ - std::min(share_used_, most_per_call_); }

    // ---- Callable by any thread.

    /// Notes a signal that was sent to the task and ignored. The task records it at the end of its call. Of
    /// several signals with the same number the last one counts.
    void note_ignored(const SignalInfo& info);
    /// Takes one noted signal. Returns false if there is none.
    bool take_ignored(SignalInfo& out);

    /// For the channel's thread: moves the records into `to`, which has `capacity()` bytes, and wakes the
    /// task.
    usize take(std::span<u8> to);
    /// Called when tracing has ended: wakes the task if it waits for room.
    void let_go() { room_.wake_all(); }

    /// Links it in the channel's list, guarded by that list's lock.
    ListNode queue_link;
    Ref<TaskTrace> queue_reference;

  private:
    static constexpr usize NOWHERE = ~usize{0};
    /// Reserved for records that must not be lost: the end of a call, and the end of the task.
    static constexpr usize END_ROOM = 512;
    static constexpr usize CALL_SHARE = 12 * KIB;
    /// Paths and arguments are captured completely.
    static constexpr usize MOST_OF_STRING = 4 * KIB;

    struct State {
        Vector<u8> bytes;
        usize used = 0;
        usize last_copy = NOWHERE;  ///< The last record, if it is a copy that can be extended.
        bool is_queued = false;
        SignalSet ignored;
        std::array<SignalInfo, SIGNAL_COUNT> ignored_details{};
    };

    void append_bytes(trace::RecordKind kind, u32 detail, std::span<const u8> body, std::span<const u8> text);
    bool continue_copy(State& state, upcalls::UserCopy kind, u64 address, std::span<const u8> bytes,
                       usize size, usize most);
    void announce(bool was_queued);
    bool has_room();

    Pid tid_;
    usize capture_;
    usize most_per_call_;
    bool is_in_call_ = false;
    bool is_held_ = false;
    usize share_used_ = 0;
    sync::SpinLocked<State, sync::LockRank::CallTrace> state_;
    scheduler::WaitQueue room_;
};

}  // namespace exo::posix_x
