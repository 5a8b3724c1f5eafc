// Terminals: a terminal connects a line discipline with hardware on one side and processes on the other.
//
// Key types: Terminal (one tty), TerminalDriver (driver.hpp: its hardware), LineDiscipline (line_discipline.hpp: what
// happens to the bytes), TerminalFile (terminal_file.hpp: one open of it). terminals.hpp makes them and their nodes.
// Neighbours: drivers have the bytes; processes have one as their controlling terminal.
// Locking: a sleeping lock (rank Terminal) guards the discipline, the window size and the driver. The process
// tree's lock guards the session and the foreground group. Each terminal has a thread that takes the driver's
// input at once, so that echo and Ctrl-C work without a reader.
// Source: ioctl_tty(2), termios(3), credentials(7); Linux, drivers/tty/tty_io.c, tty_jobctrl.c.
#pragma once

#include "abi/linux/stat.hpp"
#include "fs/file/file.hpp"
#include "posix_x/process/process.hpp"
#include "posix_x/terminal/driver.hpp"
#include "posix_x/terminal/line_discipline.hpp"
#include "posix_x/terminal/turn.hpp"
#include "scheduler/mutex.hpp"
#include "vm/io_buffer.hpp"

namespace exo::posix_x {

struct TreeState;

class Terminal final : public Object {
  public:
    /// Makes a terminal with a thread of its own. The driver must live for ever. Errors: Enomem.
    static Result<Ref<Terminal>> create(std::string_view name, abi::DeviceNumber number,
                                        TerminalDriver& driver, const TerminalSettings& settings);

    /// Makes a terminal without a thread. Whoever passes bytes to the driver, or makes room in it, calls
    /// serve(). `keeper` owns name and driver.
    /// Errors: Enomem.
    static Result<Ref<Terminal>> create_served(std::string_view name, abi::DeviceNumber number,
                                               TerminalDriver& driver, Ref<Object> keeper,
                                               const TerminalSettings& settings);
    /// Takes input from the driver, and passes output to it as far as it has room.
    void serve();

    std::string_view name() const { return name_; }
    abi::DeviceNumber number() const { return number_; }

    // ---- Functions for open files. `generation` is that of the open: after a hang-up it differs from the
    // terminal's.

    enum class JobControl : u8 { Applies, Exempt };  ///< /dev/console is exempt.
    struct Opening {
        u64 generation;
        JobControl job_control;
    };
    struct User {
        Opening opening;
        const fs::File& file;
        u64 takeouts;  ///< The value of takeouts() when the call began: see take_out_users().
        /// The present state of O_NONBLOCK: if another process sets it with FIONBIO, a wait ends when it is
        /// next woken.
        bool is_nonblocking() const { return file.is_nonblocking(); }
    };
    /// Errors: Eagain, Eio (a background group that may not read), RestartSys, Efault.
    Result<usize> read(const User& user, vm::OutBuffer& to);
    /// Errors: Eagain, Eio (hung up, or a background group that may not write), RestartSys, Efault.
    Result<usize> write(const User& user, vm::InBuffer& from);
    struct Readiness {
        bool can_read;
        bool can_write;
        bool is_hung_up;
    };
    Readiness readiness(const User& user);
    /// Makes waiting reads and writes continue as if they were nonblocking. TIOCSETD needs the discipline for
    /// itself, even if it changes nothing.
    void take_out_users();
    u64 takeouts() const { return takeouts_.load(std::memory_order_seq_cst); }
    scheduler::WaitQueue& input_waiters() { return input_waiters_; }
    scheduler::WaitQueue& output_waiters() { return output_waiters_; }
    usize readable_bytes() { return state_.lock()->discipline.readable_bytes(); }
    usize unsent_bytes();
    u64 generation() const { return generation_.load(std::memory_order_seq_cst); }
    bool is_hung_up(const Opening& opening) const {
        return opening.job_control == JobControl::Applies && opening.generation != generation();
    }
    bool is_hung_up(const User& user) const { return is_hung_up(user.opening); }

    TerminalSettings settings() { return state_.lock()->discipline.settings(); }
    enum class WhenToSet : u8 { Now, AfterOutput, AfterOutputWithoutInput };
    /// Applies settings. Those that the hardware cannot change stay as they are. Errors: RestartSys.
    Result<> set_settings(const User& user, const TerminalSettings& settings, WhenToSet when);
    /// Waits until all output is sent. Errors: RestartSys.
    Result<> drain();
    /// Waits until all output is sent, before a change of settings. A hang-up ends this wait. Errors:
    /// RestartSys.
    Result<> drain(const User& user);
    /// Sends a BREAK of this duration, if the hardware can. Writers wait meanwhile. Errors: Eintr.
    Result<> send_break(time::Nanoseconds duration);
    void hold_break(LineBreak line);
    /// TIOCSTI: handles a byte as if it had been typed.
    void simulate_input(u8 byte);
    void flush(abi::FlushQueue which);
    void control_flow(abi::FlowAction action);
    abi::winsize window_size() { return state_.lock()->window; }
    /// Sets the window size. A change sends SIGWINCH to the foreground group.
    void set_window_size(const abi::winsize& size);

    /// TIOCEXCL: only CAP_SYS_ADMIN may open it now.
    std::atomic<bool> is_exclusive{false};
    /// Waits until a last close in progress has finished. LINUX: opens of a terminal wait while the last
    /// close waits for output. Errors: RestartSys.
    Result<> wait_for_close();
    /// Uninterruptible form of wait_for_close. Hang-up, TIOCSETD, TIOCSCTTY and the close of what was hung up use it.
    void wait_for_close_patiently() { (void)closing_.take_patiently(); }
    Opening opened(JobControl job_control);
    /// Called when an open file is closed. The last one that is not hung up waits for unsent output. After
    /// the last of all, the session loses its terminal; the next open finds the last settings and input that
    /// arrived later, and nothing else.
    void closed(const Opening& opening);

    // ---- Sessions and groups: job_control.cpp. They concern the calling task's process.

    /// Sends `signal` (SIGTTIN, SIGTTOU) to the caller's group if it is in the background and may not
    /// continue.
    /// Errors: RestartSys; Eio (an orphaned group, or a SIGTTIN that the caller blocks or ignores).
    Result<> check_background(Signal signal);
    /// Called by open(2): the terminal becomes the controlling terminal of a session leader that has none, if
    /// it opens for reading and without O_NOCTTY.
    void acquire_on_open();
    /// Whether TIOCSCTTY may take the terminal from another session.
    enum class Claim : u8 { IfFree, Steals };
    /// TIOCSCTTY. `rights` are those of the open file. Errors: Eperm.
    Result<> set_controlling(security::Rights rights, Claim claim);
    /// TIOCNOTTY. Errors: Enotty.
    Result<> give_up_controlling();
    /// TIOCGPGRP; 0: no foreground group. Errors: Enotty.
    Result<Pid> foreground_group();
    /// TIOCSPGRP. Errors: Enotty, Einval, Esrch, Eperm.
    Result<> set_foreground_group(Pid group);
    /// TIOCGSID. Errors: Enotty.
    Result<Pid> session();
    /// Whether the session that acquired the terminal at acquisition `number` still has it.
    bool is_acquisition(const TreeState& /*locked*/, u64 number) const { return acquisition_ == number; }
    Pid foreground_group(const TreeState& /*locked*/) const { return foreground_ != 0 ? foreground_ : -1; }
    Pid session(const TreeState& /*locked*/) const { return session_; }
    /// Sends a signal to the foreground group, if there is one.
    void signal_foreground(Signal signal);
    /// Hangs the terminal up, after a lost line or for TIOCVHANGUP: sends signals and makes every open file
    /// but those of /dev/console dead. It returns when all calls in progress on these files have ended, and a
    /// last close too.
    void hang_up();

  private:
    /// The size of the pieces that move between the program and the discipline.
    static constexpr usize READ_PIECE = 64;
    static constexpr usize WRITE_PIECE = 2048;

    friend void hang_up_if_session_leader(Process& process);
    template <class T, class... Args> friend Result<Ref<T>> exo::make_ref(Args&&... args);
    Terminal(std::string_view name, abi::DeviceNumber number, TerminalDriver& driver,
             const TerminalSettings& settings, Ref<Object> keeper = nullptr)
        : keeper_(std::move(keeper)),
          name_(name),
          number_(number),
          driver_(driver),
          state_(settings) {}

    struct State {
        explicit State(const TerminalSettings& settings) : discipline(settings) {}
        LineDiscipline discipline;
        abi::winsize window{};
        bool input_is_held_back = false;  ///< The driver may have input that the discipline has no room for.
        u32 users = 0;                    ///< Open files that are not hung up.
        u32 exempt_users = 0;             ///< Those of `users` that a hang-up does not affect (/dev/console).
        OutputFlow told_flow = OutputFlow::Running;  ///< The state of flow that the driver was last told.
        u8 urgent_output = 0;  ///< A flow control character that is sent before everything else, even while
                               ///< output is stopped.
    };
    using Lock = scheduler::Mutex<State, sync::LockRank::Terminal>;

    /// A call in progress that may wait. A hang-up waits for its end. LINUX: the reference to the discipline
    /// that tty_read and similar functions hold, and that tty_ldisc_hangup waits for.
    class Visit {
      public:
        Visit(Terminal& terminal, const User& user) : terminal_(terminal) {
            if (user.opening.job_control == JobControl::Exempt) return;
            count_ = &terminal.visitors_[user.opening.generation % 2];
            // seq_cst: either the hang-up counts this call, or this call sees the hang-up
            count_->fetch_add(1, std::memory_order_seq_cst);
        }
        Visit(const Visit&) = delete;
        Visit& operator=(const Visit&) = delete;
        ~Visit() {
            if (count_ == nullptr) return;
            // seq_cst: a hang-up that entered the queue before is seen
            if (count_->fetch_sub(1, std::memory_order_seq_cst) == 1 && terminal_.departures_.has_waiters())
                terminal_.departures_.wake_all();
        }

      private:
        Terminal& terminal_;
        std::atomic<u32>* count_ = nullptr;
    };

    struct ReadPlan;
    ReadPlan plan_read();
    Result<usize> read_in_turn(const User& user, vm::OutBuffer& to);
    Result<LineDiscipline::Taken> wait_for_piece(const User& user, std::span<u8> piece);
    LineDiscipline::Taken take_piece(std::span<u8> piece);
    bool may_not_wait(const User& user) const { return user.is_nonblocking() || user.takeouts != takeouts(); }
    bool has_input() { return state_.lock()->discipline.has_input(); }
    Result<usize> write_in_turn(const User& user, vm::InBuffer& from);
    Result<usize> write_piece(const User& user, vm::InBuffer& from);
    bool has_room(const State& state) const;
    /// Whether output waits for ^Q, and the driver has no queue for further output.
    bool is_held(const State& state) const;
    bool is_all_sent(const State& state);

    void work();
    void take_input(State& state);
    static void set_held_back(State& state, bool is_held_back);
    void pump(State& state);
    void wake_thread();
    void raise(State& state, Signal signal);
    enum class Leader : u8 { Stays, Exits };
    void signal_session_leader(Leader fate);
    bool controls(TreeState& tree, Process& process);
    void leave_session(TreeState& tree);
    /// Returns the process's previous terminal. The caller drops that reference without the lock.
    [[nodiscard]] Ref<Object> become_terminal_of(TreeState& tree, Process& leader);
    void wait_for_last_output();

    const Ref<Object> keeper_;  ///< The owner of name and driver; null: they live for ever.
    std::string_view name_;
    const abi::DeviceNumber number_;
    TerminalDriver& driver_;  ///< Used only with state_ locked, except for its wait queues.
    Lock state_;
    Turn reading_;
    Turn writing_;
    Turn closing_;                  ///< Held by the last close while it waits, and by a hang-up.
    std::atomic<u32> visitors_[2];  ///< Index: the last bit of their generation. Hang-ups do not overlap.
    scheduler::WaitQueue departures_;
    std::array<u8, WRITE_PIECE> being_written_;  ///< Used by the holder of writing_.
    std::atomic<u64> takeouts_{0};
    scheduler::WaitQueue input_waiters_;
    scheduler::WaitQueue output_waiters_;

    scheduler::Thread* thread_ = nullptr;  ///< Null: other threads call serve().

    std::atomic<u64> generation_{0};
    std::atomic<u32> open_files_{0};
    Pid session_ = 0;  ///< Guarded by the process tree's lock, like foreground_.
    Pid foreground_ = 0;
    u64 acquisition_ = 0;  ///< How many sessions have lost the terminal.
};

/// The controlling terminal of the process's session; null: none.
inline Ref<Terminal> controlling_terminal(TreeState& tree, Process& process) {
    const Process::Links& links = process.links(tree);
    Ref<Terminal> terminal = static_ref_cast<Terminal>(links.terminal);
    return terminal && terminal->is_acquisition(tree, links.acquisition) ? terminal : nullptr;
}

/// Called at the end of a process: if it led a session with a terminal, hangs that terminal up. For a
/// pseudo-terminal it only signals the foreground group.
void hang_up_if_session_leader(Process& process);

}  // namespace exo::posix_x
