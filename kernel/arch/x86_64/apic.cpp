#include "arch/x86_64/apic.hpp"

#include "arch/interface.hpp"
#include "arch/upcalls.hpp"
#include "arch/x86_64/cpu_features.hpp"
#include "arch/x86_64/ports.hpp"

namespace exo::arch {

namespace {

// Local APIC registers (byte offsets; the x2APIC MSR is 0x800 + offset / 16).
constexpr u32 APIC_ID = 0x20;
constexpr u32 APIC_EOI = 0xb0;
constexpr u32 APIC_SPURIOUS = 0xf0;
constexpr u32 APIC_COMMAND = 0x300;
constexpr u32 APIC_COMMAND_TARGET = 0x310;
constexpr u32 APIC_TIMER_LVT = 0x320;
constexpr u32 APIC_TIMER_INITIAL = 0x380;
constexpr u32 APIC_TIMER_CURRENT = 0x390;
constexpr u32 APIC_TIMER_DIVIDE = 0x3e0;
constexpr u32 APIC_TASK_PRIORITY = 0x80;
constexpr u32 LVT_MASKED = 1 << 16;
constexpr u32 COMMAND_IS_PENDING = 1 << 12;
constexpr u32 COMMAND_NMI = 0x400;
constexpr u32 COMMAND_INIT = 0x4500;      // with the level bit
constexpr u32 COMMAND_START_UP = 0x4600;  // and the number of the page at which to start

constexpr u32 FIRST_LINE_VECTOR = 48;  // 32-47 are where a mis-programmed 8259 would deliver
constexpr u32 REQUEST_VECTOR = 0xfc;
constexpr u32 WAKE_VECTOR = 0xfd;
constexpr u32 TIMER_VECTOR = 0xfe;
constexpr u32 SPURIOUS_VECTOR = 0xff;
constexpr u32 MAX_LINES = REQUEST_VECTOR - FIRST_LINE_VECTOR;

constexpr u32 MSR_APIC_BASE = 0x1b;
constexpr u64 APIC_BASE_ENABLE = 1 << 11;
constexpr u64 APIC_BASE_X2APIC = 1 << 10;

constexpr usize MAX_IO_APICS = 8;

struct IoApic {
    volatile u32* registers = nullptr;
    u32 first_line = 0;
    u32 line_count = 0;

    u32 read(u32 index) const {
        registers[0] = index;
        return registers[4];
    }
    void write(u32 index, u32 value) const {
        registers[0] = index;
        registers[4] = value;
    }
};

struct Controllers {
    volatile u32* local = nullptr;
    bool uses_x2apic = false;
    IoApic io_apics[MAX_IO_APICS];
    usize io_apic_count = 0;
    u32 message_lines = 0;         ///< Lines from the last one down that are used by messages.
    u64 timer_scale = 1ULL << 32;  ///< Ticks a nanosecond, times 2^32.
    u32 ids[MAX_CPUS]{};           ///< Of the local APICs, by CPU.
};
constinit Controllers controllers;  // written at boot only: by the first CPU, and each CPU's id by itself

u32 local_read(u32 offset) {
    if (controllers.uses_x2apic) return static_cast<u32>(read_msr(0x800 + offset / 16));
    return controllers.local[offset / 4];
}

void local_write(u32 offset, u32 value) {
    if (controllers.uses_x2apic)
        write_msr(0x800 + offset / 16, value);
    else
        controllers.local[offset / 4] = value;
}

/// Remapped out of the exceptions' way and all lines masked: it may deliver spurious interrupts even so.
void mask_8259() {
    constexpr u16 MASTER = 0x20;
    constexpr u16 SLAVE = 0xa0;
    port_write8(MASTER, 0x11);
    port_write8(SLAVE, 0x11);
    port_write8(MASTER + 1, 32);
    port_write8(SLAVE + 1, 40);
    port_write8(MASTER + 1, 4);
    port_write8(SLAVE + 1, 2);
    port_write8(MASTER + 1, 1);
    port_write8(SLAVE + 1, 1);
    port_write8(MASTER + 1, 0xff);
    port_write8(SLAVE + 1, 0xff);
}

const IoApic* io_apic_of(u32 line) {
    for (usize index = 0; index < controllers.io_apic_count; ++index) {
        const IoApic& io_apic = controllers.io_apics[index];
        if (line >= io_apic.first_line && line - io_apic.first_line < io_apic.line_count) return &io_apic;
    }
    return nullptr;
}

/// Turns on the calling CPU's local APIC, with its timer masked.
void enable_own_apic() {
    u64 base = read_msr(MSR_APIC_BASE) | APIC_BASE_ENABLE;
    if (controllers.uses_x2apic) base |= APIC_BASE_X2APIC;
    write_msr(MSR_APIC_BASE, base);
    local_write(APIC_TASK_PRIORITY, 0);
    local_write(APIC_TIMER_LVT, LVT_MASKED | TIMER_VECTOR);
    local_write(APIC_TIMER_DIVIDE, 0b1011);  // by 1
    local_write(APIC_SPURIOUS, 0x100 | SPURIOUS_VECTOR);
    this_cpu().apic_id = controllers.uses_x2apic ? local_read(APIC_ID) : local_read(APIC_ID) >> 24;
    controllers.ids[cpu_index()] = this_cpu().apic_id;
}

/// Writes the interrupt command register (Intel SDM vol. 3, 10.6.1): to one CPU. With x2APIC the two halves are one register.
void send_command(u32 apic_id, u32 command) {
    if (controllers.uses_x2apic) {
        // Writes of this register wait for nothing: stores before it must be out (10.12.3).
        asm volatile("mfence; lfence" : : : "memory");
        write_msr(0x800 + APIC_COMMAND / 16, u64{apic_id} << 32 | command);
        return;
    }
    // An interrupt in between would send a command of its own into the middle of ours.
    const bool were_enabled = interrupts_enabled();
    disable_interrupts();
    while ((local_read(APIC_COMMAND) & COMMAND_IS_PENDING) != 0) relax();
    local_write(APIC_COMMAND_TARGET, apic_id << 24);
    local_write(APIC_COMMAND, command);
    if (were_enabled) enable_interrupts();
}

constexpr u32 redirection_register(const IoApic& io_apic, u32 line) {
    return 0x10 + 2 * (line - io_apic.first_line);
}

}  // namespace

void start_local_apic(void* local_registers) {
    mask_8259();
    controllers.local = static_cast<volatile u32*>(local_registers);
    controllers.uses_x2apic = cpu_features().has_x2apic;
    enable_own_apic();
}

void start_further_apic() {
    enable_own_apic();
    local_write(APIC_TIMER_LVT, TIMER_VECTOR);
}

void send_init(u32 apic_id) { send_command(apic_id, COMMAND_INIT); }

void send_start_up(u32 apic_id, u64 page) {
    send_command(apic_id, COMMAND_START_UP | static_cast<u32>(page >> 12));
}

Result<> add_io_apic(IoApicRegisters registers) {
    if (controllers.io_apic_count == MAX_IO_APICS) return Error::Enodev;
    IoApic io_apic{static_cast<volatile u32*>(registers.registers), registers.first_line, 0};
    const u32 version = io_apic.read(1);
    if (version == 0xffffffff) return Error::Enodev;
    io_apic.line_count = (version >> 16 & 0xff) + 1;
    for (u32 line = 0; line < io_apic.line_count; ++line) io_apic.write(0x10 + 2 * line, LVT_MASKED);
    controllers.io_apics[controllers.io_apic_count++] = io_apic;
    return {};
}

Result<> enable_interrupt_line(u32 line, Trigger trigger, Polarity polarity) {
    const IoApic* io_apic = io_apic_of(line);
    if (io_apic == nullptr || line >= MAX_LINES) return Error::Einval;
    const u32 index = redirection_register(*io_apic, line);
    const u32 mode = (trigger == Trigger::Level ? 1U << 15 : 0) | (polarity == Polarity::Low ? 1U << 13 : 0);
    io_apic->write(index + 1, this_cpu().apic_id << 24);
    io_apic->write(index, mode | (FIRST_LINE_VECTOR + line));
    return {};
}

void disable_interrupt_line(u32 line) {
    if (const IoApic* io_apic = io_apic_of(line))
        io_apic->write(redirection_register(*io_apic, line), LVT_MASKED);
}

Result<InterruptMessage> allocate_interrupt_message() {
    // Intel SDM vol. 3, 10.11: the address has the local APIC's number, the data the vector.
    constexpr u64 MESSAGE_ADDRESS = 0xfee0'0000;
    constexpr u32 HIGHEST_ID = 0xff;
    const u32 id = this_cpu().apic_id;
    if (controllers.message_lines == MAX_LINES || id > HIGHEST_ID) return Error::Enospc;
    const u32 line = MAX_LINES - 1 - controllers.message_lines;
    if (io_apic_of(line) != nullptr) return Error::Enospc;
    ++controllers.message_lines;
    return InterruptMessage{line, MESSAGE_ADDRESS | id << 12, FIRST_LINE_VECTOR + line};
}

void set_timer_rate(u64 ticks, u64 nanoseconds) {
    if (ticks != 0 && nanoseconds != 0) controllers.timer_scale = (ticks << 32) / nanoseconds;
    local_write(APIC_TIMER_LVT, TIMER_VECTOR);
}

void start_timer_count() { local_write(APIC_TIMER_INITIAL, 0xffffffff); }

u32 timer_counted() { return 0xffffffff - local_read(APIC_TIMER_CURRENT); }

void arm_timer(u64 nanoseconds_from_now) {
    // A wait beyond what 32 bits hold comes early; the timer queue then arms it again.
    const auto ticks = static_cast<unsigned __int128>(nanoseconds_from_now) * controllers.timer_scale >> 32;
    const u32 count = ticks > 0xffffffff ? 0xffffffff : static_cast<u32>(ticks);
    local_write(APIC_TIMER_INITIAL, count != 0 ? count : 1);
}

void disarm_timer() { local_write(APIC_TIMER_INITIAL, 0); }

void wake_cpu(u32 cpu) { send_command(controllers.ids[cpu], WAKE_VECTOR); }

void send_request_interrupt(u32 cpu) { send_command(controllers.ids[cpu], REQUEST_VECTOR); }

void stop_other_cpus() {
    are_others_stopping.store(true, std::memory_order_seq_cst);
    for (u32 cpu = 0; cpu < running_cpus(); ++cpu)
        if (cpu != cpu_index()) send_command(controllers.ids[cpu], COMMAND_NMI);
}

void dispatch_interrupt(u32 vector, upcalls::InterruptedMode mode) {
    if (vector < FIRST_LINE_VECTOR || vector == SPURIOUS_VECTOR)
        return;  // spurious ones want no acknowledgement
    local_write(APIC_EOI, 0);
    count_interrupt();
    if (vector == TIMER_VECTOR)
        upcalls::timer_tick(mode);
    else if (vector == WAKE_VECTOR)
        upcalls::reschedule();
    else if (vector == REQUEST_VECTOR)
        upcalls::exo_serve_requests();
    else
        upcalls::interrupt(vector - FIRST_LINE_VECTOR);
}

}  // namespace exo::arch
