// A port as a stream of bytes: reading and writing.
#include <algorithm>

#include "drivers/virtio/console.hpp"
#include "drivers/virtio/port.hpp"

namespace exo::drivers {

// ---- Reading. The buffer at the front is copied from without the lock: only the reader takes it away.

std::span<const u8> Port::peek() {
    auto state = state_.lock();
    if (state->received_count == 0) return {};
    const Received& front = state->front();
    return receive_buffer(front.buffer).subspan(front.consumed, front.size - front.consumed);
}

void Port::consume(usize count) {
    auto state = state_.lock();
    // The port may have been closed meanwhile, and its input dropped.
    if (state->received_count == 0) return;
    Received& front = state->front();
    front.consumed += static_cast<u32>(std::min<usize>(count, front.size - front.consumed));
    if (front.consumed < front.size) return;
    const u32 buffer = front.buffer;
    state->first_received = (state->first_received + 1) % QUEUE_SIZE;
    --state->received_count;
    (void)give_back(*state, buffer);  // a queue that broke is noticed by the next take
}

Result<usize> Port::read_available(vm::OutBuffer& out) {
    const auto turn = reader_.lock();
    usize total = 0;
    while (out.remaining() > 0) {
        const std::span<const u8> bytes = peek();
        if (bytes.empty()) break;
        const auto count = out.write(bytes);
        if (!count && total == 0) return count.error();
        if (!count || *count == 0) break;
        consume(*count);
        total += *count;
    }
    return total;
}

Result<usize> Port::read(vm::OutBuffer& out, Blocking blocking) {
    if (out.remaining() == 0) return 0uz;
    const auto try_read = [&]() -> Result<usize> {
        // Asked before the bytes are looked for: what came before the end is read before it.
        const bool has_ended = has_hung_up();
        const usize count = TRY(read_available(out));
        if (count == 0 && !has_ended) return Error::Eagain;
        return count;
    };
    return scheduler::block_until(readable, blocking, [&] { return is_readable(); }, try_read);
}

// ---- Writing.

/// A buffer is free, or the end has come. Otherwise the device is asked to interrupt when it gives one back.
bool Port::has_room(State& state) {
    const auto is_free = [&] {
        return std::ranges::find(state.transmitting, 0U) != state.transmitting.end();
    };
    if (state.has_ended()) return true;
    if (state.host == HostSide::NotYet) return false;
    collect_transmitted(state);
    if (is_free()) return true;
    state.transmit.set_interrupts(Virtqueue::Interrupts::On);
    collect_transmitted(state);
    return is_free() || state.has_ended();
}

bool Port::is_writable() {
    auto state = state_.lock();
    return has_room(*state);
}

/// The writer's buffer, empty if there is no room. Only the writer takes one, so it stays free until submitted.
Result<std::span<u8>> Port::reserve() {
    auto state = state_.lock();
    if (!has_room(*state)) return std::span<u8>{};
    if (state->has_ended()) return Error::Epipe;
    const auto free = std::ranges::find(state->transmitting, 0U);
    return transmit_buffer(static_cast<u32>(free - state->transmitting.begin()));
}

Result<> Port::submit(std::span<u8> buffer, usize size) {
    auto state = state_.lock();
    if (state->has_ended()) return Error::Epipe;
    const u32 index =
        static_cast<u32>((buffer.data() - memory_.data()) / static_cast<isize>(BUFFER_SIZE)) - QUEUE_SIZE;
    const QueueBuffer item{physical(buffer), static_cast<u32>(size), Direction::ToDevice};
    if (!state->transmit.add({&item, 1}, index)) return Error::Epipe;
    state->transmitting[index] = static_cast<u32>(size);
    if (state->transmit.free_descriptors() > 0) state->transmit.set_interrupts(Virtqueue::Interrupts::Off);
    console_.notify(port_transmit_queue(id_), state->transmit);
    return {};
}

Result<usize> Port::write_available(vm::InBuffer& in) {
    const auto turn = writer_.lock();
    usize total = 0;
    while (in.remaining() > 0) {
        const auto buffer = reserve();
        if (!buffer && total == 0) return buffer.error();
        if (!buffer || buffer->empty()) break;
        const auto count = in.read(*buffer);
        if (!count && total == 0) return count.error();
        if (!count || *count == 0) break;
        const auto sent = submit(*buffer, *count);
        if (!sent && total == 0) return sent.error();
        if (!sent) break;
        total += *count;
    }
    return total;
}

Result<usize> Port::write(vm::InBuffer& in, Blocking blocking) {
    usize total = 0;
    const auto try_write = [&]() -> Result<usize> {
        total += TRY(write_available(in));
        if (in.remaining() > 0) return Error::Eagain;
        return total;
    };
    const Result<usize> result =
        scheduler::block_until(writable, blocking, [&] { return is_writable(); }, try_write);
    if (!result && total > 0) return total;
    return result;
}

usize Port::unsent_bytes() {
    auto state = state_.lock();
    if (state->has_ended()) return 0;
    state->transmit.set_interrupts(Virtqueue::Interrupts::On);
    const bool has_room = collect_transmitted(*state);
    usize count = 0;
    for (const u32 size : state->transmitting) count += size;
    state.unlock();
    // The interrupt will not find these any more: who waits for room is told here.
    if (has_room) writable.wake_all();
    return count;
}

Result<> Port::drain(scheduler::WaitMode mode) {
    return writable.wait(mode, [&] {
        auto state = state_.lock();
        state->transmit.set_interrupts(Virtqueue::Interrupts::On);
        collect_transmitted(*state);
        return state->transmit.in_flight() == 0 || state->has_ended();
    });
}

}  // namespace exo::drivers
