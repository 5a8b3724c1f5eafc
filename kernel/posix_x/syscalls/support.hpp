// What the handlers of all families share: descriptors to files, paths out of user memory.
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

/// Ebadf for what was opened with O_PATH, else `missing`.
Error why_unusable(Descriptor fd, Error missing);

/// `missing` is what Linux answers when the descriptor is open but lacks a right: EBADF for reading what is open for
/// writing, EINVAL and EACCES elsewhere.
/// Errors: Ebadf (not open, or no file), `missing`.
[[gnu::always_inline]] inline Result<FileUse> use_file(Descriptor fd, Rights needed,
                                                       Error missing = Error::Ebadf) {
    security::CapabilityUse use = current_task().files()->verify(static_cast<u32>(fd.value), needed);
    if (!use) return use.is_open() ? why_unusable(fd, missing) : Error::Ebadf;
    if (use.object().object_kind() != ObjectKind::File) return Error::Ebadf;
    return FileUse(std::move(use));
}

/// Whether the descriptor has the right, without a denial being an error. Errors: Ebadf.
inline Result<bool> can_use(Descriptor fd, Rights right) {
    const security::Capability capability = TRY(current_task().files()->copy(static_cast<u32>(fd.value)));
    return has_all(capability.rights, right);
}

/// The `dirfd` of calls that have none: AT_FDCWD.
inline Start here() { return Start(static_cast<u64>(abi::AT_CURRENT_DIRECTORY)); }

/// The bytes of a text, for copying out.
inline std::span<const u8> bytes_of(std::string_view text) {
    // SAFETY: characters are bytes.
    return {reinterpret_cast<const u8*>(text.data()), text.size()};
}

/// A path copied in; short ones without a visit to the heap. Too large to be passed around: copied in place, into a
/// variable marked [[clang::uninitialized]].
class UserPath {
  public:
    /// Once. Errors: Efault, Enametoolong, Enomem.
    Result<> copy(PathArgument path);
    std::string_view view() const { return is_long() ? long_.view() : std::string_view{inline_, size_}; }

  private:
    static constexpr usize INLINE_SIZE = 256;
    bool is_long() const { return size_ == INLINE_SIZE; }
    String long_;
    usize size_ = 0;
    char inline_[INLINE_SIZE];
};

/// An empty path names nothing, or what the descriptor beside it is open for.
enum class EmptyPath : u8 { Refused, Allowed };
constexpr EmptyPath empty_path(bool is_allowed) {
    return is_allowed ? EmptyPath::Allowed : EmptyPath::Refused;
}

/// Where an *at call starts: the working directory, or the directory that a descriptor names.
class StartDirectory {
  public:
    /// Errors: Ebadf, when `path` is relative and so needs the descriptor; before it Enoent, when it is empty and must not.
    static Result<StartDirectory> of(Descriptor fd, std::string_view path,
                                     EmptyPath empty = EmptyPath::Refused);
    fs::Start start() const { return {path_ ? &path_ : nullptr}; }

  private:
    fs::Path path_;
};

/// Linux never moves more bytes than this in one call.
inline constexpr u64 MAX_TRANSFER = 0x7ffff000;

/// The limit on file sizes as fs wants it.
inline fs::WriteContext write_context(Task& task) {
    return {task.credentials(), task.process->limit(Resource::FileSize)};
}

/// SIGPIPE and SIGXFSZ, which writes raise besides their errors.
void raise_write_signal(Error error);
/// Returns `result`.
inline Result<usize> raise_write_signals(Result<usize> result) {
    if (!result) [[unlikely]]
        raise_write_signal(result.error());
    return result;
}

/// Where descriptors end: RLIMIT_NOFILE, and /proc/sys/fs/nr_open.
u32 descriptor_limit();
/// A second descriptor for what `fd` names, the lowest free one from `minimum` on. Errors: Ebadf, Emfile, Enomem.
Result<u32> duplicate_descriptor(Descriptor fd, security::OnExec on_exec, u32 minimum);
/// A descriptor for `file`, the lowest free one. Errors: Emfile, Enomem.
Result<u32> install_file(Ref<fs::File> file, security::OnExec on_exec);

}  // namespace exo::posix_x
