// The session of a terminal, its foreground group, and the signals to both.
#include "posix_x/process/process_tree.hpp"
#include "posix_x/terminal/terminal.hpp"

namespace exo::posix_x {

namespace {

bool is_session_leader(const TreeState& tree, const Process& process) {
    return process.links(tree).session == process.pid();
}

/// Whether the task blocks or ignores `signal`.
bool is_refused(Task& task, Signal signal) {
    return task.blocked().has(signal) || task.process->own_actions().handler(signal) == SignalAction::IGNORE;
}

/// The session of a group, or of the process with that number. Errors: Esrch; Eperm (the number is that of a
/// session whose leader is gone).
Result<Pid> session_of_group(TreeState& tree, Pid group) {
    if (group == 0)
        return Error::Esrch;  // process 1 is in it until it makes a group, but no program can name it
    if (const ProcessGroup* found = tree.find_group(group)) return found->session;
    if (const Process* process = tree.find(group)) return process->links(tree).session;
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
    Pid group;
    {
        auto tree = PROCESSES.lock();
        group = process.links(*tree).group;
        if (!controls(*tree, process) || foreground_ == 0 || group == foreground_) return {};
    }
    if (is_refused(task, signal)) return signal == Signal::Ttin ? Result<>(Error::Eio) : Result<>{};
    if (PROCESSES.is_orphaned(group)) return Error::Eio;
    send_signal_to_group(group, {.signal = signal});
    return Error::RestartSys;
}

void Terminal::acquire_on_open() {
    Process& process = current_process();
    Ref<Object> last_one;  // dropped after the lock
    auto tree = PROCESSES.lock();
    if (!is_session_leader(*tree, process) || controlling_terminal(*tree, process) || session_ != 0) return;
    last_one = become_terminal_of(*tree, process);
}

bool Terminal::controls(TreeState& tree, Process& process) {
    return controlling_terminal(tree, process).get() == this;
}

Ref<Object> Terminal::become_terminal_of(TreeState& tree, Process& leader) {
    Process::Links& links = leader.links(tree);
    session_ = links.session;
    foreground_ = links.group;
    links.acquisition = acquisition_;
    links.hung_up_group = 0;
    return std::exchange(links.terminal, Ref<Terminal>(this));
}

Result<> Terminal::set_controlling(security::Rights rights, Claim claim) {
    Task& task = current_task();
    Process& process = *task.process;
    const bool is_admin = task.identity().can(Capability::SysAdmin);
    Ref<Object> last_one;  // dropped after the lock
    auto tree = PROCESSES.lock();
    const bool is_leader = is_session_leader(*tree, process);
    if (is_leader && session_ == process.links(*tree).session) return {};
    if (!is_leader || controlling_terminal(*tree, process)) return Error::Eperm;
    if (session_ != 0 && !(claim == Claim::Steals && is_admin)) return Error::Eperm;
    if (!has(rights, security::Rights::Read) && !is_admin) return Error::Eperm;
    leave_session(*tree);
    last_one = become_terminal_of(*tree, process);
    return {};
}

/// Ends the terminal's use as a controlling terminal: the references in the processes of the session become
/// outdated.
void Terminal::leave_session(TreeState& /*locked*/) {
    ++acquisition_;
    session_ = foreground_ = 0;
}

Result<> Terminal::give_up_controlling() {
    Process& process = current_process();
    const Ref<Terminal> keep(this);
    Pid group;
    {
        auto tree = PROCESSES.lock();
        if (!controls(*tree, process)) return Error::Enotty;
        if (!is_session_leader(*tree, process)) {
            process.links(*tree).terminal = nullptr;  // not the last reference: `keep` is one
            return {};
        }
        group = foreground_;
        process.links(*tree).hung_up_group = 0;
        leave_session(*tree);
    }
    if (group == 0) return {};
    for (const Signal signal : {Signal::Hup, Signal::Cont})
        send_signal_to_group(group, {.signal = signal,
                                     .code = signal_code::USER,
                                     .sender = process.pid(),
                                     .sender_uid = current_task().identity().uid});
    return {};
}

Result<Pid> Terminal::foreground_group() {
    Process& process = current_process();
    auto tree = PROCESSES.lock();
    if (!controls(*tree, process)) return Error::Enotty;
    return foreground_;
}

Result<> Terminal::set_foreground_group(Pid group) {
    if (group < 0) return Error::Einval;
    Process& process = current_process();
    auto tree = PROCESSES.lock();
    if (!controls(*tree, process) || session_ != process.links(*tree).session) return Error::Enotty;
    if (TRY(session_of_group(*tree, group)) != process.links(*tree).session) return Error::Eperm;
    foreground_ = group;
    return {};
}

Result<Pid> Terminal::session() {
    Process& process = current_process();
    auto tree = PROCESSES.lock();
    if (!controls(*tree, process) || session_ == 0) return Error::Enotty;
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
    if (job_control == JobControl::Exempt)
        ++state->exempt_users;
    else
        driver_.opened();
    return {generation(), job_control};
}

void Terminal::closed(const Opening& opening) {
    // Told first: the other side of a pseudo-terminal is not what a last close waits for.
    if (opening.job_control == JobControl::Applies) driver_.closed();
    if (is_hung_up(opening)) wait_for_close_patiently();
    bool was_last_user = false;
    {
        auto state = state_.lock();
        if (!is_hung_up(opening)) was_last_user = --state->users == 0;
        if (opening.job_control == JobControl::Exempt) --state->exempt_users;
    }
    // Held to the end, so that a waiting open finds the terminal reset. It is free, or another thread is just
    // opening the terminal.
    const Result<Turn::Guard> turn =
        was_last_user ? closing_.take_at_once() : Result<Turn::Guard>(Error::Eagain);
    if (was_last_user) {
        wait_for_last_output();
        auto state = state_.lock();
        state->discipline.flush_input();
        if (state->discipline.flow().blocks_output()) state->discipline.output().clear();
    }
    // acq_rel: the last closer sees what the others did
    if (open_files_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    is_exclusive.store(false, std::memory_order_relaxed);
    state_.lock()->discipline.restart();
    auto tree = PROCESSES.lock();
    if (open_files_.load(std::memory_order_acquire) == 0) leave_session(*tree);
}

/// Waits as long as Linux does by default (setserial(8), closing_wait), so that a program's last output is
/// not lost.
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

/// Sends SIGHUP and SIGCONT to the session leader. If the leader is exiting, sends SIGHUP to the foreground
/// group instead.
void Terminal::signal_session_leader(Leader fate) {
    Ref<Process> leader;
    Pid group;
    {
        auto tree = PROCESSES.lock();
        group = foreground_;
        if (session_ != 0) leader = Ref<Process>(tree->find(session_));
        if (leader) leader->links(*tree).hung_up_group = group;
        leave_session(*tree);
    }
    if (leader) {
        (void)send_signal(*leader, {.signal = Signal::Hup});  // standard signals cannot fail
        (void)send_signal(*leader, {.signal = Signal::Cont});
    }
    if (fate == Leader::Exits && group != 0) send_signal_to_group(group, {.signal = Signal::Hup});
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
    signal_session_leader(Leader::Stays);
    // Cannot fail without a deadline. No call stays in progress, because each of their waits checks the
    // generation.
    (void)departures_.wait(scheduler::WaitMode::Uninterruptible, [&] {
        return visitors_[ended % 2].load(std::memory_order_seq_cst) == 0;  // seq_cst: see Visit
    });
}

void hang_up_if_session_leader(Process& process) {
    Ref<Terminal> terminal;
    Pid group;
    {
        auto tree = PROCESSES.lock();
        if (!is_session_leader(*tree, process)) return;
        terminal = controlling_terminal(*tree, process);
        group = process.links(*tree).hung_up_group;
    }
    if (!terminal) {
        // Only the leader was told of the hang-up, so the former foreground group still exists.
        if (group == 0) return;
        send_signal_to_group(group, {.signal = Signal::Hup});
        send_signal_to_group(group, {.signal = Signal::Cont});
        return;
    }
    if (terminal->driver_.stays_without_its_session()) {
        {
            auto tree = PROCESSES.lock();
            group = terminal->foreground_;
            terminal->leave_session(*tree);
        }
        if (group != 0) send_signal_to_group(group, {.signal = Signal::Hup});
        return;
    }
    terminal->signal_session_leader(Terminal::Leader::Exits);
    terminal->hang_up();
}

}  // namespace exo::posix_x
