// Signals: pending signals, the actions of programs, and sending.
//
// Key types: SignalInfo (the details for a handler), SignalActions (the handlers, shared with CLONE_SIGHAND),
// PendingSignals (of a task or a process), QueuedSignals (how many a user has queued). Sending is in this
// file; delivery, on the way back to user mode, is in deliver.cpp; the frame on the user's stack is in
// x86_64/signal_frame.cpp.
// Locking: Process::signals (rank SignalState) guards a process's signal state: pending sets and the masks of
// its tasks. Actions have a lock of their own, because processes can share them. The process tree's lock,
// which finding a target needs, is taken before both.
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

/// The fields of siginfo_t that the signal uses.
struct SignalInfo {
    Signal signal = Signal::None;
    /// A program chose every byte of it (rt_sigqueueinfo). The handler is told the same bytes, whatever they mean: `key` between code and
    /// sender, then sender, sender_uid, value, user_time and system_time in this order.
    bool is_as_given = false;
    i32 code = signal_code::KERNEL;
    i32 error = 0;   ///< si_errno
    i32 sender = 0;  ///< si_pid, or the child's
    u32 sender_uid = 0;
    i32 status = 0;      ///< si_status of a child
    u64 value = 0;       ///< si_value, si_addr
    u32 key = 0;         ///< si_pkey
    u32 generation = 0;  ///< Identifies the setting of a POSIX timer that taking the signal restarts; else 0.
    i64 user_time = 0;   ///< of a child, in clock ticks
    i64 system_time = 0;
};

/// A sigaction. The handler 0 is SIG_DFL, 1 is SIG_IGN.
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
    static constexpr u64 EXPOSE_TAG_BITS = 0x800;  ///< Addresses have no tags on this machine. The flag is
                                                   ///< kept because Linux knows it.
    /// LINUX: unknown flags are dropped, so that a program can find out which are supported (sigaction(2),
    /// SA_UNSUPPORTED).
    static constexpr u64 KNOWN_FLAGS = NO_CHILD_STOP | NO_CHILD_WAIT | WITH_INFO | EXPOSE_TAG_BITS |
                                       RESTORER | ON_STACK | RESTART | NO_DEFER | RESET_HANDLER;

    u64 handler = DEFAULT;
    u64 flags = 0;
    u64 restorer = 0;
    SignalSet mask;

    bool has_handler() const { return handler > IGNORE; }
    /// Whether the signal is ignored, explicitly or by default.
    bool ignores(Signal signal) const { return ignores(signal, handler); }
    static bool ignores(Signal signal, u64 handler) {
        return handler == IGNORE || (handler == DEFAULT && default_action(signal) == DefaultAction::Ignore);
    }
};

/// The actions of one process, or of all processes that share them by CLONE_SIGHAND. Senders read a signal's
/// handler without a lock. A thread that makes a signal ignored discards that signal's pending entries
/// afterwards, so that none sent meanwhile remains.
class SignalActions final : public Object {
  public:
    SignalActions() = default;
    /// Copies the present actions of `from`.
    explicit SignalActions(SignalActions& from) : SignalActions(from, *from.rests_.lock()) {}
    /// The handler of a signal: DEFAULT, IGNORE or an address.
    u64 handler(Signal signal) const { return handlers_[index(signal)].load(std::memory_order_relaxed); }
    /// Whether the signal is ignored, explicitly or by default.
    bool ignores(Signal signal) const { return SignalAction::ignores(signal, handler(signal)); }
    SignalAction of(Signal signal);
    /// Replaces an action and returns the old one.
    SignalAction exchange(Signal signal, const SignalAction& action);
    /// The action with which a handler starts. Applies SA_RESETHAND.
    SignalAction take(Signal signal);
    void set_default(Signal signal);
    /// Makes a copy. Errors: Enomem.
    Result<Ref<SignalActions>> clone() { return make_ref<SignalActions>(*this); }
    /// execve: resets handlers to the default action. Ignored signals stay ignored.
    void reset_handlers();

    /// Readers and pollers of signalfds wait on it. Woken for each signal that one of the processes gets.
    scheduler::WaitQueue signal_readers;

  private:
    /// The parts of an action that are needed only when a handler runs.
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

/// The pending signals of a task or a process. A standard signal is pending at most once; realtime signals
/// queue.
class PendingSignals {
  public:
    PendingSignals() = default;
    PendingSignals(const PendingSignals&) = delete;
    PendingSignals& operator=(const PendingSignals&) = delete;
    ~PendingSignals() { clear(); }

    SignalSet set() const { return set_; }
    /// Adds a signal. An entry is charged to `user`, who may have `most` of them. If there is no entry
    /// (limit, or no memory), the signal is pending without its details. Errors: Eagain (a realtime signal
    /// with details that got no entry).
    Result<> add(const SignalInfo& info, UserId user, u64 most);
    /// A signal whose entry was allocated in advance (POSIX timers). LINUX: send_sigqueue: here a standard
    /// signal can be queued more than once.
    struct Entry;
    void add_prepared(Entry& entry);
    /// Takes the most urgent signal of `wanted`: synchronous signals first, then by number. Returns false if
    /// there is none.
    bool take(SignalSet wanted, SignalInfo& out);
    /// Copies the first entry of a signal without taking it. Returns false if there is no entry.
    bool look_at(Signal signal, SignalInfo& out);
    void discard(SignalSet signals);
    /// Discards the signals of timers. LINUX: flush_itimer_signals.
    void discard_timers();
    void clear() {
        if (!set_.is_empty()) discard(SignalSet(~0ULL));  // an entry waits only for a signal of the set
    }
    /// What `other` has comes behind.
    void take_all(PendingSignals& other);

    struct Entry {
        SignalInfo info{};
        UserId user = 0;        ///< The user whose count includes it (signal_quota.hpp).
        ListNode link{};        ///< Used in the first entry of its signal.
        Entry* next = nullptr;  ///< The next of the same signal.
        Entry* last = nullptr;  ///< In the first entry of a signal: the last entry of the same signal.
        /// The object that contains a preallocated entry, kept alive while the entry is queued. Null: the
        /// entry is freed with its signal.
        const Object* owner = nullptr;
        bool is_waiting = false;  ///< For a preallocated entry: whether it is queued.
    };

  private:
    static Entry* make_entry(const SignalInfo& info, UserId user, u64 most);
    Entry* first_of(Signal signal);
    void append(Entry& entry);
    void drop_first(Entry& entry);
    static void end(Entry& entry);
    SignalSet set_;
    /// The first entry of each signal, so that the list is short however many entries are queued.
    List<Entry, &Entry::link> firsts_;
};

// ---- Sending. Errors: Eagain (see PendingSignals::add). Ignored signals are dropped. The callers check
// permissions.

/// The permission check of kill(2): the same user, or CAP_KILL; SIGCONT also within a session.
bool may_signal(Task& sender, Process& target, Signal signal);
/// The details of a signal that `sender` causes.
SignalInfo info_from(Task& sender, Signal signal, i32 code);

/// Sends a signal to the whole process: any of its tasks may take it.
Result<> send_signal(Process& process, const SignalInfo& info);
/// The rest of the work of sending a signal, to be done without the locks under which it was sent.
struct SentSignal {
    bool is_ignored = false;  ///< The process ignores the signal.
    bool must_tell = false;
    bool is_continuing = false;        ///< SIGCONT for a stopped process: its tasks must be woken.
    bool tells_of_continuing = false;  ///< The parent must be told that the process continues.
    Ref<SignalActions> read;           ///< Actions whose signalfd readers must be woken.
};
/// Sends a timer's signal to `receiver`, or if that is null to the whole process. If the signal is already
/// queued, it counts one more missed expiry.
SentSignal send_prepared_signal(Process& process, Task* receiver, PendingSignals::Entry& entry,
                                u32 generation);
void finish_sending(Process& process, const SentSignal& sent);

/// Takes the most urgent signal of `wanted`, the task's own signals first. Returns false if there is none.
/// The caller must then call `has_taken` without the lock.
struct TakenSignal {
    SignalInfo info{};
    bool was_shared = false;  ///< The signal was pending for the whole process.
};
bool take_signal(ProcessSignals& state, Task& task, SignalSet wanted, TakenSignal& out);
/// Finishes taking a signal: restarts the timer that sent it. May switch to another thread.
void has_taken(Process& process, TakenSignal& taken);

/// Sends a signal to the process of the task `named` (kill(2) with a thread's number), which is the first
/// candidate to take it.
Result<> send_signal_by_task(Task& named, const SignalInfo& info);
/// Sends a signal to one task, which alone can take it.
Result<> send_signal_to_task(Task& task, const SignalInfo& info);
/// Discards the pending `signals` of the process and of each of its tasks.
void discard_pending(Process& process, SignalSet signals);
/// Sends a signal for a fault of the calling task. It cannot be blocked or ignored, only handled.
void force_signal(const SignalInfo& info);
/// Sends a signal from the kernel (a terminal) to every process of the group `pgid`, without permission
/// checks.
void send_signal_to_group(i32 pgid, const SignalInfo& info);
/// Wakes other tasks for those of `signals` that are pending for the whole process and that `from` does not
/// take any more. LINUX: retarget_shared_pending.
void retarget(ProcessSignals& state, const Task& from, SignalSet signals);
/// Whether the calling task has a pending signal that is neither blocked nor ignored.
bool has_deliverable_signal(Task& task);
bool has_deliverable_signal(const ProcessSignals& state, const Task& task);

}  // namespace exo::posix_x
