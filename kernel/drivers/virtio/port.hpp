// Port: one of the byte streams of a virtio console.
//
// Locking: the queues and what they hold are behind an IrqOff lock that the interrupt handler shares. One reader and
// one writer at a time hold a sleeping lock while bytes go to or come from the user; nobody holds one while waiting.
#pragma once

#include <array>

#include "drivers/virtio/console_protocol.hpp"
#include "drivers/virtio/device.hpp"
#include "scheduler/block_until.hpp"
#include "scheduler/mutex.hpp"
#include "sync/spin_lock.hpp"
#include "utils/string.hpp"
#include "vm/io_buffer.hpp"

namespace exo::drivers {

class VirtioConsole;

using scheduler::Blocking;

class Port {
  public:
    static constexpr u16 QUEUE_SIZE = 4;
    static constexpr usize BUFFER_SIZE = 4096;

    Port(VirtioConsole& console, u32 id) : console_(console), id_(id) {}
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;

    u32 id() const { return id_; }
    /// The host's name for it, or empty. Never changes once it has been told.
    std::string_view name() const { return has_name_.load(std::memory_order_acquire) ? name_.view() : ""; }
    /// Meant for a terminal.
    bool is_console() const { return is_console_.load(std::memory_order_relaxed); }

    /// Tells the host that somebody listens. One opener at a time. Errors: Ebusy, Enodev (removed), Eio.
    Result<> open();
    /// What was received and not read is lost.
    void close();

    /// What has come, at least a byte; 0 when the host has closed its side and everything before that was read.
    /// Errors: Eagain (non-blocking, nothing there), RestartSys, Efault.
    Result<usize> read(vm::OutBuffer& out, Blocking blocking);
    /// Everything, or as much as was taken before a signal, a fault or the host's close; without blocking what there
    /// is room for. Errors: Epipe (the host has closed its side), Eagain (non-blocking, no room), RestartSys, Efault.
    Result<usize> write(vm::InBuffer& in, Blocking blocking);
    /// Waits until the host has taken everything that was written, or has closed its side. Errors: RestartSys.
    Result<> drain(scheduler::WaitMode mode);

    /// A read would not wait: there are bytes, or the end.
    bool is_readable();
    /// A write would not wait: there is room, or it would fail.
    bool is_writable();
    /// The host has closed its side after having opened it.
    bool has_hung_up();
    usize readable_bytes();
    /// Written, and not yet taken by the host. While there are some, `writable` is woken when that changes.
    usize unsent_bytes();

    scheduler::WaitQueue readable;
    scheduler::WaitQueue writable;

    // ---- For the console only.

    /// Makes the buffers and gives those for input to the device. Errors: Enomem, Eio.
    Result<> set_up(std::span<u8> receive_ring, memory::PhysicalAddress receive_address,
                    std::span<u8> transmit_ring, memory::PhysicalAddress transmit_address);
    void on_interrupt();
    void host_opened();
    void host_closed();
    void added();
    void removed();
    Result<> set_name(std::string_view name);
    void set_console() { is_console_.store(true, std::memory_order_relaxed); }

  private:
    enum class HostSide : u8 { NotYet, Open, Closed };
    /// A buffer that the device has filled.
    struct Received {
        u32 buffer = 0;
        u32 size = 0;
        u32 consumed = 0;
    };
    struct State {
        Virtqueue receive;
        Virtqueue transmit;
        /// Filled buffers, oldest first, in a ring.
        std::array<Received, QUEUE_SIZE> received{};
        u32 first_received = 0;
        u32 received_count = 0;
        /// Bytes in each transmit buffer that the device has; 0: it is free.
        std::array<u32, QUEUE_SIZE> transmitting{};
        HostSide host = HostSide::NotYet;
        bool is_open = false;
        bool is_removed = false;

        Received& front() { return received[first_received]; }
        bool has_ended() const { return host == HostSide::Closed || is_removed; }
    };
    /// Nothing to guard but the right to be the one.
    struct Turn {};

    std::span<u8> receive_buffer(u32 index) const;
    std::span<u8> transmit_buffer(u32 index) const;
    memory::PhysicalAddress physical(std::span<u8> buffer) const;
    Result<> give_back(State& state, u32 buffer);
    bool collect_received(State& state);
    bool collect_transmitted(State& state);
    bool has_room(State& state);
    std::span<const u8> peek();
    void consume(usize count);
    Result<usize> read_available(vm::OutBuffer& out);
    Result<std::span<u8>> reserve();
    Result<> submit(std::span<u8> buffer, usize size);
    Result<usize> write_available(vm::InBuffer& in);

    VirtioConsole& console_;
    u32 id_;
    memory::DmaBuffer memory_;
    sync::SpinLocked<State, sync::LockRank::Device, sync::IrqOff> state_;
    scheduler::Mutex<Turn, sync::LockRank::Port> reader_;
    scheduler::Mutex<Turn, sync::LockRank::Port> writer_;
    String name_;
    std::atomic<bool> has_name_{false};
    std::atomic<bool> is_console_{false};
};

}  // namespace exo::drivers
