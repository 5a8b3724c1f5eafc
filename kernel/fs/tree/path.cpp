#include "fs/tree/path.hpp"

#include <cstring>

#include "abi/linux/limits.hpp"
#include "fs/tree/name_tree.hpp"

namespace exo::fs {

// Defined in this file, because the return type is complete here.
Result<Path> Inode::follow(const Credentials&) { return Error::Enoent; }

Result<Ref<PathContext>> PathContext::clone() const {
    Path root;
    Path working_directory;
    {
        auto tree = name_tree.lock();
        root = root_;
        working_directory = working_directory_;
    }
    return make_ref<PathContext>(std::move(root), std::move(working_directory), umask());
}

Path PathContext::root() const {
    auto tree = name_tree.lock();
    return root_;
}

Path PathContext::working_directory() const {
    auto tree = name_tree.lock();
    return working_directory_;
}

void PathContext::set_root(Path path) {
    // The old place goes with `path`, after the lock.
    auto tree = name_tree.lock();
    std::swap(root_, path);
}

void PathContext::set_working_directory(Path path) {
    auto tree = name_tree.lock();
    std::swap(working_directory_, path);
}

namespace {

/// A text that grows towards the front of a fixed buffer.
class BackwardsText {
  public:
    explicit BackwardsText(std::span<char> space) : space_(space), begin_(space.size()) {}
    bool prepend(std::string_view text) {
        if (text.size() > begin_) return false;
        begin_ -= text.size();
        std::memcpy(space_.data() + begin_, text.data(), text.size());
        return true;
    }
    std::string_view view() const { return {space_.data() + begin_, space_.size() - begin_}; }

  private:
    std::span<char> space_;
    usize begin_;
};

struct Place {
    const Mount* mount;
    const Dentry* dentry;
};

/// Writes the path from `root` (or from the top) to `place`. Errors: Enametoolong.
Result<PathState> write_way(Place place, const Path& root, BackwardsText& text) {
    const PathState reached = place.dentry->is_deleted() ? PathState::Deleted : PathState::Reachable;
    while (true) {
        if (place.dentry == root.dentry.get() && place.mount == root.mount.get()) return reached;
        if (place.dentry == &place.mount->root() || place.dentry->is_root()) {
            if (place.mount->parent() == nullptr) return PathState::Unreachable;
            place = {place.mount->parent(), place.mount->mountpoint()};
            continue;
        }
        if (!text.prepend(place.dentry->name()) || !text.prepend("/")) return Error::Enametoolong;
        place.dentry = place.dentry->parent();
    }
}

}  // namespace

Result<PathState> append_path(const Path& path, const Path& root, String& out) {
    Vector<char> space;
    TRY(space.reserve(abi::MAX_PATH_SIZE));
    // The space is written before it is read, so it need not be filled first.
    BackwardsText text({space.data(), abi::MAX_PATH_SIZE - 1});
    PathState state = PathState::Reachable;
    {
        auto tree = name_tree.lock();
        state = TRY(write_way({path.mount.get(), path.dentry.get()}, root, text));
    }
    TRY(out.append(text.view().empty() ? std::string_view("/") : text.view()));
    return state;
}

}  // namespace exo::fs
