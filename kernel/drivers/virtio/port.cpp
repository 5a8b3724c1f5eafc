// A port's buffers and states. port_stream.cpp has reading and writing.
#include "drivers/virtio/port.hpp"

#include "drivers/virtio/console.hpp"

namespace exo::drivers {

Result<> Port::set_up(std::span<u8> receive_ring, memory::PhysicalAddress receive_address,
                      std::span<u8> transmit_ring, memory::PhysicalAddress transmit_address) {
    memory_ = TRY(memory::DmaBuffer::create(2 * QUEUE_SIZE * BUFFER_SIZE));
    auto state = state_.lock();
    state->receive.initialise(receive_ring, receive_address, QUEUE_SIZE);
    state->transmit.initialise(transmit_ring, transmit_address, QUEUE_SIZE);
    state->transmit.set_interrupts(Virtqueue::Interrupts::Off);
    for (u32 i = 0; i < QUEUE_SIZE; ++i) TRY(give_back(*state, i));
    return {};
}

std::span<u8> Port::receive_buffer(u32 index) const {
    return memory_.bytes().subspan(index * BUFFER_SIZE, BUFFER_SIZE);
}

std::span<u8> Port::transmit_buffer(u32 index) const {
    return memory_.bytes().subspan((QUEUE_SIZE + index) * BUFFER_SIZE, BUFFER_SIZE);
}

memory::PhysicalAddress Port::physical(std::span<u8> buffer) const {
    return memory_.address() + static_cast<u64>(buffer.data() - memory_.data());
}

Result<> Port::give_back(State& state, u32 buffer) {
    const QueueBuffer item{physical(receive_buffer(buffer)), BUFFER_SIZE, Direction::FromDevice};
    TRY(state.receive.add({&item, 1}, buffer));
    console_.notify(port_receive_queue(id_), state.receive);
    return {};
}

/// True if there is more to read, or the end.
bool Port::collect_received(State& state) {
    bool has_news = false;
    for (u16 i = 0; i < QUEUE_SIZE; ++i) {
        const auto completion = state.receive.take();
        if (!completion) {
            has_news = has_news || state.host != HostSide::Closed;
            state.host = HostSide::Closed;
            break;
        }
        if (!*completion) break;
        const QueueCompletion& done = **completion;
        if (done.written == 0) {
            (void)give_back(state, done.token);  // a queue that broke is noticed by the next take
            continue;
        }
        state.received[(state.first_received + state.received_count) % QUEUE_SIZE] = {done.token,
                                                                                      done.written, 0};
        ++state.received_count;
        has_news = true;
    }
    return has_news;
}

/// True if there is more room, or the end.
bool Port::collect_transmitted(State& state) {
    bool has_news = false;
    for (u16 i = 0; i < QUEUE_SIZE; ++i) {
        const auto completion = state.transmit.take();
        if (!completion) {
            has_news = has_news || state.host != HostSide::Closed;
            state.host = HostSide::Closed;
            break;
        }
        if (!*completion) break;
        state.transmitting[(*completion)->token] = 0;
        has_news = true;
    }
    return has_news;
}

void Port::on_interrupt() {
    auto state = state_.lock();
    if (state->receive.size() == 0) return;
    const bool has_input = collect_received(*state);
    const bool has_room = collect_transmitted(*state);
    const bool has_ended = state->has_ended();
    state.unlock();
    if (has_input || (has_room && has_ended)) readable.wake_all_atomically();
    if (has_room || (has_input && has_ended)) writable.wake_all_atomically();
}

void Port::host_opened() {
    state_.lock()->host = HostSide::Open;
    readable.wake_all_atomically();
    writable.wake_all_atomically();
}

void Port::host_closed() {
    {
        auto state = state_.lock();
        // Bytes that the device returned before it closed its side belong before the end.
        collect_received(*state);
        state->host = HostSide::Closed;
    }
    readable.wake_all_atomically();
    writable.wake_all_atomically();
}

void Port::added() {
    auto state = state_.lock();
    if (!state->is_removed) return;
    state->is_removed = false;
    state->host = HostSide::NotYet;
}

void Port::removed() {
    state_.lock()->is_removed = true;
    readable.wake_all_atomically();
    writable.wake_all_atomically();
}

Result<> Port::set_name(std::string_view name) {
    if (has_name_.load(std::memory_order_relaxed)) return {};
    TRY(name_.append(name));
    has_name_.store(true, std::memory_order_release);  // pairs with the acquire in name()
    return {};
}

Result<> Port::open() {
    {
        auto state = state_.lock();
        if (state->is_removed) return Error::Enodev;
        if (state->is_open) return Error::Ebusy;
        state->is_open = true;
    }
    const Result<> sent = console_.send(id_, ConsoleEvent::PortOpen, 1);
    if (!sent) state_.lock()->is_open = false;
    return sent;
}

void Port::close() {
    {
        auto state = state_.lock();
        if (!state->is_open) return;
        state->is_open = false;
        collect_received(*state);
        for (; state->received_count > 0; --state->received_count) {
            (void)give_back(*state, state->front().buffer);  // a queue that broke is noticed by the next take
            state->first_received = (state->first_received + 1) % QUEUE_SIZE;
        }
    }
    (void)console_.send(id_, ConsoleEvent::PortOpen, 0);  // a device that takes no messages needs none
}

bool Port::is_readable() {
    auto state = state_.lock();
    return state->received_count > 0 || state->has_ended();
}

usize Port::readable_bytes() {
    auto state = state_.lock();
    usize count = 0;
    for (u32 i = 0; i < state->received_count; ++i) {
        const Received& item = state->received[(state->first_received + i) % QUEUE_SIZE];
        count += item.size - item.consumed;
    }
    return count;
}

bool Port::has_hung_up() { return state_.lock()->has_ended(); }

}  // namespace exo::drivers
