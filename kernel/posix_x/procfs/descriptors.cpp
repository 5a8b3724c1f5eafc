// /proc/PID/fd and /proc/PID/fdinfo.
#include "fs/locks/file_locks.hpp"
#include "posix_x/procfs/process_nodes.hpp"
#include "posix_x/procfs/procfs.hpp"

namespace exo::posix_x::procfs {

namespace {

/// The process's table, or null for a zombie. Errors: Enoent (the process was reaped).
Result<Ref<security::CapabilityTable>> table_of(Process& process, TaskOf tid) {
    Result<ProcessView> view = look_at(process, tid);
    if (!view) return Error::Enoent;
    return std::move(view->files);
}

/// The file of a descriptor. Errors: Enoent (not open, not a file, or no process).
Result<Ref<fs::File>> file_of(Process& process, TaskOf tid, u32 number) {
    const Ref<security::CapabilityTable> table = TRY(table_of(process, tid));
    if (!table) return Error::Enoent;
    const Result<security::Capability> capability = table->copy(number);
    if (!capability || capability->object->object_kind() != ObjectKind::File) return Error::Enoent;
    return static_ref_cast<fs::File>(capability->object);
}

/// LINUX: everyone who may list /proc/PID/fd sees the names in it; only tracers may follow the links.
/// Errors: Enoent, Eacces.
Result<Ref<fs::File>> file_for_tracer(Process& process, TaskOf tid, u32 number) {
    const Result<ProcessView> view = look_at(process, tid);
    if (!view) return Error::Enoent;
    TRY(check_trace_access(process, *view));
    return file_of(process, tid, number);
}

/// LINUX: the size that stat reports for every link in this directory.
constexpr u64 LINK_SIZE = 64;

class DescriptorLink final : public fs::GeneratedLink {
  public:
    DescriptorLink(Ref<fs::FileSystem> file_system, u64 number, Ref<Process> process, TaskOf tid,
                   u32 descriptor, u32 mode, Owner owner)
        : GeneratedLink(std::move(file_system), number, fs::InodeTraits::MagicLink, mode, owner.uid,
                        owner.gid),
          process_(std::move(process)),
          tid_(tid),
          descriptor_(descriptor) {
        set_size(LINK_SIZE);
    }
    Result<> read_link(String& out) override {
        const Ref<fs::File> file = TRY(file_for_tracer(*process_, tid_, descriptor_));
        if (!file->path()) return file->append_description(out);
        // A file that was opened through a link like this one has a place without a name.
        if (file->path().mount->is_nameless()) return out.append(file->path().mount->source());
        if (TRY(fs::append_path(file->path(), current_task().paths().root(), out)) == fs::PathState::Deleted)
            return out.append(" (deleted)");
        return {};
    }
    Result<fs::Path> follow(const fs::Credentials&) override {
        return TRY(file_for_tracer(*process_, tid_, descriptor_))->place();
    }

  private:
    const Ref<Process> process_;
    const TaskOf tid_;
    const u32 descriptor_;
};

/// Shows pos, flags, mnt_id and ino (proc(5)), and lines of the file itself. The directory checks who may
/// read it.
class DescriptorInformation final : public fs::GeneratedFile {
  public:
    DescriptorInformation(Ref<fs::FileSystem> file_system, u64 number, Ref<Process> process, TaskOf tid,
                          u32 descriptor, Owner owner)
        : GeneratedFile(std::move(file_system), number, 0444, owner.uid, owner.gid,
                        fs::InodeTraits::FixedMode),
          process_(std::move(process)),
          tid_(tid),
          descriptor_(descriptor) {}
    Result<> generate(String& out) override {
        const Ref<security::CapabilityTable> table = TRY(table_of(*process_, tid_));
        const Ref<fs::File> file = TRY(file_of(*process_, tid_, descriptor_));
        const Result<security::OnExec> on_exec = table->on_exec(descriptor_);
        abi::OpenFlags flags = file->flags();
        if (on_exec && *on_exec == security::OnExec::Close) flags |= abi::OpenFlags::Cloexec;
        TRY(format_append(out, "pos:\t{}\nflags:\t0", file->has_moving_position() ? file->position() : 0));
        TRY(append_octal(out, static_cast<u64>(flags)));
        const u32 mount = file->path() ? file->path().mount->id() : 0;
        TRY(format_append(out, "\nmnt_id:\t{}\nino:\t{}\n", mount, file->inode().number()));
        // LINUX: the locks come first (seq_show).
        if (fs::FileLocks* locks = file->inode().locks()) TRY(locks->append_of_file(out, *file, *table));
        return file->append_details(out);
    }
    Sendfile sendfile() const override { return Sendfile::Refused; }

  private:
    const Ref<Process> process_;
    const TaskOf tid_;
    const u32 descriptor_;
};

enum class Show : u8 { Links, Information };

class DescriptorDirectory final : public fs::GeneratedDirectory {
  public:
    DescriptorDirectory(Ref<fs::FileSystem> file_system, u64 number, Ref<Process> process, TaskOf tid,
                        Show show, Owner owner, Owner owner_of_entries)
        : GeneratedDirectory(std::move(file_system), number, show == Show::Links ? 0500 : 0555,
                             TRAITS_OF_DIRECTORY | fs::InodeTraits::OwnAccess, owner.uid, owner.gid),
          process_(std::move(process)),
          tid_(tid),
          show_(show),
          owner_of_entries_(owner_of_entries) {}

    std::optional<Result<>> check_access(abi::AccessMode, const fs::Credentials& credentials) const override {
        // LINUX: a process always sees its own, whatever it has become (proc_fd_permission).
        if (show_ == Show::Links) {
            if (&current_process() == process_.get()) return Result<>{};
            return std::nullopt;
        }
        // LINUX: proc_fdinfo_permission.
        const Result<ProcessView> view = look_at(*process_, tid_);
        if (!view) return Error::Esrch;
        if (const Result<> allowed = check_trace_access(*process_, *view, credentials); !allowed)
            return allowed;
        return std::nullopt;
    }

    Result<Ref<fs::Inode>> find(std::string_view name) override {
        const auto descriptor = parse_number_name(name);
        if (!descriptor) return Ref<fs::Inode>();
        const Result<Ref<fs::File>> file = file_of(*process_, tid_, *descriptor);
        if (!file) return Ref<fs::Inode>();
        Ref<fs::FileSystem> owner_system(&file_system());
        const u64 node = descriptor_number(number(), *descriptor);
        if (show_ == Show::Information)
            return Ref<fs::Inode>(TRY(make_ref<DescriptorInformation>(std::move(owner_system), node, process_,
                                                                      tid_, *descriptor, owner_of_entries_)));
        return Ref<fs::Inode>(
            TRY(make_ref<DescriptorLink>(std::move(owner_system), node, process_, tid_, *descriptor,
                                         link_mode(**file), owner_of_entries_)));
    }
    Result<> list(u64 cookie, fs::DirectorySink sink) override {
        const Ref<security::CapabilityTable> table = TRY(table_of(*process_, tid_));
        if (!table) return {};
        u32 from = static_cast<u32>(std::min<u64>(cookie - fs::FIRST_COOKIE, INT32_MAX));
        while (const auto open = table->next_open(from)) {
            String name;
            TRY(format_append(name, "{}", *open));
            from = *open + 1;
            const u32 type = show_ == Show::Links ? abi::mode::SYMLINK : abi::mode::REGULAR;
            if (!sink({name.view(), descriptor_number(number(), *open), type, fs::FIRST_COOKIE + from}))
                return {};
        }
        return {};
    }

  private:
    /// LINUX: the owner's rights in the mode of a link tell how the descriptor is open; with O_PATH it is not.
    static u32 link_mode(const fs::File& file) {
        const security::Rights rights = file.rights();
        return (has(rights, security::Rights::Read) ? 0500 : 0) |
               (has(rights, security::Rights::Write) ? 0300 : 0);
    }
    const Ref<Process> process_;
    const TaskOf tid_;
    const Show show_;
    const Owner owner_of_entries_;
};

}  // namespace

Result<Ref<fs::Inode>> make_descriptor_directory(Ref<fs::FileSystem> file_system, u64 number,
                                                 Ref<Process> process, TaskOf tid, const ProcessView& view) {
    const Owner owner = Owner::of_file(view);
    return Ref<fs::Inode>(TRY(make_ref<DescriptorDirectory>(
        std::move(file_system), number, std::move(process), tid, Show::Links, owner, owner)));
}

Result<Ref<fs::Inode>> make_descriptor_information(Ref<fs::FileSystem> file_system, u64 number,
                                                   Ref<Process> process, TaskOf tid,
                                                   const ProcessView& view) {
    return Ref<fs::Inode>(TRY(
        make_ref<DescriptorDirectory>(std::move(file_system), number, std::move(process), tid,
                                      Show::Information, Owner::of_directory(view), Owner::of_file(view))));
}

}  // namespace exo::posix_x::procfs
