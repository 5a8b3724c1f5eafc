// Mount: a file system (or a part of it) at a place in the tree. MountNamespace: the tree that a process sees.
//
// Locking: the shape of the tree (parent, mountpoint, membership) changes under the namespace's sleeping lock
// (LockRank::MountTable) and the lock of the name tree; a walk reads it under the latter alone.
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

/// /proc/sys/fs/mount-max: how many mounts a namespace may have. Each recursive bind can double them.
inline constinit std::atomic<u64> mount_max{100'000};

/// A mount of a tree that is being bound, and its copy. The numbers are indices of others in the tree.
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
    /// A mount that is nowhere yet. Errors: Enomem.
    static Result<Ref<Mount>> create(MountableTree tree, std::string_view source, MountOptions options);
    /// For one file that has no name: no path leads there or from there. Its source is what /proc/PID/fd shows instead of a
    /// path. Errors: Enomem.
    static Result<Ref<Mount>> create_nameless(MountableTree tree, std::string_view description);
    ~Mount() override;

    /// As statx and /proc/self/mountinfo give it.
    u32 id() const { return id_; }
    FileSystem& file_system() const { return *file_system_; }
    Dentry& root() const { return *root_; }
    std::string_view source() const { return source_; }
    MountOptions options() const { return options_.load(std::memory_order_relaxed); }
    bool is_nameless() const { return is_nameless_; }
    /// MS_UNBINDABLE: it cannot be bound elsewhere.
    bool is_unbindable() const { return is_unbindable_.load(std::memory_order_relaxed); }
    /// Errors: Ebusy (ReadOnly, and a file is open for writing through this mount).
    Result<> set_options(MountOptions options);
    bool is_read_only() const { return writers_.is_closed() || file_system_->is_read_only(); }
    /// A file is opened for writing through this mount, until end_write. Errors: Erofs.
    Result<> begin_write();
    void end_write();
    /// A path walk ended here: MNT_EXPIRE starts anew.
    void note_used() {
        if (is_expiring_.load(std::memory_order_relaxed)) [[unlikely]]
            is_expiring_.store(false, std::memory_order_relaxed);
    }

    /// For the name tree: among all that are attached somewhere, and among those attached to the same mount.
    TreeNode attached_link;
    ListNode child_link;

    // ---- With the name tree locked.

    /// Null: the root of a namespace, or detached.
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
    WriterGate writers_;                    ///< Closed as long as the options say ReadOnly.
    std::atomic<bool> is_expiring_{false};  ///< Not used since an umount2 with MNT_EXPIRE.
    std::atomic<bool> is_unbindable_{false};
    bool is_nameless_ = false;
    Ref<Mount> parent_;
    Ref<Dentry> mountpoint_;
    MountNamespace* namespace_ = nullptr;
    /// While its tree is being bound, under the namespace's lock: where its MountCopy is.
    u32 copy_index_ = MountCopy::NONE;
    List<Mount, &Mount::child_link> children_;  ///< What is attached to it, in the order of attaching.
    Mount* cover_ = nullptr;   ///< What is attached to its root: a stack is gone up without a search.
    bool is_chosen_ = false;   ///< For one operation, with the namespace locked.
    ListNode namespace_link_;  ///< In the order of mounting.
};

class MountNamespace final : public Object {
  public:
    /// With `root` as its "/". Errors: Enomem.
    static Result<Ref<MountNamespace>> create(Ref<Mount> root);
    ~MountNamespace() override;
    /// "/" as a path, for the first process.
    Path root();

    /// Puts `mount` onto `where`, a directory (or a file, for a bind mount of a file).
    /// Errors: Enotdir, Einval (outside this namespace), Enoent (the place was deleted), Eloop (moved into itself), Enospc
    /// (mount_max).
    Result<> attach(Ref<Mount> mount, const Path& where);
    /// MS_BIND, with MS_REC. Errors: those of attach, Enomem.
    enum class Depth : u8 { One, Recursive };
    Result<> bind(const Path& from, const Path& where, Depth depth);
    /// MS_UNBINDABLE and its opposite, for the mount that `top` is the root of, with MS_REC for those below too.
    enum class Binding : u8 { Allowed, Refused };
    void set_binding(const Path& top, Binding binding, Depth depth);
    /// MS_MOVE. `from` must be the root of a mount. Errors: Einval, Eloop, and those of attach.
    Result<> move(const Path& from, const Path& where);
    /// umount2. `where` is any path; it must be the root of a mount. Errors: Einval, Ebusy, Eagain (MNT_EXPIRE).
    Result<> detach(const Path& where, abi::UmountFlags flags);

    /// In the order of mounting, each as a copy of what can be seen. Stops when `visit` says so.
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

/// mount(2): all that its flags ask for. `type_name` and `options` count for new mounts and remounts.
/// Errors: those of mount(2).
struct MountRequest {
    std::string_view source;
    const Path& target;
    std::optional<std::string_view> type_name;
    abi::MountFlags flags;
    std::string_view options;
    const Path* source_path = nullptr;  ///< Resolved `source`, for MS_BIND and MS_MOVE.
};
Result<> mount(MountNamespace& mounts, const MountRequest& request);

/// Appends the content of /proc/mounts, or of /proc/PID/mountinfo, as seen from `root`, from the mount on that is the
/// `cursor`-th in the namespace, until `is_enough` says so of `out` and where the last line begins, which it may take back;
/// whether there is more. The cursor is moved. Errors: Enomem.
enum class MountListFormat : u8 { Mounts, MountInfo };
using IsEnough = bool (*)(String& out, usize line_start);
Result<bool> append_mounts(MountNamespace& mounts, const Path& root, MountListFormat format, u64& cursor,
                           IsEnough is_enough, String& out);

/// "rw,nosuid,relatime" for a mount, without its file system's own options. Errors: Enomem.
Result<> append_mount_options(const Mount& mount, String& out);

}  // namespace exo::fs
