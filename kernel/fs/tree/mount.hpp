// Mount: a file system, or a part of it, attached at a place in the tree. MountNamespace: the tree of mounts
// that a process sees.
//
// Locking: the shape of the tree (parent, mountpoint, membership) changes only while both the namespace's
// sleeping lock (LockRank::MountTable) and the lock of the name tree are held. A path walk reads it under the
// name tree's lock.
#pragma once

#include "fs/node/file_system.hpp"
#include "utils/flags.hpp"

namespace exo::fs {

enum class MountOptions : u32 {
    None = 0,
    ReadOnly = 1,
    NoSuid = 2,
    NoDev = 4,
    NoExec = 8,
    NoAtime = 16,
    NoDirAtime = 32,
    RelAtime = 64,
    NoSymFollow = 128,
};
EXO_FLAGS(MountOptions);

class Mount;
class MountNamespace;
struct Path;

/// /proc/sys/fs/mount-max: the limit of mounts in a namespace. It bounds recursive bind mounts, each of which
/// can double their number.
inline constinit std::atomic<u64> mount_max{100'000};

/// A mount of a tree that is being bound, and its copy. The numbers are indices into the array of these
/// records.
struct MountCopy {
    static constexpr u32 NONE = ~0U;
    Mount* original;
    Ref<Mount> copy;
    u32 parent = NONE;
    u32 first_child = NONE;
    u32 last_child = NONE;
    u32 next_sibling = NONE;
};

class Mount final : public Object {
  public:
    /// Makes a mount that is not attached yet. Errors: Enomem.
    static Result<Ref<Mount>> create(MountableTree tree, std::string_view source, MountOptions options);
    /// Makes a mount for one file without a name. No path leads to it or from it. /proc/PID/fd shows its
    /// source instead of a path. Errors: Enomem.
    static Result<Ref<Mount>> create_nameless(MountableTree tree, std::string_view description);
    ~Mount() override;

    /// The mount id in statx and /proc/self/mountinfo.
    u32 id() const { return id_; }
    FileSystem& file_system() const { return *file_system_; }
    Dentry& root() const { return *root_; }
    std::string_view source() const { return source_; }
    MountOptions options() const { return options_.load(std::memory_order_relaxed); }
    bool is_nameless() const { return is_nameless_; }
    /// MS_UNBINDABLE: bind mounts of it are refused.
    bool is_unbindable() const { return is_unbindable_.load(std::memory_order_relaxed); }
    /// Changes the mount's options. Errors: Ebusy (ReadOnly, while a file is open for writing through this
    /// mount).
    Result<> set_options(MountOptions options);
    bool is_read_only() const { return writers_.is_closed() || file_system_->is_read_only(); }
    /// Counts a file that is opened for writing through this mount, until end_write. Errors: Erofs.
    Result<> begin_write();
    void end_write();
    /// Records that a path walk ended here, which restarts MNT_EXPIRE.
    void note_used() {
        if (is_expiring_.load(std::memory_order_relaxed)) [[unlikely]]
            is_expiring_.store(false, std::memory_order_relaxed);
    }

    /// Used by the name tree: links in the tree of all attached mounts, and in the list of mounts attached to
    /// the same mount.
    TreeNode attached_link;
    ListNode child_link;

    // ---- With the name tree locked.

    /// Null for the root of a namespace and for a detached mount.
    Mount* parent() const { return parent_.get(); }
    Dentry* mountpoint() const { return mountpoint_.get(); }

  private:
    friend class MountNamespace;
    friend struct MountTree;

    Mount(MountableTree tree, String source, MountOptions options);
    template <class T, class... Args> friend Result<Ref<T>> exo::make_ref(Args&&... args);

    u32 id_;
    Ref<FileSystem> file_system_;
    Ref<Dentry> root_;
    String source_;
    std::atomic<MountOptions> options_;
    WriterGate writers_;                    ///< Closed while the options contain ReadOnly.
    std::atomic<bool> is_expiring_{false};  ///< Not used since the last umount2 with MNT_EXPIRE.
    std::atomic<bool> is_unbindable_{false};
    bool is_nameless_ = false;
    Ref<Mount> parent_;
    Ref<Dentry> mountpoint_;
    MountNamespace* namespace_ = nullptr;
    /// Index of its MountCopy while its tree is being bound. Guarded by the namespace's lock.
    u32 copy_index_ = MountCopy::NONE;
    List<Mount, &Mount::child_link> children_;  ///< The mounts attached to it, in the order of attaching.
    Mount* cover_ = nullptr;   ///< The mount attached to its root, so that walking up a stack of mounts needs
                               ///< no search.
    bool is_chosen_ = false;   ///< Scratch mark of one operation. Guarded by the namespace's lock.
    ListNode namespace_link_;  ///< In the order of mounting.
};

class MountNamespace final : public Object {
  public:
    /// Makes a namespace whose "/" is `root`. Errors: Enomem.
    static Result<Ref<MountNamespace>> create(Ref<Mount> root);
    ~MountNamespace() override;
    /// "/" as a path, for the first process.
    Path root();

    /// Attaches `mount` to `where`, a directory (or a file, for a bind mount of a file).
    /// Errors: Enotdir, Einval (outside this namespace), Enoent (the place was deleted), Eloop (the mount
    /// would contain itself), Enospc (mount_max).
    Result<> attach(Ref<Mount> mount, const Path& where);
    /// MS_BIND: with Recursive also MS_REC. Errors: those of attach, Enomem.
    enum class Depth : u8 { One, Recursive };
    Result<> bind(const Path& from, const Path& where, Depth depth);
    /// MS_UNBINDABLE or its opposite, for the mount with the root `top`; with Recursive also for all mounts
    /// below it.
    enum class Binding : u8 { Allowed, Refused };
    void set_binding(const Path& top, Binding binding, Depth depth);
    /// MS_MOVE. `from` must be the root of a mount. Errors: Einval, Eloop, and those of attach.
    Result<> move(const Path& from, const Path& where);
    /// umount2. `where` must be the root of a mount. Errors: Einval, Ebusy, Eagain (MNT_EXPIRE).
    Result<> detach(const Path& where, abi::UmountFlags flags);

    /// Visits the mounts in the order of mounting, until `visit` returns Stop. The namespace's lock is held
    /// meanwhile.
    enum class Visit : u8 { Continue, Stop };
    Result<> for_each(FunctionRef<Result<Visit>(Mount&)> visit);

  private:
    MountNamespace() = default;
    template <class T, class... Args> friend Result<Ref<T>> exo::make_ref(Args&&... args);
    using MountList = List<Mount, &Mount::namespace_link_>;
    struct State {
        MountList mounts;
        usize count = 0;  ///< Of `mounts`.
    };
    static Result<> check_unused(Mount& mount, abi::UmountFlags flags);
    Mount& enter(State& state, Ref<Mount> mount);
    static void leave(State& state, Mount& mount);
    static Result<> check_room(const State& state, usize more);
    void put_in(State& state, Ref<Mount> mount, const Path& where);
    static Result<> copy_below(State& state, const Path& from, Vector<MountCopy>& copies);
    void enter_copies(State& state, std::span<const MountCopy> copies);
    void take_out(State& state, Mount& mount);
    Result<> check_place(const Mount& mount, const Path& where);
    static Result<Ref<Mount>> copy_of(const Mount& mount, Ref<Dentry> root);
    static void put_subtree_last(State& state, Mount& top);
    static Mount* next_below(Mount& mount, const Mount& top);
    void take_out_subtree(State& state, Mount& top);

    scheduler::Mutex<State, sync::LockRank::MountTable> state_;
    Ref<Mount> root_;
};

/// The arguments of mount(2). The function `mount` performs what the flags ask for. `type_name` and `options`
/// are used for new mounts and remounts.
/// Errors: those of mount(2).
struct MountRequest {
    std::string_view source;
    const Path& target;
    std::optional<std::string_view> type_name;
    abi::MountFlags flags;
    std::string_view options;
    const Path* source_path = nullptr;  ///< The resolved `source`, for MS_BIND and MS_MOVE.
};
Result<> mount(MountNamespace& mounts, const MountRequest& request);

/// Appends lines of /proc/mounts or /proc/PID/mountinfo as seen from `root`, beginning with the mount number
/// `cursor` of the namespace, and moves the cursor. After each line it calls `is_enough` with `out` and the
/// line's start; to end the listing that function removes the line again and returns true. Returns whether
/// mounts are left. Errors: Enomem.
enum class MountListFormat : u8 { Mounts, MountInfo };
using IsEnough = bool (*)(String& out, usize line_start);
Result<bool> append_mounts(MountNamespace& mounts, const Path& root, MountListFormat format, u64& cursor,
                           IsEnough is_enough, String& out);

/// Appends a mount's options, such as "rw,nosuid,relatime", without those of its file system. Errors: Enomem.
Result<> append_mount_options(const Mount& mount, String& out);

}  // namespace exo::fs
