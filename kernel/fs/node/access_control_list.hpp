// An access control list of an inode (acl(5)): permissions of further users and groups. It never changes once it is made, so
// that those who check it need no lock: a changed list is another one.
#pragma once

#include <span>

#include "abi/linux/fcntl.hpp"
#include "abi/linux/xattr.hpp"
#include "fs/node/credentials.hpp"
#include "utils/object.hpp"
#include "utils/vector.hpp"

namespace exo::fs {

enum class AccessListKind : u8 {
    Access,   ///< Who may do what with the inode.
    Default,  ///< Of a directory: what is made in it begins with this list.
};

class AccessControlList final : public Object {
  public:
    using Entry = abi::posix_acl_xattr_entry;

    explicit AccessControlList(Vector<Entry> entries) : entries_(std::move(entries)) {}

    /// Out of the form that setxattr(2) takes; null where it holds no entry.
    /// Errors: Einval (a size or an entry that cannot be), Eopnotsupp (another version), Enomem.
    static Result<Ref<AccessControlList>> parse(std::span<const u8> value);
    /// Whether it is a whole list in the right order. Errors: Einval.
    Result<> check_form() const;

    /// In the form that getxattr(2) gives. Errors: Enomem.
    Result<Vector<u8>> encode() const;
    usize bytes() const { return entries_.size() * sizeof(Entry); }

    /// Whether the owner of `uid` and `gid`'s file grants `wanted` to somebody who is not the owner. LINUX: posix_acl_permission.
    bool grants(GroupId gid, abi::AccessMode wanted, const Credentials& credentials) const;

    /// The permissions of a mode that says the same, as far as it can; `says_all`: there is no more in the list.
    struct AsMode {
        u32 permissions;
        bool says_all;
    };
    AsMode as_mode() const;

    /// What chmod(2) makes of it. Errors: Enomem.
    Result<Ref<AccessControlList>> with_mode(u32 mode) const;

    /// A new inode in a directory with this default list: its own list, null where the mode says all; `mode` loses what the list does
    /// not grant. Errors: Enomem.
    Result<Ref<AccessControlList>> for_new(u32& mode) const;

  private:
    const Entry* mask_after(usize index) const;

    Vector<Entry> entries_;
};

}  // namespace exo::fs
