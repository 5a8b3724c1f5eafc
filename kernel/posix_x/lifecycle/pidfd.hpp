// pidfd_open(2): a file that stands for a process. It names the process itself, never another one that gets its number later.
#pragma once

#include "fs/file/file.hpp"
#include "posix_x/process/process.hpp"

namespace exo::posix_x {

class ProcessFile final : public fs::File {
  public:
    /// Errors: Enomem.
    static Result<Ref<fs::File>> create(Ref<Process> process, abi::OpenFlags flags);
    ProcessFile(Ref<fs::Inode> inode, Ref<Process> process, abi::OpenFlags flags)
        : File({}, std::move(inode), abi::OpenFlags::Rdwr | flags,
               {.splice = fs::SplicePolicy::Refused, .special = fs::SpecialFile::Process}),
          process_(std::move(process)) {}
    /// Null: another kind of file.
    static ProcessFile* of(fs::File& file) {
        return file.is_special(fs::SpecialFile::Process) ? static_cast<ProcessFile*>(&file) : nullptr;
    }

    Process& process() const { return *process_; }
    /// Readable once all tasks of the process have ended, whether or not it has been waited for.
    fs::PollEvents poll(fs::PollTable* table) override;
    Result<> append_description(String& out) override { return out.append("anon_inode:[pidfd]"); }
    Result<> append_details(String& out) override;

  private:
    const Ref<Process> process_;
};

}  // namespace exo::posix_x
