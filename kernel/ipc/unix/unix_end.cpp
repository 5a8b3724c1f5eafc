#include "ipc/unix/unix_end.hpp"

#include "ipc/unix/in_flight.hpp"
#include "scheduler/preemption.hpp"

namespace exo::ipc {

using abi::PollEvents;

UnixEnd::~UnixEnd() { drop_packets(); }

Ref<UnixAddress> UnixEnd::address() { return state_.lock()->address; }

Result<> UnixEnd::set_address(Ref<UnixAddress> address) {
    auto state = state_.lock();
    if (state->address) return Error::Einval;
    state->address = std::move(address);
    return {};
}

Ref<UnixEnd> UnixEnd::peer() { return state_.lock()->peer; }

void UnixEnd::append(State& state, Packet& packet) {
    state.queue.push_back(packet);
    queued_bytes_.fetch_add(packet.remaining(), std::memory_order_relaxed);
    queued_.fetch_add(1, std::memory_order_seq_cst);
}

void UnixEnd::remove(State& state, Packet& packet) {
    state.queue.remove(packet);
    queued_bytes_.fetch_sub(packet.remaining(), std::memory_order_relaxed);
    queued_.fetch_sub(1, std::memory_order_seq_cst);
}

void UnixEnd::take_packets(PacketQueue& out) {
    auto state = state_.lock();
    out.splice_back(state->queue);
    queued_bytes_.store(0, std::memory_order_relaxed);
    queued_.store(0, std::memory_order_seq_cst);
}

void UnixEnd::drop_packets() {
    PacketQueue packets;
    take_packets(packets);
    destroy_packets(packets);
}

void UnixEnd::for_each_packet(FunctionRef<void(Packet&)> visit) {
    auto state = state_.lock();
    for (Packet& packet : state->queue) {
        scheduler::preempt_point();
        visit(packet);
        if (!packet.connection) continue;
        // Its client, which no other thread locks meanwhile, cannot be this listener.
        auto waiting = packet.connection->state_.lock_nested();
        for (Packet& inner : waiting->queue) visit(inner);
    }
}

void UnixEnd::give_back(u32 charge) {
    sent_.fetch_sub(charge, std::memory_order_seq_cst);
    if (has_room_to_send(send_buffer.load(std::memory_order_relaxed)) && writable_.has_waiters())
        writable_.wake_all_atomically(WRITABLE);
}

void UnixEnd::tell_room() {
    if (room_.has_waiters()) room_.wake_all();
    while (true) {
        Ref<UnixEnd> told;
        {
            auto state = state_.lock();
            if (is_full()) return;
            UnixEnd* first = state->blocked.pop_front();
            if (first == nullptr) return;
            first->blocked_at_.store(nullptr, std::memory_order_relaxed);
            told = Ref<UnixEnd>::adopt(first);
        }
        told->writable_.wake_all_atomically(WRITABLE);
        scheduler::preempt_point();
    }
}

bool UnixEnd::note_blocked(UnixEnd& sender) {
    auto state = state_.lock();
    if (!is_full() || !state->is_open) return false;
    UnixEnd* nowhere = nullptr;
    // One that polls for room at another end still is told by that one; a changed peer has forgotten it.
    if (sender.blocked_at_.compare_exchange_strong(nowhere, this, std::memory_order_relaxed)) {
        sender.retain();
        state->blocked.push_back(sender);
    }
    return true;
}

void UnixEnd::forget_blocked(UnixEnd& sender) {
    auto state = state_.lock();
    if (sender.blocked_at_.load(std::memory_order_relaxed) != this) return;
    state->blocked.remove(sender);
    sender.blocked_at_.store(nullptr, std::memory_order_relaxed);
    state.unlock();
    sender.release();
}

PollEvents UnixEnd::poll(fs::PollTable* table, u32 buffer) {
    if (table != nullptr) {
        table->add(readable_);
        table->add(writable_);
    }
    PollEvents events = PollEvents::None;
    if (error_.load(std::memory_order_seq_cst) != 0) events |= PollEvents::Err;
    const Shut shut = shut_.load(std::memory_order_seq_cst);
    if (shut == Shut::Both) events |= PollEvents::Hup;
    if (has(shut, Shut::Receiving)) events |= PollEvents::Rdhup | PollEvents::In | PollEvents::Rdnorm;
    if (queued_.load(std::memory_order_seq_cst) != 0) events |= PollEvents::In | PollEvents::Rdnorm;
    const Phase now = phase();
    if (has_connections() && now == Phase::Fresh) events |= PollEvents::Hup;
    bool is_writable = now != Phase::Listening && has_room_to_send(buffer);
    if (is_writable && !has_connections()) {
        const Ref<UnixEnd> other = peer();
        // LINUX: unix_dgram_poll: two that are each other's peers do not wait for room in the queue.
        if (other && other.get() != this && other->is_full() && other->peer().get() != this)
            is_writable = !other->note_blocked(*this);
    }
    if (is_writable) events |= PollEvents::Out | PollEvents::Wrnorm | PollEvents::Wrband;
    return events;
}

usize UnixEnd::readable_bytes() {
    auto state = state_.lock();
    if (type_ == Type::Stream || type_ == Type::Seqpacket)
        return queued_bytes_.load(std::memory_order_relaxed);
    const Packet* first = state->queue.front();
    return first != nullptr ? first->size() : 0;
}

}  // namespace exo::ipc
