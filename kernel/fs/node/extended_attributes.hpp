// The extended attributes of one inode (xattr(7)), as a file system in memory keeps them. Their number has no limit but the file
// system's size: a tree finds a name, a list keeps the order, and what visits all of them passes preemption points.
//
// Locking: all under the inode's content_lock.
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

    /// Sets or replaces a value. Errors: Eexist (Create), Enodata (Replace), Enomem; then nothing has changed.
    Result<> set(std::string_view name, std::span<const u8> value, abi::XattrFlags flags);

    /// Errors: Enodata.
    Result<> remove(std::string_view name);

    /// The newest first, as Linux lists them. Ends with the first error of `visit`, or RestartSys when the thread is to die.
    Result<> for_each(FunctionRef<Result<>(std::string_view name)> visit) const;

    /// Of all names and values.
    u64 bytes() const { return bytes_; }
    /// What a name and a value count.
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
        newest_first_;  ///< The same entries. Only `mutable` lists can be walked.
    u64 bytes_ = 0;
};

}  // namespace exo::fs
