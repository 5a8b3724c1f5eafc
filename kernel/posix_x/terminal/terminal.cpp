// The terminal's own thread, and operations that concern neither reads and writes nor processes.
#include "posix_x/terminal/terminal.hpp"

#include "scheduler/preemption.hpp"
#include "scheduler/scheduler.hpp"

namespace exo::posix_x {

Result<Ref<Terminal>> Terminal::create(std::string_view name, abi::DeviceNumber number,
                                       TerminalDriver& driver, const TerminalSettings& settings) {
    Ref<Terminal> terminal = TRY(make_ref<Terminal>(name, number, driver, settings));
    Ref<scheduler::Thread> thread = TRY(scheduler::Thread::create(
        name, [](void* self) { static_cast<Terminal*>(self)->work(); }, terminal.get(),
        scheduler::ThreadPriority::High));
    terminal->thread_ = thread.get();
    terminal
        ->retain();  // the thread's own reference: it works for ever, and so does the terminal's pointer to it
    scheduler::SCHEDULER.start_thread(std::move(thread));
    return terminal;
}

Result<Ref<Terminal>> Terminal::create_served(std::string_view name, abi::DeviceNumber number,
                                              TerminalDriver& driver, Ref<Object> keeper,
                                              const TerminalSettings& settings) {
    return make_ref<Terminal>(name, number, driver, settings, std::move(keeper));
}

void Terminal::serve() {
    auto state = state_.lock();
    take_input(*state);
    pump(*state);
}

// ---- The thread.

/// Makes the thread check everything again. No condition is needed: the wake-up token stays until the thread
/// checks.
void Terminal::wake_thread() {
    if (thread_ != nullptr)
        scheduler::unpark(*thread_);
    else
        serve();
}

void Terminal::work() {
    while (true) {
        // Queued before looking, so that no change is missed.
        scheduler::Waiter input;
        scheduler::Waiter output;
        input.enter(driver_.readable(), scheduler::Waiter::Kind::Shared);
        output.enter(driver_.writable(), scheduler::Waiter::Kind::Shared);
        serve();
        (void)scheduler::park(scheduler::WaitMode::Uninterruptible);  // without a deadline it cannot fail
    }
}

void Terminal::take_input(State& state) {
    const auto raise = [&](Signal signal) { this->raise(state, signal); };
    if (driver_.take_break()) state.discipline.receive_break(raise);
    while (true) {
        u8 bytes[128];
        const usize room = state.discipline.receivable(sizeof(bytes));
        set_held_back(state, room == 0);
        const usize count = room > 0 ? driver_.read({bytes, room}) : 0;
        if (count == 0) break;
        // All of them fit: a byte takes one place, or was counted as more.
        (void)state.discipline.receive({bytes, count}, raise);
        pump(state);  // echo does not wait for the rest of a long paste
        scheduler::preempt_point();
    }
    if (state.discipline.has_input()) input_waiters_.wake_all();
}

/// Sends a signal for an input byte. The line discipline has already dropped pending input and output, unless
/// NOFLSH is set.
void Terminal::raise(State& state, Signal signal) {
    if (!state.discipline.settings().has(LocalFlags::Noflsh)) {
        driver_.drop_output();
        driver_.dropped_input();
    }
    signal_foreground(signal);
}

/// IXOFF: asks the other side to stop sending, or to continue.
void Terminal::set_held_back(State& state, bool is_held_back) {
    if (state.input_is_held_back == is_held_back) return;
    state.input_is_held_back = is_held_back;
    const TerminalSettings& settings = state.discipline.settings();
    if (settings.has(InputFlags::Ixoff))
        state.urgent_output =
            settings.character(is_held_back ? ControlCharacter::Stop : ControlCharacter::Start);
}

void Terminal::pump(State& state) {
    const OutputFlow flow =
        state.discipline.flow().blocks_output() ? OutputFlow::Stopped : OutputFlow::Running;
    if (state.told_flow != flow) driver_.note_flow(state.told_flow = flow);
    if (state.urgent_output != 0 && driver_.write({&state.urgent_output, 1}) == 1) state.urgent_output = 0;
    OutputQueue& queue = state.discipline.output();
    while (!state.discipline.flow().blocks_output() && !queue.is_empty()) {
        const usize sent = driver_.write(queue.front());
        if (sent == 0) break;
        queue.drop(sent);
    }
    if (has_room(state)) output_waiters_.wake_all();
}

// ---- Settings and queues.

bool Terminal::is_all_sent(const State& state) {
    // LINUX: bytes passed to a pseudo-terminal count as sent; no call waits for the other side to read them.
    if (driver_.takes_nothing_while_stopped()) return true;
    return state.urgent_output == 0 && state.discipline.output().is_empty() && driver_.unsent() == 0;
}

usize Terminal::unsent_bytes() {
    // LINUX: pty_ops have no chars_in_buffer; an echo that waits lies in the discipline.
    if (driver_.takes_nothing_while_stopped()) return 0;
    auto state = state_.lock();
    return state->discipline.output().size() + driver_.unsent();
}

Result<> Terminal::drain() {
    return output_waiters_.wait(scheduler::WaitMode::Interruptible,
                                [this] { return is_all_sent(*state_.lock()); });
}

Result<> Terminal::drain(const User& user) {
    return output_waiters_.wait(scheduler::WaitMode::Interruptible,
                                [&] { return is_all_sent(*state_.lock()) || is_hung_up(user); });
}

Result<> Terminal::set_settings(const User& user, const TerminalSettings& settings, WhenToSet when) {
    const Visit visit(*this, user);
    if (when != WhenToSet::Now) TRY(drain(user));
    auto state = state_.lock();
    if (when == WhenToSet::AfterOutputWithoutInput) {
        state->discipline.flush_input();
        driver_.dropped_input();
    }
    const abi::termios2& old = state->discipline.settings().raw();
    TerminalSettings next = settings;
    driver_.configure(next.raw(), old);
    state->discipline.set_settings(next);
    pump(*state);
    state.unlock();
    // The conditions of waiting threads may hold now.
    input_waiters_.wake_all();
    output_waiters_.wake_all();
    wake_thread();
    return {};
}

Result<> Terminal::send_break(time::Nanoseconds duration) {
    const Result<Turn::Guard> turn = writing_.take();
    if (!turn) return Error::Eintr;
    {
        auto state = state_.lock();
        if (!driver_.set_break(LineBreak::On)) return {};
    }
    const Result<> slept =
        scheduler::sleep_until(time::Deadline::after(duration), scheduler::WaitMode::Interruptible);
    hold_break(LineBreak::Off);
    return slept ? slept : Error::Eintr;
}

void Terminal::hold_break(LineBreak line) {
    auto state = state_.lock();
    (void)driver_.set_break(line);  // false: there is no line that could be held
}

void Terminal::simulate_input(u8 byte) {
    bool has_input;
    {
        auto state = state_.lock();
        // Without room it is lost, as what is typed too fast.
        (void)state->discipline.receive({&byte, 1}, [&](Signal signal) { raise(*state, signal); });
        pump(*state);
        has_input = state->discipline.has_input();
    }
    if (has_input) input_waiters_.wake_all();
}

void Terminal::flush(abi::FlushQueue which) {
    auto state = state_.lock();
    if (which != abi::FlushQueue::Output) {
        state->discipline.flush_input();
        driver_.dropped_input();
    }
    if (which != abi::FlushQueue::Input) {
        state->discipline.output().clear();
        driver_.drop_output();
    }
    state.unlock();
    output_waiters_.wake_all();
    wake_thread();
}

void Terminal::control_flow(abi::FlowAction action) {
    auto state = state_.lock();
    FlowState& flow = state->discipline.flow();
    const TerminalSettings& settings = state->discipline.settings();
    switch (action) {
        case abi::FlowAction::OutputOff: flow.is_held = true; break;
        case abi::FlowAction::OutputOn:
            if (flow.is_held) flow = {};
            break;
        case abi::FlowAction::InputOff:
            state->urgent_output = settings.character(ControlCharacter::Stop);
            break;
        case abi::FlowAction::InputOn:
            state->urgent_output = settings.character(ControlCharacter::Start);
            break;
    }
    pump(*state);
}

void Terminal::set_window_size(const abi::winsize& size) {
    {
        auto state = state_.lock();
        if (state->window == size) return;
        state->window = size;
    }
    signal_foreground(Signal::Winch);
}

}  // namespace exo::posix_x
