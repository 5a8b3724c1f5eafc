#include "fs/initramfs/initramfs.hpp"

#include "fs/cache/backing_store.hpp"
#include "fs/initramfs/gzip.hpp"
#include "utils/box.hpp"
#include "utils/format.hpp"

namespace exo::fs {

namespace {

using abi::AtFlags;

/// Where the content of an archive's files is stored.
enum class Content : u8 {
    InArchive,  ///< Not copied at boot: a page is copied from the archive when a program first needs it.
    Unpacked,   ///< Comes piece by piece and is copied.
};

/// Makes files from archive entries.
class Unpacker {
  public:
    Unpacker(const Ref<ArchiveMemory>& memory, PathContext& context)
        : memory_(memory),
          caller_{KERNEL_CREDENTIALS, context} {}

    /// LINUX: the times of directories count from the archive although files were made in them since, and the first entry of
    /// a directory counts (dir_utime).
    void finish() {
        for (usize index = directory_times_.size(); index-- > 0;) {
            const DirectoryTime& directory = directory_times_[index];
            if (const auto place = resolve(caller_, {}, directory.name, WalkFlags::None))
                set_time(place->inode(), directory.modified);
        }
    }

    /// Errors: Enomem, Enospc. What Linux passes over in silence (a missing directory on the way) we do too.
    Result<> unpack(const CpioEntry& entry, CpioReader& reader, Content content) {
        const auto result = unpack_one(entry, reader, content);
        if (!result && (result.error() == Error::Enomem || result.error() == Error::Enospc)) return result;
        return {};
    }

  private:
    Result<> unpack_one(const CpioEntry& entry, CpioReader& reader, Content content) {
        TRY(clear_place(entry));
        switch (entry.mode & abi::mode::TYPE_MASK) {
            case abi::mode::REGULAR: return unpack_file(entry, reader, content);
            case abi::mode::DIRECTORY: return unpack_directory(entry);
            case abi::mode::SYMLINK:
                // LINUX: tmpfs keeps a target in one page, with its NUL.
                if (entry.target.size() >= PAGE_SIZE) return Error::Enametoolong;
                TRY(make_symlink(caller_, entry.target, {}, entry.name));
                return set_attributes(entry);
            case abi::mode::CHARACTER_DEVICE:
            case abi::mode::BLOCK_DEVICE:
            case abi::mode::FIFO:
            case abi::mode::SOCKET: return unpack_node(entry);
            default: return {};
        }
    }

    /// LINUX: takes away what is of another type, and whatever stands where a symbolic link goes (clean_path).
    Result<> clear_place(const CpioEntry& entry) {
        const auto place = resolve(caller_, {}, entry.name, WalkFlags::None);
        if (!place) return {};
        const u32 old_type = place->inode().mode() & abi::mode::TYPE_MASK;
        const u32 new_type = entry.mode & abi::mode::TYPE_MASK;
        if (old_type == new_type && new_type != abi::mode::SYMLINK) return {};
        return old_type == abi::mode::DIRECTORY ? remove_directory(caller_, {}, entry.name)
                                                : unlink(caller_, {}, entry.name);
    }

    /// True if the entry is another name of a file that is there.
    Result<bool> link_to_first(const CpioEntry& entry) {
        const auto first = TRY(links_.first_name(entry));
        if (!first) return false;
        (void)unlink(caller_, {}, entry.name);
        TRY(make_link(caller_, {}, *first, {}, entry.name, AtFlags::None));
        return true;
    }

    Result<> unpack_directory(const CpioEntry& entry) {
        const auto made = make_directory(caller_, {}, entry.name, entry.mode);
        if (!made && made.error() != Error::Eexist) return made;
        TRY(directory_times_.push({TRY(String::from(entry.name)), entry.modified}));
        return set_attributes(entry);
    }

    /// LINUX: a node that is there stays the device that it is, and another name keeps the first one's attributes.
    Result<> unpack_node(const CpioEntry& entry) {
        if (TRY(link_to_first(entry))) return {};
        const auto made =
            make_node(caller_, {}, entry.name, entry.mode, {entry.special_major, entry.special_minor});
        if (!made && made.error() != Error::Eexist) return made;
        return set_attributes(entry);
    }

    Result<> unpack_file(const CpioEntry& entry, CpioReader& reader, Content content) {
        if (!TRY(link_to_first(entry))) {
            const auto made = make_node(caller_, {}, entry.name, entry.mode, {});
            if (!made && made.error() != Error::Eexist) return made;
            if (!made) TRY(truncate(caller_, {}, entry.name, 0, {}));
        }
        if (entry.size != 0) TRY(content == Content::InArchive ? back(entry, reader) : copy(entry, reader));
        return set_attributes(entry);
    }

    /// If the archive is cut off, the rest of the file is zeros, as on Linux.
    Result<> back(const CpioEntry& entry, CpioReader& reader) {
        const Path place = TRY(resolve(caller_, {}, entry.name, WalkFlags::None));
        const std::span<const u8> bytes = reader.data();
        auto content = place.inode().content_lock.lock();
        TRY(place.inode().truncate(*content, 0));
        if (!bytes.empty())
            TRY(place.inode().back_with(*content, TRY(make_ref<MemoryStore>(bytes, Ref<Object>(memory_)))));
        reader.take(bytes.size());
        return bytes.size() == entry.size ? Result<>{} : place.inode().truncate(*content, entry.size);
    }

    Result<> copy(const CpioEntry& entry, CpioReader& reader) {
        TRY(truncate(caller_, {}, entry.name, 0, {}));
        TRY(truncate(caller_, {}, entry.name, entry.size, {}));
        const Ref<File> file = TRY(open(caller_, {}, entry.name, OpenFlags::Wronly, 0));
        for (auto piece = reader.data(); !piece.empty(); piece = reader.data()) {
            vm::InBuffer from = vm::InBuffer::from_kernel(piece);
            while (from.remaining() != 0) {
                if (TRY(file->write(from)) == 0) return Error::Enospc;
            }
            reader.take(piece.size());
        }
        return {};
    }

    Result<> set_attributes(const CpioEntry& entry) {
        const Path place = TRY(resolve(caller_, {}, entry.name, WalkFlags::None));
        Inode& inode = place.inode();
        const u32 type = inode.mode() & abi::mode::TYPE_MASK;
        // LINUX: a symbolic link has all permissions, whatever the archive says (do_symlink).
        if (type != abi::mode::SYMLINK) inode.set_mode(type | (entry.mode & abi::mode::PERMISSIONS));
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
        String name;
        u32 modified;
    };
    Vector<DirectoryTime> directory_times_;
};

/// Shortens a name to fit a line, and replaces control characters by '?'.
Result<String> printable(std::string_view name) {
    constexpr usize LIMIT = 80;
    String text;
    for (const char c : name.substr(0, LIMIT)) TRY(text.push(c >= ' ' && c <= '~' ? c : '?'));
    return text;
}

CpioProblem problem_of(GzipProblem problem) {
    switch (problem) {
        case GzipProblem::None: return CpioProblem::None;
        case GzipProblem::BadHeader: return CpioProblem::GzipHeader;
        case GzipProblem::Cut: return CpioProblem::GzipCut;
        case GzipProblem::Damaged: return CpioProblem::GzipDamaged;
        case GzipProblem::BadChecksum: return CpioProblem::GzipChecksum;
    }
    return CpioProblem::None;
}

/// An image: plain and compressed archives in any order.
class Image {
  public:
    Image(const Ref<ArchiveMemory>& memory, PathContext& context, InitramfsReport& report)
        : image_(memory->bytes()),
          unpacker_(memory, context),
          report_(report) {}

    Result<> unpack() {
        Result<> result = unpack_plain();
        while (!result && report_.failure.problem == CpioProblem::CompressedGzip && !report_.is_unpacked) {
            result = unpack_gzip();
            if (result) result = unpack_plain();
        }
        unpacker_.finish();
        if (result) report_.failure = checksum_failure_;
        return result;
    }

  private:
    /// From position_ on, up to compressed data or the end.
    Result<> unpack_plain() {
        MemorySource source(image_.subspan(static_cast<usize>(position_)));
        const Box<CpioReader> reader = TRY(make_box<CpioReader>(
            source, CpioReader::Start{.offset = position_, .archive = archive_, .is_unpacked = false}));
        const Result<> result = unpack_all(*reader, Content::InArchive);
        position_ = report_.failure.offset;
        return result;
    }

    /// The gzip member at position_; goes on behind it.
    Result<> unpack_gzip() {
        const Box<GzipSource> source =
            TRY(make_box<GzipSource>(image_.subspan(static_cast<usize>(position_))));
        const Box<CpioReader> reader = TRY(make_box<CpioReader>(
            *source, CpioReader::Start{.offset = 0, .archive = archive_, .is_unpacked = true}));
        report_.is_unpacked = true;
        Result<> result = unpack_all(*reader, Content::Unpacked);
        position_ += source->used();
        if (source->problem() == GzipProblem::BadChecksum) {
            // LINUX: this checksum is not checked. This kernel reports a wrong one and keeps all files.
            checksum_failure_ = {CpioProblem::GzipChecksum, position_, false};
        } else if (source->problem() != GzipProblem::None) {
            report_.failure.problem = problem_of(source->problem());
            report_.failure.offset = position_;
            report_.is_unpacked = false;
            return Error::Einval;
        }
        if (result) report_.is_unpacked = false;
        return result;
    }

    Result<> unpack_all(CpioReader& reader, Content content) {
        while (true) {
            const auto entry = reader.next();
            report_.failure = reader.failure();
            archive_ = reader.archive();
            if (!entry) return entry.error();
            if (!*entry) return {};
            report_.name = TRY(printable((*entry)->name));
            if (const Result<> unpacked = unpacker_.unpack(**entry, reader, content); !unpacked) {
                report_.failure = {CpioProblem::NoSpace, (*entry)->offset, true};
                return unpacked;
            }
            ++report_.entries;
        }
    }

    std::span<const u8> image_;
    Unpacker unpacker_;
    InitramfsReport& report_;
    u64 position_ = 0;
    u32 archive_ = 0;
    CpioFailure checksum_failure_{};
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
    return Image(memory, *context, report).unpack();
}

Result<String> explain(const InitramfsReport& report) {
    String text;
    if (report.failure.problem == CpioProblem::None) return text;
    TRY(format_append(text, "{} (byte {}{}", describe(report.failure.problem), report.failure.offset,
                      report.is_unpacked ? " of the unpacked data" : ""));
    if (report.failure.is_in_content) TRY(format_append(text, ", in {}", report.name.view()));
    TRY(text.push(')'));
    return text;
}

}  // namespace exo::fs
