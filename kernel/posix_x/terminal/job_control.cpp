// Which session a terminal belongs to, which of its groups is in the foreground, and who is told of what.
#include "posix_x/process/process_tree.hpp"
#include "posix_x/terminal/terminal.hpp"

namespace exo::posix_x {

namespace {

bool is_session_leader(const Process& process) { return process.session == process.pid(); }

/// The task would not take `signal`: it is blocked or ignored.
bool is_refused(Task& task, Signal signal) {
    auto state = task.process->signals.lock();
    return task.blocked.has(signal) || state->actions->of(signal).handler == SignalAction::IGNORE;
}

/// The session of the group `group`, or of the process of that number. Errors: Esrch; Eperm (a session whose leader has
/// gone has that number).
Result<Pid> session_of_group(TreeState& tree, Pid group) {
    if (const ProcessGroup* found = tree.find_group(group)) return found->session;
    if (const Process* process = tree.find(group)) return process->session;
    return tree.has_session(group) ? Error::Eperm : Error::Esrch;
}

}  // namespace

void Terminal::signal_foreground(Signal signal) {
    Pid group;
    {
        auto tree = PROCESSES.lock();
        group = foreground_;
    }
    if (group != 0) send_signal_to_group(group, {.signal = signal});
}

Result<> Terminal::check_background(Signal signal) {
    Task& task = current_task();
    Process& process = *task.process;
    bool is_orphaned;
    Pid group;
    {
        auto tree = PROCESSES.lock();
        group = process.group;
        if (process.terminal.get() != this || foreground_ == 0 || group == foreground_) return {};
        is_orphaned = tree->is_orphaned_group(group, nullptr);
    }
    if (is_refused(task, signal)) return signal == Signal::Ttin ? Result<>(Error::Eio) : Result<>{};
    if (is_orphaned) return Error::Eio;
    send_signal_to_group(group, {.signal = signal});
    return Error::RestartSys;
}

void Terminal::acquire_on_open() {
    Process& process = current_process();
    auto tree = PROCESSES.lock();
    if (!is_session_leader(process) || process.terminal || session_ != 0) return;
    become_terminal_of_locked(process);
}

void Terminal::become_terminal_of_locked(Process& leader) {
    session_ = leader.session;
    foreground_ = leader.group;
    leader.terminal = Ref<Terminal>(this);
    leader.hung_up_group = 0;
}

Result<> Terminal::set_controlling(bool can_read, bool wants_to_steal) {
    Task& task = current_task();
    Process& process = *task.process;
    const bool is_admin = task.identity->can(Capability::SysAdmin);
    auto tree = PROCESSES.lock();
    const bool is_leader = is_session_leader(process);
    if (is_leader && session_ == process.session) return {};
    if (!is_leader || process.terminal) return Error::Eperm;
    if (session_ != 0 && !(wants_to_steal && is_admin)) return Error::Eperm;
    if (!can_read && !is_admin) return Error::Eperm;
    clear_session_locked(*tree);
    become_terminal_of_locked(process);
    return {};
}

/// Nobody has this terminal any more. Whoever calls holds a reference, so none of these is the last one.
void Terminal::clear_session_locked(TreeState& tree) {
    for (Process& process : tree.by_pid)
        if (process.terminal.get() == this) process.terminal = nullptr;
    session_ = foreground_ = 0;
}

Result<> Terminal::give_up_controlling() {
    Process& process = current_process();
    const Ref<Terminal> keep(this);
    Pid group;
    {
        auto tree = PROCESSES.lock();
        if (process.terminal.get() != this) return Error::Enotty;
        if (!is_session_leader(process)) {
            process.terminal = nullptr;
            return {};
        }
        group = foreground_;
        process.hung_up_group = 0;
        clear_session_locked(*tree);
    }
    if (group == 0) return {};
    for (const Signal signal : {Signal::Hup, Signal::Cont})
        send_signal_to_group(group, {.signal = signal,
                                     .code = signal_code::USER,
                                     .sender = process.pid(),
                                     .sender_uid = current_task().identity->uid});
    return {};
}

Result<Pid> Terminal::foreground_group() {
    Process& process = current_process();
    auto tree = PROCESSES.lock();
    if (process.terminal.get() != this) return Error::Enotty;
    return foreground_;
}

Result<> Terminal::set_foreground_group(Pid group) {
    if (group < 0) return Error::Einval;
    Process& process = current_process();
    auto tree = PROCESSES.lock();
    if (process.terminal.get() != this || session_ != process.session) return Error::Enotty;
    if (TRY(session_of_group(*tree, group)) != process.session) return Error::Eperm;
    foreground_ = group;
    return {};
}

Result<Pid> Terminal::session() {
    Process& process = current_process();
    auto tree = PROCESSES.lock();
    if (process.terminal.get() != this || session_ == 0) return Error::Enotty;
    return session_;
}

Result<> Terminal::wait_for_close() {
    const Turn::Guard turn = TRY(closing_.take());
    return {};
}

Terminal::Opening Terminal::opened(JobControl job_control) {
    open_files_.fetch_add(1, std::memory_order_relaxed);
    auto state = state_.lock();
    ++state->users;
    if (job_control == JobControl::Exempt) ++state->exempt_users;
    return {generation(), job_control};
}

void Terminal::closed(const Opening& opening) {
    if (is_hung_up(opening)) wait_for_close_patiently();
    bool was_last_user = false;
    {
        auto state = state_.lock();
        if (!is_hung_up(opening)) was_last_user = --state->users == 0;
        if (opening.job_control == JobControl::Exempt) --state->exempt_users;
    }
    // Held to the end: whoever waits to open it finds it as new. It is free, or somebody is just about to open it.
    const Result<Turn::Guard> turn =
        was_last_user ? closing_.take_at_once() : Result<Turn::Guard>(Error::Eagain);
    if (was_last_user) {
        wait_for_last_output();
        auto state = state_.lock();
        state->discipline.flush_input();
        if (state->discipline.flow().blocks_output()) state->discipline.output().clear();
    }
    // acq_rel: whoever closes last sees what the others did
    if (open_files_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    is_exclusive.store(false, std::memory_order_relaxed);
    state_.lock()->discipline.restart();
    auto tree = PROCESSES.lock();
    if (open_files_.load(std::memory_order_acquire) == 0) clear_session_locked(*tree);
}

/// As long as Linux waits by default (setserial(8), closing_wait): what a program has written is not lost with its end.
void Terminal::wait_for_last_output() {
    constexpr time::Nanoseconds CLOSING_WAIT = 30 * time::SECOND;
    {
        auto state = state_.lock();
        if (state->discipline.flow().is_held) state->discipline.output().clear();
    }
    // However it ends, the terminal is closed.
    (void)output_waiters_.wait(
        scheduler::WaitMode::Interruptible, [this] { return is_all_sent(*state_.lock()); },
        time::Deadline::after(CLOSING_WAIT));
}

/// The leader gets SIGHUP and SIGCONT; if it is just exiting, the foreground group gets SIGHUP in its place.
void Terminal::signal_session_leader(bool leader_is_exiting) {
    Ref<Process> leader;
    Pid group;
    {
        auto tree = PROCESSES.lock();
        group = foreground_;
        if (session_ != 0) leader = Ref<Process>(tree->find(session_));
        if (leader) leader->hung_up_group = group;
        clear_session_locked(*tree);
    }
    if (leader) {
        (void)send_signal(*leader, {.signal = Signal::Hup});  // standard signals cannot fail
        (void)send_signal(*leader, {.signal = Signal::Cont});
    }
    if (leader_is_exiting && group != 0) send_signal_to_group(group, {.signal = Signal::Hup});
}

void Terminal::hang_up() {
    const Turn::Guard turn = closing_.take_patiently();
    const u64 ended = generation();
    {
        auto state = state_.lock();
        // seq_cst: the waiters that are woken below look at it
        generation_.fetch_add(1, std::memory_order_seq_cst);
        state->users = state->exempt_users;
        state->discipline.hang_up();
    }
    input_waiters_.wake_all();
    output_waiters_.wake_all();
    reading_.look_again();
    writing_.look_again();
    signal_session_leader(false);
    // cannot fail without a deadline; nobody stays: all that they wait for looks at the generation
    (void)departures_.wait(scheduler::WaitMode::Uninterruptible, [&] {
        return visitors_[ended % 2].load(std::memory_order_seq_cst) == 0;  // seq_cst: see Visit
    });
}

void hang_up_if_session_leader(Process& process) {
    Ref<Terminal> terminal;
    Pid group;
    {
        auto tree = PROCESSES.lock();
        if (!is_session_leader(process)) return;
        terminal = controlling_terminal(process);
        group = process.hung_up_group;
    }
    if (!terminal) {
        // Who was in its foreground has outlived the hang-up, which only the leader was told of.
        if (group == 0) return;
        send_signal_to_group(group, {.signal = Signal::Hup});
        send_signal_to_group(group, {.signal = Signal::Cont});
        return;
    }
    terminal->signal_session_leader(true);
    terminal->hang_up();
}

}  // namespace exo::posix_x
