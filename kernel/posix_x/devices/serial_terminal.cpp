#include "posix_x/devices/console_devices.hpp"
#include "posix_x/terminal/speed.hpp"
#include "posix_x/terminal/terminals.hpp"

namespace exo::posix_x {

namespace {

class SerialTerminal final : public TerminalDriver {
  public:
    explicit SerialTerminal(drivers::Uart& uart) : uart_(uart) {}

    usize read(std::span<u8> to) override { return uart_.read(to).value_or(0); }
    usize write(std::span<const u8> bytes) override {
        const usize taken = uart_.write(bytes).value_or(0);
        if (taken < bytes.size()) uart_.request_writable();
        return taken;
    }
    bool take_break() override {
        const u32 breaks = uart_.breaks();
        return std::exchange(seen_breaks_, breaks) != breaks;
    }
    scheduler::WaitQueue& readable() override { return uart_.readable; }
    scheduler::WaitQueue& writable() override { return uart_.writable; }

    bool set_break(LineBreak line) override {
        uart_.set_break(line == LineBreak::On ? drivers::Uart::Break::On : drivers::Uart::Break::Off);
        return true;
    }
    void configure(abi::termios2& wanted, const abi::termios2& old) override;

  private:
    drivers::Uart& uart_;
    u32 seen_breaks_ = 0;
};

constexpr u8 LEAST_DATA_BITS = 5;
constexpr u32 RATE_WHEN_HUNG_UP = 9600;

drivers::Uart::Format format_of(ControlFlags flags, u32 rate) {
    const u32 data_bits = abi::raw(flags & ControlFlags::Csize) / abi::raw(ControlFlags::Cs6);
    return {.rate = rate,
            .data_bits = static_cast<u8>(LEAST_DATA_BITS + data_bits),
            .has_two_stop_bits = has(flags, ControlFlags::Cstopb),
            .has_parity = has(flags, ControlFlags::Parenb),
            .parity_is_odd = has(flags, ControlFlags::Parodd),
            .parity_is_fixed = has(flags, ControlFlags::Cmspar)};
}

/// If the port does not support the rate, the previous rate stays.
void SerialTerminal::configure(abi::termios2& wanted, const abi::termios2& old) {
    u32 rate = output_rate(wanted);
    if (rate > drivers::Uart::HIGHEST_RATE) {
        wanted.c_cflag &= ~ControlFlags::Baud;
        rate = output_rate(old);
        if (rate == 0) encode_rates(wanted, 0, 0);
    }
    if (rate != 0) encode_rates(wanted, rate, rate);
    uart_.set_format(format_of(wanted.c_cflag, rate != 0 ? rate : RATE_WHEN_HUNG_UP));
}

}  // namespace

Result<> add_serial_terminal(drivers::Uart& uart, u16 index) {
    constexpr u16 FIRST_MINOR = 64;
    TerminalSettings settings = TerminalSettings::serial();
    encode_rates(settings.raw(), uart.format().rate, uart.format().rate);
    Box<SerialTerminal> driver = TRY(make_box<SerialTerminal>(uart));
    TRY(uart.start_input());
    const abi::DeviceNumber number{4, static_cast<u32>(FIRST_MINOR + index)};
    TRY(add_terminal(uart.name(), number, "ttyS", *driver, settings));
    (void)driver.release();  // terminals are never removed
    return {};
}

}  // namespace exo::posix_x
