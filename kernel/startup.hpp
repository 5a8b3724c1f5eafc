// The steps of the boot that join several layers: main.cpp calls them in order.
#pragma once

#include "boot/boot_information.hpp"
#include "boot/command_line.hpp"
#include "drivers/ports.hpp"

namespace exo::startup {

/// The machine's I/O ports.
drivers::Ports& ports();
/// Memory as the start-up code's page table shows it: the first 4 GiB.
const boot::PhysicalReader& early_memory();

/// Parses what the loader left at physical address `information`; `protocol` is 1 for PVH, 2 for Multiboot2.
/// Errors: those of the parsers.
Result<> read_boot_information(u32 protocol, u64 information);
const boot::BootInformation& boot_information();
boot::CommandLine command_line();

/// loglevel=, quiet, debug.
void apply_log_options();
/// panic=SECONDS: what follows a panic's report.
void apply_panic_option();

/// exo.trace: this machine traces its programs (posix_x/trace/). Before start_memory, which makes the kernel's text read-only.
void apply_trace_option();

/// Frames, the kernel's page table and the heap. Errors: Enomem, Einval.
Result<> start_memory();

/// Chooses and starts the clock and this CPU's timer (startup_clock.cpp).
void start_clock();

/// Starts the other CPUs that the firmware's tables name (startup_cpus.cpp). One that does not start is logged and left out.
/// maxcpus=N limits them.
void start_further_cpus();

/// Starts KCSAN, in a kernel that has it and on several CPUs. kcsan.skip_watch=, kcsan.udelay_task= and kcsan.udelay_interrupt= are
/// Linux's words; kcsan.panic makes the first report end the machine.
void start_race_detector();

/// The time of day, from the machine's clock; without one it starts in 1970.
void start_clock_of_day();

/// The seed of the random generator and the key that names are hashed with; file system types, the root (a tmpfs filled from the
/// initramfs) and /dev's nodes.
/// Errors: Enomem; Enoent (no initramfs).
Result<> start_file_systems();

/// What was wrong with the initramfs, in one line; empty if nothing was.
std::string_view initramfs_problem();

/// The console's output, before anything else can be printed.
void start_log_console();
/// Devices: virtio slots from the command line, the serial terminal. What fails is
/// logged and done without.
void start_devices();

}  // namespace exo::startup
