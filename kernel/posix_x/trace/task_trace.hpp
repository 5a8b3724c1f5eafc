// TaskTrace: the records of one traced task that have not been sent yet.
//
// The task itself appends, the channel's thread takes what there is, and who sends an ignored signal leaves a note. The space is
// bounded: before a call the task waits for room for all that one call may record (wait_for_room, killable), so that appending
// during the call neither waits nor allocates, whatever locks are held then. What exceeds a call's share is not captured; the
// record says how much was copied.
//
// Locking: the buffer is under a spin lock of rank CallTrace. What says "own task only" needs none.
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
    /// `capture`: bytes of each buffer. Errors: Enomem.
    static Result<Ref<TaskTrace>> create(Pid tid, usize capture);
    explicit TaskTrace(Pid tid, usize capture);

    usize capacity() const { return 2 * most_per_call_; }

    // ---- Own task only.

    Pid tid() const { return tid_; }
    void set_tid(Pid tid) { tid_ = tid; }
    /// Whether copies are recorded.
    bool is_in_call() const { return is_in_call_; }
    void begin_call();
    void end_call() { is_in_call_ = false; }

    /// A held trace keeps its records to itself until publish or discard: whether there will be anything to trace is not sure yet.
    void hold() { is_held_ = true; }
    bool is_held() const { return is_held_; }
    void publish();
    void discard();

    /// Room for all that one call may record. Errors: RestartSys (the task is to die).
    Result<> wait_for_room();

    /// Appends a record unless it finds no room, which only happens to a task that is to die. `text` follows the body.
    template <class Body>
    void append(trace::RecordKind kind, u32 detail, const Body& body, std::span<const u8> text = {}) {
        static_assert(sizeof(Body) % 8 == 0 && std::has_unique_object_representations_v<Body>);
        // SAFETY: a body has no padding.
        append_bytes(kind, detail, {reinterpret_cast<const u8*>(&body), sizeof(body)}, text);
    }
    /// A copy of `size` bytes; `kernel` is null for zeros. Continues the record before it where that ended at `address`.
    void append_copy(upcalls::UserCopy kind, u64 address, const u8* kernel, usize size);
    /// How much of a call's share is left.
    usize share_left() const { return most_per_call_ - std::min(share_used_, most_per_call_); }

    // ---- Anybody.

    /// A signal was sent to the task, which ignores it: the task tells of it when its call has ended. Of each signal the last
    /// one counts.
    void note_ignored(const SignalInfo& info);
    /// Takes one of these. False if there is none.
    bool take_ignored(SignalInfo& out);

    /// The channel's thread: moves the records into `to`, which is as large as `capacity()`, and wakes the task.
    usize take(std::span<u8> to);
    /// Tracing is over: the task need not wait any more.
    void let_go() { room_.wake_all(); }

    /// The channel's list, under its lock.
    ListNode queue_link;
    Ref<TaskTrace> queue_reference;

  private:
    static constexpr usize NOWHERE = ~usize{0};
    /// Always left for what must not be lost: the end of a call and of the task.
    static constexpr usize END_ROOM = 512;
    static constexpr usize CALL_SHARE = 12 * KIB;
    /// Paths and arguments are shown whole.
    static constexpr usize MOST_OF_STRING = 4 * KIB;

    struct State {
        Vector<u8> bytes;
        usize used = 0;
        usize last_copy = NOWHERE;  ///< The last record, if it is a copy that may be continued.
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
