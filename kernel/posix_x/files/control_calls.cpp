// fcntl and ioctl: one handler for each command (syscall/commands.hpp).
#include "abi/linux/termios.hpp"
#include "posix_x/syscalls/families.hpp"
#include "posix_x/syscalls/support.hpp"

namespace exo::posix_x {

namespace {

using abi::DescriptorFlags;
using abi::FcntlCommand;
using abi::FileIoctl;
using abi::OpenFlags;
using security::OnExec;

u32 number_of(Descriptor fd) { return static_cast<u32>(fd.value); }

// ---- fcntl: the descriptor

/// LINUX: a minimum beyond the limit is EINVAL, but not before the descriptor is looked at.
Answer<NewDescriptor> duplicate_from(Descriptor fd, u64 minimum, OnExec mode) {
    if (minimum >= current_task().open_files_limit()) {
        TRY(current_task().files->on_exec(number_of(fd)));
        return Error::Einval;
    }
    return duplicate_descriptor(fd, mode, static_cast<u32>(minimum));
}
using LowestNumber = Number<Kind::Descriptor, u64, DescriptorUse::Number>;

Answer<NewDescriptor> duplicate(Descriptor fd, LowestNumber minimum) {
    return duplicate_from(fd, minimum, OnExec::Keep);
}
Answer<NewDescriptor> duplicate_cloexec(Descriptor fd, LowestNumber minimum) {
    return duplicate_from(fd, minimum, OnExec::Close);
}

Answer<DescriptorFlags> descriptor_flags(Descriptor fd) {
    const OnExec mode = TRY(current_task().files->on_exec(number_of(fd)));
    return abi::raw(mode == OnExec::Close ? DescriptorFlags::Cloexec : DescriptorFlags::None);
}
Result<> set_descriptor_flags(Descriptor fd, DescriptorFlags flags) {
    const OnExec mode = has(flags, DescriptorFlags::Cloexec) ? OnExec::Close : OnExec::Keep;
    return current_task().files->set_on_exec(number_of(fd), mode);
}

// ---- fcntl: the open file

Answer<OpenFlags> status_flags(Descriptor fd) { return abi::raw(TRY(use_file(fd, Rights::Inspect))->flags()); }
Result<> set_status_flags(Descriptor fd, OpenFlags flags) {
    const FileUse file = TRY(use_file(fd, Rights::Configure));
    return file->set_status_flags(flags, current_task().credentials());
}

Answer<Size> pipe_size(Descriptor fd) {
    const FileUse file = TRY(use_file(fd, Rights::Configure));
    return u64{ TRY(file->pipe_capacity())};
}
Answer<Size> set_pipe_size(Descriptor fd, Size size) {
    const FileUse file = TRY(use_file(fd, Rights::Configure));
    if (size > 0x80000000ULL) return Error::Einval;
    return u64{ TRY(file->set_pipe_capacity(static_cast<u32>(size), current_task().credentials()))};
}

/// There are no record locks. LINUX: the structure is read before anything is found wrong with the command.
Result<> no_record_lock(Descriptor fd, vm::UserInOut<abi::flock> lock) {
    TRY(use_file(fd, Rights::Lock));
    TRY(lock.read());
    return Error::Einval;
}
template <FcntlCommand COMMAND> using NoRecordLock = On<COMMAND, no_record_lock>;

/// Record locks, leases, signals on input and seals are not there.
using FcntlCommands =
    CommandSet<On<FcntlCommand::Dupfd, duplicate>, On<FcntlCommand::Getfd, descriptor_flags>,
               On<FcntlCommand::Setfd, set_descriptor_flags>, On<FcntlCommand::Getfl, status_flags>,
               On<FcntlCommand::Setfl, set_status_flags>, On<FcntlCommand::DupfdCloexec, duplicate_cloexec>,
               On<FcntlCommand::Setpipesz, set_pipe_size>, On<FcntlCommand::Getpipesz, pipe_size>,
               NoRecordLock<FcntlCommand::Getlk>, NoRecordLock<FcntlCommand::Setlk>,
               NoRecordLock<FcntlCommand::Setlkw>, NoRecordLock<FcntlCommand::OfdGetlk>,
               NoRecordLock<FcntlCommand::OfdSetlk>, NoRecordLock<FcntlCommand::OfdSetlkw>>;

Answer<ByCommand> sys_fcntl(Context&, Descriptor fd, FcntlCommands::Code command,
                            FcntlCommands::Word argument) {
    if (const auto result = FcntlCommands::run(command, fd, {argument.value})) return *result;
    TRY(use_file(fd, Rights::Configure));
    return Error::Einval;
}

// ---- ioctl: what concerns any descriptor; the rest is the file's.

struct Target {
    Descriptor fd;
    fs::File& file;
};

Result<> close_on_exec(const Target& target) {
    return current_task().files->set_on_exec(number_of(target.fd), OnExec::Close);
}
Result<> keep_on_exec(const Target& target) {
    return current_task().files->set_on_exec(number_of(target.fd), OnExec::Keep);
}
Result<> set_nonblocking(const Target& target, vm::UserIn<IntegerInMemory> on) {
    target.file.set_blocking(TRY(on.read()) != 0 ? fs::File::Blocking::No : fs::File::Blocking::Yes);
    return {};
}
Result<> block_size(const Target& target, vm::UserOut<IntegerInMemory> out) {
    return out.write(static_cast<i32>(target.file.inode().attributes().block_size));
}
/// No file system here lies in blocks. LINUX: ioctl_fibmap.
Result<> disk_block(const Target& target, vm::UserInOut<IntegerInMemory> block) {
    if (!target.file.inode().is_regular()) {
        TRY(target.file.ioctl(static_cast<u32>(FileIoctl::Fibmap), block.address()));
        return {};
    }
    if (!current_task().identity->can(Capability::SysRawio)) return Error::Eperm;
    if (TRY(block.read()) < 0) return Error::Einval;
    TRY(block.write(0));
    return Error::Einval;
}
/// Files that cannot tell leave it to their own ioctl.
Result<> count_readable(const Target& target, vm::UserOut<IntegerInMemory> out) {
    const Result<u64> bytes = target.file.readable_bytes();
    if (!bytes && bytes.error() == Error::Enotty) {
        TRY(target.file.ioctl(static_cast<u32>(FileIoctl::Fionread), out.address()));
        return {};
    }
    return out.write(static_cast<i32>(TRY(bytes)));  // LINUX: what does not fit is cut off
}

using TerminalRequest = abi::TerminalRequest;
template <TerminalRequest REQUEST> using Attributes = Below<REQUEST, vm::UserIn<abi::termios>>;
template <TerminalRequest REQUEST> using Attributes2 = Below<REQUEST, vm::UserIn<abi::termios2>>;

/// A terminal's own requests are in terminal/terminal_ioctl.cpp.
using IoctlCommands =
    CommandSet<On<FileIoctl::Fioclex, close_on_exec>, On<FileIoctl::Fionclex, keep_on_exec>,
               On<FileIoctl::Fionbio, set_nonblocking>, On<FileIoctl::Fibmap, disk_block>,
               On<FileIoctl::Figetbsz, block_size>, On<FileIoctl::Fionread, count_readable>,
               Below<TerminalRequest::GetAttributes, vm::UserOut<abi::termios>>,
               Attributes<TerminalRequest::SetAttributes>, Attributes<TerminalRequest::SetAttributesWait>,
               Attributes<TerminalRequest::SetAttributesFlush>, Below<TerminalRequest::SendBreak, Seconds>,
               Below<TerminalRequest::FlowControl, abi::FlowAction>,
               Below<TerminalRequest::Flush, abi::FlushQueue>, Below<TerminalRequest::SetExclusive>,
               Below<TerminalRequest::ClearExclusive>, Below<TerminalRequest::SetControlling, Boolean>,
               Below<TerminalRequest::GetGroup, vm::UserOut<PidOf<PidUse::Group>>>,
               Below<TerminalRequest::SetGroup, vm::UserIn<PidOf<PidUse::Group>>>,
               Below<TerminalRequest::OutputQueue, vm::UserOut<IntegerInMemory>>,
               Below<TerminalRequest::SimulateInput, vm::UserIn<TypedByte>>,
               Below<TerminalRequest::GetWindowSize, vm::UserOut<abi::winsize>>,
               Below<TerminalRequest::SetWindowSize, vm::UserIn<abi::winsize>>,
               Below<TerminalRequest::GiveUpControlling>,
               Below<TerminalRequest::SetDiscipline, vm::UserIn<IntegerInMemory>>,
               Below<TerminalRequest::GetDiscipline, vm::UserOut<IntegerInMemory>>,
               Below<TerminalRequest::SendBreakFor, Seconds>, Below<TerminalRequest::StartBreak>,
               Below<TerminalRequest::StopBreak>,
               Below<TerminalRequest::GetSession, vm::UserOut<PidOf<PidUse::Session>>>,
               Below<TerminalRequest::GetAttributes2, vm::UserOut<abi::termios2>>,
               Attributes2<TerminalRequest::SetAttributes2>, Attributes2<TerminalRequest::SetAttributesWait2>,
               Attributes2<TerminalRequest::SetAttributesFlush2>,
               Below<TerminalRequest::GetDevice, vm::UserOut<Device>>, Below<TerminalRequest::HangUp>,
               Below<TerminalRequest::GetExclusive, vm::UserOut<IntegerInMemory>>>;

Answer<ByCommand> sys_ioctl(Context&, Descriptor fd, IoctlCommands::Code request,
                            IoctlCommands::Word argument) {
    const FileUse file = TRY(use_file(fd, Rights::Control));
    if (const auto result = IoctlCommands::run(request, Target{fd, *file}, {argument.value})) return *result;
    return file->ioctl(request.value, argument.value);
}

}  // namespace

Result<> register_control_calls() {
    TRY(syscall::register_call<sys_ioctl>(16, "ioctl"));
    return syscall::register_call<sys_fcntl>(72, "fcntl");
}

}  // namespace exo::posix_x
