// PathWalk: follows a path through the name tree, exactly as path_resolution(7) says.
//
// Over cached names the walk holds the name tree's lock and takes no references, so such a name costs a hash,
// a comparison and a permission check. To ask a file system, the walk takes references to its current place,
// releases the lock, asks, and continues.
#pragma once

#include <optional>

#include "fs/operations/vfs.hpp"
#include "fs/tree/name_tree.hpp"

namespace exo::fs {

enum class LastComponent : u8 {
    Name,
    Dot,
    DotDot,
    None,  ///< The path was "/" alone (or ended in a magic link).
};

class PathWalk {
  public:
    PathWalk(const Caller& caller, Start start) : caller_(caller), start_(start) {}
    PathWalk(const PathWalk&) = delete;
    PathWalk& operator=(const PathWalk&) = delete;

    /// Walks to the end of the path and returns the place.
    Result<Path> whole(std::string_view path, WalkFlags flags);

    /// Walks to the directory of the last component and does not look that component up. `path` must outlive
    /// the walk.
    Result<Path> parent(std::string_view path);
    /// Call after `parent`, if the last component is the symbolic link `link`. Continues to the directory of
    /// the last component of the link's target. The caller must still hold the path that `parent` returned.
    Result<Path> parent_through(const Dentry& link);

    // ---- The last component that `parent` found.
    LastComponent last() const { return last_; }
    /// Valid as long as the walk lives.
    const HashedName& last_name() const { return last_name_; }
    /// The path ended in "name/": the last component must be a directory.
    bool has_trailing_slash() const { return has_trailing_slash_; }

  private:
    enum class Goal : u8 { Whole, Parent };
    struct Link {
        Ref<Inode> inode;       ///< Owns or computed the link's text.
        String text;            ///< The link's text, if the inode does not keep it.
        std::string_view rest;  ///< The rest of the path that contained the link.
    };

    Result<> begin(std::string_view path, WalkFlags flags);
    Result<> run(Goal goal, WalkFlags flags);
    void skip_cached_directories();
    bool next_component();
    Result<> check_search_of(const Inode& directory);
    Result<> enter_component(Goal goal, WalkFlags flags);
    Result<> step_to(Dentry* child, bool follow);
    Result<Dentry*> find_child();
    Result<Dentry*> find_child_slowly();
    Result<> follow(Inode& inode);
    Result<> follow_magic(Inode& inode);
    void step_up();
    bool is_last() const { return rest_.empty() && pending_ == 0; }
    Result<Path> finish(WalkFlags flags = WalkFlags::None);
    void let_go();
    void take_hold();
    Result<> pause();

    /// How many components are walked before the lock is released for a moment.
    static constexpr u32 MOST_STEPS = 256;

    const Caller& caller_;
    Start start_;
    Mount* mount_ = nullptr;
    Dentry* dentry_ = nullptr;
    std::string_view text_;  ///< The path or the link's text. rest_ is a suffix of it.
    std::string_view rest_;
    HashedName component_;
    HashedName last_name_;
    LastComponent last_ = LastComponent::None;
    bool component_has_slash_ = false;
    bool is_component_cut_ = false;  ///< component_ is no longer part of rest_.
    bool has_trailing_slash_ = false;
    u32 steps_ = 0;    ///< Components since the lock was taken.
    u32 pending_ = 0;  ///< Number of links with a rest that is not empty.
    Vector<Link> links_;
    Path held_;  ///< Keeps mount_ and dentry_ alive while the lock is released.
    Ref<Dentry> held_child_;
    std::optional<NameTree::Guard> lock_;
};

/// The dentry of `name` in `directory`, positive or negative. Asks the file system on a cache miss. `names`
/// is the key of `directory`.
/// Errors: Enoent (the directory was removed), Enomem, Eio.
Result<Ref<Dentry>> lookup_child(InodeNames& names, Dentry& directory, const HashedName& name);

}  // namespace exo::fs
