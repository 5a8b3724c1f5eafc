#include "startup.hpp"

#include <algorithm>

#include "boot/multiboot2.hpp"
#include "boot/pvh.hpp"
#include "drivers/pci/configuration.hpp"
#include "drivers/platform.hpp"
#include "drivers/random/random.hpp"
#include "drivers/rtc.hpp"
#include "drivers/serial/uart.hpp"
#include "drivers/virtio/bus.hpp"
#include "fs/devfs/devfs.hpp"
#include "fs/initramfs/initramfs.hpp"
#include "fs/pseudo/pseudo.hpp"
#include "fs/tmpfs/tmpfs.hpp"
#include "fs/tree/hashed_name.hpp"
#include "ipc/pipe.hpp"
#include "log/log.hpp"
#include "memory/kcsan/kcsan.hpp"
#include "memory/layout.hpp"
#include "memory/physical/buddy_allocator.hpp"
#include "memory/start.hpp"
#include "posix_x/devices/console_devices.hpp"
#include "posix_x/process/process.hpp"
#include "posix_x/pty/pty_master.hpp"
#include "posix_x/system/namespaces.hpp"
#include "posix_x/terminal/terminals.hpp"
#include "posix_x/trace/channel.hpp"
#include "scheduler/preemption.hpp"

namespace exo::startup {

namespace {

/// The command line, out of the loader's memory, which is handed out later.
struct SavedCommandLine {
    static constexpr usize CAPACITY = 4096;
    char text[CAPACITY] = {};
    usize size = 0;
};

constinit boot::BootInformation information;
constinit SavedCommandLine saved_command_line;

class EarlyMemory final : public boot::PhysicalReader {
  public:
    Result<std::span<const u8>> view(u64 address, u64 length) const override {
        constexpr u64 MAPPED = 4 * GIB;
        if (address == 0 || length > MAPPED || address > MAPPED - length) return Error::Efault;
        // SAFETY: the start-up code has mapped the first 4 GiB at the direct map's base.
        return std::span<const u8>{
            static_cast<const u8*>(memory::direct_map(memory::PhysicalAddress(address))), length};
    }
};
constinit EarlyMemory the_early_memory;

class HardwarePorts final : public drivers::Ports {
  public:
    u8 read8(u16 port) override { return arch::port_read8(port); }
    void write8(u16 port, u8 value) override { arch::port_write8(port, value); }
    u32 read32(u16 port) override { return arch::port_read32(port); }
    void write32(u16 port, u32 value) override { arch::port_write32(port, value); }
};
constinit HardwarePorts hardware_ports;
using drivers::Uart;
constinit Uart serial_port{"ttyS0", hardware_ports, Uart::COM1, Uart::COM1_LINE};
constinit Uart second_port{"ttyS1", hardware_ports, Uart::COM2, Uart::COM2_LINE};
/// The rate that Linux gives a port if no console= sets one.
constexpr u32 USUAL_RATE = 9600;

}  // namespace

drivers::Ports& ports() { return hardware_ports; }

const boot::PhysicalReader& early_memory() { return the_early_memory; }

/// LINUX: what is too long is cut; here only between two words.
static void save_command_line(std::string_view text) {
    if (text.size() > SavedCommandLine::CAPACITY) {
        text =
            text.substr(0, std::min(text.rfind(' ', SavedCommandLine::CAPACITY), SavedCommandLine::CAPACITY));
        log::warning("the command line is longer than {} bytes: what follows byte {} is ignored",
                     SavedCommandLine::CAPACITY, text.size());
    }
    saved_command_line.size = text.copy(saved_command_line.text, SavedCommandLine::CAPACITY);
}

Result<> read_boot_information(u32 protocol, u64 address) {
    constexpr u32 PVH = 1;
    if (protocol == PVH)
        TRY(boot::read_pvh(the_early_memory, address, information));
    else
        TRY(boot::read_multiboot2(the_early_memory, address, information));
    save_command_line(information.command_line);
    information.command_line = {saved_command_line.text, saved_command_line.size};
    return {};
}

const boot::BootInformation& boot_information() { return information; }

boot::CommandLine command_line() { return boot::CommandLine(information.command_line); }

void apply_panic_option() {
    // LINUX: each value that is an int counts, and any other is refused (kernel/panic.c, param_set_int).
    command_line().for_each_value("panic", [](std::string_view text) {
        const auto seconds = boot::parse_number(text);
        if (seconds && *seconds >= INT32_MIN && *seconds <= INT32_MAX)
            drivers::set_panic_timeout(static_cast<i32>(*seconds));
        else
            log::warning("panic={}: this is no number of seconds", text);
    });
}

void apply_trace_option() {
    if (command_line().contains(posix_x::trace::COMMAND_LINE_WORD)) arch::trace_system_calls();
}

void apply_log_options() {
    // As Linux: quiet shows warnings and worse, debug everything (kernel-parameters.txt).
    if (command_line().contains("quiet")) log::set_console_level(log::Level::Warning);
    if (command_line().contains("debug")) log::set_console_level(log::Level::Debug);
    if (const auto limit = command_line().number("preempt_watchdog"); limit && *limit > 0)
        scheduler::watchdog::set_limit(static_cast<time::Nanoseconds>(*limit));
    if (const auto level = command_line().number("loglevel"); level && *level >= 0 && *level <= 8)
        log::set_console_level(static_cast<log::Level>(*level > 0 ? *level - 1 : 0));
    log::info("Exo-OS, {} MiB of memory, command line: {}",
              information.memory.total(boot::MemoryKind::Usable) / MIB, information.command_line);
}

void start_race_detector() {
#if defined(EXO_KCSAN)
    if (arch::running_cpus() == 1) return;
    kcsan::Settings settings;
    const auto take = [](std::string_view key, u32& setting) {
        constexpr i64 MOST = 1'000'000;
        if (const auto number = command_line().number(key); number && *number >= 0 && *number <= MOST)
            setting = static_cast<u32>(*number);
    };
    take("kcsan.skip_watch", settings.skipped_accesses);
    take("kcsan.udelay_task", settings.longest_delay);
    take("kcsan.udelay_interrupt", settings.longest_delay_without_interrupts);
    settings.panics = command_line().contains("kcsan.panic");
    kcsan::start(settings);
#endif
}

Result<> start_memory() {
    FixedVector<boot::PhysicalRange, boot::BootInformation::MODULE_CAPACITY + 1> reserved;
    // The first MiB holds firmware tables and is where further CPUs start.
    TRY(reserved.push({0, MIB}));
    for (const boot::PhysicalRange& module : information.modules)
        TRY(reserved.push({align_down(module.start, PAGE_SIZE), align_up(module.end, PAGE_SIZE)}));
    return memory::start(information.memory, reserved.span());
}

void start_clock_of_day() {
    const Result<drivers::CalendarTime> now =
        drivers::read_rtc(hardware_ports, drivers::rtc_century_register());
    const Result<u64> seconds = now ? drivers::seconds_since_epoch(*now) : Result<u64>(now.error());
    if (seconds)
        time::set_realtime(*seconds * time::SECOND);
    else
        log::warning("no real-time clock (error {}): the time of day starts in 1970", seconds.error());
}

// ---- File systems

namespace {

/// Frames of an unpacked archive join the free ones.
void release_archive(std::span<const u8> bytes) {
    const u64 start = memory::physical_of(bytes.data()).value();
    const boot::PhysicalRange pages{align_down(start, PAGE_SIZE), align_up(start + bytes.size(), PAGE_SIZE)};
    if (const Result<> added = memory::frames.add_reserved_range(pages); !added)
        log::warning("the initramfs' memory cannot be used again (error {})", added.error());
}

/// The problem of the initramfs, for the panic of a machine that finds no init. If there are several, the
/// last one.
constinit FixedVector<char, 256> initramfs_fault;

void report_failure(const fs::InitramfsReport& report) {
    const Result<String> text = fs::explain(report);
    if (!text || text->is_empty()) return;
    log::error("initramfs: {}", text->view());
    initramfs_fault = {};
    for (const char c : text->view()) (void)initramfs_fault.push(c);  // what is longer is cut
}

/// LINUX: a bad archive is reported and done without, and so is one that there is no room for.
bool may_go_on(Error error) {
    return error == Error::Einval || error == Error::Eopnotsupp || error == Error::Enospc;
}

Result<> unpack_modules(const fs::Path& root) {
    for (const boot::PhysicalRange& module : information.modules) {
        // SAFETY: modules are RAM, mapped with it, and were kept away from the allocator.
        const auto* start = static_cast<const u8*>(memory::direct_map(memory::PhysicalAddress(module.start)));
        const Ref<fs::ArchiveMemory> archive =
            TRY(make_ref<fs::ArchiveMemory>(std::span{start, module.size()}, &release_archive));
        fs::InitramfsReport report;
        const Result<> unpacked = fs::unpack_initramfs(archive, root, report);
        report_failure(report);
        if (!unpacked && !may_go_on(unpacked.error())) return unpacked;
        log::info("initramfs: {} entries, {} KiB", report.entries, module.size() / KIB);
    }
    return {};
}

}  // namespace

namespace {

void seed_random() {
    if (!drivers::RANDOM.seed_from_cpu())
        log::warning("the CPU has no random numbers: waiting for virtio-rng");
    const u64 jitter[2] = {arch::cycle_counter(), time::realtime()};
    // SAFETY: numbers are bytes.
    drivers::RANDOM.add({reinterpret_cast<const u8*>(jitter), sizeof(jitter)}, drivers::Credit::None);
}

/// LINUX: norandmaps asks for a machine that does the same each time; then the key of names stays the built-in one, too.
void choose_name_hash_key() {
    if (command_line().contains("norandmaps")) return;
    fs::set_name_hash_key({.addend = drivers::RANDOM.next_u64(), .factor = drivers::RANDOM.next_u64()});
}

}  // namespace

Result<> start_file_systems() {
    seed_random();
    choose_name_hash_key();
    const u64 total = memory::get_stats().total_frames * PAGE_SIZE;
    fs::tmpfs::init(total);
    TRY(ipc::init());
    TRY(fs::devfs::init());
    TRY(fs::init_sysfs());
    // LINUX: a tmpfs like others: half of the memory, and as many inodes as half of the pages.
    fs::tmpfs::Options options = fs::tmpfs::default_options();
    options.mode = 0755;
    fs::MountableTree tree = TRY(fs::tmpfs::create(options, "rootfs"));
    Ref<fs::Mount> root = TRY(fs::Mount::create(std::move(tree), "rootfs", fs::MountOptions::None));
    Ref<fs::MountNamespace> mounts = TRY(fs::MountNamespace::create(std::move(root)));
    const fs::Path top = mounts->root();
    posix_x::set_mount_namespace(std::move(mounts));
    TRY(fs::make_built_in_nodes(top));
    return unpack_modules(top);
}

std::string_view initramfs_problem() { return {initramfs_fault.begin(), initramfs_fault.size()}; }

// ---- Devices

void start_log_console() {
    if (!serial_port.probe() || !serial_port.init()) return;
    (void)log::add_sink(serial_port);  // the first of four
}

namespace {

Result<> fill_random(std::span<u8> out) {
    drivers::RANDOM.fill(out);
    return {};
}

using fs::devfs::RandomAdministration;

constexpr RandomAdministration RANDOM_ADMINISTRATION{
    .add =
        [](std::span<const u8> bytes, RandomAdministration::Trust trust) {
            drivers::RANDOM.add(bytes, trust == RandomAdministration::Trust::Full ? drivers::Credit::Full
                                                                                  : drivers::Credit::None);
        },
    .is_seeded = [] { return drivers::RANDOM.is_seeded(); },
    .reseed = [] { (void)drivers::RANDOM.seed_from_cpu(); },
    .may_administer =
        [] {
            const posix_x::Task* task = posix_x::current_task_or_null();
            return task != nullptr && task->identity().can(posix_x::Capability::SysAdmin);
        },
};

void attach_slot(std::string_view word) {
    const Result<boot::VirtioMmioDevice> slot = boot::parse_virtio_mmio_device(word);
    const Result<> attached =
        slot ? drivers::attach_virtio_mmio(*slot, posix_x::port_nodes()) : Result<>(slot.error());
    if (!attached) log::warning("virtio_mmio.device={}: error {}", word, attached.error());
}

void attach_pci_devices(drivers::pci::Configuration& configuration) {
    drivers::pci::for_each_function(configuration, [&](drivers::pci::FunctionAddress address) {
        const drivers::pci::Function function(configuration, address);
        const Result<> attached = drivers::attach_virtio_pci(function, posix_x::port_nodes());
        if (!attached)
            log::warning("pci {:02x}:{:02x}.{}: error {}", address.bus, address.device, address.function,
                         attached.error());
    });
}

/// By the space in memory that ACPI names, or by ports. A machine without PCI has neither.
void search_pci() {
    using namespace drivers::pci;
    const boot::Mcfg mapped = drivers::pci_configuration();
    if (mapped.address != 0) {
        const auto space =
            make_box<MappedConfiguration>(memory::PhysicalAddress(mapped.address), mapped.first_bus,
                                          mapped.last_bus, drivers::map_registers);
        if (space) return attach_pci_devices(**space);
    }
    PortConfiguration ports(hardware_ports);
    if (ports.probe()) attach_pci_devices(ports);
}

void start_second_port() {
    if (!second_port.probe() || !second_port.init()) return;
    second_port.set_format({.rate = USUAL_RATE});
    if (!posix_x::add_serial_terminal(second_port, 1)) log::warning("no terminal on the second serial port");
}

}  // namespace

void start_devices() {
    fs::devfs::set_random_source(&fill_random);
    fs::devfs::set_random_administration(RANDOM_ADMINISTRATION);
    if (serial_port.state() != drivers::DriverState::Failed && !posix_x::add_serial_terminal(serial_port, 0))
        log::warning("no terminal on the serial port");
    start_second_port();
    if (!posix_x::init_port_devices()) log::warning("no memory for the virtio ports");
    command_line().for_each_value("virtio_mmio.device", attach_slot);
    search_pci();
    if (!posix_x::init_terminals()) log::warning("no /dev/console");
    if (!posix_x::init_ptys()) log::warning("no /dev/ptmx");
    posix_x::select_console_from(information.command_line);
}

}  // namespace exo::startup
