// Signals: what is pending, what a program wants done, and how one is sent.
//
// Key types: SignalInfo (what a handler is told), SignalActions (the handlers, shared with CLONE_SIGHAND), PendingSignals
// (a task's or a process's), QueuedSignals (how many a user has waiting). Sending is here; delivery is in deliver.cpp, on
// the way back to user mode; the frame on the user's stack in x86_64/signal_frame.cpp.
// Locking: a process's signal state (pending sets, masks of its tasks) is under Process::signals (rank SignalState). Actions have a lock
// of their own, because processes can share them. Finding a target takes the process tree's lock before both.
#pragma once

#include <array>
#include <atomic>

#include "posix_x/process/identity.hpp"
#include "posix_x/process/signal_set.hpp"
#include "scheduler/wait_queue.hpp"
#include "sync/spin_lock.hpp"
#include "utils/list.hpp"
#include "utils/object.hpp"

namespace exo::posix_x {

class Process;
class Task;
struct ProcessSignals;

/// si_code (sigaction(2)).
namespace signal_code {
inline constexpr i32 USER = 0;
inline constexpr i32 KERNEL = 0x80;
inline constexpr i32 QUEUE = -1;
inline constexpr i32 TIMER = -2;
inline constexpr i32 TKILL = -6;
inline constexpr i32 CHILD_EXITED = 1;
inline constexpr i32 CHILD_KILLED = 2;
inline constexpr i32 CHILD_DUMPED = 3;
inline constexpr i32 CHILD_STOPPED = 5;
inline constexpr i32 CHILD_CONTINUED = 6;
inline constexpr i32 SEGV_MAPERR = 1;
inline constexpr i32 SEGV_ACCERR = 2;
inline constexpr i32 SEGV_PKUERR = 4;
inline constexpr i32 BUS_ADRALN = 1;
inline constexpr i32 BUS_ADRERR = 2;
inline constexpr i32 FPE_INTDIV = 1;
inline constexpr i32 ILL_ILLOPN = 2;
inline constexpr i32 TRAP_BRKPT = 1;
inline constexpr i32 TRAP_TRACE = 2;
}  // namespace signal_code

/// The parts of siginfo_t that its signal uses.
struct SignalInfo {
    Signal signal = Signal::None;
    i32 code = signal_code::KERNEL;
    i32 error = 0;   ///< si_errno
    i32 sender = 0;  ///< si_pid, or the child's
    u32 sender_uid = 0;
    i32 status = 0;      ///< si_status of a child
    u64 value = 0;       ///< si_value, si_addr
    u32 key = 0;         ///< si_pkey
    u32 generation = 0;  ///< Of the setting of a POSIX timer that goes on when its signal is taken; else 0.
    i64 user_time = 0;   ///< of a child, in clock ticks
    i64 system_time = 0;
};

/// One sigaction. Handler 0 is SIG_DFL, 1 SIG_IGN.
struct SignalAction {
    static constexpr u64 DEFAULT = 0;
    static constexpr u64 IGNORE = 1;
    static constexpr u64 NO_CHILD_STOP = 1;
    static constexpr u64 NO_CHILD_WAIT = 2;
    static constexpr u64 WITH_INFO = 4;
    static constexpr u64 RESTORER = 0x04000000;
    static constexpr u64 ON_STACK = 0x08000000;
    static constexpr u64 RESTART = 0x10000000;
    static constexpr u64 NO_DEFER = 0x40000000;
    static constexpr u64 RESET_HANDLER = 0x80000000;
    static constexpr u64 EXPOSE_TAG_BITS = 0x800;  ///< Addresses have no tags here; kept because it is known.
    /// LINUX: others are dropped, so that a program can find out which are supported (sigaction(2), SA_UNSUPPORTED).
    static constexpr u64 KNOWN_FLAGS = NO_CHILD_STOP | NO_CHILD_WAIT | WITH_INFO | EXPOSE_TAG_BITS |
                                       RESTORER | ON_STACK | RESTART | NO_DEFER | RESET_HANDLER;

    u64 handler = DEFAULT;
    u64 flags = 0;
    u64 restorer = 0;
    SignalSet mask;

    bool has_handler() const { return handler > IGNORE; }
    /// Nothing would happen: explicitly, or by default.
    bool ignores(Signal signal) const { return ignores(signal, handler); }
    static bool ignores(Signal signal, u64 handler) {
        return handler == IGNORE || (handler == DEFAULT && default_action(signal) == DefaultAction::Ignore);
    }
};

/// The actions of one process, or of all that were made with CLONE_SIGHAND. Senders ask for a signal's handler without a lock; whoever
/// makes a signal ignored discards after that what is pending of it, so that nothing stays that was sent meanwhile.
class SignalActions final : public Object {
  public:
    SignalActions() = default;
    /// As `from` is now.
    explicit SignalActions(SignalActions& from) : SignalActions(from, *from.rests_.lock()) {}
    /// DEFAULT, IGNORE or an address.
    u64 handler(Signal signal) const { return handlers_[index(signal)].load(std::memory_order_relaxed); }
    /// Nothing would happen: explicitly, or by default.
    bool ignores(Signal signal) const { return SignalAction::ignores(signal, handler(signal)); }
    SignalAction of(Signal signal);
    /// Puts `action` in place and returns the one that was there.
    SignalAction exchange(Signal signal, const SignalAction& action);
    /// What a handler is started by. SA_RESETHAND takes effect here.
    SignalAction take(Signal signal);
    void set_default(Signal signal);
    /// Errors: Enomem.
    Result<Ref<SignalActions>> clone() { return make_ref<SignalActions>(*this); }
    /// execve: handlers become the default, what is ignored stays so.
    void reset_handlers();

    /// Who reads or polls a signalfd: woken for each signal that one of the processes gets.
    scheduler::WaitQueue signal_readers;

  private:
    /// The parts of an action that matter once a handler runs.
    struct Rest {
        u64 flags = 0;
        u64 restorer = 0;
        SignalSet mask;
    };
    using Rests = std::array<Rest, SIGNAL_COUNT>;
    static constexpr usize index(Signal signal) { return static_cast<usize>(signal) - 1; }
    SignalAction assembled(const Rests& rests, Signal signal) const;
    SignalActions(const SignalActions& from, const Rests& locked_rests);

    std::array<std::atomic<u64>, SIGNAL_COUNT> handlers_{};  ///< Changed under the lock of `rests_`.
    sync::SpinLocked<Rests, sync::LockRank::SignalActions> rests_;
};

/// What waits to be delivered. Standard signals are there once; realtime ones queue.
class PendingSignals {
  public:
    PendingSignals() = default;
    PendingSignals(const PendingSignals&) = delete;
    PendingSignals& operator=(const PendingSignals&) = delete;
    ~PendingSignals() { clear(); }

    SignalSet set() const { return set_; }
    /// For a process of `user`, which may have `most` entries. Without one (that is too many, or there is no memory) the
    /// signal is kept without its details. Errors: Eagain (then, for a realtime signal that has details to lose).
    Result<> add(const SignalInfo& info, UserId user, u64 most);
    /// A signal with details that were made before (POSIX timers). LINUX: send_sigqueue: a standard signal waits as often as it is sent.
    struct Entry;
    void add_prepared(Entry& entry);
    /// Takes the most urgent of `wanted`: synchronous ones, then by number. False if there is none.
    bool take(SignalSet wanted, SignalInfo& out);
    /// The first entry of a signal, which stays. False if there is none with details.
    bool look_at(Signal signal, SignalInfo& out);
    void discard(SignalSet signals);
    /// Those that tell of timers. LINUX: flush_itimer_signals.
    void discard_timers();
    void clear() { discard(SignalSet(~0ULL)); }
    /// What `other` has comes behind.
    void take_all(PendingSignals& other);

    struct Entry {
        SignalInfo info{};
        UserId user = 0;        ///< Whose count it is in (signal_quota.hpp).
        ListNode link{};        ///< Of the first entry of its signal.
        Entry* next = nullptr;  ///< The next of the same signal.
        Entry* last = nullptr;  ///< Of the first entry: the last of the same signal.
        /// Contains an entry that was made before, and is kept as long as the entry waits. Null: the entry ends with its signal.
        const Object* owner = nullptr;
        bool is_waiting = false;  ///< Of one that was made before.
    };

  private:
    static Entry* make_entry(const SignalInfo& info, UserId user, u64 most);
    Entry* first_of(Signal signal);
    void append(Entry& entry);
    void drop_first(Entry& entry);
    static void end(Entry& entry);
    SignalSet set_;
    /// The first entry of each signal: no more than there are signals, however many entries wait.
    List<Entry, &Entry::link> firsts_;
};

// ---- Sending. Errors: Eagain (see PendingSignals::add). Ignored signals vanish. Permissions are the callers' affair.

/// kill(2): the same user, or CAP_KILL; SIGCONT within a session.
bool may_signal(Task& sender, Process& target, Signal signal);
/// What a handler is told of a signal that `sender` causes.
SignalInfo info_from(Task& sender, Signal signal, i32 code);

/// To the process as a whole: any of its tasks takes it.
Result<> send_signal(Process& process, const SignalInfo& info);
/// What is left to do for a signal without the locks under which it was sent.
struct SentSignal {
    bool is_ignored = false;  ///< Nobody will take it.
    bool must_tell = false;
    bool is_continuing = false;        ///< It was stopped, and its tasks are to go on.
    bool tells_of_continuing = false;  ///< The parent is told.
    Ref<SignalActions> read;           ///< Whose readers are told.
};
/// The signal of a timer, to `receiver` or, if that is null, to the process as a whole. One that waits already counts as missed once more.
SentSignal send_prepared_signal(Process& process, Task* receiver, PendingSignals::Entry& entry,
                                u32 generation);
void finish_sending(Process& process, const SentSignal& sent);

/// Takes the most urgent of `wanted`, the task's own ones first. `has_taken` must follow, without the lock. False: there is none.
struct TakenSignal {
    SignalInfo info{};
    bool was_shared = false;  ///< It was the whole process's.
};
bool take_signal(ProcessSignals& state, Task& task, SignalSet wanted, TakenSignal& out);
/// Timers that waited for it go on. May switch to another thread.
void has_taken(Process& process, TakenSignal& taken);

/// To the process of `named`, which is asked first (kill(2) with a thread's number).
Result<> send_signal_by_task(Task& named, const SignalInfo& info);
/// To one task: no other of its process takes it.
Result<> send_signal_to_task(Task& task, const SignalInfo& info);
/// Drops what is pending of `signals`, for the process and for each of its tasks.
void discard_pending(Process& process, SignalSet signals);
/// A fault of the calling task: cannot be blocked or ignored, only handled.
void force_signal(const SignalInfo& info);
/// To every process of the group `pgid`; from the kernel (a terminal), without permission checks.
void send_signal_to_group(i32 pgid, const SignalInfo& info);
/// Of `signals`, those that wait for the process and that `from` no longer takes are looked at by the other tasks. LINUX:
/// retarget_shared_pending.
void retarget(ProcessSignals& state, const Task& from, SignalSet signals);
/// The calling task has a signal that it would take now (blocked and ignored ones left out).
bool has_deliverable_signal(Task& task);
bool has_deliverable_signal(const ProcessSignals& state, const Task& task);

}  // namespace exo::posix_x
