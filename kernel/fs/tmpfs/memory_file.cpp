#include "fs/tmpfs/memory_file.hpp"

#include "fs/tmpfs/tmpfs_file.hpp"
#include "fs/tree/mount.hpp"
#include "utils/format.hpp"

namespace exo::fs::tmpfs {

namespace {

struct Instance {
    Ref<TmpfsFileSystem> file_system;
};
[[clang::no_destroy]] constinit scheduler::Mutex<Instance, sync::LockRank::SleepingLeaf> instance;

/// The file system of all memory files. Only memory limits its size. LINUX: shm_mnt. Errors: Enomem.
Result<Ref<TmpfsFileSystem>> memory_file_system() {
    auto state = instance.lock();
    if (!state->file_system) {
        Ref<PageBudget> budget = TRY(make_ref<PageBudget>(0U));
        state->file_system = TRY(make_ref<TmpfsFileSystem>("tmpfs", Options{}, std::move(budget)));
    }
    return state->file_system;
}

}  // namespace

Result<Ref<File>> create_memory_file(std::string_view name, Sealing sealing, const Credentials& credentials) {
    const Ref<TmpfsFileSystem> file_system = TRY(memory_file_system());
    String text;
    TRY(format_append(text, "/memfd:{} (deleted)", name));
    Ref<Inode> inode = TRY(file_system->make_inode(
        {.mode = abi::mode::REGULAR | 0777, .uid = credentials.uid, .gid = credentials.gid}));
    auto& regular = static_cast<TmpfsRegular&>(*inode);
    regular.change_links(-1);
    if (sealing == Sealing::Allowed) regular.allow_sealing();
    Ref<Dentry> root = TRY(Dentry::create_root(std::move(inode)));
    Ref<Mount> mount = TRY(Mount::create_nameless({Ref<FileSystem>(file_system.get()), root}, text.view()));
    return make_ref<TmpfsFile>(OpenRequest{
        {std::move(mount), std::move(root)}, OpenFlags::Rdwr | OpenFlags::Largefile, credentials});
}

}  // namespace exo::fs::tmpfs
