#include "posix_x/start.hpp"

#include <array>

#include "boot/init_handover.hpp"
#include "fs/cache/reclaim.hpp"
#include "log/log.hpp"
#include "net/dhcp/service.hpp"
#include "net/socket/interface_ioctls.hpp"
#include "posix_x/lifecycle/deliver.hpp"
#include "posix_x/lifecycle/exec.hpp"
#include "posix_x/lifecycle/fork.hpp"
#include "posix_x/lifecycle/out_of_memory.hpp"
#include "posix_x/lifecycle/vdso.hpp"
#include "posix_x/memory/memory_calls.hpp"
#include "posix_x/procfs/procfs.hpp"
#include "posix_x/socket/use_socket.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/system/namespaces.hpp"
#include "posix_x/trace/channel.hpp"

namespace exo::posix_x {

namespace {

constinit boot::CommandLine kernel_command_line;
constinit std::string_view problem_of_initramfs;

/// Opens descriptors 0 to 2 on /dev/console, if the initramfs contains that node or devfs is mounted, as
/// Linux's init/main.c does. Otherwise the program starts without them, as on Linux.
void open_console(Task& task) {
    const Result<Ref<fs::File>> console =
        fs::open(task.caller(), {}, "/dev/console", abi::OpenFlags::Rdwr, 0);
    if (!console) {
        log::warning("no /dev/console to open for init (error {})", console.error());
        return;
    }
    for (u32 number = 0; number < 3; ++number) (void)install_file(*console, security::OnExec::Keep);
}

Result<ProgramArguments> arguments_for(std::string_view path, const boot::InitHandover& handover) {
    ProgramArguments result;
    TRY(result.arguments.add(path));
    for (const String& argument : handover.arguments) TRY(result.arguments.add(argument.view()));
    for (const String& variable : handover.environment) TRY(result.environment.add(variable.view()));
    return result;
}

Result<> try_program(std::string_view path, const boot::InitHandover& handover) {
    const Result<> result = execute({.path = path}, TRY(arguments_for(path, handover)));
    if (result) log::info("init is {}", path);
    return result;
}

/// Tries the programs in Linux's order (init/main.c, kernel_init). A program that the command line names must
/// work, except for rdinit=.
Result<> run_init(const boot::InitHandover& handover) {
    const std::string_view ramdisk_init = handover.rdinit.value_or("/init");
    const Result<> first = try_program(ramdisk_init, handover);
    if (first) return first;
    if (first.error() != Error::Enoent || handover.rdinit)
        log::error("{} cannot be run (error {})", ramdisk_init, first.error());
    if (handover.init) {
        const Result<> asked = try_program(*handover.init, handover);
        if (!asked) log::error("init={} cannot be run (error {})", *handover.init, asked.error());
        return asked;
    }
    constexpr std::array<std::string_view, 4> USUAL = {"/sbin/init", "/etc/init", "/bin/init", "/bin/sh"};
    Result<> result = Error::Enoent;
    for (const std::string_view path : USUAL) {
        result = try_program(path, handover);
        if (result) return result;
    }
    return result;
}

[[noreturn]] void panic_without_init() {
    if (problem_of_initramfs.empty())
        panic("no init found: give one with rdinit= or put it into the initramfs as /init");
    log::panic_with([](FormatSink sink) { format_to(sink, "no init found: {}\n", problem_of_initramfs); },
                    nullptr);
}

/// The kernel function of process 1's thread.
void first_thread(void* argument) {
    Task& task = *static_cast<Task*>(argument);
    open_console(task);
    net::dhcp::wait_for_address();
    const Result<boot::InitHandover> handover = boot::InitHandover::create(kernel_command_line);
    if (!handover || !run_init(*handover)) panic_without_init();
    arch::enter_user(task.registers());
}

}  // namespace

Result<> start(const boot::CommandLine& command_line) {
    kernel_command_line = command_line;
    TRY(vm::initialise());
    scheduler::SCHEDULER.set_return_hook(&return_to_program);
    scheduler::SCHEDULER.set_sample_hook(&note_cpu_sample);
    TRY(start_expiries());
    TRY(start_vdso());
    memory::frames.set_reclaim_hook(&fs::reclaim_unmapped_pages);
    vm::set_out_of_memory_hook(&kill_for_memory);
    ipc::set_own_credentials(&real_credentials);
    net::set_administrator_check([] { return current_task().identity().can(Capability::NetAdmin); });
    procfs::set_command_line(command_line.text());
    TRY(start_procfs());
    if (command_line.contains("norandmaps")) disable_address_randomisation();
    install_memory_hooks();
    TRY(trace::start(command_line));
    return {};
}

Result<> start_first_process(std::string_view initramfs_problem) {
    problem_of_initramfs = initramfs_problem;
    Ref<vm::AddressSpace> space = TRY(vm::AddressSpace::create());
    TRY(create_first_task(mount_namespace().root(), std::move(space), &first_thread));
    return {};
}

}  // namespace exo::posix_x
