// The calls of extended attributes (xattr(7)). They copy the arguments and call fs/operations. LINUX:
// fs/xattr.c.
#include "posix_x/files/extended_attributes.hpp"

#include "fs/tree/permission.hpp"
#include "posix_x/syscalls/support.hpp"

namespace exo::posix_x {

namespace {

using abi::XattrFlags;
using fs::WalkFlags;

Result<fs::Path> find(ExistingPath argument, WalkFlags flags) {
    [[clang::uninitialized]] UserPath name;
    TRY(name.copy(argument));
    const StartDirectory start = TRY(StartDirectory::of(here(), name.view(), empty_path(false)));
    return fs::resolve(current_task().caller(), start.start(), name.view(), flags);
}

/// An attribute's name, copied from the program.
class Name {
  public:
    /// Errors: Efault, Erange (empty, or too long).
    Result<> copy(TextArgument argument) {
        const usize length = TRY(vm::read_user_string(argument.address, text_));
        if (length == 0 || length == sizeof(text_)) return Error::Erange;
        length_ = length;
        return {};
    }
    std::string_view view() const { return {text_, length_}; }

  private:
    char text_[abi::MAX_XATTR_NAME + 1];
    usize length_ = 0;
};

const fs::Credentials& credentials() { return current_task().credentials(); }

Result<> set(const fs::Target& target, TextArgument argument, InBytes<3> value, Size size, XattrFlags flags) {
    if (target.mount != nullptr) TRY(fs::check_writable(*target.mount));
    constexpr u32 KNOWN = static_cast<u32>(XattrFlags::Create | XattrFlags::Replace);
    if ((static_cast<u32>(flags) & ~KNOWN) != 0) return Error::Einval;
    [[clang::uninitialized]] Name name;
    TRY(name.copy(argument));
    if (size > abi::MAX_XATTR_VALUE) return Error::E2big;
    Vector<u8> content;
    if (size != 0) {
        TRY(content.resize(size));
        TRY(vm::read_user(value.address, {content.data(), content.size()}));
    }
    return fs::set_extended_attribute(target.inode, name.view(), {content.data(), content.size()}, flags,
                                      credentials());
}

/// Copies a value or a list to the program. With size 0 it only returns the size. Errors: Erange, Efault.
Answer<Size> hand_out(u64 address, Size size, const Vector<u8>& content) {
    if (size == 0) return content.size();
    if (content.size() > size) return Error::Erange;
    if (!content.is_empty()) TRY(vm::write_user(address, {content.data(), content.size()}));
    return content.size();
}

Answer<Size> get(fs::Inode& inode, TextArgument argument, OutBytes<3> value, Size size) {
    [[clang::uninitialized]] Name name;
    TRY(name.copy(argument));
    return hand_out(value.address, size, TRY(fs::get_extended_attribute(inode, name.view(), credentials())));
}

Answer<Size> list(fs::Inode& inode, OutBytes<2> names, Size size) {
    const Vector<u8> found = TRY(fs::list_extended_attributes(inode, credentials()));
    // LINUX: a list that no buffer may hold.
    if (size != 0 && found.size() > abi::MAX_XATTR_LIST && size >= abi::MAX_XATTR_LIST) return Error::E2big;
    return hand_out(names.address, size, found);
}

Result<> remove(const fs::Target& target, TextArgument argument) {
    if (target.mount != nullptr) TRY(fs::check_writable(*target.mount));
    [[clang::uninitialized]] Name name;
    TRY(name.copy(argument));
    return fs::remove_extended_attribute(target.inode, name.view(), credentials());
}

}  // namespace

Result<> sys_setxattr(Context&, ExistingPath path, TextArgument name, InBytes<3> value, Size size,
                      XattrFlags flags) {
    return set(fs::Target(TRY(find(path, WalkFlags::FollowLast))), name, value, size, flags);
}
Result<> sys_lsetxattr(Context&, ExistingPath path, TextArgument name, InBytes<3> value, Size size,
                       XattrFlags flags) {
    return set(fs::Target(TRY(find(path, WalkFlags::None))), name, value, size, flags);
}
Result<> sys_fsetxattr(Context&, Descriptor fd, TextArgument name, InBytes<3> value, Size size,
                       XattrFlags flags) {
    return set(fs::Target(*TRY(use_file(fd, Rights::Attributes))), name, value, size, flags);
}
Answer<Size> sys_getxattr(Context&, ExistingPath path, TextArgument name, OutBytes<3> value, Size size) {
    return get(TRY(find(path, WalkFlags::FollowLast)).inode(), name, value, size);
}
Answer<Size> sys_lgetxattr(Context&, ExistingPath path, TextArgument name, OutBytes<3> value, Size size) {
    return get(TRY(find(path, WalkFlags::None)).inode(), name, value, size);
}
Answer<Size> sys_fgetxattr(Context&, Descriptor fd, TextArgument name, OutBytes<3> value, Size size) {
    return get(TRY(use_file(fd, Rights::Control))->inode(), name, value, size);
}
Answer<Size> sys_listxattr(Context&, ExistingPath path, OutBytes<2> names, Size size) {
    return list(TRY(find(path, WalkFlags::FollowLast)).inode(), names, size);
}
Answer<Size> sys_llistxattr(Context&, ExistingPath path, OutBytes<2> names, Size size) {
    return list(TRY(find(path, WalkFlags::None)).inode(), names, size);
}
Answer<Size> sys_flistxattr(Context&, Descriptor fd, OutBytes<2> names, Size size) {
    return list(TRY(use_file(fd, Rights::Control))->inode(), names, size);
}
Result<> sys_removexattr(Context&, ExistingPath path, TextArgument name) {
    return remove(fs::Target(TRY(find(path, WalkFlags::FollowLast))), name);
}
Result<> sys_lremovexattr(Context&, ExistingPath path, TextArgument name) {
    return remove(fs::Target(TRY(find(path, WalkFlags::None))), name);
}
Result<> sys_fremovexattr(Context&, Descriptor fd, TextArgument name) {
    return remove(fs::Target(*TRY(use_file(fd, Rights::Attributes))), name);
}

}  // namespace exo::posix_x
