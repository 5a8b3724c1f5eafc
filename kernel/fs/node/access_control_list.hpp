// An access control list of an inode (acl(5)): permissions of further users and groups. It is immutable, so
// that permission checks need no lock: a change replaces the whole list. What walks a list passes preemption points.
#pragma once

#include <span>

#include "abi/linux/fcntl.hpp"
#include "abi/linux/xattr.hpp"
#include "fs/node/credentials.hpp"
#include "utils/object.hpp"
#include "utils/vector.hpp"

namespace exo::fs {

enum class AccessListKind : u8 {
    Access,   ///< Governs access to the inode.
    Default,  ///< Of a directory: the initial list of each inode that is created in it.
};

class AccessControlList final : public Object {
  public:
    using Entry = abi::posix_acl_xattr_entry;

    explicit AccessControlList(Vector<Entry> entries) : entries_(std::move(entries)) {}

    /// Parses the format that setxattr(2) takes. Null if the list has no entry.
    /// Errors: Einval (a size or an entry that is not valid), Eopnotsupp (another version), Enomem.
    static Result<Ref<AccessControlList>> parse(std::span<const u8> value);
    /// Checks that the required entries are there and in the right order. Errors: Einval.
    Result<> check_form() const;

    /// Encodes the list in the format that getxattr(2) returns. Errors: Enomem.
    Result<Vector<u8>> encode() const;
    usize bytes() const { return entries_.size() * sizeof(Entry); }

    /// Whether the list grants `wanted` to a caller who does not own the file. `gid` is the file's group.
    /// LINUX: posix_acl_permission.
    bool grants(GroupId gid, abi::AccessMode wanted, const Credentials& credentials) const;

    /// The file mode that is closest to this list. `says_all`: the list contains nothing that the mode cannot
    /// express.
    struct AsMode {
        u32 permissions;
        bool says_all;
    };
    AsMode as_mode() const;

    /// A copy of the list, changed as chmod(2) with `mode` changes it. Errors: Enomem.
    Result<Ref<AccessControlList>> with_mode(u32 mode) const;

    /// The access list of a new inode in a directory with this default list; null if the mode can express it.
    /// Removes from `mode` what the list does not grant. Errors: Enomem.
    Result<Ref<AccessControlList>> for_new(u32& mode) const;

  private:
    const Entry* mask_after(usize index) const;

    Vector<Entry> entries_;
};

}  // namespace exo::fs
