// The inodes of /proc/PID.
//
// A lookup makes a new inode. Its number encodes what it stands for, from high bits to low: the pid (32 bits,
// never 0), whether it is below /proc/PID/task (1 bit), a descriptor plus one (23), an entry of the directory
// plus one (8).
#pragma once

#include "fs/pseudo/pseudo.hpp"
#include "posix_x/procfs/process_files.hpp"

namespace exo::posix_x::procfs {

/// The owner of an inode in the directory of a process (proc(5), "/proc/PID").
struct Owner {
    fs::UserId uid = 0;
    fs::GroupId gid = 0;
    /// The owner of a directory that everyone may read: always the effective ids.
    static Owner of_directory(const ProcessView& view);
    /// The owner of any other inode: the effective ids, or root if the process is not dumpable.
    static Owner of_file(const ProcessView& view);
};

enum class Level : u8 { Process, Task };

/// The inode number of /proc/PID or of /proc/PID/task/TID.
constexpr u64 directory_number(Pid pid, Level level) {
    return u64{static_cast<u32>(pid)} << 32 | u64{level == Level::Task} << 31;
}
/// The inode number of the entry with this index in the directory with the number `directory`.
constexpr u64 entry_number(u64 directory, usize index) { return directory + 1 + index; }
/// The inode number of a descriptor in /proc/PID/fd or fdinfo.
constexpr u64 descriptor_number(u64 directory, u32 descriptor) {
    return directory + ((u64{descriptor} + 1) << 8);
}

/// LINUX: chmod fails below /proc/PID, and all attributes of the directory itself are fixed (proc_setattr,
/// S_IMMUTABLE).
inline constexpr fs::InodeTraits TRAITS_OF_DIRECTORY =
    fs::InodeTraits::VolatileNames | fs::InodeTraits::FixedMode;

/// Whether the process has not been reaped.
inline bool is_present(const Process& process) {
    return process.state.load(std::memory_order_relaxed) != ProcessState::Reaped;
}

/// LINUX: every operation on the directory of a reaped process fails with ESRCH (proc_pid_permission).
inline std::optional<Result<>> esrch_if_gone(const Process& process) {
    return is_present(process) ? std::nullopt : std::optional<Result<>>(Error::Esrch);
}

/// A file that a ProcessFileKind describes.
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
    /// The process's root at the last open, for SeesMounts. Each lookup makes its own inode, so few opens
    /// share it.
    scheduler::Mutex<fs::Path, sync::LockRank::SleepingLeaf> mounts_root_;
};

/// A link that a ProcessLinkKind describes. It leads to the object itself, even after a rename.
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
    const Ref<Process>& process() const { return process_; }

  private:
    /// The number of its subdirectories.
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

/// Parses a number without leading zeros, the form of the names of pids and descriptors. Nothing: the name is
/// not such a number.
std::optional<u32> parse_number_name(std::string_view name);

}  // namespace exo::posix_x::procfs
