// /proc/PID/fd and /proc/PID/fdinfo.
#include "posix_x/procfs/process_nodes.hpp"
#include "posix_x/procfs/procfs.hpp"

namespace exo::posix_x::procfs {

namespace {

/// The process's table, if the calling task may look into it. Errors: Esrch, Eacces, Enoent (a zombie has none).
Result<Ref<security::CapabilityTable>> table_of(Process& process) {
    const ProcessView view = TRY(look_at(process));
    TRY(check_trace_access(process, view));
    if (!view.files) return Error::Enoent;
    return view.files;
}

/// Errors: Enoent (nothing open there, or no file), and those of table_of.
Result<Ref<fs::File>> file_of(Process& process, u32 number) {
    const Result<security::Capability> capability = TRY(table_of(process))
    ->copy(number);
    if (!capability || capability->object->object_kind() != ObjectKind::File) return Error::Enoent;
    return static_ref_cast<fs::File>(capability->object);
}

class DescriptorLink final : public fs::GeneratedLink {
  public:
    DescriptorLink(Ref<fs::FileSystem> file_system, u64 number, Ref<Process> process, u32 descriptor,
                   u32 mode, Owner owner)
        : GeneratedLink(std::move(file_system), number, fs::InodeTraits::MagicLink, mode, owner.uid,
                        owner.gid),
          process_(std::move(process)),
          descriptor_(descriptor) {}
    Result<> read_link(String& out) override {
        const Ref<fs::File> file = TRY(file_of(*process_, descriptor_));
        // A pipe that was opened again through here has a place, but one without a name.
        if (!file->path() || file->inode().file_system().type_name() == "pipefs")
            return file->append_description(out);
        if (TRY(fs::append_path(file->path(), current_task().paths->root(), out)) == fs::PathState::Deleted)
            return out.append(" (deleted)");
        return {};
    }
    Result<fs::Path> follow(const fs::Credentials&) override {
        const Ref<fs::File> file = TRY(file_of(*process_, descriptor_));
        if (file->path()) return file->path();
        // A pipe has no name, but can be opened again: it gets a place that nobody else sees.
        if (!abi::is_fifo(file->inode().mode())) return Error::Enxio;
        Ref<fs::Dentry> dentry = TRY(fs::Dentry::create_root(Ref<fs::Inode>(&file->inode())));
        Ref<fs::Mount> mount = TRY(fs::Mount::create(
            {Ref<fs::FileSystem>(&file->inode().file_system()), dentry}, "none", fs::MountOptions::None));
        return fs::Path{std::move(mount), std::move(dentry)};
    }

  private:
    const Ref<Process> process_;
    const u32 descriptor_;
};

/// pos, flags, mnt_id and ino, as proc(5) has them, and what the file adds.
class DescriptorInformation final : public fs::GeneratedFile {
  public:
    DescriptorInformation(Ref<fs::FileSystem> file_system, u64 number, Ref<Process> process, u32 descriptor,
                          Owner owner)
        : GeneratedFile(std::move(file_system), number, 0444, owner.uid, owner.gid,
                        fs::InodeTraits::FixedMode),
          process_(std::move(process)),
          descriptor_(descriptor) {}
    Result<> check_open(const fs::OpenRequest&) override {
        TRY(table_of(*process_));
        return {};
    }
    Result<> generate(String& out) override {
        const Ref<security::CapabilityTable> table = TRY(table_of(*process_));
        const Ref<fs::File> file = TRY(file_of(*process_, descriptor_));
        const Result<security::OnExec> on_exec = table->on_exec(descriptor_);
        abi::OpenFlags flags = file->flags();
        if (on_exec && *on_exec == security::OnExec::Close) flags |= abi::OpenFlags::Cloexec;
        TRY(format_append(out, "pos:\t{}\nflags:\t0", file->has_moving_position() ? file->position() : 0));
        TRY(append_octal(out, static_cast<u64>(flags)));
        const u32 mount = file->path() ? file->path().mount->id() : 0;
        TRY(format_append(out, "\nmnt_id:\t{}\nino:\t{}\n", mount, file->inode().number()));
        return file->append_details(out);
    }
    Sendfile sendfile() const override { return Sendfile::Refused; }

  private:
    const Ref<Process> process_;
    const u32 descriptor_;
};

enum class Show : u8 { Links, Information };

class DescriptorDirectory final : public fs::GeneratedDirectory {
  public:
    DescriptorDirectory(Ref<fs::FileSystem> file_system, u64 number, Ref<Process> process, Show show,
                        Owner owner, Owner owner_of_entries)
        : GeneratedDirectory(std::move(file_system), number, show == Show::Links ? 0500 : 0555,
                             TRAITS_OF_DIRECTORY | fs::InodeTraits::AdmitsOwn, owner.uid, owner.gid),
          process_(std::move(process)),
          show_(show),
          owner_of_entries_(owner_of_entries) {}

    /// LINUX: a process always sees its own, whatever it has become.
    bool admits_caller() const override { return &current_process() == process_.get(); }

    Result<Ref<fs::Inode>> find(std::string_view name) override {
        const auto descriptor = parse_number_name(name);
        if (!descriptor) return Ref<fs::Inode>();
        const Result<Ref<fs::File>> file = file_of(*process_, *descriptor);
        if (!file)
            return file.error() == Error::Eacces ? Result<Ref<fs::Inode>>(Error::Eacces) : Ref<fs::Inode>();
        Ref<fs::FileSystem> owner_system(&file_system());
        const u64 node = descriptor_number(number(), *descriptor);
        if (show_ == Show::Information)
            return Ref<fs::Inode>(TRY(make_ref<DescriptorInformation>(std::move(owner_system), node, process_,
                                                                      *descriptor, owner_of_entries_)));
        return Ref<fs::Inode>(TRY(make_ref<DescriptorLink>(
            std::move(owner_system), node, process_, *descriptor, link_mode(**file), owner_of_entries_)));
    }
    Result<> list(u64 cookie, fs::DirectorySink sink) override {
        const Ref<security::CapabilityTable> table = TRY(table_of(*process_));
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
    /// LINUX: the owner's rights in the mode of a link tell how the descriptor is open.
    static u32 link_mode(const fs::File& file) {
        const security::Rights rights = file.rights();
        return 0100 | (has(rights, security::Rights::Read) ? 0400 : 0) |
               (has(rights, security::Rights::Write) ? 0200 : 0);
    }
    const Ref<Process> process_;
    const Show show_;
    const Owner owner_of_entries_;
};

}  // namespace

Result<Ref<fs::Inode>> make_descriptor_directory(Ref<fs::FileSystem> file_system, u64 number,
                                                 Ref<Process> process, const ProcessView& view) {
    const Owner owner = Owner::of_file(view);
    return Ref<fs::Inode>(TRY(make_ref<DescriptorDirectory>(std::move(file_system), number,
                                                            std::move(process), Show::Links, owner, owner)));
}

Result<Ref<fs::Inode>> make_descriptor_information(Ref<fs::FileSystem> file_system, u64 number,
                                                   Ref<Process> process, const ProcessView& view) {
    return Ref<fs::Inode>(TRY(
        make_ref<DescriptorDirectory>(std::move(file_system), number, std::move(process), Show::Information,
                                      Owner::of_directory(view), Owner::of_file(view))));
}

}  // namespace exo::posix_x::procfs
