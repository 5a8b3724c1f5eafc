// A 16550A serial port: a terminal, and the first one is where the log goes.
//
// Output of the log is polled and takes no lock, so that it works in a panic. Input comes by interrupt into a ring.
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

    /// `name` lives for ever.
    constexpr Uart(std::string_view name, Ports& ports, u16 base, u32 line)
        : name_(name),
          ports_(ports),
          base_(base),
          line_(line) {}

    std::string_view name() const override { return name_; }
    bool probe() override;
    /// 115200 bits per second, 8N1, FIFOs on, all interrupts off. Needs nothing but the ports: the log's first sink.
    Result<> init() override;
    /// How bytes travel: bits per second (1 to HIGHEST_RATE), and what the line control register takes.
    struct Format {
        u32 rate = HIGHEST_RATE;
        u8 data_bits = 8;  ///< 5 to 8
        bool has_two_stop_bits = false;
        bool has_parity = false;
        bool parity_is_odd = false;
        bool parity_is_fixed =
            false;  ///< The parity bit says whether parity is odd, and nothing of the byte.
        friend constexpr bool operator==(const Format&, const Format&) = default;
    };
    Format format() {
        auto lock = enables_.lock();
        return format_;
    }
    /// At once: what is still in the FIFO travels in the new way.
    void set_format(const Format& format);
    /// Holds the line low (BREAK), or lets it go.
    enum class Break : u8 { Off, On };
    void set_break(Break line);
    /// From now on input is taken. Errors: those of connect_interrupt.
    Result<> start_input();

    /// log::Sink: waits for the port, "\n" becomes "\r\n". Gives a dead port up after a while.
    void write(std::string_view text) override;

    /// Input that has come: at least a byte. Errors: Eagain.
    Result<usize> read(std::span<u8> to) override;
    /// As much as the FIFO takes now, bytes as they are. Errors: Eagain.
    Result<usize> write(std::span<const u8> from) override;
    bool has_input() const;
    /// Asks for an interrupt, which wakes `writable`, when the FIFO is empty.
    void request_writable();
    bool is_writable() const;
    /// Input that was lost because nobody read, and breaks of the line, since boot.
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
    /// True if bytes have come in.
    bool take_input();
    void push(u8 byte);

    /// The interrupt-enable register: read-modify-write by threads and by the handler.
    struct Enables {
        u8 bits = 0;
    };
    /// Format, break, and which interrupts come. The divisor shares addresses with other registers: nobody else may be at
    /// the port meanwhile.
    void put_line_control(const Enables& enables);

    std::string_view name_;
    Ports& ports_;
    u16 base_;
    u32 line_;
    std::atomic<bool> is_dead_{false};
    Format format_;  ///< Under enables_, as is_breaking_.
    bool is_breaking_ = false;
    sync::SpinLocked<Enables, sync::LockRank::Console, sync::IrqOff> enables_;

    /// Written by the handler, read by one reader at a time (it holds reader_).
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
