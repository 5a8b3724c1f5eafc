#include "posix_x/devices/console_devices.hpp"
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

  private:
    drivers::Uart& uart_;
    u32 seen_breaks_ = 0;
};

}  // namespace

Result<> add_serial_terminal(drivers::Uart& uart) {
    Box<SerialTerminal> driver = TRY(make_box<SerialTerminal>(uart));
    TRY(uart.start_input());
    constexpr abi::DeviceNumber TTY_S0{4, 64};
    TRY(add_terminal("ttyS0", TTY_S0, "ttyS", *driver, TerminalSettings::initial()));
    (void)driver.release();  // terminals are never removed
    return {};
}

}  // namespace exo::posix_x
