// fcntl and ioctl: one handler for each command (syscall/commands.hpp).
#include "posix_x/files/control_calls.hpp"

#include "abi/linux/memfd.hpp"
#include "posix_x/files/lock_calls.hpp"
#include "posix_x/pty/pty_master.hpp"
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

/// LINUX: a minimum above the limit is EINVAL; the descriptor is checked first.
Answer<NewDescriptor> duplicate_from(Descriptor fd, u64 minimum, OnExec mode) {
    if (minimum >= current_task().open_files_limit()) {
        TRY(current_task().files()->on_exec(number_of(fd)));
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
    const OnExec mode = TRY(current_task().files()->on_exec(number_of(fd)));
    return abi::raw(mode == OnExec::Close ? DescriptorFlags::Cloexec : DescriptorFlags::None);
}
Result<> set_descriptor_flags(Descriptor fd, DescriptorFlags flags) {
    const OnExec mode = has(flags, DescriptorFlags::Cloexec) ? OnExec::Close : OnExec::Keep;
    return current_task().files()->set_on_exec(number_of(fd), mode);
}

// ---- fcntl: the open file

Answer<OpenFlags> status_flags(Descriptor fd) { return abi::raw(TRY(use_file(fd, Rights::Inspect))->flags()); }
Result<> set_status_flags(Descriptor fd, OpenFlags flags) {
    const FileUse file = TRY(use_file(fd, Rights::Configure));
    return file->set_status_flags(flags, current_task().credentials());
}

Answer<Size> pipe_size(Descriptor fd) {
    const FileUse file = TRY(use_file(fd, Rights::Configure));
    return file->fcntl({static_cast<u32>(FcntlCommand::Getpipesz), 0}, current_task().credentials());
}
Answer<Size> set_pipe_size(Descriptor fd, Size size) {
    const FileUse file = TRY(use_file(fd, Rights::Configure));
    if (size > 0x80000000ULL) return Error::Einval;
    return file->fcntl({static_cast<u32>(FcntlCommand::Setpipesz), size}, current_task().credentials());
}

/// Commands about seals. LINUX: memfd_fcntl: EINVAL for files without seals. Errors: Einval, and those of the
/// command.
Result<u64> seal_command(Descriptor fd, FcntlCommand command, u64 seals) {
    const FileUse file = TRY(use_file(fd, Rights::Configure));
    const auto result = file->fcntl({static_cast<u32>(command), seals}, current_task().credentials());
    return !result && result.error() == Error::Ebadf ? Result<u64>(Error::Einval) : result;
}
// LINUX: memfd_add_seals: the write permission of the descriptor is checked before the file.
Result<> add_seals(Descriptor fd, abi::Seals seals) {
    if (!TRY(can_use(fd, Rights::Write))) return Error::Eperm;
    TRY(seal_command(fd, FcntlCommand::AddSeals, abi::raw(seals)));
    return {};
}
Answer<abi::Seals> seals(Descriptor fd) {
    return static_cast<u32>(TRY(seal_command(fd, FcntlCommand::GetSeals, 0)));
}

/// This kernel has no leases and no signals for input.
using FcntlCommands =
    CommandSet<On<FcntlCommand::Dupfd, duplicate>, On<FcntlCommand::Getfd, descriptor_flags>,
               On<FcntlCommand::Setfd, set_descriptor_flags>, On<FcntlCommand::Getfl, status_flags>,
               On<FcntlCommand::Setfl, set_status_flags>, On<FcntlCommand::DupfdCloexec, duplicate_cloexec>,
               On<FcntlCommand::Setpipesz, set_pipe_size>, On<FcntlCommand::Getpipesz, pipe_size>,
               On<FcntlCommand::AddSeals, add_seals>, On<FcntlCommand::GetSeals, seals>,
               On<FcntlCommand::Getlk, get_record_lock>, On<FcntlCommand::Setlk, set_record_lock>,
               On<FcntlCommand::Setlkw, set_record_lock_wait>, On<FcntlCommand::OfdGetlk, get_open_file_lock>,
               On<FcntlCommand::OfdSetlk, set_open_file_lock>,
               On<FcntlCommand::OfdSetlkw, set_open_file_lock_wait>>;

}  // namespace

constinit const CommandList<16> FCNTL_COMMANDS = FcntlCommands::DESCRIPTIONS;

Answer<ByCommand> sys_fcntl(Context&, Descriptor fd, CommandCode<FCNTL_COMMANDS> command,
                            CommandWord argument) {
    if (const auto result = FcntlCommands::run(command.value, fd, {argument.value})) return *result;
    TRY(use_file(fd, Rights::Configure));
    return Error::Einval;
}

// ---- ioctl: what concerns any descriptor; the rest is the file's.

namespace {

struct Target {
    Descriptor fd;
    fs::File& file;
};

Result<> close_on_exec(const Target& target) {
    return current_task().files()->set_on_exec(number_of(target.fd), OnExec::Close);
}
Result<> keep_on_exec(const Target& target) {
    return current_task().files()->set_on_exec(number_of(target.fd), OnExec::Keep);
}
Result<> set_nonblocking(const Target& target, vm::UserIn<IntegerInMemory> on) {
    target.file.set_blocking(TRY(on.read()) != 0 ? fs::File::Blocking::No : fs::File::Blocking::Yes);
    return {};
}
Result<> block_size(const Target& target, vm::UserOut<IntegerInMemory> out) {
    return out.write(static_cast<i32>(target.file.inode().attributes().block_size));
}
/// FIBMAP. No file system of this kernel consists of blocks. LINUX: ioctl_fibmap.
Result<> disk_block(const Target& target, vm::UserInOut<IntegerInMemory> block) {
    if (!target.file.inode().is_regular()) {
        TRY(target.file.ioctl({static_cast<u32>(FileIoctl::Fibmap), block.address()}));
        return {};
    }
    if (!current_task().identity().can(Capability::SysRawio)) return Error::Eperm;
    if (TRY(block.read()) < 0) return Error::Einval;
    TRY(block.write(0));
    return Error::Einval;
}
/// FIONREAD. Files without a count of readable bytes handle it in their own ioctl.
Result<> count_readable(const Target& target, vm::UserOut<IntegerInMemory> out) {
    const Result<u64> bytes = target.file.readable_bytes();
    if (!bytes && bytes.error() == Error::Enotty) {
        TRY(target.file.ioctl({static_cast<u32>(FileIoctl::Fionread), out.address()}));
        return {};
    }
    return out.write(static_cast<i32>(TRY(bytes)));  // LINUX: what does not fit is cut off
}

using IoctlCommands =
    CommandSet<On<FileIoctl::Fioclex, close_on_exec>, On<FileIoctl::Fionclex, keep_on_exec>,
               On<FileIoctl::Fionbio, set_nonblocking>, On<FileIoctl::Fibmap, disk_block>,
               On<FileIoctl::Figetbsz, block_size>, On<FileIoctl::Fionread, count_readable>>;

}  // namespace

constinit const CommandList<43> IOCTL_COMMANDS =
    syscall::join(IoctlCommands::DESCRIPTIONS,
                  syscall::join(TerminalFile::Requests::DESCRIPTIONS, PtyMaster::OwnRequests::DESCRIPTIONS));

Answer<ByCommand> sys_ioctl(Context&, Descriptor fd, CommandCode<IOCTL_COMMANDS> request,
                            CommandWord argument) {
    const FileUse file = TRY(use_file(fd, Rights::Control));
    if (const auto result = IoctlCommands::run(request.value, Target{fd, *file}, {argument.value}))
        return *result;
    return file->ioctl({request.value, argument.value});
}

}  // namespace exo::posix_x
