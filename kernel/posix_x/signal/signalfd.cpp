#include "posix_x/signal/signalfd.hpp"

#include "abi/linux/signal_frame.hpp"
#include "fs/file/anonymous.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/x86_64/signal_frame.hpp"
#include "scheduler/block_until.hpp"
#include "utils/format.hpp"

namespace exo::posix_x {

namespace {

using abi::SignalfdFlags;
using fs::PollEvents;

/// Converts a signal to the record of signalfd. LINUX: signalfd_copyinfo.
abi::signalfd_siginfo to_abi(const SignalInfo& info) {
    abi::siginfo record{};
    fill_siginfo(info, record);
    abi::signalfd_siginfo out{};
    out.ssi_signo = static_cast<u32>(record.si_signo);
    out.ssi_errno = record.si_errno;
    out.ssi_code = record.si_code;
    if (info.code > 0 && SYNCHRONOUS_SIGNALS.has(info.signal)) {
        out.ssi_addr = record.words[0];
        return out;
    }
    if (info.code == signal_code::TIMER) {  // the number of the timer, and how often it was missed
        out.ssi_tid = static_cast<u32>(record.sender_pid());
        out.ssi_overrun = record.sender_uid();
        out.ssi_ptr = record.value();
        out.ssi_int = static_cast<i32>(record.value());
        return out;
    }
    out.ssi_pid = static_cast<u32>(record.sender_pid());
    out.ssi_uid = record.sender_uid();
    if (info.code > 0 && info.signal == Signal::Chld) {
        out.ssi_status = record.child_status();
        out.ssi_utime = static_cast<u64>(record.child_user_time());
        out.ssi_stime = static_cast<u64>(record.child_system_time());
    } else if (info.code < 0) {
        out.ssi_ptr = record.value();
        out.ssi_int = static_cast<i32>(record.value());
    }
    return out;
}

SignalSet pending_of(Task& task) {
    auto state = task.process->signals.lock();
    return task.signals(*state).pending.set() | state->pending.set();
}

/// Takes a signal. Errors: Eagain.
Result<SignalInfo> take(Task& task, SignalSet wanted) {
    TakenSignal taken;
    if (!take_signal(*task.process->signals.lock(), task, wanted, taken)) return Error::Eagain;
    has_taken(*task.process, taken);
    return taken.info;
}

}  // namespace

Result<Ref<fs::File>> SignalFile::create(SignalSet wanted, abi::OpenFlags flags) {
    Ref<fs::Inode> inode = TRY(fs::shared_anonymous_inode());
    return make_ref<SignalFile>(std::move(inode), wanted, flags);
}

SignalFile::SignalFile(Ref<fs::Inode> inode, SignalSet wanted, abi::OpenFlags flags)
    : File({}, std::move(inode), abi::OpenFlags::Rdwr | flags,
           {.seek = fs::SeekPolicy::AlwaysZero,
            .splice = fs::SplicePolicy::Refused,
            .special = fs::SpecialFile::Signals}),
      wanted_(wanted.bits()) {}

void SignalFile::set_wanted(SignalSet wanted) {
    wanted_.store(wanted.bits(), std::memory_order_seq_cst);
    current_process().own_actions().signal_readers.wake_all();
}

/// Reads as many records as fit and are pending. Errors: Einval (not even one fits), Eagain, Efault,
/// RestartSys.
Result<usize> SignalFile::do_read(vm::OutBuffer& to, u64) {
    if (to.remaining() < sizeof(abi::signalfd_siginfo)) return Error::Einval;
    Task& task = current_task();
    scheduler::WaitQueue& arrivals = task.process->own_actions().signal_readers;
    usize done = 0;
    Blocking mode = blocking();
    while (to.remaining() >= sizeof(abi::signalfd_siginfo)) {
        const Result<SignalInfo> info = scheduler::block_until(
            arrivals, mode, [&] { return !(pending_of(task) & wanted()).is_empty(); },
            [&] { return take(task, wanted()); });
        if (!info) return done != 0 ? Result<usize>(done) : Result<usize>(info.error());
        const abi::signalfd_siginfo record = to_abi(*info);
        // SAFETY: a structure of integers without padding.
        const Result<usize> written = to.write({reinterpret_cast<const u8*>(&record), sizeof(record)});
        if (!written || *written != sizeof(record))
            return done != 0 ? Result<usize>(done) : Result<usize>(Error::Efault);
        done += sizeof(record);
        mode = Blocking::No;
    }
    return done;
}

PollEvents SignalFile::poll(fs::PollTable* table) {
    Task& task = current_task();
    SignalActions& actions = task.process->own_actions();
    if (table != nullptr) table->add(actions.signal_readers, &actions);
    return (pending_of(task) & wanted()).is_empty() ? PollEvents::None : PollEvents::In;
}

Result<> SignalFile::append_details(String& out) {
    return format_append(out, "sigmask:\t{:016x}\n", wanted().bits());
}

/// LINUX: do_signalfd4.
static Answer<NewDescriptor> make_or_change(Descriptor fd, vm::UserIn<SignalMask> mask, u64 mask_size,
                                            KnownSignalfdFlags given) {
    if (mask_size != sizeof(u64)) return Error::Einval;
    const SignalSet wanted = SignalSet(TRY(mask.read())) & ~UNBLOCKABLE_SIGNALS;
    const SignalfdFlags flags = TRY(given.checked());
    if (fd.value != -1) {
        const FileUse file = TRY(use_file(fd, Rights::Poll));
        SignalFile* signals = SignalFile::of(*file);
        if (signals == nullptr) return Error::Einval;
        signals->set_wanted(wanted);
        return static_cast<u32>(fd.value);
    }
    TRY(fs::check_open_file_count(current_task().credentials()));
    const auto file_flags = static_cast<abi::OpenFlags>(abi::raw(flags));  // the same bits
    return install_file(
        TRY(SignalFile::create(wanted, file_flags & abi::OpenFlags::Nonblock)),
        has(flags, SignalfdFlags::Cloexec) ? security::OnExec::Close : security::OnExec::Keep);
}

Answer<NewDescriptor> sys_signalfd(Context&, Descriptor fd, vm::UserIn<SignalMask> mask,
                                   SignalSetSize mask_size) {
    return make_or_change(fd, mask, mask_size, SignalfdFlags::None);
}

Answer<NewDescriptor> sys_signalfd4(Context&, Descriptor fd, vm::UserIn<SignalMask> mask,
                                    SignalSetSize mask_size, KnownSignalfdFlags flags) {
    return make_or_change(fd, mask, mask_size, flags);
}

}  // namespace exo::posix_x
