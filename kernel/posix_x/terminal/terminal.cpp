// The terminal's own thread, and what concerns neither readers and writers nor processes.
#include "posix_x/terminal/terminal.hpp"

#include "scheduler/scheduler.hpp"

namespace exo::posix_x {

Result<Ref<Terminal>> Terminal::create(std::string_view name, abi::DeviceNumber number, TerminalDriver& driver,
                                       const TerminalSettings& settings) {
    Ref<Terminal> terminal = TRY(make_ref<Terminal>(name, number, driver, settings));
    Ref<scheduler::Thread> thread = TRY(scheduler::Thread::create(
        name, [](void* self) { static_cast<Terminal*>(self)->work(); }, terminal.get(),
        scheduler::ThreadPriority::High));
    terminal->retain();  // the thread's own reference: it works for ever
    scheduler::SCHEDULER.start_thread(std::move(thread));
    return terminal;
}

// ---- Any context.

void Terminal::wake_thread() {
    has_work_.store(true, std::memory_order_seq_cst);
    thread_waits_.wake_one();
}

usize Terminal::receive(std::span<const u8> bytes) {
    const usize count = ring_.push(bytes);
    if (count < bytes.size()) ring_was_full_.store(true, std::memory_order_seq_cst);
    wake_thread();
    return count;
}

void Terminal::receive_break() {
    has_break_.store(true, std::memory_order_seq_cst);
    wake_thread();
}

void Terminal::output_has_room() {
    wake_thread();
}

// ---- The thread.

void Terminal::work() {
    while (true) {
        (void)thread_waits_.wait(scheduler::WaitMode::Uninterruptible,
                                 [this] { return has_work_.exchange(false, std::memory_order_seq_cst); });
        auto state = state_.lock();
        process_input(*state);
        pump(*state);
    }
}

void Terminal::process_input(State& state) {
    const auto raise = [this](Signal signal) { signal_foreground(signal); };
    if (has_break_.exchange(false, std::memory_order_seq_cst)) state.discipline.receive_break(raise);
    bool is_held_back = false;
    while (!is_held_back) {
        const std::span<const u8> piece = ring_.front();
        if (piece.empty()) break;
        const usize taken = state.discipline.receive(piece, raise);
        ring_.drop(taken);
        is_held_back = taken < piece.size();
    }
    set_held_back(state, is_held_back);
    if (state.discipline.has_input()) input_waiters_.wake_all();
    if (!is_held_back && ring_was_full_.exchange(false, std::memory_order_seq_cst)) state.driver.resume_input();
}

/// IXOFF: the other side is asked to stop, and to go on.
void Terminal::set_held_back(State& state, bool is_held_back) {
    if (state.input_is_held_back == is_held_back) return;
    state.input_is_held_back = is_held_back;
    const TerminalSettings& settings = state.discipline.settings();
    if (settings.has(InputFlags::Ixoff))
        state.urgent_output = settings.character(is_held_back ? ControlCharacter::Stop : ControlCharacter::Start);
}

void Terminal::pump(State& state) {
    if (state.urgent_output != 0 && state.driver.write({&state.urgent_output, 1}) == 1) state.urgent_output = 0;
    OutputQueue& queue = state.discipline.output();
    while (!state.discipline.flow().blocks_output() && !queue.is_empty()) {
        const std::span<const u8> piece = queue.front();
        const usize sent = state.driver.write(piece);
        queue.drop(sent);
        if (sent < piece.size()) break;
    }
    if (has_room(state)) output_waiters_.wake_all();
}

// ---- Settings and queues.

bool Terminal::is_all_sent(State& state) {
    return state.urgent_output == 0 && state.discipline.output().is_empty() && state.driver.unsent() == 0;
}

usize Terminal::unsent_bytes() {
    auto state = state_.lock();
    return state->discipline.output().size() + state->driver.unsent();
}

Result<> Terminal::drain() {
    return output_waiters_.wait(scheduler::WaitMode::Interruptible, [this] { return is_all_sent(*state_.lock()); });
}

Result<> Terminal::set_settings(const TerminalSettings& settings, WhenToSet when) {
    if (when != WhenToSet::Now) TRY(drain());
    constexpr ControlFlags CHANGEABLE = ControlFlags::Hupcl | ControlFlags::Cread | ControlFlags::Clocal;
    auto state = state_.lock();
    if (when == WhenToSet::AfterOutputWithoutInput) state->discipline.flush_input();
    const abi::termios2& old = state->discipline.settings().raw();
    TerminalSettings next = settings;
    next.raw().c_cflag = (settings.raw().c_cflag & CHANGEABLE) | (old.c_cflag & ~CHANGEABLE);
    next.raw().c_ispeed = old.c_ispeed;
    next.raw().c_ospeed = old.c_ospeed;
    state->discipline.set_settings(next);
    pump(*state);
    state.unlock();
    // What waits may have become possible.
    input_waiters_.wake_all();
    output_waiters_.wake_all();
    wake_thread();
    return {};
}

void Terminal::flush(abi::FlushQueue which) {
    auto state = state_.lock();
    if (which != abi::FlushQueue::Output) state->discipline.flush_input();
    if (which != abi::FlushQueue::Input) state->discipline.output().clear();
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
        case abi::FlowAction::InputOff: state->urgent_output = settings.character(ControlCharacter::Stop); break;
        case abi::FlowAction::InputOn: state->urgent_output = settings.character(ControlCharacter::Start); break;
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
