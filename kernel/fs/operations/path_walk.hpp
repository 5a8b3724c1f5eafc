// PathWalk: follows a path through the name tree, exactly as path_resolution(7) says.
//
// Over cached names it runs under the name tree's lock and takes no references. When a file system must be asked, it
// takes hold of where it is, lets the lock go, asks, and goes on. So a name that needs no file system costs a hash, a
// comparison and a permission check.
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

    /// To the place itself.
    Result<Path> whole(std::string_view path, WalkFlags flags);

    /// To the directory that holds the last component, which is not looked at. `path` must outlive the walk.
    Result<Path> parent(std::string_view path);
    /// After `parent`: the last component turned out to be the symbolic link `link` in the directory reached. Goes on
    /// to the parent of where it points. The path that `parent` returned must still be held.
    Result<Path> parent_through(const Dentry& link);

    // ---- What `parent` found.
    LastComponent last() const { return last_; }
    /// Valid while the walk lives.
    const HashedName& last_name() const { return last_name_; }
    /// "name/": it must be a directory.
    bool has_trailing_slash() const { return has_trailing_slash_; }

  private:
    enum class Goal : u8 { Whole, Parent };
    struct Link {
        Ref<Inode> inode;       ///< Owns the text, or made it.
        String text;            ///< If the inode does not keep it.
        std::string_view rest;  ///< Of the path in which the link stood.
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

    /// Components that are walked under the lock at a time.
    static constexpr u32 MOST_STEPS = 256;

    const Caller& caller_;
    Start start_;
    Mount* mount_ = nullptr;
    Dentry* dentry_ = nullptr;
    std::string_view text_;  ///< The path, or the link's text, that rest_ is the end of.
    std::string_view rest_;
    HashedName component_;
    HashedName last_name_;
    LastComponent last_ = LastComponent::None;
    bool component_has_slash_ = false;
    bool is_component_cut_ = false;  ///< component_ has been cut off rest_ already.
    bool has_trailing_slash_ = false;
    u32 steps_ = 0;    ///< Components since the lock was taken.
    u32 pending_ = 0;  ///< Links whose rest is not empty.
    Vector<Link> links_;
    Path held_;  ///< Keeps mount_ and dentry_ alive while the lock is not held.
    Ref<Dentry> held_child_;
    std::optional<NameTree::Guard> lock_;
};

/// The child `name` of `directory` (positive or negative), asking the file system if need be. `names` is the directory's.
/// Errors: Enoent (the directory was removed), Enomem, Eio.
Result<Ref<Dentry>> lookup_child(InodeNames& names, Dentry& directory, const HashedName& name);

}  // namespace exo::fs
