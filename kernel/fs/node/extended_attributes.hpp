// The extended attributes of one inode (xattr(7)), for file systems in memory. Only the file system's size
// limits their number: a tree finds an attribute by name, a list keeps the order, and loops over all of them
// pass preemption points.
//
// Locking: the inode's content_lock guards everything.
#pragma once

#include <span>
#include <string_view>

#include "abi/linux/xattr.hpp"
#include "utils/function_ref.hpp"
#include "utils/list.hpp"
#include "utils/string.hpp"
#include "utils/tree.hpp"
#include "utils/vector.hpp"

namespace exo::fs {

class ExtendedAttributes {
  public:
    ExtendedAttributes() = default;
    ExtendedAttributes(const ExtendedAttributes&) = delete;
    ExtendedAttributes& operator=(const ExtendedAttributes&) = delete;
    ~ExtendedAttributes();

    /// The value, or null.
    const Vector<u8>* find(std::string_view name) const;

    /// Sets or replaces a value. Errors: Eexist (Create), Enodata (Replace), Enomem; nothing is changed then.
    Result<> set(std::string_view name, std::span<const u8> value, abi::XattrFlags flags);

    /// Removes an attribute. Errors: Enodata.
    Result<> remove(std::string_view name);

    /// Visits the names, newest first, as Linux lists them. Stops at the first error of `visit`, or with
    /// RestartSys if the thread is being killed.
    Result<> for_each(FunctionRef<Result<>(std::string_view name)> visit) const;

    /// The cost of all attributes together.
    u64 bytes() const { return bytes_; }
    /// How many bytes an attribute counts for the file system's size.
    static u64 cost(std::string_view name, usize value) { return sizeof(Entry) + name.size() + value; }

  private:
    struct Entry {
        String name;
        Vector<u8> value;
        TreeNode by_name;
        ListNode by_age;
        static std::string_view key(const Entry& entry) { return entry.name; }
    };
    void forget(Entry& entry);

    Tree<Entry, &Entry::by_name, Entry> names_;  ///< Owns the entries.
    mutable List<Entry, &Entry::by_age>
        newest_first_;  ///< The same entries. `mutable`, because only a mutable list can be walked.
    u64 bytes_ = 0;
};

}  // namespace exo::fs
