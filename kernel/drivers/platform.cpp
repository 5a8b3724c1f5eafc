#include "drivers/platform.hpp"

#include <atomic>

#include "arch/interrupt_controller.hpp"
#include "boot/firmware/acpi.hpp"
#include "boot/firmware/fadt.hpp"
#include "boot/firmware/hpet.hpp"
#include "boot/firmware/madt.hpp"
#include "boot/firmware/mp_table.hpp"
#include "drivers/interrupts.hpp"
#include "log/log.hpp"
#include "memory/kcsan/kcsan.hpp"
#include "memory/virtual/kernel_map.hpp"
#include "time/clock.hpp"

namespace exo::drivers {

namespace {

struct Platform {
    boot::InterruptTopology topology;
    boot::Fadt fadt;
    boot::Hpet hpet;
    boot::Mcfg pci;
    std::optional<boot::SleepType> power_off;
};
constinit Platform platform;  // written by discover_platform, at boot

Result<> read_acpi(const boot::PhysicalReader& memory, u64 rsdp) {
    const boot::AcpiTables tables = TRY(boot::AcpiTables::open(memory, rsdp));
    if (const auto table = tables.find({'F', 'A', 'C', 'P'})) {
        platform.fadt = TRY(boot::read_fadt(*table));
        if (const auto dsdt = boot::read_acpi_table(memory, platform.fadt.dsdt, {'D', 'S', 'D', 'T'}))
            platform.power_off = boot::find_s5_sleep_type(*dsdt);
    }
    if (const auto table = tables.find({'H', 'P', 'E', 'T'})) {
        if (const Result<boot::Hpet> hpet = boot::read_hpet(*table)) platform.hpet = *hpet;
    }
    if (const auto table = tables.find({'M', 'C', 'F', 'G'})) {
        if (const Result<boot::Mcfg> pci = boot::read_mcfg(*table)) platform.pci = *pci;
    }
    return boot::read_madt(TRY(tables.find({'A', 'P', 'I', 'C'})), platform.topology);
}

Result<> read_mp(const boot::PhysicalReader& memory) {
    return boot::read_mp_table(memory, TRY(boot::find_mp_table(memory)), platform.topology);
}

Result<> enable_line(u32 line, LineMode mode) {
    const auto trigger = mode == LineMode::EdgeHigh ? arch::Trigger::Edge : arch::Trigger::Level;
    const auto polarity = mode == LineMode::LevelLow ? arch::Polarity::Low : arch::Polarity::High;
    if (line < 16) {
        if (const boot::InterruptOverride* moved = platform.topology.find_override(static_cast<u8>(line)))
            return arch::enable_interrupt_line(moved->global_interrupt, trigger, polarity);
    }
    return arch::enable_interrupt_line(line, trigger, polarity);
}

void* pointer_to(memory::VirtualAddress address) {
    // SAFETY: map_device has just mapped it.
    return reinterpret_cast<void*>(address.value());
}

// ---- Ending the machine

constexpr u16 DEBUG_EXIT_PORT = 0xf4;  // QEMU's isa-debug-exit reads as 0, an empty bus as all ones
constexpr u8 EXIT_NORMAL = 0x10;       // QEMU's status becomes 33
constexpr u8 EXIT_PANIC = 0x11;        // 35
constexpr u16 KEYBOARD_PORT = 0x64;
constexpr u8 KEYBOARD_RESET = 0xfe;

void leave_through_debug_exit(u8 code) {
    if (arch::port_read8(DEBUG_EXIT_PORT) == 0) arch::port_write8(DEBUG_EXIT_PORT, code);
}

void power_off_through_acpi() {
    constexpr u16 SLEEP_ENABLE = 1 << 13;
    if (!platform.power_off) return;
    const boot::Fadt& fadt = platform.fadt;
    if (fadt.is_hardware_reduced) {
        if (fadt.sleep_control.space == boot::AcpiAddress::Space::Io && fadt.sleep_control.is_present())
            arch::port_write8(static_cast<u16>(fadt.sleep_control.address),
                              static_cast<u8>(platform.power_off->a << 2 | 1 << 5));
        return;
    }
    if (fadt.pm1a_control != 0)
        arch::port_write16(fadt.pm1a_control, static_cast<u16>(platform.power_off->a << 10 | SLEEP_ENABLE));
    if (fadt.pm1b_control != 0)
        arch::port_write16(fadt.pm1b_control, static_cast<u16>(platform.power_off->b << 10 | SLEEP_ENABLE));
}

/// No program runs from here on.
void stop_running() {
    arch::disable_interrupts();
    arch::stop_other_cpus();
}

[[noreturn]] void reset_machine() {
    const boot::AcpiAddress& reset = platform.fadt.reset_register;
    if (reset.is_present() && reset.space == boot::AcpiAddress::Space::Io)
        arch::port_write8(static_cast<u16>(reset.address), platform.fadt.reset_value);
    arch::port_write8(KEYBOARD_PORT, KEYBOARD_RESET);
    arch::reset_cpu();
}

}  // namespace

void discover_platform(const boot::PhysicalReader& memory, u64 rsdp) {
    Result<> found = Error::Enoent;
    if (rsdp == 0) {
        if (const Result<u64> address = boot::find_rsdp(memory)) rsdp = *address;
    }
    if (rsdp != 0) found = read_acpi(memory, rsdp);
    if (!found) {
        platform.topology = {};
        found = read_mp(memory);
    }
    if (found) return;
    log::warning(
        "no ACPI and no MP table that can be read (error {}): interrupts from devices will be missing",
        found.error());
    platform.topology = {};
}

PlatformTimers platform_timers() {
    return {platform.fadt.pm_timer, platform.fadt.pm_timer_mask > 0xffffff ? 32U : 24U,
            platform.hpet.address};
}

boot::Mcfg pci_configuration() { return platform.pci; }

u8 rtc_century_register() { return platform.fadt.century_register; }

Result<> start_interrupt_controllers() {
    const memory::PhysicalAddress local(platform.topology.local_apic_address);
    arch::start_local_apic(pointer_to(TRY(memory::map_device(local, PAGE_SIZE))));
    bool has_io_apic = false;
    for (const boot::IoApic& io_apic : platform.topology.io_apics) {
        const memory::VirtualAddress registers =
            TRY(memory::map_device(memory::PhysicalAddress(io_apic.address), PAGE_SIZE));
        has_io_apic |= arch::add_io_apic({pointer_to(registers), io_apic.first_interrupt}).has_value();
    }
    set_line_enabler(&enable_line);
    return has_io_apic ? Result<>{} : Result<>{Error::Enodev};
}

std::span<const boot::LocalApic> found_cpus() { return platform.topology.local_apics.span(); }

void power_off_machine() {
    kcsan::finish();
    log::write(log::Level::Emergency, "reboot: Power down");
    stop_running();
    leave_through_debug_exit(EXIT_NORMAL);
    power_off_through_acpi();
    reset_machine();  // a virtual machine that was told not to reboot ends here
}

void restart_machine() {
    kcsan::finish();
    log::write(log::Level::Emergency, "reboot: Restarting system");
    stop_running();
    reset_machine();
}

void halt_machine() {
    log::write(log::Level::Emergency, "reboot: System halted");
    stop_running();
    // A machine with this device was started to run a program, and no user can switch it off by hand.
    leave_through_debug_exit(EXIT_NORMAL);
    arch::stop_machine();
}

namespace {
constinit std::atomic<i32> panic_seconds{0};

/// Waits by the cycle counter alone, because no timer runs after a panic.
void wait_without_timer(u64 seconds) {
    constexpr u64 USUAL_RATE = 1'000'000'000;
    const u64 hertz = time::cycle_counter_hertz() != 0 ? time::cycle_counter_hertz() : USUAL_RATE;
    for (; seconds > 0; --seconds) {
        const u64 start = arch::cycle_counter();
        // Looked at seldom: an emulator takes long to answer.
        while (arch::cycle_counter() - start < hertz)
            for (u32 turn = 0; turn < 10'000; ++turn) asm volatile("");
    }
}
}  // namespace

void set_panic_timeout(i32 seconds) { panic_seconds.store(seconds, std::memory_order_relaxed); }

i32 panic_timeout() { return panic_seconds.load(std::memory_order_relaxed); }

void exit_after_panic() {
    leave_through_debug_exit(EXIT_PANIC);
    const i32 seconds = panic_timeout();
    if (seconds == 0) arch::stop_machine();
    if (seconds > 0) {
        format_to(&log::write_after_panic, "Rebooting in {} seconds..\n", seconds);
        wait_without_timer(static_cast<u64>(seconds));
    }
    reset_machine();
}

}  // namespace exo::drivers
