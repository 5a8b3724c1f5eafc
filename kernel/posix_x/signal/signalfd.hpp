// signalfd(2): a file from which a task reads its pending signals.
#pragma once

#include "abi/linux/signalfd.hpp"
#include "fs/file/file.hpp"
#include "posix_x/process/signal_set.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

/// A reader gets its own signals and those of its process. The wait queue of its process's actions wakes it.
/// LINUX: an epoll is woken for signals of the process that added the file.
class SignalFile final : public fs::File {
  public:
    /// Errors: Enomem.
    static Result<Ref<fs::File>> create(SignalSet wanted, abi::OpenFlags flags);
    SignalFile(Ref<fs::Inode> inode, SignalSet wanted, abi::OpenFlags flags);
    /// The SignalFile behind a file, or null if the file is of another kind.
    static SignalFile* of(fs::File& file) {
        return file.is_special(fs::SpecialFile::Signals) ? static_cast<SignalFile*>(&file) : nullptr;
    }

    void set_wanted(SignalSet wanted);
    Result<usize> do_read(vm::OutBuffer& to, u64 offset) override;
    fs::PollEvents poll(fs::PollTable* table) override;
    Result<> append_description(String& out) override { return out.append("anon_inode:[signalfd]"); }
    Result<> append_details(String& out) override;

  private:
    SignalSet wanted() const { return SignalSet(wanted_.load(std::memory_order_seq_cst)); }

    std::atomic<u64> wanted_;
};

using KnownSignalfdFlags = Known<abi::SignalfdFlags::Nonblock | abi::SignalfdFlags::Cloexec>;

Answer<NewDescriptor> sys_signalfd(Context&, Descriptor fd, vm::UserIn<SignalMask> mask,
                                   SignalSetSize mask_size);
Answer<NewDescriptor> sys_signalfd4(Context&, Descriptor fd, vm::UserIn<SignalMask> mask,
                                    SignalSetSize mask_size, KnownSignalfdFlags flags);

inline constexpr syscall::Family SIGNALFD_FAMILY{"signalfd", "kernel/posix_x/signal/signalfd.cpp"};
inline constexpr syscall::Call SIGNALFD_CALLS[] = {
    call<sys_signalfd>(282, "signalfd", SIGNALFD_FAMILY),
    call<sys_signalfd4>(289, "signalfd4", SIGNALFD_FAMILY),
};

}  // namespace exo::posix_x
