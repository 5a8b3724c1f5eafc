#include "fs/file/anonymous.hpp"

namespace exo::fs {

namespace {
struct Shared {
    Ref<Inode> inode;
};
[[clang::no_destroy]] constinit scheduler::Mutex<Shared, sync::LockRank::SleepingLeaf> shared;
}  // namespace

Result<> AnonymousFileSystem::statistics(abi::statfs& out) {
    out.f_type = magic_;
    out.f_bsize = PAGE_SIZE;
    return {};
}

AnonymousInode::AnonymousInode(Ref<FileSystem> file_system, const NewNode& node)
    : Inode(file_system, file_system->next_inode_number(), node) {}

Result<Ref<Inode>> shared_anonymous_inode() {
    auto state = shared.lock();
    if (!state->inode) {
        Ref<FileSystem> file_system =
            TRY(make_ref<AnonymousFileSystem>("anon_inodefs", abi::magic::ANON_INODE));
        // No type bits, as Linux has it.
        state->inode = TRY(make_ref<AnonymousInode>(std::move(file_system), NewNode{.mode = 0600}));
    }
    return state->inode;
}

}  // namespace exo::fs
