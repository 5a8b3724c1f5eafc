// The inodes of /proc/PID.
//
// They are made anew at each lookup. What they stand for is in their numbers, from high bits to low: the pid (32 bits,
// never 0), whether it is below /proc/PID/task (1), a descriptor and one (23), an entry of the directory and one (8).
#pragma once

#include "fs/pseudo/pseudo.hpp"
#include "posix_x/procfs/process_files.hpp"

namespace exo::posix_x::procfs {

/// Who owns what stands in the directory of a process (proc(5), "/proc/PID").
struct Owner {
    fs::UserId uid = 0;
    fs::GroupId gid = 0;
    /// Of a directory that everyone may read: the effective ids, always.
    static Owner of_directory(const ProcessView& view);
    /// Of all else: the effective ids, or root if the process must not be looked into.
    static Owner of_file(const ProcessView& view);
};

enum class Level : u8 { Process, Task };

/// Of /proc/PID, or of /proc/PID/task/TID.
constexpr u64 directory_number(Pid pid, Level level) {
    return u64{static_cast<u32>(pid)} << 32 | u64{level == Level::Task} << 31;
}
/// Of the entry of that index in the directory of the first number.
constexpr u64 entry_number(u64 directory, usize index) { return directory + 1 + index; }
/// In /proc/PID/fd and fdinfo.
constexpr u64 descriptor_number(u64 directory, u32 descriptor) {
    return directory + ((u64{descriptor} + 1) << 8);
}

/// LINUX: modes below /proc/PID stay as they are, and its own directory stays as a whole (proc_setattr, S_IMMUTABLE).
inline constexpr fs::InodeTraits TRAITS_OF_DIRECTORY =
    fs::InodeTraits::VolatileNames | fs::InodeTraits::FixedMode;

/// Is the process still there?
inline bool is_present(const Process& process) {
    return process.state.load(std::memory_order_relaxed) != ProcessState::Reaped;
}

/// LINUX: whatever is asked of the directory of a process that has gone is answered with ESRCH (proc_pid_permission).
inline std::optional<Result<>> esrch_if_gone(const Process& process) {
    return is_present(process) ? std::nullopt : std::optional<Result<>>(Error::Esrch);
}

/// A file of a table.
class ProcessFile final : public fs::GeneratedFile {
  public:
    ProcessFile(Ref<fs::FileSystem> file_system, u64 number, Ref<Process> process, TaskOf tid,
                const ProcessFileKind& kind, Owner owner)
        : GeneratedFile(std::move(file_system), number, kind.mode, owner.uid, owner.gid,
                        fs::InodeTraits::FixedMode),
          process_(std::move(process)),
          tid_(tid),
          kind_(kind) {}
    Result<> generate(String& out) override;
    Result<More> generate_piece(u64& cursor, String& out) override;
    Result<> check_open(const fs::OpenRequest& request) override;
    Result<usize> accept(std::span<const u8> bytes, u64 offset, const fs::Credentials& credentials) override;
    Sendfile sendfile() const override { return kind_.sendfile; }
    Seeking seeking() const override { return kind_.seeking; }

  private:
    Result<std::optional<ProcessView>> view();
    const Ref<Process> process_;
    const TaskOf tid_;
    const ProcessFileKind& kind_;
    /// The process's root at the last open, for SeesMounts. Each lookup makes an inode of its own, which few share.
    scheduler::Mutex<fs::Path, sync::LockRank::SleepingLeaf> mounts_root_;
};

/// A link of a table: leads to the place itself, whatever its name has become.
class ProcessLink final : public fs::GeneratedLink {
  public:
    ProcessLink(Ref<fs::FileSystem> file_system, u64 number, Ref<Process> process, TaskOf tid,
                const ProcessLinkKind& kind, Owner owner)
        : GeneratedLink(std::move(file_system), number, fs::InodeTraits::MagicLink, 0777, owner.uid,
                        owner.gid),
          process_(std::move(process)),
          tid_(tid),
          kind_(kind) {}
    Result<> read_link(String& out) override;
    Result<fs::Path> follow(const fs::Credentials& credentials) override;

  private:
    Result<fs::Path> target() const;
    const Ref<Process> process_;
    const TaskOf tid_;
    const ProcessLinkKind& kind_;
};

/// /proc/PID, /proc/TID and /proc/PID/task/TID.
class ProcessDirectory final : public fs::GeneratedDirectory {
  public:
    ProcessDirectory(Ref<fs::FileSystem> file_system, Ref<Process> process, TaskOf tid, Level level,
                     Owner owner)
        : GeneratedDirectory(std::move(file_system), directory_number(tid != 0 ? tid : process->pid(), level),
                             0555,
                             TRAITS_OF_DIRECTORY | fs::InodeTraits::Immutable | fs::InodeTraits::OwnAccess,
                             owner.uid, owner.gid),
          process_(std::move(process)),
          tid_(tid),
          level_(level) {
        set_links(2 + folders());
    }
    Result<Ref<fs::Inode>> find(std::string_view name) override;
    Result<> list(u64 cookie, fs::DirectorySink sink) override;
    std::optional<Result<>> check_access(abi::AccessMode, const fs::Credentials&) const override {
        return esrch_if_gone(*process_);
    }

  private:
    /// How many are in it.
    u32 folders() const;
    Result<Ref<fs::Inode>> make_directory(usize index, const ProcessView& view);
    const Ref<Process> process_;
    const TaskOf tid_;
    const Level level_;
};

/// /proc/PID/task: the leader, and then the others, oldest first.
class TasksDirectory final : public fs::GeneratedDirectory {
  public:
    TasksDirectory(Ref<fs::FileSystem> file_system, u64 number, Ref<Process> process, u32 tasks, Owner owner)
        : GeneratedDirectory(std::move(file_system), number, 0555,
                             TRAITS_OF_DIRECTORY | fs::InodeTraits::OwnAccess, owner.uid, owner.gid),
          process_(std::move(process)) {
        set_links(2 + tasks);
    }
    Result<Ref<fs::Inode>> find(std::string_view name) override;
    Result<> list(u64 cookie, fs::DirectorySink sink) override;
    std::optional<Result<>> check_access(abi::AccessMode, const fs::Credentials&) const override {
        return esrch_if_gone(*process_);
    }

  private:
    const Ref<Process> process_;
};

/// /proc/PID/fd and /proc/PID/fdinfo. Errors of both: Enomem.
Result<Ref<fs::Inode>> make_descriptor_directory(Ref<fs::FileSystem> file_system, u64 number,
                                                 Ref<Process> process, TaskOf tid, const ProcessView& view);
Result<Ref<fs::Inode>> make_descriptor_information(Ref<fs::FileSystem> file_system, u64 number,
                                                   Ref<Process> process, TaskOf tid, const ProcessView& view);

/// A name that is a number without leading zeros, as pids and descriptors are.
std::optional<u32> parse_number_name(std::string_view name);

}  // namespace exo::posix_x::procfs
