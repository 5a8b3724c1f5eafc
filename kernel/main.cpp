// The boot sequence, in order.
//
// Entered from arch/x86_64/start.cpp on the first CPU, with interrupts off, on the start-up code's page table and stack.
// After `scheduler::SCHEDULER.start()` this code is the idle thread. Whatever fails here cannot be done without: it ends
// in a panic that says so.
#include "drivers/platform.hpp"
#include "log/log.hpp"
#include "memory/physical/buddy_allocator.hpp"
#include "net/start.hpp"
#include "posix_x/start.hpp"
#include "scheduler/scheduler.hpp"
#include "startup.hpp"

namespace exo {

namespace {

/// Carries on with the value, or ends the boot with `what`.
template <class T> T require(Result<T> result, const char* what) {
    if (!result) {
        log::error("boot: {} (error {})", what, result.error());
        panic(what);
    }
    return detail::take(result);
}

}  // namespace

extern "C" [[noreturn]] void kernel_main(u32 protocol, u64 information) {
    startup::start_log_console();  // failures can be read from here on
    log::set_panic_exit(&drivers::exit_after_panic);

    require(startup::read_boot_information(protocol, information), "the loader's information cannot be used");
    startup::apply_log_options();
    startup::apply_panic_option();
    startup::apply_trace_option();
    drivers::discover_platform(startup::early_memory(), startup::boot_information().rsdp);
    require(startup::start_memory(), "no memory to work with");
    require(scheduler::SCHEDULER.init(), "no memory for the first thread");
    if (!drivers::start_interrupt_controllers())
        log::warning("no I/O APIC: interrupts from devices will be missing");
    startup::start_clock();
    startup::start_clock_of_day();
    arch::enable_interrupts();
    startup::start_further_cpus();
    startup::start_race_detector();

    require(startup::start_file_systems(), "no memory for the root file system");
    require(posix_x::start(startup::command_line()), "the Linux personality cannot start");
    require(net::start(startup::command_line()), "no memory for the network");
    startup::start_devices();
    net::start_interfaces(startup::command_line());
    require(posix_x::start_first_process(startup::initramfs_problem()), "no memory for the first process");
    scheduler::SCHEDULER.start();
}

}  // namespace exo
