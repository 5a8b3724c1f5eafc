#include "fs/pseudo/pseudo.hpp"

namespace exo::fs {

Result<> PseudoFileSystem::statistics(abi::statfs& out) {
    out.f_type = magic_;
    out.f_bsize = PAGE_SIZE;
    return {};
}

// ---- GeneratedDirectory

GeneratedDirectory::GeneratedDirectory(Ref<FileSystem> file_system, u64 number, u32 mode, InodeTraits traits,
                                       UserId uid, GroupId gid)
    : Inode(std::move(file_system), number, {.mode = abi::mode::DIRECTORY | mode, .uid = uid, .gid = gid},
            traits) {
    set_links(2);
}

Result<Ref<Inode>> GeneratedDirectory::lookup(InodeNames&, Dentry& child) {
    Ref<Inode> found = TRY(find(child.name()));
    return found ? Result<Ref<Inode>>(std::move(found)) : file_system().missing();
}

Result<> GeneratedDirectory::iterate(InodeNames&, Dentry&, u64 cookie, DirectorySink sink) {
    return list(cookie, sink);
}

// ---- StaticDirectory

StaticDirectory::StaticDirectory(Ref<FileSystem> file_system, u32 mode, InodeTraits traits)
    : Inode(file_system, file_system->next_inode_number(), {.mode = abi::mode::DIRECTORY | mode},
            InodeTraits::NoNegativeNames | traits) {
    set_links(2);
}

Result<> StaticDirectory::add_entry(std::string_view name, Ref<Inode> inode, Ref<StaticDirectory> directory) {
    auto names = names_lock.lock();
    String key = TRY(String::from(name));
    const u64 cookie = FIRST_COOKIE + by_cookie_.size();
    TRY(by_cookie_.reserve(by_cookie_.size() + 1));
    const bool is_directory = inode->is_directory();
    TRY(entries_.insert(std::move(key), Entry{std::move(inode), cookie, std::move(directory)}));
    by_cookie_.push_within_capacity(entries_.lower_bound(name));
    if (is_directory) add_links(1);
    return {};
}

Result<> StaticDirectory::add(std::string_view name, Ref<Inode> inode) {
    return add_entry(name, std::move(inode), nullptr);
}

Result<Ref<StaticDirectory>> StaticDirectory::add_directory(std::string_view name, u32 mode) {
    {
        auto names = names_lock.lock();
        if (const Entry* entry = entries_.find(name); entry != nullptr) {
            if (!entry->directory) return Error::Enotdir;
            return entry->directory;
        }
    }
    Ref<StaticDirectory> directory = TRY(make_ref<StaticDirectory>(Ref<FileSystem>(&file_system()), mode));
    TRY(add_entry(name, directory, directory));
    return directory;
}

Result<> StaticDirectory::add_file(std::string_view name, u32 mode, FunctionFile::Generator generator,
                                   FunctionFile::Acceptor acceptor) {
    return add(name, TRY(make_ref<FunctionFile>(Ref<FileSystem>(&file_system()), mode, generator, acceptor)));
}

Result<> StaticDirectory::add_link(std::string_view name, FunctionLink::Generator generator) {
    return add(name, TRY(make_ref<FunctionLink>(Ref<FileSystem>(&file_system()), generator)));
}

Result<Ref<Inode>> StaticDirectory::lookup(InodeNames&, Dentry& child) {
    if (const Entry* entry = entries_.find(child.name()); entry != nullptr) return entry->inode;
    if (!fallback_) return file_system().missing();
    Ref<Inode> found = TRY(fallback_->find(child.name()));
    return found ? Result<Ref<Inode>>(std::move(found)) : file_system().missing();
}

Result<> StaticDirectory::iterate(InodeNames&, Dentry&, u64 cookie, DirectorySink sink) {
    // The fallback's cookies, moved behind the registered names' ones. LINUX: FIRST_PROCESS_ENTRY; the positions have to
    // stay below the largest file of procfs, beyond which nobody can seek.
    constexpr u64 SHIFT = 256;
    DEBUG_ASSERT(!fallback_ || by_cookie_.size() <= SHIFT);
    for (u64 at = cookie; at - FIRST_COOKIE < by_cookie_.size(); ++at) {
        const auto& entry = *by_cookie_[static_cast<usize>(at - FIRST_COOKIE)];
        const Inode& inode = *entry.value.inode;
        if (!sink({entry.key, inode.number(), inode.mode(), at + 1})) return {};
    }
    if (!fallback_) return {};
    const u64 first = cookie >= SHIFT + FIRST_COOKIE ? cookie - SHIFT : FIRST_COOKIE;
    return fallback_->list(first, [&](DirectoryEntry&& entry) {
        entry.next_cookie += SHIFT;
        return sink(std::move(entry));
    });
}

// ---- procfs and sysfs

namespace {

[[clang::no_destroy]] constinit PseudoRoot proc_root;
[[clang::no_destroy]] constinit PseudoRoot sys_root;

Result<MountableTree> mount_procfs(std::string_view, std::string_view) {
    return MountableTree{proc_root.file_system, proc_root.dentry};
}

Result<MountableTree> mount_sysfs(std::string_view, std::string_view) {
    return MountableTree{sys_root.file_system, sys_root.dentry};
}

constinit FileSystemType proc_type{.name = "proc", .mount = mount_procfs};
constinit FileSystemType sys_type{.name = "sysfs", .mount = mount_sysfs};

}  // namespace

Result<PseudoRoot> create_pseudo_tree(std::string_view type_name, i64 magic,
                                      const PseudoFileSystem::Rules& rules) {
    PseudoRoot root;
    root.file_system = TRY(make_ref<PseudoFileSystem>(type_name, magic, rules));
    root.directory = TRY(make_ref<StaticDirectory>(root.file_system, 0555U));
    root.dentry = TRY(Dentry::create_root(root.directory));
    return root;
}

Result<> init_procfs() {
    constexpr PseudoFileSystem::Rules RULES{
        .block_size = 1024, .missing_is_error = true, .max_file_size = std::numeric_limits<i32>::max()};
    proc_root = TRY(create_pseudo_tree("proc", abi::magic::PROC, RULES));
    register_file_system(proc_type);
    return {};
}

const PseudoRoot& procfs() { return proc_root; }

Result<> init_sysfs() {
    sys_root = TRY(create_pseudo_tree("sysfs", abi::magic::SYSFS, {}));
    register_file_system(sys_type);
    return {};
}

const PseudoRoot& sysfs() { return sys_root; }

}  // namespace exo::fs
