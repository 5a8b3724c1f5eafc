// Functions that the handlers of all families share: descriptors to files, paths from user memory.
#pragma once

#include "posix_x/process/process.hpp"
#include "posix_x/syscalls/signature.hpp"
#include "vm/user_memory.hpp"

namespace exo::posix_x {

using security::Rights;

/// An open file in use by the calling task: the capability was verified.
class FileUse {
  public:
    explicit FileUse(security::CapabilityUse use) : use_(std::move(use)) {}
    fs::File& operator*() const { return static_cast<fs::File&>(use_.object()); }
    fs::File* operator->() const { return &**this; }

  private:
    security::CapabilityUse use_;
};

/// The error for an unusable descriptor: Ebadf for a file opened with O_PATH, else `missing`.
Error why_unusable(Descriptor fd, Error missing);

/// Looks an open file up and checks rights. `missing` is the error that Linux returns when the descriptor is
/// open but lacks a right: EBADF for reading from a file that is open for writing only, EINVAL or EACCES in
/// other calls.
/// Errors: Ebadf (not open, or not a file), `missing`.
[[gnu::always_inline]] inline Result<FileUse> use_file(Descriptor fd, Rights needed,
                                                       Error missing = Error::Ebadf) {
    security::CapabilityUse use = current_task().files()->verify(static_cast<u32>(fd.value), needed);
    if (!use) return use.is_open() ? why_unusable(fd, missing) : Error::Ebadf;
    if (use.object().object_kind() != ObjectKind::File) return Error::Ebadf;
    return FileUse(std::move(use));
}

/// Whether the descriptor has the right. A missing right is not an error. Errors: Ebadf.
inline Result<bool> can_use(Descriptor fd, Rights right) {
    const security::Capability capability = TRY(current_task().files()->copy(static_cast<u32>(fd.value)));
    return has_all(capability.rights, right);
}

/// AT_FDCWD, as the dirfd of calls without such an argument.
inline Start here() { return Start(static_cast<u64>(abi::AT_CURRENT_DIRECTORY)); }

/// The bytes of a text, for copying to user memory.
inline std::span<const u8> bytes_of(std::string_view text) {
    // SAFETY: characters are bytes.
    return {reinterpret_cast<const u8*>(text.data()), text.size()};
}

/// A path copied from user memory. Short ones need no heap allocation. It is too large to be returned by
/// value: declare a variable marked [[clang::uninitialized]] and copy into it.
class UserPath {
  public:
    /// Copies the path; callable once. Errors: Efault, Enametoolong, Enomem.
    Result<> copy(PathArgument path);
    std::string_view view() const { return is_long() ? long_.view() : std::string_view{inline_, size_}; }

  private:
    static constexpr usize INLINE_SIZE = 256;
    bool is_long() const { return size_ == INLINE_SIZE; }
    String long_;
    usize size_ = 0;
    char inline_[INLINE_SIZE];
};

/// Whether an empty path is an error, or names the file of the descriptor (AT_EMPTY_PATH).
enum class EmptyPath : u8 { Refused, Allowed };
constexpr EmptyPath empty_path(bool is_allowed) {
    return is_allowed ? EmptyPath::Allowed : EmptyPath::Refused;
}

/// The directory of an *at call's dirfd: the working directory, or that of a descriptor.
class StartDirectory {
  public:
    /// Errors: Enoent (an empty path that is refused), then Ebadf (`path` is relative, so the descriptor is
    /// needed).
    static Result<StartDirectory> of(Descriptor fd, std::string_view path,
                                     EmptyPath empty = EmptyPath::Refused) {
        if (fd.value == abi::AT_CURRENT_DIRECTORY || path.starts_with('/')) [[likely]]
            return StartDirectory();
        return of_descriptor(fd, path, empty);
    }
    fs::Start start() const { return {path_ ? &path_ : nullptr}; }

  private:
    static Result<StartDirectory> of_descriptor(Descriptor fd, std::string_view path, EmptyPath empty);
    fs::Path path_;
};

/// The most bytes that Linux moves in one call.
inline constexpr u64 MAX_TRANSFER = 0x7ffff000;

/// The limit on file sizes, in the form that fs uses.
inline fs::WriteContext write_context(Task& task) {
    return {task.credentials(), task.process->limit(Resource::FileSize)};
}

/// Sends SIGPIPE or SIGXFSZ for the error of a write.
void raise_write_signal(Error error);
/// Sends the signal if `result` is such an error. Returns `result`.
inline Result<usize> raise_write_signals(Result<usize> result) {
    if (!result) [[unlikely]]
        raise_write_signal(result.error());
    return result;
}

/// The limit of descriptor numbers: the smaller of RLIMIT_NOFILE and /proc/sys/fs/nr_open.
u32 descriptor_limit();
/// Duplicates `fd` to the lowest free descriptor that is at least `minimum`. Errors: Ebadf, Emfile, Enomem.
Result<u32> duplicate_descriptor(Descriptor fd, security::OnExec on_exec, u32 minimum);
/// Makes a descriptor for `file`, the lowest free one. Errors: Emfile, Enomem.
Result<u32> install_file(Ref<fs::File> file, security::OnExec on_exec);

}  // namespace exo::posix_x
