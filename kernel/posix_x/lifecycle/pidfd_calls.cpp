// Processes by descriptor: pidfd_open, pidfd_send_signal, pidfd_getfd. clone and clone3 make pidfds too (fork.cpp).
#include "posix_x/lifecycle/pidfd_calls.hpp"

#include "posix_x/lifecycle/pidfd.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/signal/signal_calls.hpp"
#include "posix_x/syscalls/support.hpp"

namespace exo::posix_x {

namespace {

/// Finds the process for a new pidfd. LINUX: pidfd_create. Errors: Esrch (no such number), Einval (a task
/// that is not a leader; a group or session whose leader is gone).
Result<Ref<Process>> process_with(Pid pid) {
    auto tree = PROCESSES.lock();
    if (Process* process = tree->find(pid)) return Ref<Process>(process);
    const bool is_something =
        tree->threads.find(pid) != nullptr || tree->has_group(pid) || tree->has_session(pid);
    return is_something ? Error::Einval : Error::Esrch;
}

/// The ProcessFile of a descriptor. Errors: Ebadf (not open, or not a pidfd).
Result<ProcessFile*> pidfd_of(const FileUse& file) {
    ProcessFile* pidfd = ProcessFile::of(*file);
    return pidfd != nullptr ? Result<ProcessFile*>(pidfd) : Result<ProcessFile*>(Error::Ebadf);
}

bool is_reaped(const Process& process) {
    return process.state.load(std::memory_order_seq_cst) == ProcessState::Reaped;
}

/// Checks PTRACE_MODE_ATTACH_REALCREDS (ptrace(2)). Errors: Eperm.
Result<> check_attach(const Process& process, Task& leader) {
    Task& caller = current_task();
    const Identity& own = caller.identity();
    if (caller.process.get() == &process || own.can(Capability::SysPtrace)) return {};
    Ref<Identity> other;
    Ref<ProgramImage> image;
    {
        auto resources = leader.resources.lock();
        other = resources->identity;
        image = resources->image;
    }
    const bool is_same = own.uid == other->uid && own.uid == other->euid && own.uid == other->suid &&
                         own.gid == other->gid && own.gid == other->egid && own.gid == other->sgid;
    const bool is_dumpable = !image || image->is_dumpable.load(std::memory_order_relaxed);
    const bool has_more = (other->permitted & ~own.permitted) != 0;
    return is_same && is_dumpable && !has_more ? Result<>() : Result<>(Error::Eperm);
}

/// Reads the siginfo. LINUX: pidfd_send_signal requires that its signal number matches; rt_sigqueueinfo
/// overwrites it.
Result<SignalInfo> given_info(const Process& target, i32 number, vm::UserIn<abi::siginfo> in) {
    const SignalInfo info = TRY(read_given_info(in, number, NumberOf::Siginfo));
    TRY(check_pretence(target.pid(), info));
    return info;
}

}  // namespace

Answer<NewDescriptor> sys_pidfd_open(Context&, PidOf<PidUse::Process> pid,
                                     Known<abi::PidfdFlags::Nonblock> given) {
    const abi::PidfdFlags flags = TRY(given.checked());
    if (pid.value <= 0) return Error::Einval;
    Ref<Process> process = TRY(process_with(pid.value));
    TRY(fs::check_open_file_count(current_task().credentials()));
    const auto file_flags = static_cast<abi::OpenFlags>(abi::raw(flags));  // the same bit
    return install_file(TRY(ProcessFile::create(std::move(process), file_flags)), security::OnExec::Close);
}

/// LINUX: the order of checks is that of pidfd_send_signal.
Result<> sys_pidfd_send_signal(Context&, Descriptor fd, SignalOrNone number,
                               OrNull<vm::UserIn<abi::siginfo>> in, Known<abi::NoPidfdFlags::None> given) {
    TRY(given.checked());
    const FileUse file = TRY(use_file(fd, Rights::Poll));
    // LINUX: pidfd_to_pid: the only one of the calls that takes a directory /proc/PID too.
    const Ref<Process> named = process_of_directory(*file);
    Process& target = named ? *named : TRY(pidfd_of(file))->process();
    Task& sender = current_task();
    const auto signal = static_cast<Signal>(number.value);
    const SignalInfo info =
        in.is_null() ? info_from(sender, signal, signal_code::USER) : TRY(given_info(target, number.value, in));
    if (is_reaped(target)) return Error::Esrch;
    if (number.value != 0 && !is_valid_signal(number.value)) return Error::Einval;
    if (!may_signal(sender, target, signal)) return Error::Eperm;
    return number.value == 0 ? Result<>() : send_signal(target, info);
}

/// LINUX: the order of checks is that of pidfd_getfd.
Answer<NewDescriptor> sys_pidfd_getfd(Context&, Descriptor fd, DescriptorNumber target,
                                      Known<abi::NoPidfdFlags::None> given) {
    TRY(given.checked());
    const FileUse file = TRY(use_file(fd, Rights::Poll));
    Process& process = TRY(pidfd_of(file))->process();
    const Ref<Task> leader = process.signals.lock()->leader;
    if (!leader || is_reaped(process)) return Error::Esrch;
    TRY(check_attach(process, *leader));
    const Ref<security::CapabilityTable> table = leader->resources.lock()->files.table();
    if (!table) return Error::Esrch;  // it has ended
    security::Capability capability = TRY(table->copy(static_cast<u32>(target.value)));
    return current_task().files()->install(std::move(capability), security::OnExec::Close,
                                           descriptor_limit());
}

}  // namespace exo::posix_x
