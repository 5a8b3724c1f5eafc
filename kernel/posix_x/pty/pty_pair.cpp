#include "posix_x/pty/pty_pair.hpp"

#include "posix_x/pty/devpts.hpp"
#include "utils/format.hpp"

namespace exo::posix_x {

using fs::PollEvents;

PtyPair::PtyPair(u32 index, Ref<fs::FileSystem> instance) : index_(index), instance_(std::move(instance)) {
    format_to(
        [&](std::string_view text) {
            name_size_ += text.copy(name_ + name_size_, sizeof(name_) - name_size_);
        },
        "pts/{}", index);
}

PtyPair::~PtyPair() = default;

/// Called when neither side is open any more. A hung-up file counts until it is closed. LINUX:
/// pty_unix98_remove.
void PtyPair::give_number_back() {
    {
        auto state = state_.lock();
        if (is_master_open() || state->slave_files != 0 || !std::exchange(state->has_number, false)) return;
    }
    static_cast<Devpts&>(*instance_).give_number_back(index_);
}

// ---- The master's side

/// How many bytes a read of the master finds. LINUX: the master's line discipline holds at most
/// N_TTY_BUF_SIZE - 1, and takes more after each read.
usize PtyPair::readable(const State& state) {
    constexpr usize MOST = 4095;
    return std::min(state.to_master.size(), MOST);
}

/// LINUX: n_tty_read. Only its first piece begins with a byte of packet mode; iterate_tty_read asks for the others with a cookie.
Result<usize> PtyPair::take(std::span<u8> to, Piece piece) {
    auto state = state_.lock();
    if (piece == Piece::Next) {
        if (state->left_to_read == 0) return Error::Eagain;
        return pop_for_read(*state, to);
    }
    const bool is_packet = state->packet_mode == PacketMode::On;
    if (is_packet && state->events != PacketEvents::Data) {
        state->left_to_read = 0;  // a byte of events stands alone
        to[0] = static_cast<u8>(std::exchange(state->events, PacketEvents::Data));
        return 1uz;
    }
    state->left_to_read = readable(*state);
    if (state->to_master.is_empty()) return state->slave_is_gone ? Error::Eio : Error::Eagain;
    if (!is_packet) return pop_for_read(*state, to);
    to[0] = static_cast<u8>(PacketEvents::Data);
    return 1 + pop_for_read(*state, to.subspan(1));
}

usize PtyPair::pop_for_read(State& state, std::span<u8> to) {
    const usize count = state.to_master.pop(to.first(std::min(to.size(), state.left_to_read)));
    state.left_to_read -= count;
    return count;
}

usize PtyPair::type(std::span<const u8> bytes) {
    auto state = state_.lock();
    return state->master_flow == OutputFlow::Stopped ? 0 : state->to_slave.push(bytes);
}

void PtyPair::set_packet_mode(PacketMode mode) {
    auto state = state_.lock();
    if (state->packet_mode == mode) return;
    state->packet_mode = mode;
    state->events = PacketEvents::Data;
}

PtyPair::PacketMode PtyPair::packet_mode() { return state_.lock()->packet_mode; }

/// LINUX: n_tty_poll.
PollEvents PtyPair::master_events() {
    auto state = state_.lock();
    PollEvents events = PollEvents::None;
    if (!state->to_master.is_empty()) events |= PollEvents::In | PollEvents::Rdnorm;
    if (state->events != PacketEvents::Data) events |= PollEvents::Pri | PollEvents::In | PollEvents::Rdnorm;
    if (state->slave_is_gone) events |= PollEvents::Hup;
    if (state->master_flow == OutputFlow::Running && !state->to_slave.is_full())
        events |= PollEvents::Out | PollEvents::Wrnorm;
    return events;
}

usize PtyPair::bytes_for_master() { return readable(*state_.lock()); }

usize PtyPair::held_bytes() {
    // Asked when memory is short, by who must not wait for who waits for memory.
    auto state = state_.try_lock();
    return state ? (*state)->to_slave.held_bytes() + (*state)->to_master.held_bytes() : 0;
}

void PtyPair::flush_from_master(abi::FlushQueue which) {
    {
        auto state = state_.lock();
        if (which != abi::FlushQueue::Output) state->to_master.clear();
        if (which != abi::FlushQueue::Input) state->to_slave.clear();
    }
    master_writers.wake_all();
}

void PtyPair::set_master_flow(OutputFlow flow) {
    state_.lock()->master_flow = flow;
    if (flow == OutputFlow::Running) master_writers.wake_all();
}

void PtyPair::close_master() {
    {
        auto state = state_.lock();
        is_master_open_.store(false, std::memory_order_seq_cst);
        state->to_master.clear();
        state->to_slave.clear();
    }
    static_cast<Devpts&>(*instance_).remove_name(index_);
    give_number_back();
}

// ---- The slave's terminal

usize PtyPair::read(std::span<u8> to) {
    usize count;
    bool was_full;
    {
        auto state = state_.lock();
        was_full = state->to_slave.is_full();
        count = state->to_slave.pop(to);
    }
    if (was_full && count != 0) master_writers.wake_all();
    return count;
}

usize PtyPair::write(std::span<const u8> bytes) {
    // The master is closed, so nothing reads the bytes and the writer does not wait.
    if (!is_master_open()) return bytes.size();
    usize count;
    {
        auto state = state_.lock();
        count = state->to_master.push(bytes);
    }
    if (count != 0) master_readers.wake_all();
    return count;
}

/// LINUX: pty_set_termios. Sets 8 bits and no parity, and keeps everything else as requested.
void PtyPair::configure(abi::termios2& wanted, const abi::termios2& old) {
    wanted.c_cflag &= ~(ControlFlags::Csize | ControlFlags::Parenb);
    wanted.c_cflag |= ControlFlags::Cs8 | ControlFlags::Cread;
    constexpr u8 USUAL_STOP = 023;
    constexpr u8 USUAL_START = 021;
    const auto has_usual_flow_control = [](const abi::termios2& settings) {
        return has(settings.c_iflag, InputFlags::Ixon) &&
               settings.c_cc[static_cast<usize>(ControlCharacter::Stop)] == USUAL_STOP &&
               settings.c_cc[static_cast<usize>(ControlCharacter::Start)] == USUAL_START;
    };
    const bool is_usual = has_usual_flow_control(wanted);
    if (is_usual != has_usual_flow_control(old))
        note(is_usual ? PacketEvents::DoStop : PacketEvents::NoStop,
             PacketEvents::DoStop | PacketEvents::NoStop);
    if (has(wanted.c_lflag | old.c_lflag, LocalFlags::Extproc)) note(PacketEvents::Ioctl);
}

void PtyPair::opened() {
    auto state = state_.lock();
    ++state->slave_files;
    state->slave_is_gone = false;
    is_slave_refused_.store(false, std::memory_order_relaxed);
}

/// LINUX: pty_close.
void PtyPair::closed() {
    {
        auto state = state_.lock();
        if (--state->slave_files != 0) return;
        if (!has_failed()) {
            state->slave_is_gone = true;
            state->packet_mode = PacketMode::Off;
            state->events = PacketEvents::Data;
        }
    }
    master_readers.wake_all();
    master_writers.wake_all();
    give_number_back();
}

/// LINUX: bytes in the input queue of the master's own line discipline stay.
void PtyPair::drop_output() {
    {
        auto state = state_.lock();
        state->to_master.cut(readable(*state));
    }
    note(PacketEvents::FlushWrite);
}

void PtyPair::note_flow(OutputFlow flow) {
    if (flow == OutputFlow::Stopped)
        note(PacketEvents::Stop, PacketEvents::Start);
    else
        note(PacketEvents::Start, PacketEvents::Stop);
}

void PtyPair::note(PacketEvents add, PacketEvents remove) {
    {
        auto state = state_.lock();
        if (state->packet_mode == PacketMode::Off) return;
        state->events = (state->events & ~remove) | add;
    }
    master_readers.wake_all();
}

}  // namespace exo::posix_x
