// Port: one of the byte streams of a virtio console.
//
// Locking: an IrqOff lock, which the interrupt handler shares, guards the queues and their buffers. One
// reader and one writer at a time hold a sleeping lock while they copy bytes from or to the user. No thread
// holds one while it waits.
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
    /// The host's name for the port, or empty. Constant once it was received.
    std::string_view name() const { return has_name_.load(std::memory_order_acquire) ? name_.view() : ""; }
    /// Whether the host declared it to be a console.
    bool is_console() const { return is_console_.load(std::memory_order_relaxed); }

    /// Opens the port and tells the host. It can be open once at a time. Errors: Ebusy, Enodev (removed),
    /// Eio.
    Result<> open();
    /// Closes the port. Unread input is lost.
    void close();

    /// Reads received bytes, at least one; 0 after the host has closed its side and all earlier bytes were
    /// read.
    /// Errors: Eagain (non-blocking, and there is nothing), RestartSys, Efault.
    Result<usize> read(vm::OutBuffer& out, Blocking blocking);
    /// Writes all bytes, or those before a signal, a fault or the host's close. A non-blocking write takes
    /// what fits.
    /// Errors: Epipe (the host has closed its side), Eagain (non-blocking, and there is no room), RestartSys,
    /// Efault.
    Result<usize> write(vm::InBuffer& in, Blocking blocking);
    /// Waits until the host has taken all written bytes, or has closed its side. Errors: RestartSys.
    Result<> drain(scheduler::WaitMode mode);

    /// Whether a read would not wait: there are bytes, or the end.
    bool is_readable();
    /// Whether a write would not wait: there is room, or it would fail.
    bool is_writable();
    /// Whether the host has opened its side and closed it again.
    bool has_hung_up();
    usize readable_bytes();
    /// Bytes that were written and that the host has not taken yet. When their number changes, `writable` is
    /// woken.
    usize unsent_bytes();

    scheduler::WaitQueue readable;
    scheduler::WaitQueue writable;

    // ---- For the console only.

    /// Makes the buffers and gives the input buffers to the device. Errors: Enomem, Eio.
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
        VirtqueueOf<QUEUE_SIZE> receive;
        VirtqueueOf<QUEUE_SIZE> transmit;
        /// Filled buffers, oldest first, in a ring.
        std::array<Received, QUEUE_SIZE> received{};
        u32 first_received = 0;
        u32 received_count = 0;
        /// How many bytes of each transmit buffer the device has; 0: the buffer is free.
        std::array<u32, QUEUE_SIZE> transmitting{};
        HostSide host = HostSide::NotYet;
        bool is_open = false;
        bool is_removed = false;

        Received& front() { return received[first_received]; }
        bool has_ended() const { return host == HostSide::Closed || is_removed; }
    };
    /// The empty data of a lock: holding it makes a thread the only reader or writer.
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
