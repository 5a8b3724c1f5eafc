#include "fs/initramfs.hpp"

#include "utils/bytes.hpp"

namespace exo::fs {

namespace {

using abi::AtFlags;

/// One archive being unpacked: who does it, and where.
class Unpacker {
  public:
    Unpacker(const Ref<ArchiveMemory>& memory, PathContext& context)
        : memory_(memory),
          caller_{KERNEL_CREDENTIALS, context} {}

    /// LINUX: the times of directories count from the archive although files were made in them since (dir_utime).
    void finish() {
        for (const DirectoryTime& directory : directory_times_) {
            if (const auto place = resolve(caller_, {}, directory.name, WalkFlags::None))
                set_time(place->inode(), directory.modified);
        }
    }

    /// Errors: Enomem, Enospc. What Linux passes over in silence (a missing directory on the way) we do too.
    Result<> unpack(const CpioEntry& entry) {
        const auto result = unpack_one(entry);
        if (!result && (result.error() == Error::Enomem || result.error() == Error::Enospc)) return result;
        return {};
    }

  private:
    Result<> unpack_one(const CpioEntry& entry) {
        TRY(clear_place(entry));
        switch (entry.mode & abi::mode::TYPE_MASK) {
            case abi::mode::REGULAR: return unpack_file(entry);
            case abi::mode::DIRECTORY: {
                const auto made = make_directory(caller_, {}, entry.name, entry.mode);
                if (!made && made.error() != Error::Eexist) return made;
                TRY(directory_times_.push({entry.name, entry.modified}));
                break;
            }
            case abi::mode::SYMLINK: TRY(make_symlink(caller_, as_text(entry.data), {}, entry.name)); break;
            default:
                TRY(make_node(caller_, {}, entry.name, entry.mode,
                              {entry.special_major, entry.special_minor}));
                break;
        }
        return set_attributes(entry);
    }

    /// Takes away what stands in the way: anything of another type, and whatever is no directory or file.
    Result<> clear_place(const CpioEntry& entry) {
        const auto place = resolve(caller_, {}, entry.name, WalkFlags::None);
        if (!place) return {};
        const u32 old_type = place->inode().mode() & abi::mode::TYPE_MASK;
        const u32 new_type = entry.mode & abi::mode::TYPE_MASK;
        const bool may_stay = new_type == abi::mode::DIRECTORY || new_type == abi::mode::REGULAR;
        if (old_type == new_type && may_stay) return {};
        return old_type == abi::mode::DIRECTORY ? remove_directory(caller_, {}, entry.name)
                                                : unlink(caller_, {}, entry.name);
    }

    Result<> unpack_file(const CpioEntry& entry) {
        if (const auto first = TRY(links_.first_name(entry))) {
            (void)unlink(caller_, {}, entry.name);
            TRY(make_link(caller_, {}, *first, {}, entry.name, AtFlags::None));
        } else {
            const auto made = make_node(caller_, {}, entry.name, entry.mode, {});
            if (!made && made.error() != Error::Eexist) return made;
            if (!made) TRY(truncate(caller_, {}, entry.name, 0, {}));
        }
        if (!entry.data.empty()) {
            const Path place = TRY(resolve(caller_, {}, entry.name, WalkFlags::None));
            auto content = place.inode().content_lock.lock();
            TRY(place.inode().truncate(0));
            TRY(place.inode().back_with(entry.data, memory_));
        }
        return set_attributes(entry);
    }

    Result<> set_attributes(const CpioEntry& entry) {
        const Path place = TRY(resolve(caller_, {}, entry.name, WalkFlags::None));
        Inode& inode = place.inode();
        inode.set_mode((inode.mode() & abi::mode::TYPE_MASK) | (entry.mode & abi::mode::PERMISSIONS));
        inode.set_owner(entry.user, entry.group);
        set_time(inode, entry.modified);
        return {};
    }

    static void set_time(Inode& inode, u32 modified) {
        InodeTimes times = inode.times();
        times.access = times.modification = {static_cast<i64>(modified), 0};
        inode.set_times(times);
    }

    const Ref<ArchiveMemory>& memory_;
    Caller caller_;
    CpioLinks links_;
    struct DirectoryTime {
        std::string_view name;  ///< Lies in the archive.
        u32 modified;
    };
    Vector<DirectoryTime> directory_times_;
};

}  // namespace

Result<> make_built_in_nodes(const Path& root) {
    constexpr abi::DeviceNumber CONSOLE{5, 1};
    const Ref<PathContext> context = TRY(make_ref<PathContext>(root));
    context->set_umask(0);
    const Caller kernel{KERNEL_CREDENTIALS, *context};
    TRY(make_directory(kernel, {}, "/dev", 0755));
    TRY(make_node(kernel, {}, "/dev/console", abi::mode::CHARACTER_DEVICE | 0600, CONSOLE));
    return make_directory(kernel, {}, "/root", 0700);
}

Result<> unpack_initramfs(const Ref<ArchiveMemory>& memory, const Path& root, InitramfsReport& report) {
    const Ref<PathContext> context = TRY(make_ref<PathContext>(root));
    context->set_umask(0);
    Unpacker unpacker(memory, *context);
    CpioReader reader(memory->bytes());
    while (true) {
        const auto entry = reader.next();
        report.failure = reader.failure();
        if (!entry || !*entry) {
            unpacker.finish();
            return entry ? Result<>{} : fail(entry.error());
        }
        TRY(unpacker.unpack(**entry));
        ++report.entries;
    }
}

}  // namespace exo::fs
