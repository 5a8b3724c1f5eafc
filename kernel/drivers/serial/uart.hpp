// A 16550A serial port. It is a terminal, and the first port also gets the log.
//
// The log's output is polled and takes no lock, so that it works in a panic. Input is stored in a ring by the
// interrupt handler.
// Source: PC16550D data sheet (Texas Instruments, SNLS378).
#pragma once

#include <array>
#include <atomic>

#include "drivers/driver.hpp"
#include "drivers/interrupts.hpp"
#include "drivers/ports.hpp"
#include "log/log.hpp"
#include "scheduler/wait_queue.hpp"

namespace exo::drivers {

class Uart final : public Driver, public log::Sink, public InterruptHandler {
  public:
    static constexpr u16 COM1 = 0x3f8;
    static constexpr u32 COM1_LINE = 4;
    static constexpr u16 COM2 = 0x2f8;
    static constexpr u32 COM2_LINE = 3;
    static constexpr u32 HIGHEST_RATE = 115'200;

    /// `name` must live for ever.
    constexpr Uart(std::string_view name, Ports& ports, u16 base, u32 line)
        : name_(name),
          ports_(ports),
          base_(base),
          line_(line) {}

    std::string_view name() const override { return name_; }
    bool probe() override;
    /// Sets 115200 bits per second, 8N1, FIFOs on, all interrupts off. It needs only I/O ports, because this
    /// is the log's first sink.
    Result<> init() override;
    /// The format of bytes on the line: bits per second (1 to HIGHEST_RATE), and the line control register's
    /// settings.
    struct Format {
        u32 rate = HIGHEST_RATE;
        u8 data_bits = 8;  ///< 5 to 8
        bool has_two_stop_bits = false;
        bool has_parity = false;
        bool parity_is_odd = false;
        bool parity_is_fixed = false;  ///< The parity bit is constant: 1 with odd parity, 0 with even parity.
        friend constexpr bool operator==(const Format&, const Format&) = default;
    };
    Format format() {
        auto lock = enables_.lock();
        return format_;
    }
    /// Sets the format at once, also for bytes that are still in the FIFO.
    void set_format(const Format& format);
    /// Whether the line sends a BREAK, which is a long low level.
    enum class Break : u8 { Off, On };
    void set_break(Break line);
    /// Starts taking input. Errors: those of connect_interrupt.
    Result<> start_input();

    /// log::Sink: waits for the port; converts "\n" to "\r\n". Gives up after a while if the port does not
    /// respond.
    void write(std::string_view text) override;

    /// Reads received input, at least a byte. Errors: Eagain.
    Result<usize> read(std::span<u8> to) override;
    /// Writes as much as the FIFO takes now, without conversion. Errors: Eagain.
    Result<usize> write(std::span<const u8> from) override;
    bool has_input() const;
    /// Requests an interrupt for when the FIFO is empty; the handler wakes `writable`.
    void request_writable();
    bool is_writable() const;
    /// Counts since boot: input lost because no thread read it, and BREAKs.
    u32 overruns() const { return overruns_.load(std::memory_order_relaxed); }
    u32 breaks() const { return breaks_.load(std::memory_order_relaxed); }

    void on_interrupt() override;

    scheduler::WaitQueue readable;
    scheduler::WaitQueue writable;

  private:
    static constexpr u32 RING_SIZE = 1024;

    u8 in(u16 offset) const { return ports_.read8(static_cast<u16>(base_ + offset)); }
    void out(u16 offset, u8 value) const { ports_.write8(static_cast<u16>(base_ + offset), value); }
    bool wait_for_room();
    void put(u8 byte);
    /// Takes input from the device. Returns whether there was any.
    bool take_input();
    void push(u8 byte);

    /// The interrupt-enable register. Threads and the handler change it by read-modify-write.
    struct Enables {
        u8 bits = 0;
    };
    /// Writes the format, the BREAK and the enabled interrupts. The divisor shares its addresses with other
    /// registers, so nothing else may access the port meanwhile.
    void put_line_control(const Enables& enables);

    std::string_view name_;
    Ports& ports_;
    u16 base_;
    u32 line_;
    std::atomic<bool> is_dead_{false};
    Format format_;  ///< Guarded by enables_, like is_breaking_.
    bool is_breaking_ = false;
    sync::SpinLocked<Enables, sync::LockRank::Console, sync::IrqOff> enables_;

    /// The handler writes it. One reader at a time, which holds reader_, reads it.
    /// INVARIANT: head_ - tail_ <= RING_SIZE (modulo 2^32).
    std::array<u8, RING_SIZE> ring_{};
    std::atomic<u32> head_{0};
    std::atomic<u32> tail_{0};
    struct Reader {};
    sync::SpinLocked<Reader, sync::LockRank::Device, sync::IrqOff> reader_;
    std::atomic<u32> overruns_{0};
    std::atomic<u32> breaks_{0};
};

}  // namespace exo::drivers
