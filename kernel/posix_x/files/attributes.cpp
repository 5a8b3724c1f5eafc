// stat, modes, owners, times, statistics of file systems, and listings of directories.
#include "posix_x/files/attributes.hpp"

#include <cstring>

#include "abi/linux/dirent.hpp"
#include "abi/linux/limits.hpp"
#include "fs/tree/permission.hpp"
#include "posix_x/syscalls/support.hpp"
#include "utils/bytes.hpp"

namespace exo::posix_x {

namespace {

using abi::AtFlags;
using fs::WalkFlags;

WalkFlags walk_flags(AtFlags flags) {
    WalkFlags walk = has(flags, AtFlags::SymlinkNofollow) ? WalkFlags::None : WalkFlags::FollowLast;
    if (has(flags, AtFlags::EmptyPath)) walk |= WalkFlags::AllowEmpty;
    return walk;
}

Result<fs::Path> resolve_at(Descriptor directory, PathArgument argument, AtFlags flags) {
    [[clang::uninitialized]] UserPath name;
    TRY(name.copy(argument));
    const StartDirectory start =
        TRY(StartDirectory::of(directory, name.view(), empty_path(has(flags, AtFlags::EmptyPath))));
    return fs::resolve(current_task().caller(), start.start(), name.view(), walk_flags(flags));
}

/// Whether AT_EMPTY_PATH and an empty path name the descriptor's own file, which may have no path.
Result<bool> names_descriptor(PathArgument path, AtFlags flags) {
    if (!has(flags, AtFlags::EmptyPath)) return false;
    return TRY(vm::UserIn<char>(path.address).read()) == '\0';
}

/// Looks up the file that a call changes through AT_EMPTY_PATH. LINUX: this counts as naming it by a path, so
/// O_PATH suffices; fchown and futimens need an open file. Errors: Ebadf.
Result<FileUse> use_named(Descriptor fd) {
    FileUse file = TRY(use_file(fd, Rights::Inspect));
    if (file->is_path_only()) return file;
    return use_file(fd, Rights::Attributes);
}

// ---- stat

Result<> stat_path(Descriptor directory, PathArgument path, AtFlags flags, vm::UserOut<abi::stat> out) {
    abi::stat result{};
    fs::fill_stat(TRY(resolve_at(directory, path, flags)).inode(), result);
    return out.write(result);
}

}  // namespace

Result<> sys_stat(Context&, ExistingPath path, vm::UserOut<abi::stat> out) {
    return stat_path(here(), path, AtFlags::None, out);
}
Result<> sys_lstat(Context&, ExistingPath path, vm::UserOut<abi::stat> out) {
    return stat_path(here(), path, AtFlags::SymlinkNofollow, out);
}
Result<> sys_fstat(Context&, Descriptor fd, vm::UserOut<abi::stat> out) {
    const FileUse file = TRY(use_file(fd, Rights::Inspect));
    abi::stat result{};
    fs::fill_stat(file->inode(), result);
    return out.write(result);
}
Result<> sys_newfstatat(Context& context, Start directory, ExistingPath path, vm::UserOut<abi::stat> out,
                        StatFlags given) {
    const AtFlags flags = TRY(given.checked());
    if (directory.value != abi::AT_CURRENT_DIRECTORY && TRY(names_descriptor(path, flags)))
        return sys_fstat(context, directory, out);
    return stat_path(directory, path, flags, out);
}

Result<> sys_statx(Context&, Start directory, ExistingPath path, StatFlags given, abi::StatxMask mask,
                   vm::UserOut<abi::statx> out) {
    const AtFlags flags = TRY(given.checked());
    if (has(mask, abi::StatxMask::Reserved)) return Error::Einval;
    if (has_all(flags, AtFlags::StatxForceSync | AtFlags::StatxDontSync)) return Error::Einval;
    abi::statx result{};
    if (directory.value != abi::AT_CURRENT_DIRECTORY && TRY(names_descriptor(path, flags))) {
        const FileUse file = TRY(use_file(directory, Rights::Inspect));
        fs::fill_statx(file->inode(), file->path() ? &file->path() : nullptr, mask, result);
    } else {
        const fs::Path target = TRY(resolve_at(directory, path, flags));
        fs::fill_statx(target.inode(), &target, mask, result);
    }
    return out.write(result);
}

// ---- statfs

Result<> sys_statfs(Context&, ExistingPath path, vm::UserOut<abi::statfs> out) {
    const fs::Path target = TRY(resolve_at(here(), path, AtFlags::None));
    abi::statfs result{};
    TRY(fs::fill_statfs(target.inode(), target.mount.get(), result));
    return out.write(result);
}
Result<> sys_fstatfs(Context&, Descriptor fd, vm::UserOut<abi::statfs> out) {
    const FileUse file = TRY(use_file(fd, Rights::Inspect));
    abi::statfs result{};
    TRY(fs::fill_statfs(file->inode(), file->path().mount.get(), result));
    return out.write(result);
}

// ---- Mode and owner

Result<> sys_fchmodat(Context&, Start directory, ExistingPath path, Mode mode) {
    const fs::Path target = TRY(resolve_at(directory, path, AtFlags::None));
    return fs::change_mode(fs::Target(target), mode, current_task().credentials());
}
Result<> sys_chmod(Context& context, ExistingPath path, Mode mode) {
    return sys_fchmodat(context, here(), path, mode);
}
Result<> sys_fchmod(Context&, Descriptor fd, Mode mode) {
    const FileUse file = TRY(use_file(fd, Rights::Attributes));
    return fs::change_mode(fs::Target(*file), mode, current_task().credentials());
}

static std::optional<u32> id_or_keep(u32 id) { return id == ~0U ? std::nullopt : std::optional<u32>(id); }

Result<> sys_fchown(Context&, Descriptor fd, UidOrUnchanged uid, GidOrUnchanged gid) {
    const FileUse file = TRY(use_file(fd, Rights::Attributes));
    return fs::change_owner(fs::Target(*file), id_or_keep(uid), id_or_keep(gid),
                            current_task().credentials());
}
Result<> sys_fchownat(Context&, Start directory, ExistingPath path, UidOrUnchanged uid, GidOrUnchanged gid,
                      OwnFlags given) {
    const AtFlags flags = TRY(given.checked());
    if (directory.value != abi::AT_CURRENT_DIRECTORY && TRY(names_descriptor(path, flags))) {
        const FileUse file = TRY(use_named(directory));
        return fs::change_owner(fs::Target(*file), id_or_keep(uid), id_or_keep(gid),
                                current_task().credentials());
    }
    const fs::Path target = TRY(resolve_at(directory, path, flags));
    return fs::change_owner(fs::Target(target), id_or_keep(uid), id_or_keep(gid),
                            current_task().credentials());
}
Result<> sys_chown(Context& context, ExistingPath path, UidOrUnchanged uid, GidOrUnchanged gid) {
    return sys_fchownat(context, here(), path, uid, gid, AtFlags::None);
}
Result<> sys_lchown(Context& context, ExistingPath path, UidOrUnchanged uid, GidOrUnchanged gid) {
    return sys_fchownat(context, here(), path, uid, gid, AtFlags::SymlinkNofollow);
}

namespace {

// ---- Times

}  // namespace

static Result<fs::TimeChange> time_change(const abi::timespec& time) {
    using Kind = fs::TimeChange::Kind;
    if (time.tv_nsec == abi::UTIME_NOW_VALUE) return fs::TimeChange{Kind::Now};
    if (time.tv_nsec == abi::UTIME_OMIT_VALUE) return fs::TimeChange{Kind::Omit};
    if (time.tv_nsec < 0 || time.tv_nsec >= 1'000'000'000) return Error::Einval;
    return fs::TimeChange{Kind::Set, {time.tv_sec, static_cast<u32>(time.tv_nsec)}};
}

namespace {

/// Both times as the program passed them. They are checked after the file was found.
struct GivenTimes {
    abi::timespec access{0, abi::UTIME_NOW_VALUE};
    abi::timespec modification{0, abi::UTIME_NOW_VALUE};
};
}  // namespace

static Result<> change_times_of(const fs::Target& target, const GivenTimes& times) {
    const fs::TimeChange access = TRY(time_change(times.access));
    const fs::TimeChange modification = TRY(time_change(times.modification));
    return fs::change_times(target, access, modification, current_task().credentials());
}

/// A null `path` means the descriptor itself, as for futimens.
static Result<> change_times(Descriptor directory, PathArgument path, const GivenTimes& times,
                             AtFlags flags) {
    if (path.address == 0) {
        const FileUse file = TRY(use_file(directory, Rights::Attributes));
        return change_times_of(fs::Target(*file), times);
    }
    if (directory.value != abi::AT_CURRENT_DIRECTORY && TRY(names_descriptor(path, flags))) {
        const FileUse file = TRY(use_named(directory));
        return change_times_of(fs::Target(*file), times);
    }
    const fs::Path target = TRY(resolve_at(directory, path, flags));
    return change_times_of(fs::Target(target), times);
}

Result<> sys_utimensat(Context&, Start directory, OrNull<ExistingPath> path,
                       OrNull<vm::UserIn<TimePair>> pair, OwnFlags given) {
    GivenTimes times;
    if (!pair.is_null()) {
        const TimePair both = TRY(pair.read());
        times = {both.access, both.modification};
        if (both.access.tv_nsec == abi::UTIME_OMIT_VALUE &&
            both.modification.tv_nsec == abi::UTIME_OMIT_VALUE)
            return {};
    }
    const AtFlags flags = TRY(given.checked());
    if (path.address == 0 && directory.value == abi::AT_CURRENT_DIRECTORY) return Error::Efault;
    if (path.address == 0 && flags != AtFlags::None) return Error::Einval;
    return change_times(directory, path, times, flags);
}

Result<> sys_utime(Context&, ExistingPath path, OrNull<vm::UserIn<SecondPair>> pair) {
    GivenTimes times;
    if (!pair.is_null()) {
        const SecondPair both = TRY(pair.read());
        times = {{both.access, 0}, {both.modification, 0}};
    }
    if (path.address == 0) return Error::Efault;
    return change_times(here(), path, times, AtFlags::None);
}

static Result<abi::timespec> from_microseconds(i64 seconds, i64 microseconds) {
    if (microseconds < 0 || microseconds >= 1'000'000) return Error::Einval;
    return abi::timespec{seconds, microseconds * 1000};
}
Result<> sys_futimesat(Context&, Start directory, OrNull<ExistingPath> path,
                       OrNull<vm::UserIn<MicrosecondPair>> pair) {
    GivenTimes times;
    if (!pair.is_null()) {
        const MicrosecondPair both = TRY(pair.read());
        times.access = TRY(from_microseconds(both.access_seconds, both.access_microseconds));
        times.modification =
            TRY(from_microseconds(both.modification_seconds, both.modification_microseconds));
    }
    if (path.address == 0 && directory.value == abi::AT_CURRENT_DIRECTORY) return Error::Efault;
    return change_times(directory, path, times, AtFlags::None);
}
Result<> sys_utimes(Context& context, ExistingPath path, OrNull<vm::UserIn<MicrosecondPair>> times) {
    return sys_futimesat(context, here(), path, times);
}

namespace {

// ---- Directories

/// Collects linux_dirent64 records and copies them out one by one.
struct DirectoryWriter {
    template <class T> static void put(u8* place, T value) { std::memcpy(place, &value, sizeof(T)); }

    u64 address;
    usize room;
    usize written = 0;
    Result<> status{};

    bool add(const fs::DirectoryEntry& entry) {
        const usize record_size = align_up(abi::DIRENT64_NAME_OFFSET + entry.name.size() + 1, 8ULL);
        if (record_size > room) {
            if (written == 0) status = Error::Einval;  // not even one fits
            return false;
        }
        [[clang::uninitialized]] u8 record[abi::DIRENT64_NAME_OFFSET + abi::MAX_NAME_LENGTH + 1 + 8];
        put(record + record_size - sizeof(u64), u64{0});  // what the name leaves free
        put(record + offsetof(abi::linux_dirent64, d_ino), entry.inode_number);
        put(record + offsetof(abi::linux_dirent64, d_off), static_cast<i64>(entry.next_cookie));
        put(record + offsetof(abi::linux_dirent64, d_reclen), static_cast<u16>(record_size));
        put(record + offsetof(abi::linux_dirent64, d_type), abi::dirent_type(entry.mode));
        copy_name(record + abi::DIRENT64_NAME_OFFSET, entry.name);
        if (const Result<> copied = vm::write_user(address, {record, record_size}); !copied) {
            status = copied;
            return false;
        }
        address += record_size;
        room -= record_size;
        written += record_size;
        return true;
    }
};
}  // namespace

Answer<Size> sys_getdents64(Context&, DirectoryDescriptor fd, OutBytes<2> buffer, Size32 size) {
    const FileUse file = TRY(use_file(fd, Rights::Control));   // a directory cannot be open but for reading
    const usize room = size > INT32_MAX ? 0 : u32{size};  // LINUX: counted in an int, where nothing fits
    DirectoryWriter writer{buffer.address, room};
    TRY(file->read_directory([&](const fs::DirectoryEntry& entry) { return writer.add(entry); }));
    if (writer.written == 0) TRY(writer.status);
    return writer.written;
}

}  // namespace exo::posix_x
