#include "fs/node/access_control_list.hpp"

#include <cstring>

#include "scheduler/preemption.hpp"

namespace exo::fs {

namespace {

using abi::AclTag;

constexpr u16 ALL = 7;
constexpr u32 NOBODY = ~0U;
/// An entry for a group costs a binary search of the caller's groups, about 200 instructions.
constexpr usize ENTRIES_BETWEEN_POINTS = 256;

/// To be called for each entry of a loop: a list has up to 8,190 of them, as many as setxattr's 64 KiB hold.
void pace(usize index) {
    if (index % ENTRIES_BETWEEN_POINTS == ENTRIES_BETWEEN_POINTS - 1) scheduler::preempt_point();
}

}  // namespace

// LINUX: posix_acl_from_xattr.
Result<Ref<AccessControlList>> AccessControlList::parse(std::span<const u8> value) {
    if (value.size() < sizeof(abi::posix_acl_xattr_header)) return Error::Einval;
    abi::posix_acl_xattr_header header{};
    std::memcpy(&header, value.data(), sizeof header);
    if (header.a_version != abi::POSIX_ACL_XATTR_VERSION) return Error::Eopnotsupp;
    value = value.subspan(sizeof header);
    if (value.size() % sizeof(Entry) != 0) return Error::Einval;
    if (value.empty()) return Ref<AccessControlList>();
    Vector<Entry> entries;
    TRY(entries.resize(value.size() / sizeof(Entry)));
    std::memcpy(entries.data(), value.data(), value.size());
    for (usize i = 0; i < entries.size(); ++i) {
        pace(i);
        Entry& entry = entries[i];
        switch (entry.e_tag) {
            case AclTag::UserObj:
            case AclTag::GroupObj:
            case AclTag::Mask:
            case AclTag::Other: entry.e_id = NOBODY; break;
            case AclTag::User:
            case AclTag::Group:
                if (entry.e_id == NOBODY) return Error::Einval;
                break;
            default: return Error::Einval;
        }
    }
    return make_ref<AccessControlList>(std::move(entries));
}

// LINUX: posix_acl_valid.
Result<> AccessControlList::check_form() const {
    enum class Expects : u8 { Owner, Users, Groups, Others, End } state = Expects::Owner;
    bool needs_mask = false;
    for (usize i = 0; i < entries_.size(); ++i) {
        pace(i);
        const Entry& entry = entries_[i];
        if ((entry.e_perm & ~ALL) != 0) return Error::Einval;
        Expects wanted = Expects::Groups;
        Expects next = Expects::Groups;
        switch (entry.e_tag) {
            case AclTag::UserObj:
                wanted = Expects::Owner;
                next = Expects::Users;
                break;
            case AclTag::User:
                wanted = next = Expects::Users;
                needs_mask = true;
                break;
            case AclTag::GroupObj: wanted = Expects::Users; break;
            case AclTag::Group: needs_mask = true; break;
            case AclTag::Mask: next = Expects::Others; break;
            case AclTag::Other:
                wanted = state == Expects::Groups && !needs_mask ? Expects::Groups : Expects::Others;
                next = Expects::End;
                break;
        }
        if (state != wanted) return Error::Einval;
        state = next;
    }
    return state == Expects::End ? Result<>{} : Error::Einval;
}

Result<Vector<u8>> AccessControlList::encode() const {
    const abi::posix_acl_xattr_header header{.a_version = abi::POSIX_ACL_XATTR_VERSION};
    Vector<u8> out;
    // SAFETY: both are what the form is made of, without padding.
    TRY(out.append({reinterpret_cast<const u8*>(&header), sizeof header}));
    TRY(out.append({reinterpret_cast<const u8*>(entries_.data()), bytes()}));
    return out;
}

/// The mask entry behind `index`. LINUX: a mask follows all entries that it limits.
const AccessControlList::Entry* AccessControlList::mask_after(usize index) const {
    while (++index < entries_.size()) {
        pace(index);
        if (entries_[index].e_tag == AclTag::Mask) return &entries_[index];
    }
    return nullptr;
}

bool AccessControlList::grants(GroupId gid, abi::AccessMode wanted, const Credentials& credentials) const {
    const u32 bits = abi::raw(wanted) & ALL;
    bool is_in_a_group = false;
    for (usize i = 0; i < entries_.size(); ++i) {
        pace(i);
        const Entry& entry = entries_[i];
        bool is_masked = false;
        switch (entry.e_tag) {
            case AclTag::User: is_masked = entry.e_id == credentials.uid; break;
            case AclTag::GroupObj:
            case AclTag::Group: {
                const GroupId group = entry.e_tag == AclTag::Group ? entry.e_id : gid;
                if (!credentials.is_member_of(group)) break;
                is_in_a_group = true;
                is_masked = (entry.e_perm & bits) == bits;
                break;
            }
            case AclTag::Other: return !is_in_a_group && (entry.e_perm & bits) == bits;
            default: break;
        }
        if (!is_masked) continue;
        const Entry* mask = mask_after(i);
        const u32 granted = mask != nullptr ? entry.e_perm & mask->e_perm : entry.e_perm;
        return (granted & bits) == bits;
    }
    return false;
}

// LINUX: posix_acl_equiv_mode.
AccessControlList::AsMode AccessControlList::as_mode() const {
    AsMode result{.permissions = 0, .says_all = true};
    for (usize i = 0; i < entries_.size(); ++i) {
        pace(i);
        const Entry& entry = entries_[i];
        switch (entry.e_tag) {
            case AclTag::UserObj: result.permissions |= u32{entry.e_perm} << 6; break;
            case AclTag::GroupObj: result.permissions |= u32{entry.e_perm} << 3; break;
            case AclTag::Other: result.permissions |= entry.e_perm; break;
            case AclTag::Mask:
                result.permissions = (result.permissions & ~070U) | u32{entry.e_perm} << 3;
                result.says_all = false;
                break;
            default: result.says_all = false;
        }
    }
    return result;
}

// LINUX: __posix_acl_chmod_masq.
Result<Ref<AccessControlList>> AccessControlList::with_mode(u32 mode) const {
    Vector<Entry> entries;
    TRY(entries.append({entries_.data(), entries_.size()}));
    Entry* of_group = nullptr;
    for (usize i = 0; i < entries.size(); ++i) {
        pace(i);
        Entry& entry = entries[i];
        switch (entry.e_tag) {
            case AclTag::UserObj: entry.e_perm = mode >> 6 & ALL; break;
            case AclTag::GroupObj:
            case AclTag::Mask: of_group = &entry; break;  // the mask comes later, and counts
            case AclTag::Other: entry.e_perm = mode & ALL; break;
            default: break;
        }
    }
    if (of_group != nullptr) of_group->e_perm = mode >> 3 & ALL;
    return make_ref<AccessControlList>(std::move(entries));
}

// LINUX: posix_acl_create_masq.
Result<Ref<AccessControlList>> AccessControlList::for_new(u32& mode) const {
    Vector<Entry> entries;
    TRY(entries.append({entries_.data(), entries_.size()}));
    Entry* of_group = nullptr;
    u32 permissions = mode & 0777;
    const auto meet = [&permissions](Entry& entry, u32 shift) {
        entry.e_perm &= static_cast<u16>(permissions >> shift & ALL);
        permissions &= ~(u32{ALL} << shift) | u32{entry.e_perm} << shift;
    };
    for (usize i = 0; i < entries.size(); ++i) {
        pace(i);
        Entry& entry = entries[i];
        switch (entry.e_tag) {
            case AclTag::UserObj: meet(entry, 6); break;
            case AclTag::GroupObj:
            case AclTag::Mask: of_group = &entry; break;
            case AclTag::Other: meet(entry, 0); break;
            default: break;
        }
    }
    if (of_group != nullptr) meet(*of_group, 3);
    mode = (mode & ~0777U) | permissions;
    Ref<AccessControlList> list = TRY(make_ref<AccessControlList>(std::move(entries)));
    if (list->as_mode().says_all) return Ref<AccessControlList>();
    return list;
}

}  // namespace exo::fs
