#include "drivers/serial/uart.hpp"

#include <algorithm>

namespace exo::drivers {

namespace {

// Offsets of the registers; with DLAB set the first two are the divisor.
constexpr u16 DATA = 0;
constexpr u16 INTERRUPT_ENABLE = 1;
constexpr u16 INTERRUPT_ID = 2;  // read
constexpr u16 FIFO_CONTROL = 2;  // write
constexpr u16 LINE_CONTROL = 3;
constexpr u16 MODEM_CONTROL = 4;
constexpr u16 LINE_STATUS = 5;
constexpr u16 SCRATCH = 7;

constexpr u8 ENABLE_RECEIVED = 1;
constexpr u8 ENABLE_TRANSMITTER_EMPTY = 2;
constexpr u8 LINE_TWO_STOP_BITS = 0x04;
constexpr u8 LINE_PARITY = 0x08;
constexpr u8 LINE_PARITY_EVEN = 0x10;
constexpr u8 LINE_PARITY_FIXED = 0x20;
constexpr u8 LINE_BREAK = 0x40;
constexpr u8 LINE_DIVISOR_ACCESS = 0x80;
constexpr u8 FIFOS_ON_AND_CLEAR = 0x07;
/// DTR, RTS, and OUT2, which lets the interrupt out of the chip.
constexpr u8 MODEM_READY = 0x0b;
constexpr u8 NO_INTERRUPT_PENDING = 0x01;
constexpr u8 STATUS_DATA = 0x01;
constexpr u8 STATUS_BREAK = 0x10;
constexpr u8 STATUS_TRANSMITTER_EMPTY = 0x20;

/// Half of the FIFO: the log may slip a few bytes in between.
constexpr usize BURST = 8;
/// A byte takes 87 µs on a real line; each look at the port about 1 µs.
constexpr u32 MAX_POLLS = 100'000;
/// A port that always has one more byte must not keep the CPU.
constexpr u32 MAX_BYTES_PER_ROUND = 256;
constexpr u32 MAX_INTERRUPT_ROUNDS = 64;

}  // namespace

bool Uart::probe() {
    for (const u8 pattern : {u8{0x5a}, u8{0xa5}}) {
        out(SCRATCH, pattern);
        if (in(SCRATCH) != pattern) return false;
    }
    return true;
}

Result<> Uart::init() {
    put_line_control({});
    out(FIFO_CONTROL, FIFOS_ON_AND_CLEAR);
    out(MODEM_CONTROL, MODEM_READY);
    return {};
}

void Uart::put_line_control(const Enables& enables) {
    u8 control = static_cast<u8>(format_.data_bits - 5);
    if (format_.has_two_stop_bits) control |= LINE_TWO_STOP_BITS;
    if (format_.has_parity) control |= LINE_PARITY;
    if (format_.has_parity && !format_.parity_is_odd) control |= LINE_PARITY_EVEN;
    if (format_.parity_is_fixed) control |= LINE_PARITY_FIXED;
    if (is_breaking_) control |= LINE_BREAK;
    const u32 divisor = (Uart::HIGHEST_RATE + format_.rate / 2) / format_.rate;
    out(LINE_CONTROL, control | LINE_DIVISOR_ACCESS);
    out(DATA, static_cast<u8>(divisor));
    out(INTERRUPT_ENABLE, static_cast<u8>(divisor >> 8));
    out(LINE_CONTROL, control);
    out(INTERRUPT_ENABLE, enables.bits);
}

void Uart::set_format(const Format& format) {
    auto enables = enables_.lock();
    if (format == format_) return;
    format_ = format;
    put_line_control(*enables);
}

void Uart::set_break(Break line) {
    auto enables = enables_.lock();
    is_breaking_ = line == Break::On;
    put_line_control(*enables);
}

Result<> Uart::start_input() {
    TRY(connect_interrupt(line_, LineMode::EdgeHigh, *this));
    auto enables = enables_.lock();
    enables->bits |= ENABLE_RECEIVED;
    out(INTERRUPT_ENABLE, enables->bits);
    return {};
}

bool Uart::wait_for_room() {
    for (u32 i = 0; i < MAX_POLLS; ++i) {
        if ((in(LINE_STATUS)&STATUS_TRANSMITTER_EMPTY) != 0) return true;
    }
    is_dead_.store(true, std::memory_order_relaxed);
    return false;
}

void Uart::put(u8 byte) {
    if (!is_dead_.load(std::memory_order_relaxed) && wait_for_room()) out(DATA, byte);
}

void Uart::write(std::string_view text) {
    for (const char c : text) {
        if (c == '\n') put('\r');
        put(static_cast<u8>(c));
    }
}

Result<usize> Uart::write(std::span<const u8> from) {
    if (!is_writable()) return Error::Eagain;
    const usize count = std::min(from.size(), BURST);
    for (usize i = 0; i < count; ++i) out(DATA, from[i]);
    return count;
}

bool Uart::is_writable() const { return (in(LINE_STATUS)&STATUS_TRANSMITTER_EMPTY) != 0; }

void Uart::request_writable() {
    auto enables = enables_.lock();
    enables->bits |= ENABLE_TRANSMITTER_EMPTY;
    out(INTERRUPT_ENABLE, enables->bits);
}

bool Uart::has_input() const {
    // acquire: pairs with the release in push
    return head_.load(std::memory_order_acquire) != tail_.load(std::memory_order_relaxed);
}

Result<usize> Uart::read(std::span<u8> to) {
    const auto reader = reader_.lock();
    u32 tail = tail_.load(std::memory_order_relaxed);
    const u32 head = head_.load(std::memory_order_acquire);  // pairs with the release in push
    if (head == tail) return Error::Eagain;
    usize count = 0;
    while (count < to.size() && tail != head) to[count++] = ring_[tail++ % RING_SIZE];
    tail_.store(tail, std::memory_order_release);  // gives the room back; pairs with the acquire in push
    return count;
}

void Uart::push(u8 byte) {
    const u32 head = head_.load(std::memory_order_relaxed);
    // acquire: pairs with the release in read; the slot has been read
    if (head - tail_.load(std::memory_order_acquire) == RING_SIZE) {
        overruns_.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    ring_[head % RING_SIZE] = byte;
    head_.store(head + 1, std::memory_order_release);  // publishes the byte
}

bool Uart::take_input() {
    bool has_taken = false;
    for (u32 i = 0; i < MAX_BYTES_PER_ROUND; ++i) {
        const u8 status = in(LINE_STATUS);
        if ((status & STATUS_DATA) == 0) break;
        const u8 byte = in(DATA);
        // A BREAK is received as a zero byte that the other side has not sent.
        if ((status & STATUS_BREAK) != 0) {
            breaks_.fetch_add(1, std::memory_order_relaxed);
            continue;
        }
        push(byte);
        has_taken = true;
    }
    return has_taken;
}

void Uart::on_interrupt() {
    // Reading the cause is what acknowledges "transmitter empty". The line is edge-triggered: go on until it is low.
    for (u32 i = 0; i < MAX_INTERRUPT_ROUNDS && (in(INTERRUPT_ID)&NO_INTERRUPT_PENDING) == 0; ++i) {
        if (take_input()) readable.wake_all_atomically();
        auto enables = enables_.lock();
        if ((enables->bits & ENABLE_TRANSMITTER_EMPTY) == 0 || !is_writable()) continue;
        enables->bits &= static_cast<u8>(~ENABLE_TRANSMITTER_EMPTY);
        out(INTERRUPT_ENABLE, enables->bits);
        enables.unlock();
        writable.wake_all_atomically();
    }
}

}  // namespace exo::drivers
