#include "posix_x/files/closing.hpp"

#include "fs/locks/file_locks.hpp"

namespace exo::posix_x {

Result<> finish_close(const security::CapabilityTable& table, const Ref<Object>& object) {
    if (!object || object->object_kind() != ObjectKind::File) return {};
    auto& file = static_cast<fs::File&>(*object);
    if (fs::FileLocks* locks = file.inode().locks()) [[unlikely]]
        locks->clear_all({fs::LockKind::Posix, &table});
    return file.on_close();
}

void leave_files(security::TableUser files) {
    if (!files) return;
    const Ref<security::CapabilityTable> table = files.table();
    files.leave([&](const Ref<Object>& object) { (void)finish_close(*table, object); });
}

}  // namespace exo::posix_x
