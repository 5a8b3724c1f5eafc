// VirtioNetwork: the driver of a virtio network card (virtio 1.2, section 5.1).
//
// The interrupt handler only wakes the poll thread. That thread takes received frames, at most POLL_BUDGET before it
// lets other threads run, and passes them to the stack. While it has work, the device does not interrupt.
// Locking: `transmit_` guards the queue of senders. The poll thread alone uses the other queue.
#pragma once

#include "drivers/driver.hpp"
#include "drivers/virtio/network_receive.hpp"
#include "drivers/virtio/network_transmit.hpp"
#include "scheduler/wait_queue.hpp"
#include "sync/spin_lock.hpp"
#include "sync/tally.hpp"

namespace exo::drivers {

class VirtioNetwork final : public Driver, public InterruptHandler, public NetworkDevice {
  public:
    /// How many frames a poll takes.
    static constexpr u32 POLL_BUDGET = 64;
    static constexpr u32 USUAL_MTU = 1500;

    explicit VirtioNetwork(Box<Transport> transport) : device_(std::move(transport)) {}
    ~VirtioNetwork() { device_.reset(); }

    std::string_view name() const override { return "virtio-net"; }
    bool probe() override { return true; }
    Result<> init() override;
    void on_interrupt() override;

    EthernetAddress address() const override { return address_; }
    u32 mtu() const override { return mtu_; }
    u32 largest_mtu() const override { return largest_mtu_; }
    bool is_link_up() const override { return is_link_up_.load(std::memory_order_relaxed); }
    bool can_checksum() const override { return device_.has_feature(NETWORK_FEATURE_CHECKSUM); }
    u32 most_segmented() const override;
    Result<> send(std::span<const std::span<const u8>> pieces, const FrameOffload& offload) override;
    Result<> start(FrameReceiver& receiver) override;
    NetworkCounters received() const override { return received_.get(); }
    NetworkCounters sent() const override;

    /// Sets the receiver. Call before poll; `start` does it.
    void set_receiver(FrameReceiver& receiver) { receiver_ = &receiver; }
    /// One poll; returns whether there is more to do at once. The poll thread calls it.
    bool poll();

  private:
    struct Counters {
        sync::Tally<u64> packets;
        sync::Tally<u64> bytes;
        sync::Tally<u64> errors;
        sync::Tally<u64> dropped;
        NetworkCounters get() const { return {packets.get(), bytes.get(), errors.get(), dropped.get()}; }
    };
    struct Transmit {
        NetworkTransmitQueue queue;
        Counters counters;
    };

    static void run_poll_thread(void* network);
    Result<> read_address();
    Result<> read_mtu();
    Result<> read_link();
    Result<usize> check_size(std::span<const std::span<const u8>> pieces, const FrameOffload& offload) const;
    void look_at_configuration();
    void fail();
    bool is_broken() const { return is_broken_.load(std::memory_order_relaxed); }

    // The rings and buffers. They are freed after the device was reset.
    NetworkReceiveQueue receive_;
    sync::SpinLocked<Transmit, sync::LockRank::Device, sync::IrqOff> transmit_;
    VirtioDevice device_;
    u64 features_ = 0;
    EthernetAddress address_{};
    u32 mtu_ = USUAL_MTU;
    u32 largest_mtu_ = USUAL_MTU;
    std::atomic<bool> is_link_up_{true};
    std::atomic<bool> is_broken_{false};
    std::atomic<bool> has_new_configuration_{false};
    std::atomic<bool> has_work_{false};
    scheduler::WaitQueue work_;
    FrameReceiver* receiver_ = nullptr;
    Counters received_;
};

}  // namespace exo::drivers
