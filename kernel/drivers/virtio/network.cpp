#include "drivers/virtio/network.hpp"

#include <algorithm>

#include "drivers/random/random.hpp"
#include "log/log.hpp"
#include "scheduler/scheduler.hpp"

namespace exo::drivers {

namespace {
constexpr u16 RECEIVE_QUEUE = 0;
constexpr u16 TRANSMIT_QUEUE = 1;
/// RFC 791: every link carries packets of this size.
constexpr u16 SMALLEST_MTU = 68;
constexpr u32 MOST_PACKET = 65535;
/// An Ethernet header with the tag of a virtual network.
constexpr usize MOST_FRAME_HEADER = ETHERNET_HEADER_SIZE + 4;
}  // namespace

Result<> VirtioNetwork::init() {
    TRY(device_.negotiate_by(choose_network_features));
    features_ = device_.features();
    TRY(read_address());
    TRY(read_mtu());
    TRY(read_link());
    TRY(receive_.set_up(device_, RECEIVE_QUEUE));
    TRY(transmit_.lock()->queue.set_up(device_, TRANSMIT_QUEUE));
    TRY(device_.connect_interrupt(*this));
    TRY(device_.start());
    TRY(receive_.give_buffers());
    log::info("virtio-net: {:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}, mtu {}", address_[0], address_[1],
              address_[2], address_[3], address_[4], address_[5], mtu_);
    return {};
}

Result<> VirtioNetwork::read_address() {
    if (device_.has_feature(NETWORK_FEATURE_ADDRESS))
        TRY(device_.read_configuration(NETWORK_ADDRESS_OFFSET, address_));
    constexpr u8 GROUP = 1;
    constexpr u8 LOCAL = 2;
    const bool is_usable = (address_[0] & GROUP) == 0 && address_ != EthernetAddress{};
    if (is_usable) return {};
    RANDOM.fill(address_);
    address_[0] = static_cast<u8>((address_[0] & ~GROUP) | LOCAL);
    return {};
}

Result<> VirtioNetwork::read_mtu() {
    // Without merged buffers one buffer takes a whole frame.
    if (device_.has_feature(NETWORK_FEATURE_MERGED_BUFFERS)) largest_mtu_ = MOST_PACKET;
    if (!device_.has_feature(NETWORK_FEATURE_MTU)) return {};
    const u16 mtu = TRY(device_.configuration16(NETWORK_MTU_OFFSET));
    if (mtu < SMALLEST_MTU) return Error::Eproto;
    largest_mtu_ = std::min<u32>(largest_mtu_, mtu);
    mtu_ = largest_mtu_;
    return {};
}

Result<> VirtioNetwork::read_link() {
    if (!device_.has_feature(NETWORK_FEATURE_STATUS)) return {};
    const u16 status = TRY(device_.configuration16(NETWORK_STATUS_OFFSET));
    is_link_up_.store((status & NETWORK_STATUS_LINK_UP) != 0, std::memory_order_relaxed);
    return {};
}

void VirtioNetwork::fail() {
    if (is_broken_.exchange(true)) return;
    log::error("virtio-net: the device breaks the rules of its queues and is not used any more");
    device_.fail();
}

// ---- Sending

u32 VirtioNetwork::most_segmented() const {
    if (!device_.has_feature(NETWORK_FEATURE_HOST_TSO4)) return 0;
    return MOST_PACKET + ETHERNET_HEADER_SIZE;
}

/// The frame's size. Errors: Emsgsize.
Result<usize> VirtioNetwork::check_size(std::span<const std::span<const u8>> pieces,
                                        const FrameOffload& offload) const {
    const usize limit = offload.segment_size != 0 ? most_segmented() : largest_mtu_ + MOST_FRAME_HEADER;
    usize size = 0;
    for (const std::span<const u8> piece : pieces) {
        if (piece.size() > limit - size) return Error::Emsgsize;
        size += piece.size();
    }
    if (size < ETHERNET_HEADER_SIZE) return Error::Emsgsize;
    return size;
}

Result<> VirtioNetwork::send(std::span<const std::span<const u8>> pieces, const FrameOffload& offload) {
    if (is_broken() || !is_link_up()) return Error::Enetdown;
    if (offload.segment_size != 0 && most_segmented() == 0) return Error::Eopnotsupp;
    const usize size = TRY(check_size(pieces, offload));
    const NetworkHeader header = TRY(make_network_header(offload, size, features_));
    auto transmit = transmit_.lock();
    const Result<> added = transmit->queue.add(header, pieces, size);
    if (!added) {
        transmit->counters.dropped.add(1);
        if (added.error() == Error::Enobufs) return added;
        transmit.unlock();
        fail();
        return Error::Enetdown;
    }
    transmit->counters.packets.add(1);
    transmit->counters.bytes.add(size);
    const bool wants_notification = transmit->queue.wants_notification();
    transmit.unlock();
    if (wants_notification) device_.notify(TRANSMIT_QUEUE);
    return {};
}

NetworkCounters VirtioNetwork::sent() const { return transmit_.unsafe_value().counters.get(); }

// ---- Receiving

Result<> VirtioNetwork::start(FrameReceiver& receiver) {
    auto thread =
        TRY(scheduler::Thread::create("virtio-net", run_poll_thread, this, scheduler::ThreadPriority::High));
    set_receiver(receiver);
    has_work_.store(true);  // frames may have come before
    scheduler::SCHEDULER.start_thread(std::move(thread));
    return {};
}

void VirtioNetwork::on_interrupt() {
    // Acknowledge first: what the device does after that makes a new interrupt.
    // The line may be edge-triggered, so it must be low at the end.
    for (u32 i = 0; i < MAX_INTERRUPT_ROUNDS; ++i) {
        const VirtioInterrupt reasons = device_.take_interrupt();
        if (reasons == VirtioInterrupt::None) return;
        if (has(reasons, VirtioInterrupt::ConfigurationChange)) has_new_configuration_.store(true);
        has_work_.store(true);
        work_.wake_one();
    }
}

void VirtioNetwork::run_poll_thread(void* network) {
    auto& self = *static_cast<VirtioNetwork*>(network);
    while (!self.is_broken()) {
        // An uninterruptible wait without a deadline ends only when its condition holds.
        (void)self.work_.wait(scheduler::WaitMode::Uninterruptible, [&] { return self.has_work_.load(); });
        self.has_work_.store(false);
        while (self.poll()) scheduler::SCHEDULER.yield_now();
    }
    scheduler::SCHEDULER.exit_current();
}

void VirtioNetwork::look_at_configuration() {
    if (!has_new_configuration_.exchange(false)) return;
    const bool was_up = is_link_up();
    if (!read_link()) return fail();
    if (is_link_up() != was_up) receiver_->link_changed(is_link_up());
}

bool VirtioNetwork::poll() {
    look_at_configuration();
    if (transmit_.lock()->queue.has_room_again()) receiver_->room_again();
    receive_.set_interrupts(Virtqueue::Interrupts::Off);
    u32 taken = 0;
    for (; taken < POLL_BUDGET; ++taken) {
        const auto next = receive_.next();
        if (!next) fail();
        if (!next || !*next) break;
        const std::span<const u8> frame = (*next)->frame;
        const auto offload = read_network_header((*next)->header, frame, features_);
        if (frame.size() < ETHERNET_HEADER_SIZE || !offload) {
            received_.errors.add(1);
            continue;
        }
        received_.packets.add(1);
        received_.bytes.add(frame.size());
        receiver_->frame_arrived(frame, *offload);
    }
    if (taken > 0) {
        receive_.notify();
        receiver_->poll_ended();
    }
    if (is_broken()) return false;
    if (taken == POLL_BUDGET) return true;
    receive_.set_interrupts(Virtqueue::Interrupts::On);
    // What came before that makes no interrupt.
    return receive_.has_used();
}

}  // namespace exo::drivers
