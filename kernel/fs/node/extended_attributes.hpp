// The extended attributes of one inode (xattr(7)), as a file system in memory keeps them.
//
// Locking: all under the inode's content_lock.
#pragma once

#include <span>
#include <string_view>

#include "abi/linux/xattr.hpp"
#include "utils/function_ref.hpp"
#include "utils/object.hpp"
#include "utils/string.hpp"
#include "utils/vector.hpp"

namespace exo::fs {

class ExtendedAttributes {
  public:
    /// The value, or null.
    const Vector<u8>* find(std::string_view name) const;

    /// Sets or replaces a value. Errors: Eexist (Create), Enodata (Replace), Enomem; then nothing has changed.
    Result<> set(std::string_view name, std::span<const u8> value, abi::XattrFlags flags);

    /// Errors: Enodata.
    Result<> remove(std::string_view name);

    /// The newest first, as Linux lists them.
    void for_each(FunctionRef<void(std::string_view name)> visit) const;

    /// Of all names and values.
    u64 bytes() const { return bytes_; }
    /// What a name and a value count.
    static u64 cost(std::string_view name, usize value) { return sizeof(Entry) + name.size() + value; }

  private:
    struct Entry {
        String name;
        Vector<u8> value;
    };
    usize index_of(std::string_view name) const;

    Vector<Entry> entries_;  ///< The oldest first.
    u64 bytes_ = 0;
};

}  // namespace exo::fs
