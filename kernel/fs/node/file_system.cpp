#include "fs/node/file_system.hpp"

#include "fs/node/inode.hpp"

namespace exo::fs {

namespace {

constinit List<FileSystemType, &FileSystemType::link> types;
// LINUX: 0:1 belongs to shared memory without a file (shm_mnt); /proc/PID/maps shows it.
constinit std::atomic<u32> next_anonymous_minor{2};

}  // namespace

void register_file_system(FileSystemType& type) {
    if (!type.link.is_linked()) types.push_back(type);
}

FileSystemType* find_file_system(std::string_view name) {
    for (FileSystemType& type : types) {
        if (type.name == name) return &type;
    }
    return nullptr;
}

void for_each_file_system(FunctionRef<void(const FileSystemType&)> visit) {
    for (FileSystemType& type : types) visit(type);
}

Result<Ref<Inode>> FileSystem::missing() const { return Ref<Inode>(); }

FileSystem::FileSystem(std::string_view type_name, u32 block_size)
    : type_name_(type_name),
      device_{0, next_anonymous_minor.fetch_add(1, std::memory_order_relaxed)},
      block_size_(block_size) {}

Result<> FileSystem::make_read_only() {
    if (!is_read_only() && nameless_.load(std::memory_order_relaxed) != 0) return Error::Ebusy;
    return writers_.close();
}

}  // namespace exo::fs
