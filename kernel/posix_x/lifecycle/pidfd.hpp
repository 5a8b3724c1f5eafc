// pidfd_open(2): a file that refers to a process, never to a later process with the same number.
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
    /// The ProcessFile behind a file, or null if the file is of another kind.
    static ProcessFile* of(fs::File& file) {
        return file.is_special(fs::SpecialFile::Process) ? static_cast<ProcessFile*>(&file) : nullptr;
    }

    Process& process() const { return *process_; }
    /// Readable once all tasks of the process have ended, even before it is reaped.
    fs::PollEvents poll(fs::PollTable* table) override;
    Result<> append_description(String& out) override { return out.append("anon_inode:[pidfd]"); }
    Result<> append_details(String& out) override;

  private:
    const Ref<Process> process_;
};

/// The process that an open directory /proc/PID names; null: the file is something else. procfs defines it.
Ref<Process> process_of_directory(const fs::File& file);

}  // namespace exo::posix_x
