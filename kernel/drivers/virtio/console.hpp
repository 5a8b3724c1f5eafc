// VirtioConsole: the device that has the ports, and its control messages (virtio 1.2, section 5.3).
//
// The interrupt handler moves the ports' finished buffers and wakes readers and writers. A thread handles
// control messages, because a new port needs memory.
#pragma once

#include "drivers/driver.hpp"
#include "drivers/virtio/port.hpp"

namespace exo::drivers {

/// Receives notifications about ports. The control thread calls it without locks.
class PortListener {
  public:
    /// The port is new, was given a name, or was declared to be a console.
    virtual void port_changed(Port& port) = 0;

  protected:
    ~PortListener() = default;
};

class VirtioConsole final : public Driver, public InterruptHandler {
  public:
    /// The limit of ports. Further ports of a device are ignored.
    static constexpr u32 MAX_PORTS = 32;

    explicit VirtioConsole(Box<Transport> transport) : device_(std::move(transport)) {}
    ~VirtioConsole();

    std::string_view name() const override { return "virtio-console"; }
    bool probe() override { return true; }
    Result<> init() override;
    /// Sets the listener, which must live for ever. Call before start_control_thread.
    void set_listener(PortListener& listener) { listener_ = &listener; }
    /// Starts the thread. Errors: Enomem.
    Result<> start_control_thread();

    /// Finds a port; null if there is no such port (yet). Ports are never freed.
    Port* port(u32 id) const { return id < MAX_PORTS ? ports_[id].load(std::memory_order_acquire) : nullptr; }
    Port* find_port(std::string_view name) const;

    void on_interrupt() override;
    /// Handles the received control messages. The control thread calls it.
    void process_control();
    /// Whether the device violated the rules of the control queues. No more messages are read then.
    bool is_broken() const { return is_broken_.load(std::memory_order_relaxed); }

    // ---- For ports.
    void notify(u16 index, Virtqueue& queue) { device_.notify_if_wanted(index, queue); }
    /// Sends a control message. Errors: Eio (the device takes no messages).
    Result<> send(u32 port, ConsoleEvent event, u16 value);

  private:
    static constexpr u16 CONTROL_QUEUE_SIZE = 16;
    static constexpr usize CONTROL_BUFFER_SIZE = 128;
    static constexpr usize RING_SIZE = Virtqueue::memory_size(CONTROL_QUEUE_SIZE);
    static_assert(Virtqueue::memory_size(Port::QUEUE_SIZE) <= RING_SIZE);

    struct Control {
        VirtqueueOf<CONTROL_QUEUE_SIZE> receive;
        VirtqueueOf<CONTROL_QUEUE_SIZE> transmit;
        u32 next_slot = 0;
    };
    struct Message {
        ConsoleMessage header{};
        std::array<char, CONTROL_BUFFER_SIZE> text{};
        usize text_size = 0;
    };

    static void run_control_thread(void* console);
    std::span<u8> ring(u16 index) const;
    memory::PhysicalAddress physical(std::span<u8> bytes) const;
    std::span<u8> control_buffer(u16 queue, u32 index) const;
    Result<> enable_queues();
    Result<> start_control_queues();
    Result<> give_control_buffer(Control& control, u32 index);
    Result<std::optional<Message>> next_message();
    void handle(const Message& message);
    void add_port(u32 id);
    Result<Port*> make_port(u32 id);
    void tell_listener(Port& port);

    VirtioDevice device_;
    u32 port_count_ = 1;
    bool is_multiport_ = false;
    std::atomic<bool> is_broken_{false};
    PortListener* listener_ = nullptr;
    /// The rings of all queues, followed by the buffers of the control queues.
    memory::DmaBuffer memory_;
    sync::SpinLocked<Control, sync::LockRank::Device, sync::IrqOff> control_;
    std::atomic<bool> has_control_work_{false};
    scheduler::WaitQueue control_work_;
    std::array<std::atomic<Port*>, MAX_PORTS> ports_{};
};

}  // namespace exo::drivers
